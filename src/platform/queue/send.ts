// The verb that puts messages into a queue, in the transaction of what makes them necessary: they
// exist once it commits, and never without it. One call is one statement, or two where messages
// must not come twice.

import { assert, idOf, MINUTE_US, msOf, uuidBatch, type Instant } from '#kernel';
import type { Transaction } from '../database/port.ts';
import { noteWork } from '../pace.ts';
import { requireFits, writeBody } from './body.ts';
import { claimDeduplications, insertMessages, type MessageRow } from './message-store.ts';
import { DELAY_MS_MAX, type MessageId, type NewMessage } from './port.ts';

const QUEUE = /^[a-z][a-z0-9_-]{0,74}$/;
/** What SQS takes as the name of a group. */
const TOKEN = /^[a-zA-Z0-9!-/:-@[-`{-~]{1,128}$/;
const DEDUPLICATION_US = 5 * MINUTE_US;

/** A queue's name: small letters, digits, hyphens and underscores, at most 75. */
export function requireQueueName(queue: string): void {
  assert(QUEUE.test(queue), 'a queue is named by small letters, digits, hyphens and underscores');
}

/** Answers the ids in order: of the message sent before where the deduplication says so. */
export async function send(
  tx: Transaction,
  queue: string,
  messages: readonly NewMessage[],
): Promise<MessageId[]> {
  requireQueueName(queue);
  if (messages.length === 0) return [];
  const ids = uuidBatch(msOf(tx.now));
  const rows = messages.map((message) => rowOf(tx, ids.next(), message));
  const kept = await withoutRepeated(tx, queue, rows);
  const own = rows.filter(({ id }, at) => kept[at] === id);
  await insertMessages(tx, { queue, rows: inTurn(own, tx.now) }, tx.now);
  noteWork();
  return kept.map((id) => idOf('msg', id));
}

function rowOf(tx: Transaction, id: string, message: NewMessage): MessageRow {
  const { body, group, deduplication, delayMs = 0, traceId = tx.traceId } = message;
  const text = writeBody(body);
  requireFits(text, traceId);
  for (const token of [group, deduplication]) {
    assert(token === undefined || TOKEN.test(token), 'a group has 1 to 128 printable characters');
  }
  assert(delayMs >= 0 && delayMs <= DELAY_MS_MAX, 'a message is delayed by 15 minutes at most');
  const readyAt = (tx.now + Math.round(delayMs * 1_000)) as Instant;
  return { id, group, deduplication, readyAt, traceId, body: text };
}

/**
 * What comes behind another of its group that is sent with it waits for that one from the start.
 * Whoever lets that one go sees this one too, as both are there once the transaction commits.
 */
function inTurn(rows: readonly MessageRow[], now: Instant): MessageRow[] {
  const groups = new Set<string>();
  return rows.map((row) => {
    const { group, readyAt } = row;
    if (group === undefined) return row;
    // One with a delay of its own is ready when that is over.
    if (groups.has(group) && readyAt === now) return { ...row, readyAt: undefined };
    groups.add(group);
    return row;
  });
}

/** For each row the id of the message that stands for it: its own, or an earlier one's. */
async function withoutRepeated(
  tx: Transaction,
  queue: string,
  rows: readonly MessageRow[],
): Promise<string[]> {
  if (rows.every(({ deduplication }) => deduplication === undefined)) {
    return rows.map(({ id }) => id);
  }
  const first = new Map<string, string>();
  for (const { id, deduplication } of rows) {
    if (deduplication !== undefined && !first.has(deduplication)) first.set(deduplication, id);
  }
  const expiresAt = (tx.now + DEDUPLICATION_US) as Instant;
  const held = await claimDeduplications(tx, { queue, first, now: tx.now, expiresAt });
  return rows.map(({ id, deduplication }) =>
    deduplication === undefined ? id : (held.get(deduplication) ?? id),
  );
}
