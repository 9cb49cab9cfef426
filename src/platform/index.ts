// The platform's only door: the database and the clock. Contexts above know these ports and never
// the vendor behind them.

export { systemClock } from './clock.ts';
export type { ObservedClock } from './clock.ts';
export { askTimeServer, medianOf } from './time-server.ts';
export type { AskOptions, TimeSample, TimeServer } from './time-server.ts';
export type {
  Caller,
  Database,
  Query,
  Queryable,
  Transaction,
  TransactionContext,
} from './database/port.ts';
export { violatedConstraint } from './database/failure.ts';
export { readServerLine, refusedChangeInLine } from './database/refused-change.ts';
export type { RefusedChange, ServerLine } from './database/refused-change.ts';
export {
  APPLICATION_ROLE,
  defaultPostgresOptions,
  openPostgres,
  openSession,
  withoutPassword,
} from './database/postgres.ts';
export type { PostgresOptions, Session } from './database/postgres.ts';
export { dumpSchema } from './database/schema-dump.ts';
export { migrate } from './database/migrate.ts';
export type { MigrateOptions, MigrateReport } from './database/migrate.ts';
export { openLogger } from './telemetry/logger.ts';
export type { LoggerOptions } from './telemetry/logger.ts';
export { openMetrics } from './telemetry/metrics.ts';
export type { MetricsOptions } from './telemetry/metrics.ts';
export type {
  Counter,
  Histogram,
  Labels,
  LogFacts,
  LogLevel,
  Logger,
  Metrics,
  Reading,
  Series,
} from './telemetry/port.ts';
export {
  booleanArray,
  byteaArray,
  bytesArray,
  int2Array,
  int4Array,
  int8Array,
  timestamptzArray,
  uuidArray,
} from './database/arrays.ts';
export { keysFolderOf, openDatabase } from './database/open.ts';
export type { DatabaseSettings, OpenDatabaseOptions, OpenedDatabase } from './database/open.ts';
export { startEmbedded } from './database/embedded.ts';
export type { EmbeddedOptions, EmbeddedPostgres } from './database/embedded.ts';
export { openLocalKeys } from './keys/local.ts';
export type { LocalKeysOptions } from './keys/local.ts';
export type { Keys } from './keys/port.ts';
export { openFolderObjects } from './objects/folder.ts';
export type { FolderObjectsOptions } from './objects/folder.ts';
export type { ObjectFacts, Objects, PutOptions } from './objects/port.ts';
export { dataFolderOf } from './database/embedded/data-folder.ts';
