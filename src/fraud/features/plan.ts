// Owns what is settled once for a set of features: which bounds of windows are followed for each
// kind of key, what is kept of its events and for how long, and the measures in the order of the
// features.

import { limits } from '#config';
import { assert, assertNever, SECOND_US } from '#kernel';
import type { FraudEvent } from '../event.ts';
import { hourOf, nightOf, weekdayOf, weekendOf } from './calendar.ts';
import type { CalendarFeature, FeatureDefinition, FeatureSet } from './definition.ts';
import { capacitiesOf, firstOrder, type Layout, plane, roomFor } from './history.ts';
import { orderFor } from './keys/chunks.ts';
import { type Measure, measureOf, type Places } from './measures.ts';
import { distinctBytes } from './sliding/distinct.ts';
import { WALKED_MAX } from './sliding/windows.ts';

export interface KeyPlan {
  readonly kind: string;
  readonly layout: Layout;
  /** How far back each bound is, microseconds. */
  readonly offsets: Float64Array;
  /** The other kinds whose different keys are counted; each has a plane. */
  readonly others: readonly string[];
  /** How long labels are needed after they became known, and how many; undefined if none are. */
  readonly labels: { readonly windowUs: number; readonly latest: number } | undefined;
  readonly measures: readonly Measure[];
  /** The features that the measures are of. */
  readonly features: Int32Array;
}

/** Writes a feature of the event alone into its place of the row. */
export type OwnMeasure = (event: FraudEvent, row: Float64Array) => void;

export interface Plan {
  readonly own: readonly OwnMeasure[];
  readonly keys: readonly KeyPlan[];
}

export function planOf(set: FeatureSet): Plan {
  requireSound(set);
  const own: OwnMeasure[] = [];
  for (const [place, feature] of set.features.entries()) {
    if (feature.kind === 'amount') {
      own.push(({ amount }, row) => {
        row[place] = amount / set.minorPerUnit;
      });
    }
    if (feature.kind === 'calendar') {
      own.push(calendarMeasure(feature, place));
    }
  }
  return { own, keys: set.keys.map((kind) => keyPlanOf(set, kind)) };
}

/** A set is written by us, not by a client; one that contradicts itself is a mistake of ours. */
function requireSound({ features, keys }: FeatureSet): void {
  assert(
    features.length <= limits.fraudFeaturesMax.value,
    'a set has no more features than allowed',
  );
  const names = new Set(features.map(({ name }) => name));
  assert(names.size === features.length, 'no two features of a set have the same name');
  for (const feature of features) {
    const { name } = feature;
    if (!('key' in feature)) continue;
    assert(keys.includes(feature.key), `the key of the feature ${name} is one of the set's`);
    if ('windowS' in feature) {
      const isSound = feature.windowS > 0 && feature.windowS <= limits.fraudWindowMaxS.value;
      assert(isSound, `the window of the feature ${name} is within what is allowed`);
    }
    if ('latest' in feature) {
      const isSound = feature.latest > 0 && feature.latest <= limits.fraudWalkMax.value;
      assert(isSound, `the feature ${name} looks at no more events than allowed`);
    }
  }
}

/** Each part is written out, so that no time has to be made an object to be handed on. */
function calendarMeasure({ part }: CalendarFeature, place: number): OwnMeasure {
  switch (part) {
    case 'hour':
      return ({ at }, row) => {
        row[place] = hourOf(at);
      };
    case 'weekday':
      return ({ at }, row) => {
        row[place] = weekdayOf(at);
      };
    case 'is_weekend':
      return ({ at }, row) => {
        row[place] = weekendOf(at);
      };
    case 'is_night':
      return ({ at }, row) => {
        row[place] = nightOf(at);
      };
    default:
      return assertNever(part);
  }
}

