// The only door of the context of payments.

export { isoStatusOf, movementOf, paymentKinds, paymentStatuses } from './payment.ts';
export type {
  NewPayment,
  Payment,
  PaymentId,
  PaymentKind,
  PaymentParty,
  PaymentStatus,
  RailName,
} from './payment.ts';
export { paymentRefusals } from './refusals.ts';
export type { PaymentRefusal, PaymentRefusalCode } from './refusals.ts';
export type { PaymentScreener } from './screening.ts';
export { sendPayments } from './send.ts';
export type { PaymentResult, SendOptions } from './send.ts';
export { selectPayments } from './store/payment-store.ts';
export { changePayments } from './change.ts';
export type { PaymentChange } from './change.ts';
export { railBooks } from './rails/books.ts';
export type { RailBookName, RailBooks } from './rails/books.ts';
export { paymentSources } from './sources/sources.ts';
export { openPaymentsBehind, statusSubscription } from './status/statuses.ts';
export { openPaymentPoster } from './http/gathered.ts';
export type { PaymentPoster, PaymentPosterOptions } from './http/gathered.ts';
export type { PaymentsEdge } from './http/edge.ts';
export { paymentsRoutes } from './routes.ts';

/** Rails. */
export type { RailConnection } from './rails/port.ts';
export { openHttpConnection } from './rails/http-connection.ts';
export { openSctInst } from './rails/sct-inst/open.ts';
export type { SctInst, SctInstOptions } from './rails/sct-inst/open.ts';
export { settleAch, takeForAch, waitingForAch } from './rails/ach.ts';
export { writeAchFiles } from './rails/ach-files/write-files.ts';
export type { AchFilesOptions } from './rails/ach-files/write-files.ts';
export { misbehaved, wellBehaved } from './rails/simulator/misbehaviour.ts';
export { startSimulator } from './rails/simulator/server.ts';

/** Standing orders. */
export { createStandingOrders } from './standing-orders/create.ts';
export type { Created as CreatedStandingOrder } from './standing-orders/create.ts';
export { deriveSchedule, occurrenceAt } from './standing-orders/schedule.ts';
export type { Schedule } from './standing-orders/schedule.ts';
export type {
  NewStandingOrder,
  OccurrenceRecord,
  StandingOrder,
  StandingOrderId,
} from './standing-orders/standing-order.ts';
export { runStandingOrders } from './standing-orders/run.ts';
export type { RunReport as StandingOrderReport } from './standing-orders/run.ts';
export { openOrdersBehind } from './standing-orders/accounts-behind.ts';
export { standingOrderRefusals } from './standing-orders/refusals.ts';
export { standingOrderSources } from './standing-orders/sources/sources.ts';
export { standingOrderRoutes } from './standing-orders/http/standing-order-routes.ts';
export type { StandingOrdersEdge } from './standing-orders/http/standing-order-routes.ts';

/** Reconciliation. */
export { reconciliationRefusals } from './reconciliation/refusals.ts';
export { reconciliationSources } from './reconciliation/sources/sources.ts';
export { reconciliationRoutes } from './reconciliation/http/routes.ts';
export type { ReconciliationEdge } from './reconciliation/http/edge.ts';

/** Files. */
export { answerWriters, fileFormats } from './files/answers/writers.ts';
export type { FileId, FileProgress, FileState, PaymentFile } from './files/file.ts';
export { announceFile, abandonUploads, takePart } from './files/receive.ts';
export { runFiles } from './files/pipeline/run.ts';
export type { FilesWorld } from './files/pipeline/world.ts';
export { openFolderInbox } from './files/inbox/folder.ts';
export type { Inbox } from './files/inbox/port.ts';
export { takeFromInbox } from './files/inbox/take.ts';
export { fileRefusals } from './files/refusals.ts';
export { makeAgreement } from './files/agree.ts';
export type { Agreement } from './files/agreement.ts';
export { noProgress, progressOf } from './files/store/entry-store.ts';
export { findFile, selectFiles } from './files/store/file-store.ts';
export { selectAgreements as selectFileAgreements } from './files/store/agreement-store.ts';
export { fileSources } from './files/sources/sources.ts';
export { fileRoutes } from './files/http/routes.ts';
export type { FilesEdge } from './files/http/routes.ts';
