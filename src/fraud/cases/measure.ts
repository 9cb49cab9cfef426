// Tells how many cases there are to work on, and how many of them are overdue.

import type { Metrics, Queryable } from '#platform';
import { countQueues, type QueueCount } from './case-store.ts';

const READ_AGAIN_MS = 5_000;
const states = ['open', 'assigned', 'waiting'] as const;

export function measureCases(metrics: Metrics, queryable: Queryable): void {
  let queues: readonly QueueCount[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  const sumOf = (name: (typeof states)[number] | 'overdue'): number =>
    queues.reduce((sum, queue) => sum + queue[name], 0);
  metrics.gauge(
    { name: 'florin_fraud_cases_overdue', help: 'Cases that are due and not closed.' },
    async () => {
      if (performance.now() - readAtMs >= READ_AGAIN_MS) {
        readAtMs = performance.now();
        queues = await countQueues(queryable);
      }
      return sumOf('overdue');
    },
  );
  metrics.gauges(
    {
      name: 'florin_fraud_cases',
      help: 'Cases that are not closed, when the report before was asked for.',
      labels: ['state'],
    },
    () => states.map((state) => ({ labels: { state }, value: sumOf(state) })),
  );
}
