// What a person does about dead letters, with the record of it: each letter that is sent again or
// thrown away is named in the audit log, by whoever did it, in the transaction in which it is done.

import { record, type Action } from '#audit';
import {
  deadLetter,
  discard,
  redrive,
  type DeadLetter,
  type DeadLetterChoice,
  type MessageId,
  type Queryable,
  type Redrive,
  type Transaction,
} from '#platform';
import { accept, refuse, type Result } from '#kernel';
import { gatewayActions } from '../audit-actions.ts';
import type { QueueRefusal } from './refusals.ts';

/** Sends dead letters again; answers those that were there, the oldest first. */
export async function redriveLetters(tx: Transaction, asked: Redrive): Promise<MessageId[]> {
  const redriven = await redrive(tx, asked);
  const { queue, perSecond } = asked;
  const rate = perSecond === undefined ? {} : { per_second: perSecond };
  await recordEach(tx, gatewayActions['gateway.dead_letter.redrive'], redriven, { queue, ...rate });
  return redriven;
}

export interface Discard {
  readonly queue: string;
  readonly choice: DeadLetterChoice;
  /** Why, in the words of whoever does it; kept in clear. */
  readonly reason: string;
}

/** Throws dead letters away; answers those that were there, the oldest first. */
export async function discardLetters(
  tx: Transaction,
  { queue, choice, reason }: Discard,
): Promise<MessageId[]> {
  const discarded = await discard(tx, { queue, choice });
  const action = gatewayActions['gateway.dead_letter.discard'];
  await recordEach(tx, action, discarded, { queue, reason });
  return discarded;
}

async function recordEach(
  tx: Transaction,
  action: Action,
  ids: readonly MessageId[],
  after: Readonly<Record<string, string | number>>,
): Promise<void> {
  await record(
    tx,
    ids.map((target) => ({ action, target, after })),
  );
}

export async function requireLetter(
  queryable: Queryable,
  queue: string,
  id: MessageId,
): Promise<Result<DeadLetter, QueueRefusal<'dead_letter_unknown'>>> {
  const found = await deadLetter(queryable, queue, id);
  if (found !== undefined) return accept(found);
  const message = `The queue ${queue} has no dead letter ${id}: it was settled, or never was one.`;
  return refuse({ code: 'dead_letter_unknown', message, param: 'id' });
}
