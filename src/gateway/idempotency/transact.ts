// Owns the one step that makes a request's effect and its answer one: both are written in the same
// transaction, or neither is. Whoever lost the claim of a request meanwhile has no effect.
import { Fault } from '#kernel';
import type { Clock } from '#kernel';
import type { Database, Queryable, Transaction } from '#platform';
import { contextOf } from '../intake/caller.ts';
import type { Claim, EdgeRequest, Outcome } from '../routes.ts';
import { finishRequests } from './idempotency-store.ts';
import type { Finish } from './idempotency-store.ts';

/** Another has taken over the request: what this one did must not be. */
export class ClaimLost extends Fault {
  constructor() {
    super('claim_lost', { retryable: false, message: 'The request was taken over by another.' });
  }
}

/** A request's outcome, with the claim it ends if the request may be repeated. */
export interface Ending {
  readonly claim: Claim | undefined;
  readonly outcome: Outcome;
}

/**
 * Keeps the answers of requests in the transaction of what they did; answers what to send to each,
 * in order, once that has committed. Throws ClaimLost where one of them was taken over.
 */
export async function keepAnswers(tx: Queryable, endings: readonly Ending[]): Promise<Outcome[]> {
  const finishes: Finish[] = [];
  const outcomes = endings.map(({ claim, outcome }) => {
    if (claim === undefined) return outcome;
    const { key, owner } = claim;
    const { answer, outcome: settled } = claim.settle(outcome);
    if (answer !== undefined) finishes.push({ key, owner, answer });
    return settled;
  });
  if (finishes.length === 0) return outcomes;
  if ((await finishRequests(tx, finishes)) < finishes.length) throw new ClaimLost();
  return outcomes;
}

/**
 * Does what a request asks for in a transaction of its own, and keeps its answer there. What the
 * work returns is the answer to send: a refusal is one too, and is kept like any other.
 */
export async function transact(
  edge: { readonly database: Database; readonly clock: Clock },
  request: Omit<EdgeRequest, 'params' | 'query' | 'body'>,
  work: (tx: Transaction) => Promise<Outcome>,
): Promise<Outcome> {
  const { claim } = request;
  return edge.database.transaction(contextOf(edge.clock, request), async (tx) => {
    const outcome = await work(tx);
    const [settled = outcome] = await keepAnswers(tx, [{ claim, outcome }]);
    return settled;
  });
}
