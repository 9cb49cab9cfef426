// Owns the question that is asked with every request and never remembered: is this token still
// good, and is its proof new. Many requests are answered by one statement; of two requests with the
// same proof at most one is told that it is new, on whatever machine they arrive.

import type { Database, Queryable, TransactionContext } from '#platform';
import { deleteOutdated, selectChanges } from './freshness-store.ts';
import type { NewProof, TokenFacts } from './freshness-store.ts';

export interface FreshnessQuestion extends TokenFacts {
  /** The proof that came with the token, to be marked as used. */
  readonly proof: NewProof | undefined;
}

export type Freshness = 'fresh' | 'revoked' | 'proof used before';

/** One answer per question, in order. */
export async function checkFreshness(
  queryable: Queryable,
  questions: readonly FreshnessQuestion[],
): Promise<Freshness[]> {
  const proofs = new Map<string, NewProof>();
  // Of those that arrive together with the same proof, the first.
  const places = new Map<string, number>();
  for (const [place, { proof }] of questions.entries()) {
    const name = proof?.proof.toString('hex');
    if (proof === undefined || name === undefined || proofs.has(name)) continue;
    proofs.set(name, proof);
    places.set(name, place);
  }
  const changes = await selectChanges(queryable, questions, [...proofs.values()]);
  return questions.map(({ proof }, place) => {
    if (changes.revoked.has(place)) return 'revoked';
    if (proof === undefined) return 'fresh';
    const name = proof.proof.toString('hex');
    const isNew = changes.firstUsed.has(name) && places.get(name) === place;
    return isNew ? 'fresh' : 'proof used before';
  });
}

const SWEEP_ROWS = 10_000;

/** Removes what is past: used proofs and revoked sessions that can come up no more. */
export async function sweepCredentials(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  return await database.transaction(context, (tx) => deleteOutdated(tx, SWEEP_ROWS));
}
