// Owns what telemetry says of the registry of this process.

import type { Metrics } from '#platform';
import { places, type Place } from './store/choice-store.ts';

export interface RegistryMeasure {
  unreadable(place: Place): void;
}

export interface RegistryFigures {
  readonly entries: () => number;
  readonly behind: (place: Place) => number;
}

export function measureRegistry(
  metrics: Metrics,
  { entries, behind }: RegistryFigures,
): RegistryMeasure {
  const unreadable = metrics.counter<'place'>({
    name: 'florin_fraud_unreadable_total',
    help: 'Rule sets and models that were chosen and could not be read.',
    labels: ['place'],
  });
  metrics.gauges<'place'>(
    {
      name: 'florin_fraud_behind_tenants',
      help: 'Tenants that are screened by another rule set or model than was chosen.',
      labels: ['place'],
    },
    () => places.map((place) => ({ labels: { place }, value: behind(place) })),
  );
  metrics.gauge(
    {
      name: 'florin_fraud_list_entries',
      help: 'Entries of the lists to allow, to block and to watch, in memory.',
    },
    entries,
  );
  return { unreadable: (place) => unreadable.add(1, { place }) };
}
