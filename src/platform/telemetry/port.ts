// Owns what every context may ask of telemetry: log lines and measurements, no vendor. Neither may
// ever throw into the work it describes, and no secret may reach a log line.

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Facts of a log line. The member `error` takes an Error and is written with its causes. */
export type LogFacts = Readonly<Record<string, unknown>>;

/** Writes structured lines. Members that look like secrets are replaced before writing. */
export interface Logger {
  error(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  debug(message: string, facts?: LogFacts): void;
  /** Whether a line of this level would be written: ask before building costly facts. */
  isEnabled(level: LogLevel): boolean;
}

/** What a series is called. Names are snake_case, begin with `florin_` and end with their unit. */
export interface Series<Label extends string = never> {
  readonly name: string;
  readonly help: string;
  /** Each label must have few values: a route's template, never an id. */
  readonly labels?: readonly Label[];
}

export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** What a series of labels stands at. */
export interface Reading<Label extends string> {
  readonly labels: Labels<Label>;
  readonly value: number;
}

export interface Counter<Label extends string = never> {
  add(count: number, labels?: Labels<Label>): void;
}

export interface Histogram<Label extends string = never> {
  observe(value: number, labels?: Labels<Label>): void;
  /** The series of fixed labels: cheaper when the same labels come again and again. */
  of(labels: Labels<Label>): { observe(value: number): void };
}

/** Registers and reports measurements. One name may be registered once. */
export interface Metrics {
  counter<Label extends string = never>(series: Series<Label>): Counter<Label>;
  histogram<Label extends string = never>(
    series: Series<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label>;
  /** A value that is read only when the report is asked for. */
  gauge(series: Series, read: () => number | Promise<number>): void;
  /** The same, with one value for each of a few fixed labels. */
  gauges<Label extends string>(series: Series<Label>, read: () => readonly Reading<Label>[]): void;
  /** The report, in the text format of its `contentType`. */
  report(): Promise<string>;
  readonly contentType: string;
}
