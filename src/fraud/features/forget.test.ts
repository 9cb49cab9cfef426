import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { FraudEvent } from '../event.ts';
import { openFeatures } from './engine.ts';
import { restoreFeatures } from './restore.ts';
import { type Entry, foldInto, instant, S, set } from './testing/log.ts';

const LATE_S = 15;

type Step = Entry | { readonly forget: FraudEvent };

/**
 * Events, some of them late and some after a long silence, their labels, and for some events that
 * they are taken out again: before they are further back than an event may come late.
 */
const steps = fc
  .array(
    fc.record({
      gapS: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 6 }) },
        { weight: 1, arbitrary: fc.integer({ min: 20, max: 400 }) },
      ),
      lateS: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: LATE_S })),
      amount: fc.integer({ min: 0, max: 5_000 }),
      customer: fc.integer({ min: 0, max: 2 }),
      terminal: fc.integer({ min: 0, max: 2 }),
      label: fc.option(fc.record({ isFraud: fc.boolean(), ofLatest: fc.nat({ max: 30 }) })),
      forgetAfter: fc.option(fc.nat({ max: 12 })),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((drawn) => {
    let now = 1_700_000_000;
    const made: Step[] = [];
    let seen: FraudEvent[] = [];
    let pending: { readonly event: FraudEvent; readonly until: number }[] = [];
    for (const [index, draw] of drawn.entries()) {
      now += draw.gapS;
      const tooOld = instant((now - LATE_S) * S);
      for (const { event, until } of pending) {
        if (until > index && event.at >= tooOld) continue;
        made.push({ forget: event });
        seen = seen.filter((other) => other !== event);
      }
      pending = pending.filter(({ event, until }) => until > index && event.at >= tooOld);
      const id = `evt_${String((index * 7_919) % 1_000).padStart(4, '0')}`;
      const keys = { customer: `cus_${draw.customer}`, terminal: `ter_${draw.terminal}` };
      const event = { id, at: instant((now - draw.lateS) * S), amount: draw.amount, keys };
      made.push({ event });
      seen.push(event);
      if (draw.forgetAfter !== null) pending.push({ event, until: index + draw.forgetAfter });
      const labelled = seen[Math.max(0, seen.length - 1 - (draw.label?.ofLatest ?? 0))];
      if (draw.label !== null && labelled !== undefined) {
        const { isFraud } = draw.label;
        made.push({ label: { event: labelled, knownAt: instant(now * S), isFraud } });
      }
    }
    return [...made, ...pending.map(({ event }) => ({ forget: event }))];
  });

function forgottenOf(all: readonly Step[]): ReadonlySet<FraudEvent> {
  return new Set(all.flatMap((step) => ('forget' in step ? [step.forget] : [])));
}

test('who takes events out again has the state and the answers of who never saw them', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const forgotten = forgottenOf(all);
      const live = openFeatures(set);
      const never = openFeatures(set);
      const pending = new Set<FraudEvent>();
      for (const step of all) {
        if ('forget' in step) {
          assert.ok(live.forget(step.forget));
          pending.delete(step.forget);
          if (pending.size === 0) assert.equal(live.digest(), never.digest());
          continue;
        }
        const event = 'event' in step ? step.event : step.label.event;
        const found = foldInto(live, [step]);
        if (forgotten.has(event)) {
          if ('event' in step) pending.add(event);
          continue;
        }
        const expected = foldInto(never, [step]);
        if (pending.size === 0) assert.deepEqual(found, expected);
      }
      assert.equal(live.digest(), never.digest());
    }),
    { numRuns: 300 },
  );
});

