// The platform's only door: the database and the clock. Contexts above know these ports and never
// the vendor behind them.

export { systemClock } from './clock.ts';
export type {
  Database,
  Query,
  Queryable,
  Transaction,
  TransactionContext,
} from './database/port.ts';
export { violatedConstraint } from './database/failure.ts';
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
  Series,
} from './telemetry/port.ts';
export {
  booleanArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  timestamptzArray,
  uuidArray,
} from './database/arrays.ts';
export { openDatabase } from './database/open.ts';
export type { DatabaseSettings, OpenDatabaseOptions, OpenedDatabase } from './database/open.ts';
export { startEmbedded } from './database/embedded.ts';
export type { EmbeddedOptions, EmbeddedPostgres } from './database/embedded.ts';
