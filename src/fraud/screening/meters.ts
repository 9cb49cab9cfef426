// What is measured of screening: decisions by outcome and mode, how long each was waited for, and
// what is held in memory.

import type { Metrics } from '#platform';
import type { Judged } from './item.ts';
import type { States } from './states.ts';

export interface Meters {
  count(judged: readonly Judged[]): void;
  /** An event that could not be judged as it should. */
  failed(code: string): void;
}

const SECONDS = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1];

export function openMeters(metrics: Metrics, states: States): Meters {
  const made = metrics.counter<'outcome' | 'mode'>({
    name: 'florin_fraud_decisions_total',
    help: 'Decisions of screening, by outcome and by how they came about.',
    labels: ['outcome', 'mode'],
  });
  const waited = metrics.histogram({
    name: 'florin_fraud_decision_seconds',
    help: 'From the question to the decision, those before it in its list included.',
    buckets: SECONDS,
  });
  const failed = metrics.counter<'code'>({
    name: 'florin_fraud_events_failed_total',
    help: 'Events that could not be judged as they should, by why: clock_jumped, event_too_late …',
    labels: ['code'],
  });
  metrics.gauge(
    { name: 'florin_fraud_keys', help: 'Keys whose history is kept in memory.' },
    () => states.counts().keys,
  );
  metrics.gauge(
    { name: 'florin_fraud_pending', help: 'Batches that the log has not shown yet.' },
    () => states.counts().pending,
  );
  return {
    failed: (code) => failed.add(1, { code }),
    count(judged) {
      const counts = new Map<string, { outcome: string; mode: string; count: number }>();
      for (const { decision, isScreened } of judged) {
        if (!isScreened) continue;
        const { outcome, mode, tookUs } = decision;
        const name = `${outcome} ${mode}`;
        const counted = counts.get(name) ?? { outcome, mode, count: 0 };
        counted.count += 1;
        counts.set(name, counted);
        waited.observe(tookUs / 1_000_000);
      }
      for (const { outcome, mode, count } of counts.values()) made.add(count, { outcome, mode });
    },
  };
}
