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
export { FIRST_TENANT, rowsFor } from './database/tenants.ts';
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
  float8Array,
  int2Array,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
  uuidArray,
} from './database/arrays.ts';
export { keysFolderOf, openDatabase } from './database/open.ts';
export type { DatabaseSettings, OpenDatabaseOptions, OpenedDatabase } from './database/open.ts';
export { startEmbedded } from './database/embedded.ts';
export type { EmbeddedOptions, EmbeddedPostgres } from './database/embedded.ts';
export { networkOf } from './http/network.ts';
export { findSecrets } from './secrets/scan.ts';
export type { FoundSecret } from './secrets/scan.ts';
export { openLocalKeys } from './keys/local.ts';
export type { LocalKeysOptions } from './keys/local.ts';
export type { Keys } from './keys/port.ts';
/** Asking systems outside. */
export { openOutbound } from './outbound/outbound.ts';
export type { OutboundOptions } from './outbound/outbound.ts';
export { measureOutbound } from './outbound/measure.ts';
export type { OutboundMeasure } from './outbound/measure.ts';
export type {
  Outbound,
  OutboundAnswer,
  OutboundHeaders,
  OutboundRequest,
} from './outbound/port.ts';
export { openFolderObjects } from './objects/folder.ts';
export type { FolderObjectsOptions } from './objects/folder.ts';
export type { ObjectFacts, Objects, PutOptions } from './objects/port.ts';
export { dataFolderOf } from './database/embedded/data-folder.ts';
export { openPasswordHasher, owaspCost } from './identity/passwords.ts';
export type { PasswordCost, PasswordHash, PasswordHasher } from './identity/passwords.ts';
export {
  canUsePasskeys,
  claimedPasskey,
  passkeyCreation,
  passkeyRequest,
  verifyPasskeyCreation,
  verifyPasskeyUse,
} from './identity/passkeys.ts';
export type { Passkey, PasskeySite } from './identity/passkeys.ts';
export { qrModules } from './identity/qr.ts';
export { newTotpSecret, totpAt, totpStepOf, totpText, totpUri } from './identity/totp.ts';
export { importKey, isSignedBy, readToken, thumbprintOf } from './identity/tokens.ts';
export { tokenAlgorithms } from './identity/tokens.ts';
export type {
  PublicJwk,
  TokenAlgorithm,
  TokenClaims,
  UnverifiedToken,
  VerifyingKey,
} from './identity/tokens.ts';
export { openProviderEngine } from './identity/provider.ts';
export type {
  ArtifactContent,
  ArtifactModel,
  Artifacts,
  CertificateSubject,
  InteractionAnswer,
  NewGrant,
  PendingInteraction,
  PrivateJwk,
  ProviderClient,
  ProviderEngine,
  ProviderLifetimes,
  ProviderQuestions,
  ProviderRefusal,
  TokenIdentity,
  TokenRequest,
} from './identity/provider-port.ts';
export {
  isInnerList,
  readFieldDictionary,
  readFieldItem,
  readFieldList,
  writeFieldDictionary,
  writeFieldItem,
  writeFieldList,
} from './http/structured-fields.ts';
export type {
  FieldDictionary,
  FieldInnerList,
  FieldItem,
  FieldList,
  FieldParameters,
  FieldValue,
} from './http/structured-fields.ts';
export { emit } from './stream/emit.ts';
export { openStream } from './stream/stream.ts';
export type { Stream, StreamOptions } from './stream/stream.ts';
export {
  consumerProgress,
  forgetConsumer,
  forgetOldEvents,
  measureStream,
  positionBefore,
  readEvents,
  replayFrom,
} from './stream/keep.ts';
export type {
  Consumer,
  ConsumerProgress,
  EventData,
  EventPage,
  EventValue,
  NewEvent,
  StreamEvent,
  Subscription,
} from './stream/port.ts';
export { send } from './queue/send.ts';
export { openQueues } from './queue/queues.ts';
export type { QueuesOptions } from './queue/queues.ts';
export { openWorkers } from './queue/workers.ts';
export type { WorkersOptions } from './queue/workers.ts';
export { readQueuePolicies } from './queue/policy.ts';
export type { QueuePolicies } from './queue/policy.ts';
export { deadLetter, deadLetters, discard, queueStates, redrive } from './queue/dead-letters.ts';
export type { DeadLetterChoice, DeadLetterPage, Redrive } from './queue/dead-letters.ts';
export { measureQueues, watchQueues } from './queue/watch.ts';
export type {
  DeadLetter,
  Failed,
  FailureOutcome,
  FailureReason,
  HandlingResult,
  MessageBody,
  MessageId,
  NewMessage,
  QueuePolicy,
  Queues,
  QueueState,
  Received,
  ReceiveOptions,
  Receipt,
  RecordedFailure,
  Settlement,
  WorkerOptions,
  Workers,
} from './queue/port.ts';
export { forgetExpiredItems, openKeyValues } from './keyvalues/keyvalues.ts';
export type { Item, ItemValue, KeyValues, NewItem, PutResult } from './keyvalues/port.ts';
/** What is found by its words. */
export { openSearch } from './search/search.ts';
export type {
  Finder,
  Search,
  SearchDocument,
  SearchFilters,
  SearchPage,
  SearchQuestion,
} from './search/port.ts';
export { isPart, wordsOf } from './search/words.ts';
/** XML. */
export { readXml, readXmlText } from './xml/read.ts';
export { XmlWriter } from './xml/write.ts';
export type { XmlAttributes } from './xml/write.ts';
export type { XmlAttribute, XmlEvent, XmlFault, XmlLimits, XmlOpen } from './xml/port.ts';
/** Documents to print and keep. */
export { openPdf } from './pdf/document.ts';
export type { PdfDocument, PdfFacts, PdfPage, PdfPlace, PdfTextStyle } from './pdf/port.ts';
/** Files of columns, for analysis. */
export { readParquet } from './parquet/read.ts';
export { encodeColumn } from './parquet/encode.ts';
export { writeEncoded, writeParquet } from './parquet/write.ts';
export type {
  EncodedColumn,
  ParquetColumns,
  ParquetFacts,
  ParquetFields,
  ParquetInput,
} from './parquet/port.ts';
