// The ledger's only door. Money moves through `post` and through nothing else.

export { post, postBatch, withLedger } from './post.ts';
export type { BatchAnswer, PostOptions } from './post.ts';
export { openPoster } from './poster.ts';
export type { Poster, PosterOptions } from './poster.ts';
export { rollSegment } from './segments.ts';
export { expireHolds } from './expire.ts';
export type { Answer } from './posting/decide.ts';
export type {
  CaptureInstruction,
  Exchange,
  HoldInstruction,
  IncreaseInstruction,
  Instruction,
  Leg,
  LegConditions,
  LegPart,
  Metadata,
  Portion,
  PostMode,
  ReverseInstruction,
  Side,
  TransferInstruction,
  VoidInstruction,
} from './posting/instruction.ts';
export type {
  Counters,
  Entry,
  Posted,
  StoredTransfer,
  Transfer,
  TransferKind,
} from './posting/transfer.ts';
export { ledgerSources } from './sources/sources.ts';
export { ledgerActions } from './audit-actions.ts';
export { refusals } from './refusals.ts';
export type {
  LedgerRefusal,
  PostRefusal,
  PostRefusalCode,
  PostResult,
  RefusalKind,
} from './refusals.ts';
export { openAccounts, openAccountsOrReplay } from './open.ts';
export type { OpenAnswer, OpenResult } from './open.ts';
export { changeAccount } from './change.ts';
export { closePeriod, periodCloses } from './close-period.ts';
export type { PeriodClose, PeriodClosed } from './close-period.ts';
export type { Account, AccountRefusal, Balances, ChangeAccount, OpenAccount } from './account.ts';
export * from './read.ts';
export { verify } from './verify/verify.ts';
export type { Counts, RuleOutcome, Verification, VerifyOptions } from './verify/verify.ts';
export { rules as verifyRules } from './verify/finding.ts';
export type { Finding, RuleName } from './verify/finding.ts';
export { openAccountsBehind } from './http/access/accounts-behind-store.ts';
export { openAccountReader } from './reading/account-reader.ts';
export type { AccountReader } from './reading/account-reader.ts';
export { ledgerRoutes } from './routes.ts';
export type { BatchOptions, Caller, LedgerEdge, LedgerPoster, Presentation } from './routes.ts';
