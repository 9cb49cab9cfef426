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

/** The origin line of C2SP tlog-checkpoint, which is a key name of signed notes too. */
function logName(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(text) ? text : undefined;
  const allowed = 'a name of letters, digits and ._/- without spaces, at most 200 characters';
  return { ...given, allowed, isSecret: false, parse };
}

/** "host", "host:port" or "[IPv6 address]:port". */
function timeServer(given: Given<TimeServer | undefined>): SettingOf<TimeServer | undefined> {
  const parse = (text: string): TimeServer | undefined => {
    const part = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
    const host = part?.[1] ?? part?.[2];
    const port = Number(part?.[3] ?? NTP_PORT);
    return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
  };
  return {
    ...given,
    allowed: 'a host name or address, with :port if not 123',
    isSecret: false,
    parse,
  };
}

interface TimeServer {
  readonly host: string;
  readonly port: number;
}

const NTP_PORT = 123;

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
  audit: {
    origin: logName({
      env: 'FLORIN_AUDIT_ORIGIN',
      unit: 'name',
      meaning:
        "the audit log's name in its checkpoints, chosen at the first start for good: the " +
        'address it will be published at, without https://; made at random unless given',
      default: undefined,
    }),
    objectsDirectory: folder({
      env: 'FLORIN_OBJECTS_DIR',
      unit: 'folder',
      meaning:
        'where anchors and archives are kept, best on another disk; "objects" beside the data ' +
        'unless given',
      default: undefined,
    }),
    anchorRetentionDays: integer({
      env: 'FLORIN_AUDIT_ANCHOR_RETENTION_DAYS',
      unit: 'days',
      meaning: 'how long nobody can remove an anchor of the audit log; ten years unless given',
      default: 3_653,
      min: 1,
      max: 36_525,
    }),
    collectedRetentionDays: integer({
      env: 'FLORIN_AUDIT_COLLECTED_RETENTION_DAYS',
      unit: 'days',
      meaning:
        'how long collected logs of other systems cannot be removed; a year, as PCI DSS 10.5.1 ' +
        'asks, unless given',
      default: 366,
      min: 0,
      max: 36_600,
    }),
    timeServer: timeServer({
      env: 'FLORIN_TIME_SERVER',
      unit: 'host[:port]',
      meaning:
        'the time server (SNTP) that the clock is compared with each minute; the clock of the ' +
        'database unless given',
      default: undefined,
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
    keysDirectory: folder({
      env: 'FLORIN_KEYS_DIR',
      unit: 'folder',
      meaning:
        'where the keys of this installation are kept, which every process on the database ' +
        'needs; "keys" beside the data unless given',
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

function limit<const Value extends number>(
  value: Value,
  unit: string,
  meaning: string,
): LimitOf<Value> {
  return { unit, meaning, value };
}

/** Limits that are part of the product and not for an operator to change. */
export const limits = {
  httpBodyBytesMax: limit(1_048_576, 'bytes', 'the largest body of a request that is not a batch'),
  httpBatchBodyBytesMax: limit(16_777_216, 'bytes', 'the largest body of a batch'),
  httpBatchItemsMax: limit(10_000, 'items', 'the most items of one batch'),
  httpBodyBytesInFlightMax: limit(
    50_331_648,
    'bytes',
    'bodies above 64 KiB being processed at once; more are refused as overloaded',
  ),
  httpHeaderBytesMax: limit(16_384, 'bytes', 'the largest request line and headers together'),
  httpHeadersTimeoutMs: limit(10_000, 'ms', 'within which the headers of a request must arrive'),
  httpRequestTimeoutMs: limit(30_000, 'ms', 'within which a whole request must arrive'),
  httpKeepAliveTimeoutMs: limit(
    65_000,
    'ms',
    'how long an idle connection is kept; above the minute at which proxies give up',
  ),
  httpConnectionsMax: limit(4_096, 'connections', 'open connections; more are closed at once'),
  httpShutdownMs: limit(10_000, 'ms', 'how long running requests may go on when the server stops'),
  httpStreamsInFlightMax: limit(
    32,
    'answers',
    'answers being sent in pieces at once; more are refused as overloaded',
  ),
  httpStreamStallMs: limit(
    30_000,
    'ms',
    'after which a client that takes no further piece of an answer is cut off',
  ),
  accessDenialsQueuedMax: limit(
    1_000,
    'requests',
    'denied requests that wait for the audit log; more are only counted in it',
  ),
  accessDenialsDelayMs: limit(
    250,
    'ms',
    'within which denied requests are gathered for the audit log',
  ),
  jsonDepthMax: limit(16, 'levels', 'nesting of objects and arrays in a body'),
  readinessTimeoutMs: limit(
    2_000,
    'ms',
    'within which the database must answer for the server to be ready',
  ),
  groupCommitItemsMax: limit(500, 'items', 'requests that share one database transaction at most'),
  groupCommitInFlightMax: limit(2, 'transactions', 'shared transactions that may run at once'),
  groupCommitQueuedMax: limit(
    20_000,
    'items',
    'requests that may wait for a shared transaction; more are refused as overloaded',
  ),
  groupCommitLingerMs: limit(
    1,
    'ms',
    'how long a shared transaction waits for clients answered a moment ago',
  ),
  groupCommitPatienceMs: limit(
    10,
    'ms',
    'after which a shared transaction no longer holds back the next',
  ),
  postingBatchesInFlightMax: limit(
    4,
    'transactions',
    'batches being posted at once, each on a connection of its own',
  ),
  postingAccountsKeptMax: limit(
    200_000,
    'accounts',
    'accounts kept in memory between batches, about 400 bytes each',
  ),
  postingCautionMax: limit(
    64,
    'batches',
    'batches posted the plain way after other processes kept changing the same accounts',
  ),
  expiryBatchMax: limit(500, 'holds', 'holds ended in one transaction'),
  effectiveAheadMaxDays: limit(366, 'days', 'how far ahead of the clock an effective time may lie'),
  segmentBytesMax: limit(
    268_435_456,
    'bytes',
    'rows of one segment of entries, about two million, before the next is opened',
  ),
  auditSequenceBundlesMax: limit(
    2_000,
    'bundles',
    'bundles of audit records that are given a place in one transaction',
  ),
  auditSequenceLeavesMax: limit(
    20_000,
    'records',
    'audit records after which such a transaction takes no further bundle',
  ),
  auditTilesKeptMax: limit(
    256,
    'tiles',
    "full tiles of the audit log's tree kept in memory for the next proof, 17 KiB each",
  ),
  auditEdgesKeptMax: limit(
    1_024,
    'hashes',
    "hashes of right edges of the audit log's tree kept in memory for the next proof",
  ),
  auditAnchorsPerRunMax: limit(
    1_000,
    'anchors',
    'anchors written at once, when some were due for long; the next run goes on',
  ),
  auditMonthsAtHand: limit(
    3,
    'months',
    'months of audit records in the database, the current one too (PCI DSS 10.5.1)',
  ),
  auditRetentionMonthsSecurity: limit(
    12,
    'months',
    'records of the class security are kept after their month ends (PCI DSS 10.5.1)',
  ),
  auditRetentionMonthsBooks: limit(
    84,
    'months',
    'records of the class books are kept after their month ends (17 CFR 210.2-06)',
  ),
  auditRetentionMonthsAml: limit(
    120,
    'months',
    'records of the class aml are kept after their month ends (Directive 2015/849)',
  ),
  auditArchiveObjectLeavesMax: limit(
    50_000,
    'records',
    'audit records in one object of the archive',
  ),
  auditArchiveObjectBytesMax: limit(
    16_777_216,
    'bytes',
    'records, before compression, after which an object of the archive takes no more',
  ),
  auditArchiveObjectsKeptMax: limit(
    4,
    'objects',
    'objects of the archive kept in memory, unpacked, for whoever reads next',
  ),
  auditLagMaxMs: limit(
    5_000,
    'ms',
    'how long an audit record may wait for its place before an alarm is raised',
  ),
  auditBacklogMax: limit(
    100_000,
    'bundles',
    'waiting bundles of audit records at which an alarm is raised, whatever their age',
  ),
  auditSilenceMaxMs: limit(
    15_000,
    'ms',
    'after which an alarm is raised when the sequencer has not run',
  ),
  auditAnchorLateMaxMs: limit(
    600_000,
    'ms',
    'how long after its hour an anchor may be missing before an alarm is raised',
  ),
  auditClockOffsetMaxMs: limit(
    500,
    'ms',
    'how far the clock may be from its reference before an alarm is raised',
  ),
  auditClockChangeMinMs: limit(
    50,
    'ms',
    'by which the offset of the clock must change to be recorded before the hour is over',
  ),
  auditDiskFreeBytesMin: limit(
    1_073_741_824,
    'bytes',
    'free space of the folders of data and objects below which an alarm is raised',
  ),
  auditSelfCheckLeaves: limit(
    64,
    'records',
    'records that one self-check reads again, spread over the whole log',
  ),
  auditIndexBlockLeavesMax: limit(
    65_536,
    'records',
    'audit records in one block of the search index; of the rest each search reads all',
  ),
  auditIndexBlockPlacesMax: limit(
    4_096,
    'bundles',
    'bundles of audit records in one block of the search index',
  ),
  auditIndexPatienceMs: limit(
    1_000,
    'ms',
    'records that wait this long for their place in the log go before the search index',
  ),
  auditIndexShare: limit(
    10,
    '%',
    "of one processor's time that making the search index may take from the server's callers",
  ),
  auditSearchLeavesMax: limit(
    200_000,
    'records',
    'audit records that one page of a search reads before it ends short, with more to come',
  ),
  importBatchItems: limit(
    1_000,
    'instructions',
    'posted in one transaction by an import, unless it is told otherwise',
  ),
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
  for (const [name, { value }] of Object.entries(limitRows)) limitValues[name] = value;
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
