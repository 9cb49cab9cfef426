// What the ledger's routes stand on, and what they share: who is asking, and refusals of their own.

import type { Clock, Refused } from '#kernel';
import { refuse } from '#kernel';
import { callerOf, contextOf as contextOfRequest, type Origin } from '#gateway';
import type { Caller, Database, TransactionContext } from '#platform';
import type { BatchAnswer } from '../post.ts';
import type { Answer } from '../posting/decide.ts';
import type { Instruction, PostMode } from '../posting/instruction.ts';
import type { LedgerRefusal, ReadRefusalCode } from '../refusals.ts';

export type { Caller } from '#platform';

export interface BatchOptions {
  readonly mode: PostMode;
  readonly dryRun: boolean;
}

/** Posts for the edge. Every answer it gives is durable, unless it was asked for a dry run. */
export interface LedgerPoster {
  /** One instruction, in one transaction with whatever else arrives at the same time. */
  post(instruction: Instruction, caller: Caller): Promise<Answer>;
  /** A list in a transaction of its own. */
  postBatch(
    instructions: readonly Instruction[],
    options: BatchOptions,
    caller: Caller,
  ): Promise<BatchAnswer>;
}

export interface LedgerEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly poster: LedgerPoster;
}

export { callerOf };

export function contextOf(edge: LedgerEdge, request: Origin): TransactionContext {
  return contextOfRequest(edge.clock, request);
}

type NotFoundCode = ReadRefusalCode | 'account_unknown';

export function notFound(
  code: NotFoundCode,
  message: string,
): Refused<LedgerRefusal<NotFoundCode>> {
  return refuse({ code, message, param: 'id' });
}

export function noAccount(id: string): Refused<LedgerRefusal<NotFoundCode>> {
  return notFound('account_unknown', `There is no account ${id}.`);
}

/** Marks an answer as one that had been given before. */
export const replayed = { 'idempotent-replayed': 'true' } as const;

/** Names of permissions, for the day callers are known. */
export const permissions = {
  readAccounts: 'ledger.accounts.read',
  openAccounts: 'ledger.accounts.open',
  changeAccounts: 'ledger.accounts.change',
  readTransfers: 'ledger.transfers.read',
  post: 'ledger.transfers.post',
  readReports: 'ledger.reports.read',
  closePeriods: 'ledger.periods.close',
} as const;
