// What is done about dead letters: they are listed and read, sent again, or thrown away. A letter
// is sent again exactly once, however many ask at the same time, and keeps its id, so that a
// handler that had done it after all does nothing twice. Whoever calls these records it.

import { assert, type Instant } from '#kernel';
import type { Queryable, Transaction } from '../database/port.ts';
import { noteWork } from '../pace.ts';
import {
  deleteDeadLetters,
  lockDeadLetters,
  redriveDeadLetters,
  selectDeadLetter,
  selectDeadLetters,
  selectQueueStates,
} from './dead-letter-store.ts';
import type { DeadLetter, MessageId, QueueState } from './port.ts';

/** Counting costs; a queue with more is told to have as many. */
const COUNTED_MAX = 200_000;

export interface DeadLetterPage {
  readonly queue: string;
  /** The number of the last one seen; 0 unless given. */
  readonly after?: bigint | undefined;
  readonly countMax: number;
}

export async function deadLetters(
  queryable: Queryable,
  { queue, after = 0n, countMax }: DeadLetterPage,
): Promise<DeadLetter[]> {
  return await selectDeadLetters(queryable, { queue, after, countMax });
}

export async function deadLetter(
  queryable: Queryable,
  queue: string,
  id: MessageId,
): Promise<DeadLetter | undefined> {
  return await selectDeadLetter(queryable, queue, id);
}

/** Those with these ids, or the oldest so many. */
export type DeadLetterChoice = { readonly ids: readonly MessageId[] } | { readonly oldest: number };

export interface Redrive {
  readonly queue: string;
  readonly choice: DeadLetterChoice;
  /** So many can be received each second, the first at once; all at once unless given. */
  readonly perSecond?: number | undefined;
  /** How many were redriven before at this rate: these follow them. */
  readonly startingAfter?: number | undefined;
}

/** Sends dead letters again, behind what waits of their groups; answers those that were there. */
export async function redrive(
  tx: Transaction,
  { queue, choice, perSecond, startingAfter = 0 }: Redrive,
): Promise<MessageId[]> {
  assert(perSecond === undefined || perSecond > 0, 'a rate is more than zero');
  const ids = await chosen(tx, queue, choice);
  const letters = ids.map((id, index) => {
    const delayUs = perSecond === undefined ? 0 : ((startingAfter + index) * 1_000_000) / perSecond;
    return { id, readyAt: (tx.now + Math.round(delayUs)) as Instant };
  });
  const redriven = await redriveDeadLetters(tx, queue, letters);
  noteWork();
  return ids.filter((id) => redriven.has(id));
}

/** Throws dead letters away for good; answers those that were there. */
export async function discard(
  tx: Transaction,
  { queue, choice }: Pick<Redrive, 'queue' | 'choice'>,
): Promise<MessageId[]> {
  const ids = await chosen(tx, queue, choice);
  const discarded = await deleteDeadLetters(tx, queue, ids);
  return ids.filter((id) => discarded.has(id));
}

async function chosen(
  tx: Transaction,
  queue: string,
  choice: DeadLetterChoice,
): Promise<readonly MessageId[]> {
  if ('ids' in choice) return [...new Set(choice.ids)];
  return await lockDeadLetters(tx, queue, choice.oldest);
}

/** How each queue stands that has messages or dead letters, by name. */
export async function queueStates(queryable: Queryable, now: Instant): Promise<QueueState[]> {
  return await selectQueueStates(queryable, now, COUNTED_MAX);
}
