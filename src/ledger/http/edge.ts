// What the ledger's routes stand on, and what they share: who is asking, and refusals of their own.

import type { Clock, Refused } from '#kernel';
import { refuse } from '#kernel';
import {
  actsOnGrants,
  callerOf,
  contextOf as contextOfRequest,
  type Claim,
  type EdgeRequest,
  type Origin,
  type Outcome,
} from '#gateway';
import type { Caller, Database, Queryable, Transaction, TransactionContext } from '#platform';
import type { BatchAnswer } from '../post.ts';
import type { Answer } from '../posting/decide.ts';
import type { Instruction, PostMode } from '../posting/instruction.ts';
import type { LedgerRefusal, ReadRefusalCode } from '../refusals.ts';
import type { AccountReader } from '../reading/account-reader.ts';
import type { Sight } from './serialise.ts';

export type { Caller } from '#platform';

export interface BatchOptions {
  readonly mode: PostMode;
  readonly dryRun: boolean;
}

/** What posting needs to know of a request. */
export type PostingRequest = Origin & Pick<EdgeRequest, 'claim' | 'principal'>;

/** How much a caller may see of the accounts of what it moves or reads by a permission. */
export function sightOf({ principal }: Pick<EdgeRequest, 'principal'>, permission: string): Sight {
  return principal !== undefined && actsOnGrants(principal, permission) ? 'granted' : 'all';
}

/** A dry run does nothing, so it may be repeated without a key. */
export function isDryRun({ query }: { readonly query: { readonly dry_run: boolean } }): boolean {
  return query.dry_run;
}

/** What a request is answered, said while its transaction is open, and under what it is kept. */
export interface Presentation {
  readonly claim: Claim | undefined;
  /** Loads what presenting these answers needs, be they of one request or of several. */
  readonly prepare: (tx: Transaction, answers: readonly Answer[]) => Promise<void>;
  /** The answer to the request, once that is loaded. */
  present(batch: BatchAnswer): Outcome;
}

/**
 * Posts for the edge. An answer is kept in the transaction that posts, and given when it is
 * durable; of a dry run nothing is kept.
 */
export interface LedgerPoster {
  /** One instruction, in one transaction with whatever else arrives at the same time. */
  post(instruction: Instruction, caller: Caller, presentation: Presentation): Promise<Outcome>;
  /** A list in a transaction of its own. */
  postBatch(
    instructions: readonly Instruction[],
    options: BatchOptions,
    caller: Caller,
    presentation: Presentation,
  ): Promise<Outcome>;
}

export interface LedgerEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly poster: LedgerPoster;
  readonly accounts: AccountReader;
}

export { callerOf };

/** What is read for a request: the rows of its caller's tenant. */
export function booksOf(edge: LedgerEdge, tenant: string | undefined): Queryable {
  return tenant === undefined ? edge.database : edge.database.within(tenant);
}

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

/** Names of permissions. */
export const permissions = {
  readAccounts: 'ledger.accounts.read',
  openAccounts: 'ledger.accounts.open',
  changeAccounts: 'ledger.accounts.change',
  readTransfers: 'ledger.transfers.read',
  post: 'ledger.transfers.post',
  readReports: 'ledger.reports.read',
  closePeriods: 'ledger.periods.close',
} as const;
