// TABLE  every setting: its environment variable, unit, meaning and default. Nothing else reads the
// environment for a setting.

import {
  addressRanges,
  choice,
  file,
  folder,
  institution,
  integer,
  listenAddress,
  logName,
  origins,
  plainText,
  postgresUrl,
  timeServer,
  webOrigin,
} from './forms.ts';

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
  accounts: {
    bankCountry: choice({
      env: 'FLORIN_BANK_COUNTRY',
      unit: 'country',
      meaning:
        'whose account numbers accounts get where their product names none: IBANs with national ' +
        'check digits, or US routing and account numbers',
      default: 'none',
      values: ['none', 'CZ', 'SK', 'DE', 'US'],
    }),
    bankCode: plainText({
      env: 'FLORIN_BANK_CODE',
      unit: 'digits',
      meaning: "the bank's own part of those numbers: its national bank code or routing number",
      default: undefined,
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
  queues: {
    policies: plainText({
      env: 'FLORIN_QUEUES',
      unit: 'policies',
      meaning:
        'how queues treat what fails and when they raise alarms, such as ' +
        'payments-submit:attempts=5,base=500;files:age=600000 with attempts, base and pause (ms ' +
        'before another attempt, first and at most), depth, age (ms) and dead (the most without ' +
        'an alarm); three attempts, 200 ms first and a minute at most unless given',
      default: undefined,
    }),
    eventRetentionDays: integer({
      env: 'FLORIN_EVENT_RETENTION_DAYS',
      unit: 'days',
      meaning: 'how long events are kept that every consumer has handled, for replays',
      default: 30,
      min: 1,
      max: 3_650,
    }),
  },
  rails: {
    bic: plainText({
      env: 'FLORIN_BIC',
      unit: 'BIC',
      meaning: 'by which other banks and rails know this bank (ISO 9362)',
      default: undefined,
    }),
    sctInstUrl: webOrigin({
      env: 'FLORIN_SCT_INST_URL',
      unit: 'URL',
      meaning:
        'where the rail for instant credit transfers is; without it such payments wait, accepted',
      default: undefined,
    }),
    achOrigin: institution({
      env: 'FLORIN_ACH_ORIGIN',
      unit: 'institution',
      meaning:
        'this bank in the ACH files that it writes: its routing number, which its trace numbers ' +
        'begin with, and its name; without it payments over ACH wait, accepted',
      default: undefined,
    }),
    achDestination: institution({
      env: 'FLORIN_ACH_DESTINATION',
      unit: 'institution',
      meaning:
        'the ACH operator that takes those files; without it payments over ACH wait, accepted',
      default: undefined,
    }),
  },
  files: {
    inboxFolder: folder({
      env: 'FLORIN_INBOX_DIR',
      unit: 'folder',
      meaning:
        'where senders of payment files leave them, each in a folder named after it; no folder ' +
        'is watched unless given',
      default: undefined,
    }),
  },
  fraud: {
    screening: choice({
      env: 'FLORIN_FRAUD_SCREENING',
      unit: 'switch',
      meaning: 'whether payments are judged for fraud before any money moves',
      default: 'on',
      values: ['on', 'off'],
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
