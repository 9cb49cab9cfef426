import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { FraudEvent, FraudLabel } from '../event.ts';
import type { FeatureDefinition } from './definition.ts';
import { type FeatureOptions, openFeatures } from './engine.ts';
import { restoreFeatures } from './restore.ts';
import { joinDigests } from './snapshot.ts';
import { type Entry, eventsOf, features, foldInto, instant, S, set } from './testing/log.ts';

const log = fc
  .array(
    fc.record({
      gapS: fc.integer({ min: 0, max: 6 }),
      amount: fc.integer({ min: 0, max: 5_000 }),
      customer: fc.integer({ min: 0, max: 2 }),
      terminal: fc.integer({ min: 0, max: 2 }),
      isFraud: fc.boolean(),
      knownAfterS: fc.integer({ min: 0, max: 150 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let now = 1_700_000_000;
    const entries: { readonly at: number; readonly entry: Entry }[] = [];
    for (const [index, step] of steps.entries()) {
      now += step.gapS;
      const id = `evt_${String(index).padStart(4, '0')}`;
      const keys = { customer: `cus_${step.customer}`, terminal: `ter_${step.terminal}` };
      const event = { id, at: instant(now * S), amount: step.amount, keys };
      entries.push({ at: now, entry: { event } });
      const at = now + step.knownAfterS;
      const label = { event, knownAt: instant(at * S), isFraud: step.isFraud };
      entries.push({ at: at + 0.5, entry: { label } });
    }
    return entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry);
  });

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? NaN;
  return low + ((sorted[Math.ceil(place)] ?? NaN) - low) * (place % 1);
}

/** One feature, from all that happened before, without any state. */
function recount(
  feature: FeatureDefinition,
  event: FraudEvent,
  {
    events,
    labels,
  }: { readonly events: readonly FraudEvent[]; readonly labels: readonly FraudLabel[] },
): number {
  if (feature.kind === 'amount') return event.amount / 100;
  if (feature.kind === 'calendar') return NaN;
  const own = events.filter(({ keys }) => keys[feature.key] === event.keys[feature.key]);
  const within = (windowS: number, delayS = 0): readonly FraudEvent[] =>
    own.filter(({ at }) => at > event.at - (delayS + windowS) * S && at <= event.at - delayS * S);
  const amounts = (some: readonly FraudEvent[]): number[] => some.map(({ amount }) => amount);
  switch (feature.kind) {
    case 'window': {
      const window = amounts(within(feature.windowS, feature.delayS));
      if (feature.delayS === undefined) window.push(event.amount);
      const sum = window.reduce((total, amount) => total + amount, 0);
      if (feature.measure === 'count') return window.length;
      if (feature.measure === 'sum') return sum / 100;
      if (window.length === 0) return 0;
      if (feature.measure === 'average') return sum / (100 * window.length);
      return Math[feature.measure](...window) / 100;
    }
    case 'distinct':
      return new Set([...within(feature.windowS), event].map(({ keys }) => keys[feature.of])).size;
    case 'ratio': {
      const window = amounts(within(feature.windowS));
      const to = feature.to === 'average' ? mean(window) : Math[feature.to](...window);
      return window.length > 0 && to > 0 ? event.amount / to : NaN;
    }
    case 'z_score': {
      const window = amounts(within(feature.windowS));
      const spread = Math.sqrt(mean(window.map((amount) => (amount - mean(window)) ** 2)));
      return window.length < 2 || spread < 1e-9 ? NaN : (event.amount - mean(window)) / spread;
    }
    case 'quantile': {
      const value = quantile(amounts(own.slice(-feature.latest)), feature.share);
      if (feature.measure === 'value') return value / 100;
      return value > 0 ? event.amount / value : NaN;
    }
    case 'shift': {
      const latest = amounts(own.slice(-feature.latest));
      const window = amounts([...within(feature.windowS), event]);
      const level = feature.of === 'average' ? mean(window) : Math.max(...window);
      const below = quantile(latest, feature.share);
      return below > 0 ? level / below : NaN;
    }
    case 'trend': {
      const some = amounts([...within(feature.windowS), event]);
      const all = amounts([...within(feature.longerS), event]);
      if (feature.of === 'count') return some.length / all.length;
      return mean(all) > 0 ? mean(some) / mean(all) : NaN;
    }
    case 'gap':
      return (event.at - (own.at(-1)?.at ?? NaN)) / (3_600 * S);
    default:
      return recountLabels(feature, event, own, labels);
  }
}

function recountLabels(
  feature: Extract<FeatureDefinition, { readonly settled: unknown }>,
  event: FraudEvent,
  own: readonly FraudEvent[],
  labels: readonly FraudLabel[],
): number {
  const byId = new Map(labels.map((label) => [label.event.id, label]));
  const isKnownFraud = ({ id }: FraudEvent): boolean => {
    const label = byId.get(id);
    return label !== undefined && label.knownAt <= event.at && label.isFraud;
  };
  const delayUs = feature.settled.kind === 'after' ? feature.settled.delayS * S : 0;
  const knownAt = ({ id, at }: FraudEvent): number =>
    feature.settled.kind === 'after' ? at + delayUs : (byId.get(id)?.knownAt ?? Infinity);
  const settled = own.filter((other) => knownAt(other) <= event.at);
  const isInOrderOfKnowing = feature.settled.kind === 'known';
  if (isInOrderOfKnowing) settled.sort((a, b) => knownAt(a) - knownAt(b) || a.at - b.at);
  if (feature.kind === 'risk') {
    const window = settled.filter((other) => knownAt(other) > event.at - feature.windowS * S);
    const frauds = window.filter(isKnownFraud).length;
    if (feature.measure === 'count') return window.length;
    return feature.measure === 'frauds' ? frauds : frauds / Math.max(1, window.length);
  }
  if (feature.kind === 'fraud_amount') {
    const window = settled.filter((other) => knownAt(other) > event.at - feature.windowS * S);
    const frauds = window.filter(isKnownFraud).map(({ amount }) => amount);
    if (frauds.length === 0) return NaN;
    if (feature.measure === 'average') return mean(frauds) / 100;
    if (feature.measure === 'min') return Math.min(...frauds) / 100;
    const median = quantile(frauds, 0.5);
    return median > 0 ? event.amount / median : NaN;
  }
  const latest = settled.slice(-feature.latest);
  if (feature.kind === 'latest_risk') {
    return latest.filter(isKnownFraud).length / Math.max(1, latest.length);
  }
  const genuine = latest.findLastIndex((other) => !isKnownFraud(other));
  const streak = latest.slice(genuine + 1);
  if (feature.measure === 'length') return streak.length;
  if (feature.measure === 'before') {
    return (event.at - (latest[genuine]?.at ?? NaN)) / (3_600 * S);
  }
  return streak.length === 0 ? 0 : (event.at - (streak[0]?.at ?? 0)) / (3_600 * S);
}

test('every feature is what a recount of all that came before gives', () => {
  const isApart = (entries: readonly Entry[]): boolean => {
    const times = eventsOf(entries).map(({ at, keys }) => `${at} ${keys['terminal']}`);
    return new Set(times).size === times.length;
  };
  fc.assert(
    fc.property(log.filter(isApart), (entries) => {
      const rows = foldInto(openFeatures(set), entries);
      const events: FraudEvent[] = [];
      const labels: FraudLabel[] = [];
      for (const [index, entry] of entries.entries()) {
        if ('label' in entry) {
          labels.push(entry.label);
          continue;
        }
        for (const [place, feature] of features.entries()) {
          const expected = recount(feature, entry.event, { events, labels });
          const found = rows[index]?.[place] ?? NaN;
          const isSame = Object.is(found, expected) || Math.abs(found - expected) < 1e-9;
          assert.ok(isSame, `${entry.event.id} ${feature.name}: ${found}, not ${expected}`);
        }
        events.push(entry.event);
      }
    }),
    { numRuns: 60 },
  );
});

test('a snapshot and the rest of the log give the bytes of the whole log, and the same answers', () => {
  fc.assert(
    fc.property(log, fc.nat(), (entries, cut) => {
      const whole = openFeatures(set);
      const rows = foldInto(whole, entries);
      const at = cut % (entries.length + 1);
      const first = openFeatures(set);
      foldInto(first, entries.slice(0, at));
      const restored = restoreFeatures(set, first.snapshot());
      assert.ok(restored.ok);
      assert.deepEqual(foldInto(restored.value, entries.slice(at)), rows.slice(at));
      assert.ok(restored.value.snapshot().equals(whole.snapshot()));
      assert.equal(restored.value.digest(), whole.digest());
    }),
    { numRuns: 60 },
  );
});

test('with few keys allowed, what is let go is the same after a restart', () => {
  const options: FeatureOptions = { keysMax: 2 };
  fc.assert(
    fc.property(log, fc.nat(), (entries, cut) => {
      const whole = openFeatures(set, options);
      foldInto(whole, entries);
      const at = cut % (entries.length + 1);
      const first = openFeatures(set, options);
      foldInto(first, entries.slice(0, at));
      const restored = restoreFeatures(set, first.snapshot(), options);
      assert.ok(restored.ok);
      foldInto(restored.value, entries.slice(at));
      assert.ok(restored.value.snapshot().equals(whole.snapshot()));
      assert.ok(whole.counts().keys <= 4);
    }),
    { numRuns: 60 },
  );
});

test('shards answer what the whole does, each for its keys, and their digests add up to it', () => {
  fc.assert(
    fc.property(log, fc.integer({ min: 2, max: 4 }), (entries, count) => {
      const whole = openFeatures(set);
      const rows = foldInto(whole, entries);
      const shards = Array.from({ length: count }, (_, index) =>
        openFeatures(set, { shard: { index, count } }),
      );
      const parts = shards.map((shard) => foldInto(shard, entries));
      for (const [index, row] of rows.entries()) {
        const merged = row.map((value, place) => {
          const given = parts.map((part) => part[index]?.[place] ?? NaN);
          return given.find((each) => !Number.isNaN(each)) ?? value * NaN;
        });
        assert.deepEqual(merged, row);
      }
      assert.equal(joinDigests(shards.map((shard) => shard.digest())), whole.digest());
    }),
    { numRuns: 40 },
  );
});

test('events that come late, within the time allowed, leave what they would have left in order', () => {
  fc.assert(
    fc.property(log, fc.array(fc.nat(), { maxLength: 20 }), (entries, swaps) => {
      const events = [...eventsOf(entries)];
      const inOrder = openFeatures(set);
      foldInto(
        inOrder,
        events.map((event) => ({ event })),
      );
      for (const swap of swaps) {
        const place = swap % events.length;
        const one = events[place];
        const next = events[place + 1];
        if (one === undefined || next === undefined || next.at - one.at > 5 * S) continue;
        events.splice(place, 2, next, one);
      }
      const shuffled = openFeatures(set);
      for (const event of events) if (!shuffled.observe(event).ok) return;
      assert.equal(shuffled.digest(), inOrder.digest());
    }),
    { numRuns: 100 },
  );
});

test('an event that comes late is answered as if it had come in time', () => {
  fc.assert(
    fc.property(log, fc.nat(), (entries, which) => {
      const events = eventsOf(entries);
      const late = events[which % events.length];
      assert.ok(late !== undefined);
      const whole = openFeatures(set);
      const rows = foldInto(
        whole,
        events.map((event) => ({ event })),
      );
      const state = openFeatures(set);
      const horizon = late.at + 15 * S;
      const others = events.filter((event) => event !== late && event.at <= horizon);
      foldInto(
        state,
        others.map((event) => ({ event })),
      );
      const answer = state.observe(late);
      assert.ok(answer.ok);
      assert.deepEqual([...answer.value], rows[events.indexOf(late)]);
    }),
    { numRuns: 100 },
  );
});
