/*
 * Every setting and every limit: its name, environment variable, unit, meaning and default. Nothing
 * else reads the environment for a setting, and the settings page is generated from these tables.
 * A bad value stops the start with one sentence; it is never replaced by a default in silence.
 */

interface Description {
  /** What the value counts or is: "ms", "connections", "URL", "folder", … */
  readonly unit: string;
  readonly meaning: string;
}

interface SettingOf<Value> extends Description {
  readonly env: `FLORIN_${string}`;
  /** What an operator may write, as the end of the sentence "… must be". */
  readonly allowed: string;
  readonly default: Value;
  /** True when logs and pages must not show the value. */
  readonly isSecret: boolean;
  /** undefined when the text is not allowed. */
  readonly parse: (text: string) => Value | undefined;
}

interface LimitOf<Value> extends Description {
  readonly value: Value;
}

type Given<Value> = Omit<SettingOf<Value>, 'parse' | 'allowed' | 'isSecret'>;

function integer(given: Given<number> & { min: number; max: number }): SettingOf<number> {
  const { min, max, ...rest } = given;
  const parse = (text: string): number | undefined => {
    if (!/^\d{1,15}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= min && value <= max ? value : undefined;
  };
  return { ...rest, allowed: `a whole number from ${min} to ${max}`, isSecret: false, parse };
}

function choice<Value extends string>(
  given: Given<Value> & { values: readonly Value[] },
): SettingOf<Value> {
  const { values, ...rest } = given;
  const parse = (text: string): Value | undefined => values.find((value) => value === text);
  return { ...rest, allowed: `one of ${values.join(', ')}`, isSecret: false, parse };
}

function folder(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    text.trim() === '' || text.includes('\0') ? undefined : text;
  return { ...given, allowed: 'the path of a folder', isSecret: false, parse };
}

function postgresUrl(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    /^postgres(ql)?:\/\/\S+$/.test(text) ? text : undefined;
  return { ...given, allowed: 'a postgresql:// address', isSecret: true, parse };
}

/** The settings, by section. An operator changes them through the environment. */
export const settings = {
  server: {
    host: choice({
      env: 'FLORIN_HOST',
      unit: 'address',
      meaning: 'the loopback address to listen on; no other, as there is no authentication yet',
      default: '127.0.0.1',
      values: ['127.0.0.1', '::1', 'localhost'],
    }),
    port: integer({
      env: 'FLORIN_PORT',
      unit: 'TCP port',
      meaning: 'where the HTTP server listens, on the loopback address; 0 takes any free port',
      default: 8080,
      min: 0,
      max: 65_535,
    }),
  },
  log: {
    level: choice({
      env: 'FLORIN_LOG_LEVEL',
      unit: 'level',
      meaning: 'the least important log line that is written',
      default: 'info',
      values: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    }),
  },
  ledger: {
    sample: choice({
      env: 'FLORIN_SAMPLE',
      unit: 'switch',
      meaning: 'whether a new ledger on the embedded database begins with the bundled sample bank',
      default: 'on',
      values: ['on', 'off'],
    }),
  },
  database: {
    url: postgresUrl({
      env: 'FLORIN_DATABASE_URL',
      unit: 'URL',
      meaning: 'a PostgreSQL 15 or later to use instead of the embedded one',
      default: undefined,
    }),
    dataDirectory: folder({
      env: 'FLORIN_DATA_DIR',
      unit: 'folder',
      meaning:
        'where the embedded PostgreSQL keeps its data; .florin in the checkout unless root runs ' +
        'Florin and the database user cannot reach it',
      default: undefined,
    }),
    poolSize: integer({
      env: 'FLORIN_DATABASE_POOL_SIZE',
      unit: 'connections',
      meaning:
        'connections this process keeps; few are needed, as requests are committed in groups',
      default: 8,
      min: 1,
      max: 200,
    }),
    connectTimeoutMs: integer({
      env: 'FLORIN_DATABASE_CONNECT_TIMEOUT_MS',
      unit: 'ms',
      meaning: 'longest wait for a connection, new or from the pool',
      default: 10_000,
      min: 100,
      max: 600_000,
    }),
    statementTimeoutMs: integer({
      env: 'FLORIN_DATABASE_STATEMENT_TIMEOUT_MS',
      unit: 'ms',
      meaning: 'PostgreSQL gives up on one statement after this long; 0 never',
      default: 30_000,
      min: 0,
      max: 86_400_000,
    }),
    lockTimeoutMs: integer({
      env: 'FLORIN_DATABASE_LOCK_TIMEOUT_MS',
      unit: 'ms',
      meaning: 'longest wait for one lock, below the statement timeout to tell the two apart',
      default: 5_000,
      min: 0,
      max: 86_400_000,
    }),
    idleInTransactionTimeoutMs: integer({
      env: 'FLORIN_DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS',
      unit: 'ms',
      meaning:
        'PostgreSQL ends a transaction whose process fell silent, so that its locks are freed',
      default: 30_000,
      min: 0,
      max: 86_400_000,
    }),
    transactionAttempts: integer({
      env: 'FLORIN_DATABASE_TRANSACTION_ATTEMPTS',
      unit: 'attempts',
      meaning: 'how often a transaction is run when PostgreSQL asks to run it again',
      default: 8,
      min: 1,
      max: 100,
    }),
    transactionRetryBudgetMs: integer({
      env: 'FLORIN_DATABASE_TRANSACTION_RETRY_BUDGET_MS',
      unit: 'ms',
      meaning: 'no further attempt begins this long after the first',
      default: 10_000,
      min: 0,
      max: 600_000,
    }),
  },
} as const;

/** Limits that are part of the product and not for an operator to change. */
export const limits = {
  httpBodyBytesMax: {
    unit: 'bytes',
    meaning: 'the largest body of a request that is not a batch',
    value: 1_048_576,
  },
  httpBatchBodyBytesMax: {
    unit: 'bytes',
    meaning: 'the largest body of a batch',
    value: 16_777_216,
  },
  httpBatchItemsMax: {
    unit: 'items',
    meaning: 'the most items of one batch',
    value: 10_000,
  },
  httpBodyBytesInFlightMax: {
    unit: 'bytes',
    meaning: 'bodies above 64 KiB being processed at once; more are refused as overloaded',
    value: 50_331_648,
  },
  httpHeaderBytesMax: {
    unit: 'bytes',
    meaning: 'the largest request line and headers together',
    value: 16_384,
  },
  httpHeadersTimeoutMs: {
    unit: 'ms',
    meaning: 'within which the headers of a request must arrive',
    value: 10_000,
  },
  httpRequestTimeoutMs: {
    unit: 'ms',
    meaning: 'within which a whole request must arrive',
    value: 30_000,
  },
  httpKeepAliveTimeoutMs: {
    unit: 'ms',
    meaning: 'how long an idle connection is kept; above the minute at which proxies give up',
    value: 65_000,
  },
  httpConnectionsMax: {
    unit: 'connections',
    meaning: 'open connections; more are closed at once',
    value: 4_096,
  },
  httpShutdownMs: {
    unit: 'ms',
    meaning: 'how long running requests may go on when the server stops',
    value: 10_000,
  },
  jsonDepthMax: {
    unit: 'levels',
    meaning: 'nesting of objects and arrays in a body',
    value: 16,
  },
  readinessTimeoutMs: {
    unit: 'ms',
    meaning: 'within which the database must answer for the server to be ready',
    value: 2_000,
  },
  groupCommitItemsMax: {
    unit: 'items',
    meaning: 'requests that share one database transaction at most',
    value: 500,
  },
  groupCommitInFlightMax: {
    unit: 'transactions',
    meaning: 'shared transactions that may run at once',
    value: 2,
  },
  groupCommitQueuedMax: {
    unit: 'items',
    meaning: 'requests that may wait for a shared transaction; more are refused as overloaded',
    value: 20_000,
  },
  groupCommitLingerMs: {
    unit: 'ms',
    meaning: 'how long a shared transaction waits for clients answered a moment ago',
    value: 1,
  },
  groupCommitPatienceMs: {
    unit: 'ms',
    meaning: 'after which a shared transaction no longer holds back the next',
    value: 10,
  },
  postingBatchesInFlightMax: {
    unit: 'transactions',
    meaning: 'batches being posted at once, each on a connection of its own',
    value: 4,
  },
  postingAccountsKeptMax: {
    unit: 'accounts',
    meaning: 'accounts kept in memory between batches, about 400 bytes each',
    value: 200_000,
  },
  postingCautionMax: {
    unit: 'batches',
    meaning: 'batches posted the plain way after other processes kept changing the same accounts',
    value: 64,
  },
  expiryBatchMax: {
    unit: 'holds',
    meaning: 'holds ended in one transaction',
    value: 500,
  },
  effectiveAheadMaxDays: {
    unit: 'days',
    meaning: 'how far ahead of the clock an effective time may lie',
    value: 366,
  },
  segmentBytesMax: {
    unit: 'bytes',
    meaning: 'rows of one segment of entries, about two million, before the next is opened',
    value: 268_435_456,
  },
  importBatchItems: {
    unit: 'instructions',
    meaning: 'posted in one transaction by an import, unless it is told otherwise',
    value: 1_000,
  },
} as const satisfies Record<string, LimitOf<number | bigint>>;

type Widened<Value> = Value extends string ? (string extends Value ? string : Value) : Value;

type Values<Section> = {
  readonly [Name in keyof Section]: Section[Name] extends SettingOf<infer Value>
    ? Widened<Value>
    : never;
};

type LimitValues<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends LimitOf<infer Value> ? Value : never;
};