test('the labels that are refused are the same for who took events out and who never saw them', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const forgotten = forgottenOf(all);
      const live = openFeatures(set);
      const never = openFeatures(set);
      for (const step of all) {
        if ('forget' in step) assert.ok(live.forget(step.forget));
        else {
          foldInto(live, [step]);
          const event = 'event' in step ? step.event : step.label.event;
          if (!forgotten.has(event)) foldInto(never, [step]);
        }
      }
      const now = instant(1_800_000_000 * S);
      for (const step of all) {
        if (!('event' in step)) continue;
        const label = { event: step.event, knownAt: now, isFraud: true };
        assert.deepEqual(live.learn(label), never.learn(label));
      }
      assert.equal(live.digest(), never.digest());
    }),
    { numRuns: 200 },
  );
});

test('what was read from a snapshot takes events out as the state that was written does', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (all, cut) => {
      const forgotten = forgottenOf(all);
      const never = openFeatures(set);
      let live = openFeatures(set);
      for (const [index, step] of all.entries()) {
        if (index === cut % all.length && all.slice(0, index).every((one) => !('forget' in one))) {
          const restored = restoreFeatures(set, live.snapshot());
          assert.ok(restored.ok);
          live = restored.value;
        }
        if ('forget' in step) assert.ok(live.forget(step.forget));
        else {
          foldInto(live, [step]);
          const event = 'event' in step ? step.event : step.label.event;
          if (!forgotten.has(event)) foldInto(never, [step]);
        }
      }
      assert.equal(live.digest(), never.digest());
    }),
    { numRuns: 200 },
  );
});

function eventAt(seconds: number, id: string): FraudEvent {
  const at = instant((1_700_000_000 + seconds) * S);
  return { id, at, amount: 100, keys: { customer: 'cus_1', terminal: 'ter_1' } };
}

test('an event that is not there, is there no more or is too far back is not taken out', () => {
  const state = openFeatures(set);
  const event = eventAt(0, 'a');
  assert.equal(state.forget(event), false);
  assert.ok(state.observe(event).ok);
  assert.equal(state.forget({ ...event, id: 'b' }), false);
  assert.equal(state.forget({ ...event, keys: { customer: 'cus_2' } }), false);
  assert.ok(state.forget(event));
  assert.equal(state.counts().keys, 0);
  assert.equal(state.forget(event), false);
  assert.ok(state.observe(event).ok, 'and it may come again');
  assert.ok(state.observe(eventAt(LATE_S + 1, 'c')).ok);
  const before = state.digest();
  assert.equal(state.forget(event), false);
  assert.equal(state.digest(), before);
});

test('of two events in the same second the one that is named is taken out', () => {
  const state = openFeatures(set);
  const alone = openFeatures(set);
  for (const id of ['b', 'a', 'c']) assert.ok(state.observe(eventAt(0, id)).ok);
  assert.ok(state.forget(eventAt(0, 'b')));
  for (const id of ['a', 'c']) assert.ok(alone.observe(eventAt(0, id)).ok);
  assert.equal(state.digest(), alone.digest());
});

test('after a long silence events are taken out again with all that they had let go', () => {
  for (let count = 1; count <= 70; count += 1) {
    const live = openFeatures(set);
    const never = openFeatures(set);
    const usual = Array.from({ length: count }, (_, index) => eventAt(index, `usual_${index}`));
    for (const state of [live, never]) {
      for (const event of usual) {
        const label = { event, knownAt: event.at, isFraud: event.amount > 0 };
        foldInto(state, [{ event }, { label }]);
      }
    }
    const silent = [1_000, 1_001, 1_010].map((seconds) => eventAt(seconds, `later_${seconds}`));
    foldInto(
      live,
      silent.map((event) => ({ event })),
    );
    live.digest();
    const [first] = usual;
    assert.ok(first !== undefined);
    const label = { event: first, knownAt: instant(first.at + 900 * S), isFraud: true };
    assert.equal(never.learn(label).ok, live.learn(label).ok);
    for (const event of silent) assert.ok(live.forget(event));
    assert.equal(live.digest(), never.digest(), `${count} events before the silence`);
    const next = { event: eventAt(1_011, 'next') };
    assert.deepEqual(foldInto(live, [next]), foldInto(never, [next]));
  }
});
