// The verb that tells: events are written in the transaction of what they tell, so both are durable
// or neither. One call is one statement, however many events it has.

import { assert, idOf, msOf, uuidBatch, type EventId } from '#kernel';
import type { Transaction } from '../database/port.ts';
import { noteWork } from '../pace.ts';
import { insertEvents } from './event-store.ts';
import type { NewEvent } from './port.ts';

const TYPE = /^[a-z][a-z_]*(\.[a-z][a-z_]*)+$/;

/** Answers the ids of the events, in order. */
export async function emit(tx: Transaction, events: readonly NewEvent[]): Promise<EventId[]> {
  if (events.length === 0) return [];
  const ids = uuidBatch(msOf(tx.now));
  const rows = events.map(({ type, subject, data, traceId = tx.traceId }) => {
    assert(TYPE.test(type), `an event's type is like payment.settled, and not ${type}`);
    return { id: ids.next(), type, subject, data: JSON.stringify(data), traceId };
  });
  await insertEvents(tx, rows, tx.now);
  noteWork();
  return rows.map(({ id }) => idOf('evt', id));
}
