// Owns how requests that arrive together share one round trip to the database: the settings of a
// coalescer, and its measurements.

import type { Metrics } from '#platform';
import { Coalescer } from './coalesce.ts';
import { measureCoalescer } from './server/measurements.ts';

export interface GatherLimits {
  readonly groupCommitItemsMax: number;
  readonly groupCommitInFlightMax: number;
  readonly groupCommitQueuedMax: number;
  readonly groupCommitLingerMs: number;
  readonly groupCommitPatienceMs: number;
}

export interface Gathering {
  readonly limits: GatherLimits;
  readonly metrics: Metrics;
}

/** Gathers items under a name, which its measurements bear; `flush` answers many at once. */
export function gather<Item, Answer>(
  { limits, metrics }: Gathering,
  name: string,
  flush: (items: readonly Item[]) => Promise<readonly Answer[]>,
): Coalescer<Item, Answer> {
  const { onFlush } = measureCoalescer(metrics, name, () => coalescer);
  const coalescer: Coalescer<Item, Answer> = new Coalescer({
    itemsMax: limits.groupCommitItemsMax,
    inFlightMax: limits.groupCommitInFlightMax,
    queuedMax: limits.groupCommitQueuedMax,
    lingerMs: limits.groupCommitLingerMs,
    patienceMs: limits.groupCommitPatienceMs,
    onFlush,
    flush,
  });
  return coalescer;
}
