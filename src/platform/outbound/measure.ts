// Owns what is measured about systems outside, by the name each dependency was opened with: how
// long requests took, how they ended, and whether it is being left alone.
import type { Metrics } from '../telemetry/port.ts';
import type { BreakerState } from './port.ts';

export interface OutboundMeasure {
  /** Takes a dependency into the report, until what is answered is called. */
  add(name: string, read: () => BreakerState): () => void;
  /** One request's end: `2xx`, `5xx`, or the code of the fault. */
  note(name: string, outcome: string, durationMs: number): void;
}

const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LEVELS: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Once for each registry; then given to every `openOutbound`. */
export function measureOutbound(metrics: Metrics): OutboundMeasure {
  const states = new Map<string, () => BreakerState>();
  const durations = metrics.histogram({
    name: 'florin_outbound_duration_seconds',
    help: 'Time from the asking of a system outside to the end of its answer.',
    labels: ['dependency', 'outcome'],
    buckets: BUCKETS_S,
  });
  metrics.gauges(
    {
      name: 'florin_outbound_breaker_state',
      help: 'Whether a system outside is asked: 0 as usual, 1 tried, 2 left alone.',
      labels: ['dependency'],
    },
    () =>
      [...states].map(([dependency, read]) => ({ labels: { dependency }, value: LEVELS[read()] })),
  );
  return {
    add(name, read) {
      states.set(name, read);
      return () => {
        if (states.get(name) === read) states.delete(name);
      };
    },
    note(dependency, outcome, durationMs) {
      durations.observe(durationMs / 1_000, { dependency, outcome });
    },
  };
}