function keyPlanOf(set: FeatureSet, kind: string): KeyPlan {
  const others = othersOf(set, kind);
  const hasAmounts = set.features.some((feature) => readsAmounts(feature, kind));
  const extraPlane = hasAmounts ? plane.sums + 1 : plane.times + 1;
  const usesFrauds = set.features.some(
    (feature) => 'settled' in feature && feature.key === kind && feature.settled.kind === 'after',
  );
  const idPlane = usesFrauds ? extraPlane + others.length : undefined;
  const fraudPlane = usesFrauds ? extraPlane + others.length + 1 : undefined;
  const lateUs = set.lateS * SECOND_US;
  const offsets: number[] = [];
  const sortedSizes: number[] = [];
  let followed = 0;
  const needs = new Map<number, number>([[lateUs, 1]]);
  let labels: { windowUs: number; latest: number } | undefined;
  const need = (offsetS: number, latest: number): void => {
    const offsetUs = offsetS * SECOND_US + lateUs;
    needs.set(offsetUs, Math.max(latest, needs.get(offsetUs) ?? 0));
  };
  const places: Omit<Places, 'place'> = {
    minorPerUnit: set.minorPerUnit,
    bound: (offsetS) => {
      need(offsetS, 0);
      return placeIn(offsets, offsetS * SECOND_US);
    },
    sorted: (latest) => placeIn(sortedSizes, latest),
    other: (other) => ({ index: others.indexOf(other), plane: extraPlane + others.indexOf(other) }),
    followed: () => followed++,
    fraudPlane: () => fraudPlane ?? 0,
    need,
    needLabels: (windowS, latest) => {
      labels = {
        windowUs: Math.max(windowS * SECOND_US + lateUs, labels?.windowUs ?? 0),
        latest: Math.max(latest, labels?.latest ?? 0),
      };
    },
  };
  const measures: Measure[] = [];
  const features: number[] = [];
  for (const [place, feature] of set.features.entries()) {
    if (!('key' in feature) || feature.key !== kind) continue;
    measures.push(measureOf(feature, { ...places, place }));
    features.push(place);
  }
  const planes = extraPlane + others.length + (usesFrauds ? 2 : 0);
  const layout: Layout = {
    planes,
    hasAmounts,
    extraPlane,
    idPlane,
    fraudPlane,
    bounds: offsets.length,
    sortedSizes,
    capacities: capacitiesOf({ planes, bounds: offsets.length, sortedSizes }),
    needs: Array.from(needs, ([offsetUs, latest]) => ({ offsetUs, latest })),
    lateUs,
  };
  const bounds = Float64Array.from(offsets);
  const rest = { kind, layout, others, labels, measures };
  return { ...rest, offsets: bounds, features: Int32Array.from(features) };
}

/** Whether a feature of a kind of key reads the amounts of its events. */
function readsAmounts(feature: FeatureDefinition, kind: string): boolean {
  if (!('key' in feature) || feature.key !== kind) return false;
  switch (feature.kind) {
    case 'window':
      return feature.measure !== 'count';
    case 'distinct':
    case 'gap':
    case 'risk':
    case 'streak':
    case 'latest_risk':
      return false;
    default:
      return true;
  }
}

function othersOf(set: FeatureSet, kind: string): readonly string[] {
  const others = set.features.flatMap((feature) =>
    feature.kind === 'distinct' && feature.key === kind ? [feature.of] : [],
  );
  return [...new Set(others)];
}

function placeIn(list: number[], value: number): number {
  const found = list.indexOf(value);
  return found === -1 ? list.push(value) - 1 : found;
}

/**
 * The bytes of memory of a key of a kind that has so many events in its windows: what the planes,
 * ordered amounts and ids take, the tables of different keys that a busy one has, and what the
 * objects around them do.
 */
export function costPerKeyBytes(set: FeatureSet, kind: string, events: number): number {
  const plan = planOf(set).keys.find((other) => other.kind === kind);
  if (plan === undefined) return 0;
  const room = roomFor(plan.layout, events);
  const order = Math.max(orderFor(room), firstOrder(plan.layout));
  const isCounted = (feature: FeatureDefinition): boolean =>
    feature.kind === 'distinct' && feature.key === kind;
  const counted = events > WALKED_MAX ? set.features.filter(isCounted).length : 0;
  const countedBytes = counted * distinctBytes(Math.min(events, limits.fraudWalkMax.value));
  return OBJECT_BYTES + Float64Array.BYTES_PER_ELEMENT * 2 ** order + countedBytes;
}

/** Measured: the history, the ids of its latest events, its place in the table, the key's text. */
const OBJECT_BYTES = 700;
