// One consumer's step: the next events after its position are given to its handler, and its
// position moves, in one transaction. Progress and effect are durable together, so an event whose
// handling was interrupted comes again, and one that was handled does not.

import { assert } from '#kernel';
import type { Database, Transaction, TransactionContext } from '../database/port.ts';
import { actFor, lockConsumer, moveConsumer } from './consumer-store.ts';
import { headPosition, selectEvents } from './event-store.ts';
import type { StreamEvent, Subscription } from './port.ts';

/** Where the consumer stands; undefined while another process is at it. */
export interface Step {
  readonly position: bigint;
  readonly handled: number;
}

export async function consumeNext(
  database: Database,
  context: TransactionContext,
  { subscription, eventsMax }: { readonly subscription: Subscription; readonly eventsMax: number },
): Promise<Step | undefined> {
  return await database.transaction(context, async (tx) => {
    const { name, types } = subscription;
    const after = await lockConsumer(tx, name);
    if (after === undefined) return undefined;
    const head = await headPosition(tx);
    if (head <= after) return { position: after, handled: 0 };
    // Not beyond the head as it was read: more may have a place by now.
    const countMax = Math.min(eventsMax, Number(head - after));
    const position = after + BigInt(countMax);
    const events = await selectEvents(tx, { after, countMax, types });
    await handle(tx, subscription, events);
    assert(await moveConsumer(tx, { name, position }, tx.now), 'the consumer is locked');
    return { position, handled: events.length };
  });
}

async function handle(
  tx: Transaction,
  subscription: Subscription,
  events: readonly StreamEvent[],
): Promise<void> {
  const groups = Map.groupBy(events, ({ tenant }) => tenant);
  for (const [tenant, own] of groups) {
    await actFor(tx, tenant);
    await subscription.handle(own, withTenant(tx, tenant));
  }
}

/** The same transaction, acting for a tenant. */
function withTenant(tx: Transaction, tenant: string): Transaction {
  return Object.create(tx, { tenant: { value: tenant, enumerable: true } }) as Transaction;
}
