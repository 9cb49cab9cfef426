// What is asked of the stream as a whole: how far consumers have come, what was told, to begin
// again from a position, and to forget what is old. Nothing is forgotten that a consumer has not
// handled.

import { Fault, type Instant } from '#kernel';
import type { Queryable, Transaction } from '../database/port.ts';
import type { Metrics } from '../telemetry/port.ts';
import { deleteConsumer, moveConsumer, selectConsumers } from './consumer-store.ts';
import { deleteOldBundles, headPosition, selectEvents } from './event-store.ts';
import type { ConsumerProgress, EventPage, StreamEvent } from './port.ts';

/** Events of the positions after `after`, of which `countMax` are looked at. */
export async function readEvents(queryable: Queryable, page: EventPage): Promise<StreamEvent[]> {
  return await selectEvents(queryable, page);
}

export async function consumerProgress(queryable: Queryable): Promise<ConsumerProgress[]> {
  return await selectConsumers(queryable);
}

/** The consumer is given the events after the position again; 0 for all that are kept. */
export async function replayFrom(
  tx: Transaction,
  consumer: { readonly name: string; readonly position: bigint },
): Promise<void> {
  if (await moveConsumer(tx, consumer, tx.now)) return;
  const message = 'There is no such consumer of events.';
  throw new Fault('consumer_unknown', { retryable: false, message });
}

/** For a consumer that is no more: it would keep every event from being forgotten. */
export async function forgetConsumer(tx: Transaction, name: string): Promise<void> {
  await deleteConsumer(tx, name);
}

/** The last position of which the event, and so all before it, is older. */
export async function positionBefore(queryable: Queryable, instant: Instant): Promise<bigint> {
  let low = 0n;
  let high = await headPosition(queryable);
  // Positions rise with time but for transactions that took long, which is as exact as time is.
  while (low < high) {
    const middle = (low + high) / 2n;
    const [event] = await selectEvents(queryable, { after: middle, countMax: 1 });
    // What has been forgotten is older than what has not.
    if (event === undefined || event.occurredAt < instant) low = middle + 1n;
    else high = middle;
  }
  return low;
}

/** Removes a bounded number of events from the beginning; answers whether there may be more. */
export async function forgetOldEvents(
  tx: Transaction,
  { before, bundlesMax }: { readonly before: Instant; readonly bundlesMax: number },
): Promise<boolean> {
  let position = await headPosition(tx);
  for (const consumer of await selectConsumers(tx)) {
    if (consumer.position < position) position = consumer.position;
  }
  return (await deleteOldBundles(tx, { before, position, bundlesMax })) === bundlesMax;
}

/** How far behind consumers are, read when the report is asked for. */
export function measureStream(metrics: Metrics, queryable: Queryable): void {
  metrics.gauge(
    {
      name: 'florin_stream_lag_max',
      help: 'Events that the consumer that is furthest behind has not handled.',
    },
    async () => {
      const lags = (await selectConsumers(queryable)).map(({ lag }) => Number(lag));
      return Math.max(0, ...lags);
    },
  );
}
