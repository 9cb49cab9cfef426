/*
 * Every setting and every limit: its name, environment variable, unit, meaning and default. Nothing
 * else reads the environment for a setting, and the settings page is generated from these tables.
 * A bad value stops the start with one sentence; it is never replaced by a default in silence.
 */

import { isIP } from 'node:net';

interface Description {
  /** What the value counts or is: "ms", "connections", "URL", "folder", … */
  readonly unit: string;
  readonly meaning: string;
}

export interface SettingOf<Value> extends Description {
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

function plainText(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined =>
    text.trim() === '' || text.includes('\0') ? undefined : text;
  return { ...given, allowed: 'a text', isSecret: false, parse };
}

function file(given: Given<string | undefined>): SettingOf<string | undefined> {
  return { ...folder(given), allowed: 'the path of a file' };
}

/** An IP address, or localhost. */
function listenAddress(given: Given<string>): SettingOf<string> {
  const parse = (text: string): string | undefined =>
    text === 'localhost' || isIP(text) !== 0 ? text : undefined;
  return { ...given, allowed: 'an IP address or localhost', isSecret: false, parse };
}

/** Addresses and ranges such as 10.0.0.0/8, with commas between them. */
function addressRanges(given: Given<readonly string[]>): SettingOf<readonly string[]> {
  const parse = (text: string): readonly string[] | undefined => {
    const ranges = text.split(',').map((range) => range.trim());
    return ranges.every(isAddressRange) ? ranges : undefined;
  };
  const allowed = 'IP addresses or ranges such as 10.0.0.0/8, with commas between them';
  return { ...given, allowed, isSecret: false, parse };
}

function isAddressRange(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bitsMax = isIP(address) === 6 ? 128 : 32;
  return isIP(address) !== 0 && Number(bits ?? bitsMax) <= bitsMax;
}

/** Origins such as https://app.example, with commas between them. */
function origins(given: Given<readonly string[]>): SettingOf<readonly string[]> {
  const parse = (text: string): readonly string[] | undefined => {
    const all = text.split(',').map((origin) => origin.trim());
    return all.every(isOrigin) ? all : undefined;
  };
  const allowed = 'origins such as https://app.example, with commas between them';
  return { ...given, allowed, isSecret: false, parse };
}

function webOrigin(given: Given<string | undefined>): SettingOf<string | undefined> {
  const parse = (text: string): string | undefined => (isOrigin(text) ? text : undefined);
  return { ...given, allowed: 'an origin such as https://core.example', isSecret: false, parse };
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
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
    host: listenAddress({
      env: 'FLORIN_HOST',
      unit: 'address',
      meaning:
        'the address to listen on; one that others can reach only with a certificate or behind ' +
        'trusted proxies',
      default: '127.0.0.1',
    }),
    port: integer({
      env: 'FLORIN_PORT',
      unit: 'TCP port',
      meaning: 'where the HTTP server listens, on the loopback address; 0 takes any free port',
      default: 8080,
      min: 0,
      max: 65_535,
    }),
    tlsCertificateFile: file({
      env: 'FLORIN_TLS_CERTIFICATE',
      unit: 'file',
      meaning:
        'the certificate of the server with its chain, PEM; renewed without a restart; with its ' +
        'key, the server speaks TLS only',
      default: undefined,
    }),
    tlsKeyFile: file({
      env: 'FLORIN_TLS_KEY',
      unit: 'file',
      meaning: "the certificate's private key, PEM",
      default: undefined,
    }),
    tlsClientAuthorityFile: file({
      env: 'FLORIN_TLS_CLIENT_CA',
      unit: 'file',
      meaning: 'the authorities that vouch for certificates of clients, PEM; asks for them',
      default: undefined,
    }),
    tlsClientCertificates: choice({
      env: 'FLORIN_TLS_CLIENT_CERTIFICATES',
      unit: 'switch',
      meaning: 'whether clients are asked for a certificate, which they need not show',
      default: 'off',
      values: ['off', 'asked'],
    }),
    trustedProxies: addressRanges({
      env: 'FLORIN_TRUSTED_PROXIES',
      unit: 'addresses',
      meaning:
        'proxies in front of the server, whose Forwarded headers and client certificates are ' +
        'believed, and which may be spoken to without TLS; nobody unless given',
      default: [],
    }),
    corsOrigins: origins({
      env: 'FLORIN_CORS_ORIGINS',
      unit: 'origins',
      meaning: 'origins whose web pages may use the API from a browser; none unless given',
      default: [],
    }),
    accessLog: choice({
      env: 'FLORIN_ACCESS_LOG',
      unit: 'switch',
      meaning: 'which requests leave a line in the log',
      default: 'all',
      values: ['all', 'failures', 'off'],
    }),
  },
  legacy: {
    url: webOrigin({
      env: 'FLORIN_LEGACY_URL',
      unit: 'URL',
      meaning:
        'the existing core that routes can be pointed to, without a path; may be private, and ' +
        'without TLS',
      default: undefined,
    }),
  },
  identity: {
    issuer: plainText({
      env: 'FLORIN_ISSUER',
      unit: 'URL',
      meaning:
        'the address the bank is known by, without a slash at its end: it is in every token and ' +
        'on every page; http://localhost and the port unless given',
      default: undefined,
    }),
    issuers: plainText({
      env: 'FLORIN_ISSUERS',
      unit: 'JSON or file',
      meaning:
        'issuers outside whose access tokens are taken, as a JSON list or the path of a file ' +
        'that holds it; none unless given',
      default: undefined,
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
  httpDeadlineMs: limit(
    30_000,
    'ms',
    'within which a request that has arrived is answered, or begins to be; 503 after that',
  ),
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
  planBurst: limit(100, 'requests', 'at once, in the default plan until it is changed'),
  planRatePerSecond: limit(50, 'requests', 'a second, in the default plan until it is changed'),
  plansMax: limit(200, 'plans', 'of one tenant'),
  planDaily: limit(1_000, 'requests', 'a day, in the default plan until it is changed'),
  limitDecisionsMax: limit(
    2_000,
    'requests',
    'whose limits are decided together in one statement of the database at most',
  ),
  limitDecisionsInFlightMax: limit(2, 'statements', 'that decide about limits at once'),
  limitDecisionsQueuedMax: limit(
    20_000,
    'requests',
    'that may wait for a decision about their limits; more are refused as overloaded',
  ),
  limitDecisionsLingerMs: limit(
    1,
    'ms',
    'how long a decision about limits waits for clients answered a moment ago',
  ),
  limitWaitMaxMs: limit(
    2_000,
    'ms',
    'after which shared limits that do not answer count as unreachable',
  ),
  limitProbeMs: limit(500, 'ms', 'between attempts to reach the shared limits again'),
  limitKnownMaxMs: limit(
    1_000,
    'ms',
    'how long a customer who is over a limit is refused without asking the database',
  ),
  limitCustomersKeptMax: limit(
    100_000,
    'customers',
    'whose latest limits are kept in memory, about 500 bytes each',
  ),
  processSilentMaxMs: limit(
    15_000,
    'ms',
    'after which a server process that says nothing is no longer counted',
  ),
  quotaFactsKeptDays: limit(92, 'days', 'how long it is kept that a quota was nearly used up'),
  addressBurst: limit(200, 'requests', 'at once, from one address, that name no caller'),
  addressRatePerSecond: limit(50, 'requests', 'a second, from one address, that name no caller'),
  addressFailuresBurst: limit(
    20,
    'requests',
    'at once, from one address, that fail to prove their caller',
  ),
  addressFailuresPerMinute: limit(
    20,
    'requests',
    'a minute, from one address, that fail to prove their caller',
  ),
  addressesKeptMax: limit(
    50_000,
    'addresses',
    'that are told apart; those above share one limit, about 200 bytes each',
  ),
  shedLatencyMaxMs: limit(
    500,
    'ms',
    'when more than half of the requests take longer, fewer may run at once',
  ),
  shedTurnMaxMs: limit(
    50,
    'ms',
    'of requests that came together, after which the rest of them is refused as overloaded',
  ),
  shedInFlightMin: limit(64, 'requests', 'may always run at once, however slow they are'),
  shedInFlightMax: limit(2_000, 'requests', 'may run at once while they are quick enough'),
  shedPauseMs: limit(
    200,
    'ms',
    'within which an overloaded server refuses, so that refusing leaves time for serving',
  ),
  shedHeldMax: limit(4_096, 'requests', 'refused as overloaded whose answer waits for that'),
  shedRetryAfterS: limit(1, 's', 'after which a request refused as overloaded may be sent again'),
  legacyTimeoutMs: limit(
    10_000,
    'ms',
    'within which the existing core must begin its answer to a request passed on to it',
  ),
  legacyBytesMax: limit(67_108_864, 'bytes', 'the largest answer of the existing core'),
  legacyInFlightMax: limit(128, 'requests', 'passed on to the existing core at once'),
  legacyRulesMax: limit(1_000, 'rules', 'that point routes to the existing core'),
  legacyComparedBytesMax: limit(
    1_048_576,
    'bytes',
    'the largest answer that is compared with that of the existing core',
  ),
  legacyDifferencesKeptMax: limit(
    10_000,
    'samples',
    'of answers that differed from those of the existing core; older ones are removed',
  ),
  signatureAgeMaxS: limit(
    300,
    's',
    'how long after it was made the signature of a request is taken (RFC 9421)',
  ),
  signatureKeysMax: limit(1_000, 'keys', 'with which partners sign their requests'),
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
  secretAgeMaxDays: limit(90, 'days', 'how old a stored secret may be before the doctor says so'),
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
  idempotencyLeaseMs: limit(
    30_000,
    'ms',
    'after which a request that was begun and not finished may be begun again under its key',
  ),
  idempotencyKeptMs: limit(
    86_400_000,
    'ms',
    'how long the answer of a request is kept under its Idempotency-Key: a day',
  ),
  idempotencyClaimsMax: limit(500, 'requests', 'idempotency keys claimed in one statement'),
  idempotencyClaimsQueuedMax: limit(
    20_000,
    'requests',
    'requests that may wait for their key; more are refused as overloaded',
  ),
  idempotencyExpiryMax: limit(5_000, 'requests', 'answers forgotten in one transaction'),
  identityAccessTokenS: limit(300, 's', 'life of an access token'),
  identityAuthorizationCodeS: limit(
    60,
    's',
    'life of an authorization code (FAPI 2.0 Security Profile 5.3.2.1 no. 12)',
  ),
  identityIdTokenS: limit(300, 's', 'life of an ID token'),
  identityRefreshTokenS: limit(2_592_000, 's', 'life of a refresh token that is not used'),
  identityGrantS: limit(
    7_776_000,
    's',
    'after which a person must let a client act for them anew, whatever they allowed',
  ),
  identityInteractionS: limit(900, 's', 'for a person to sign in and consent'),
  identityBrowserSessionS: limit(28_800, 's', 'after which a browser must sign in again'),
  identityAssertionS: limit(900, 's', 'longest life of an assertion a client authenticates with'),
  identitySigningKeyAgeS: limit(
    7_776_000,
    's',
    'age at which a signing key of the provider gets a successor',
  ),
  identitySigningKeyAnnouncedS: limit(
    3_600,
    's',
    'for which a signing key is published before it signs, so that everybody has it by then',
  ),
  identitySigningKeyKeptS: limit(
    86_400,
    's',
    'for which a signing key is published after it has signed; longer than any token lives',
  ),
  identitySigningKeysFreshMs: limit(
    2_000,
    'ms',
    'how old what a process knows of the signing keys may be when it signs',
  ),
  identityArtifactBytesMax: limit(
    65_536,
    'bytes',
    'of what the provider remembers of one session, request or token',
  ),
  identitySweepRows: limit(
    1_000,
    'rows',
    'of what is over in the identity tables, removed in one transaction',
  ),
  identityClientSecretOverlapS: limit(
    86_400,
    's',
    'for which the old secret of a client is good beside its new one, unless it is told otherwise',
  ),
  tokensKeptMax: limit(
    10_000,
    'tokens',
    'access tokens whose signature is remembered as checked, about 2 KiB each',
  ),
  tokenClockSkewMaxMs: limit(
    10_000,
    'ms',
    'by which the clock of whoever made a token or a proof may differ (FAPI 2.0 5.3.2.1)',
  ),
  tokenProofAgeMaxMs: limit(60_000, 'ms', 'how old a DPoP proof may be (RFC 9449 11.1)'),
  stepUpUnitsMax: limit(
    500,
    'currency units',
    'the largest payment, in whole units of its currency, that one factor is enough for',
  ),
  approvalUnitsMin: limit(
    100_000,
    'currency units',
    'a payment of more than this, in whole units of its currency, needs a second person',
  ),
  approvalValidMs: limit(
    259_200_000,
    'ms',
    'how long a proposal waits for a second person before it expires',
  ),
  approvalRequestBytesMax: limit(
    262_144,
    'bytes',
    'the largest request that can wait for a second person',
  ),
  importBatchItems: limit(
    1_000,
    'instructions',
    'posted in one transaction by an import, unless it is told otherwise',
  ),
  passwordHashesAtOnceMax: limit(
    2,
    'passwords',
    'passwords hashed at once, each in 128 MiB; others wait for their turn',
  ),
  passwordHashesWaitingMax: limit(
    64,
    'passwords',
    'passwords that wait to be hashed; more are refused as overloaded',
  ),
  passwordCharactersMin: limit(12, 'characters', 'the shortest password'),
  passwordCharactersMax: limit(256, 'characters', 'the longest password'),
  invitationFirstMs: limit(
    86_400_000,
    'ms',
    'how long the invitation of the first administrator, or a reset, can be accepted',
  ),
  invitationMs: limit(604_800_000, 'ms', 'how long any other invitation can be accepted'),
  signInMs: limit(900_000, 'ms', 'within which a sign-in, or an invitation, must be completed'),
  deviceKnownMs: limit(
    15_552_000_000,
    'ms',
    'how long a browser that someone signed in with is remembered',
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