/** All values in force, by section, with the limits beside them. */
export type Config = {
  readonly [Section in keyof typeof settings]: Values<(typeof settings)[Section]>;
} & { readonly limits: LimitValues<typeof limits> };

/** The operator wrote a setting that Florin cannot use; the message is one complete sentence. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** Reads every setting from the environment. An empty variable counts as absent. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const config: Record<string, unknown> = {};
  for (const [section, table] of Object.entries(settings)) {
    const rows: Record<string, SettingOf<unknown>> = table;
    const values: Record<string, unknown> = {};
    for (const [name, setting] of Object.entries(rows)) values[name] = read(setting, env);
    config[section] = Object.freeze(values);
  }
  const limitRows: Record<string, LimitOf<unknown>> = limits;
  const limitValues: Record<string, unknown> = {};
  for (const [name, limit] of Object.entries(limitRows)) limitValues[name] = limit.value;
  config['limits'] = Object.freeze(limitValues);
  return Object.freeze(config) as Config;
}

function read(
  setting: SettingOf<unknown>,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  const text = env[setting.env];
  if (text === undefined || text === '') return setting.default;
  const value = setting.parse(text);
  if (value === undefined) {
    const shown = setting.isSecret ? 'its value (not shown)' : JSON.stringify(text);
    throw new SettingError(`${setting.env} is ${shown} but must be ${setting.allowed}.`);
  }
  return value;
}

/** Names like FLORIN_PROT that no setting has: most likely a slip, worth a warning. */
export function unknownSettings(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>();
  for (const table of Object.values(settings)) {
    const rows: Record<string, SettingOf<unknown>> = table;
    for (const setting of Object.values(rows)) known.add(setting.env);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('FLORIN_') && !name.startsWith('FLORIN_TEST_'))
    .filter((name) => !known.has(name))
    .toSorted();
}
