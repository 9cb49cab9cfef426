// Owns the progress of a long command: a bar with rate and time left on a terminal, and elsewhere
// (a file, a CI log) a plain line every few seconds. It writes to the given stream only, so that
// the result on standard output stays clean.

export interface Progress {
  /** Begins a stage of `total` units; a stage that is open ends first. */
  start(label: string, size: { readonly total: number; readonly unit: string }): void;
  advance(count: number): void;
  finish(): void;
}

export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Says nothing, for JSON output and tests. */
export const silentProgress: Progress = {
  start: () => undefined,
  advance: () => undefined,
  finish: () => undefined,
};

const REDRAW_MS = 100;
const LINE_EVERY_MS = 3_000;
/** A rate over less time than this is noise. */
const RATE_AFTER_MS = 250;
const BAR_WIDTH_MAX = 30;
const COLUMNS_DEFAULT = 80;

interface Stage {
  readonly label: string;
  readonly total: number;
  readonly unit: string;
  readonly startedMs: number;
  done: number;
  shownMs: number;
}

export function createProgress(
  output: ProgressOutput,
  nowMs: () => number = () => performance.now(),
): Progress {
  const isTerminal = output.isTTY === true;
  let stage: Stage | undefined;

  const show = (current: Stage): void => {
    const ms = nowMs();
    if (ms - current.shownMs < (isTerminal ? REDRAW_MS : LINE_EVERY_MS)) return;
    current.shownMs = ms;
    const figures = figuresOf(current, ms - current.startedMs);
    if (isTerminal) output.write(`\r${barOf(current, figures, output.columns)}\u001b[K`);
    else output.write(`${current.label}: ${figures}\n`);
  };

  const finish = (): void => {
    if (stage === undefined) return;
    const ms = Math.max(nowMs() - stage.startedMs, 1);
    const rate = grouped(Math.round((stage.done / ms) * 1000));
    const seconds = (Math.round(ms / 100) / 10).toString();
    const count = `${grouped(stage.done)} ${stage.unit}`;
    const line = `${stage.label}: ${count} in ${seconds} s (${rate} a second)`;
    output.write(isTerminal ? `\r${line}\u001b[K\n` : `${line}\n`);
    stage = undefined;
  };

  return {
    start(label, { total, unit }) {
      finish();
      const startedMs = nowMs();
      stage = { label, total, unit, startedMs, done: 0, shownMs: startedMs };
    },
    advance(count) {
      if (stage === undefined) return;
      stage.done += count;
      show(stage);
    },
    finish,
  };
}

function figuresOf({ done, total, unit }: Stage, elapsedMs: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const progress = `${grouped(done)} of ${grouped(total)} ${unit} (${percent} %)`;
  if (elapsedMs < RATE_AFTER_MS || done === 0) return progress;
  const rate = (done / elapsedMs) * 1000;
  const left = durationOf(Math.ceil((total - done) / rate));
  return `${progress}, ${grouped(Math.round(rate))} a second, ${left} left`;
}

function barOf(stage: Stage, figures: string, given: number | undefined): string {
  // A terminal that does not know its width says 0.
  const columns = given === undefined || given === 0 ? COLUMNS_DEFAULT : given;
  const room = columns - stage.label.length - figures.length - 5;
  const width = Math.min(BAR_WIDTH_MAX, room);
  if (width < 5) return `${stage.label} ${figures}`.slice(0, Math.max(columns - 1, 0));
  const filled = stage.total === 0 ? width : Math.floor((stage.done / stage.total) * width);
  return `${stage.label} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${figures}`;
}

function durationOf(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
