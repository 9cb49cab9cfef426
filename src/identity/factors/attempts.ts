// The verbs around an attempt to prove something: admitted and counted before anything is tried,
// forgiven when it succeeds. Exact across processes, because each count is a locked row.

import { networkOf, type Transaction } from '#platform';
import { no, type PeopleRefused } from '../people/refusals.ts';
import { keyedDigest } from '../people/secrets.ts';
import {
  accountPolicy,
  addressPolicy,
  decideAttempt,
  secondsUntil,
  withoutOne,
  type AttemptPolicy,
} from './attempt.ts';
import { lockAttempts, updateAttempts } from './attempt-store.ts';

/** What is attacked, and from where. */
export interface AttemptTarget {
  readonly kind: 'account' | 'device' | 'factor';
  /** The login name, whether or not anybody has it, or the person's id. */
  readonly name: string;
  /** The address of the caller, where it is known. */
  readonly address: string | undefined;
}

interface Counted {
  readonly key: Buffer;
  readonly policy: AttemptPolicy;
}

/** Counts the attempt as failed and lets it be made; or refuses it, and then it counts nothing. */
export async function admitAttempt(
  tx: Transaction,
  target: AttemptTarget,
): Promise<PeopleRefused | undefined> {
  const counted = await countedOf(tx, target);
  const known = await lockAttempts(
    tx,
    counted.map(({ key }) => key),
  );
  const decisions = counted.map(({ policy }, index) => decideAttempt(policy, known[index], tx.now));
  const blocks = decisions.filter((decision) => !decision.isAdmitted);
  if (blocks.length > 0) {
    const waits = blocks.map(({ blockedUntil }) => secondsUntil(blockedUntil, tx.now));
    const retryAfterS = Math.max(...waits);
    const message = `Too many attempts have failed; the next can be made in ${retryAfterS} s.`;
    const refused = no('sign_in_delayed', message);
    return { ...refused, refusal: { ...refused.refusal, retryAfterS } };
  }
  const next = decisions.filter((decision) => decision.isAdmitted);
  await updateAttempts(
    tx,
    counted.flatMap(({ key }, index) => {
      const decision = next[index];
      return decision === undefined ? [] : [{ key, ...decision.next }];
    }),
  );
  return undefined;
}

/** The attempt has succeeded: its target starts afresh, its address is as it was before. */
export async function forgiveAttempt(tx: Transaction, target: AttemptTarget): Promise<void> {
  const counted = await countedOf(tx, target);
  const known = await lockAttempts(
    tx,
    counted.map(({ key }) => key),
  );
  await updateAttempts(
    tx,
    counted.flatMap(({ key, policy }, index) => {
      const state = known[index];
      if (state === undefined) return [];
      if (policy === addressPolicy) return [{ key, ...withoutOne(policy, state) }];
      return [{ key, failures: 0, lastAt: state.lastAt, blockedUntil: state.lastAt }];
    }),
  );
}

async function countedOf(
  tx: Transaction,
  { kind, name, address }: AttemptTarget,
): Promise<Counted[]> {
  const counted = [
    { key: await keyedDigest(tx.keys, `${kind} attempts`, name), policy: accountPolicy },
  ];
  if (address !== undefined) {
    const key = await keyedDigest(tx.keys, 'address attempts', networkOf(address));
    counted.push({ key, policy: addressPolicy });
  }
  return counted.toSorted((left, right) => Buffer.compare(left.key, right.key));
}
