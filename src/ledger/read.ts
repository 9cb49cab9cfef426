// The ledger's reading verbs in one place. They change nothing, take whatever can be queried, and
// answer from counters and entries alone.

export { account, accountByExternalId, accountsById, listAccounts } from './reading/accounts.ts';
export type { AccountFilter, AccountPage } from './reading/accounts.ts';
export { balanceAt } from './reading/balance.ts';
export type { AsOf } from './reading/balance.ts';
export { listEntries } from './reading/entries.ts';
export type { AccountEntry, EntryPage, EntryQuery, Order } from './reading/entries.ts';
export { hold, listOpenHolds } from './reading/holds.ts';
export type { HeldLeg, Hold, HoldPage } from './reading/holds.ts';
export { rollUp, trialBalance } from './reading/reports.ts';
export type {
  Chart,
  ChartNode,
  ChartQuery,
  ReportPlace,
  TrialBalance,
  TrialBalanceLine,
  TrialBalanceQuery,
  TrialBalanceTotal,
} from './reading/reports.ts';
export { statement } from './reading/statement.ts';
export type {
  Statement,
  StatementLine,
  StatementPlace,
  StatementQuery,
} from './reading/statement.ts';
export { movementsByDay } from './reading/movement-store.ts';
export type { Movement, MovementQuestion } from './reading/movement-store.ts';
export {
  batchTransfers,
  listTransfers,
  transfer,
  transferByExternalId,
} from './reading/transfers.ts';
export type { RecordedTransfer, TransferEntry, TransferPage } from './reading/transfers.ts';
