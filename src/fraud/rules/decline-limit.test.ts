import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { openDeclineCounter } from './decline-limit.ts';
import { after } from './testing.ts';

const limit = { max: 3, windowSeconds: 60 };

test('declines are admitted until the maximum falls in the window, and again when it has moved on', () => {
  const counter = openDeclineCounter(limit);
  const admitted = [0, 10, 20, 30, 59, 60, 69, 70].map((seconds) => counter.admit(after(seconds)));
  assert.deepEqual(admitted, [true, true, true, false, false, true, false, true]);
});

test('a counter that continues from the times of another admits the same', () => {
  const times = fc.array(fc.nat(300), { maxLength: 60 });
  fc.assert(
    fc.property(times, fc.nat(60), (steps, cut) => {
      const whole = openDeclineCounter(limit);
      const expected = steps.map((seconds) => whole.admit(after(seconds)));
      const head = openDeclineCounter(limit);
      const early = steps.slice(0, cut).map((seconds) => head.admit(after(seconds)));
      const tail = openDeclineCounter(limit, head.times());
      const late = steps.slice(cut).map((seconds) => tail.admit(after(seconds)));
      assert.deepEqual([...early, ...late], expected);
      assert.deepEqual(tail.times(), whole.times());
    }),
  );
});

test('no window ever holds more declines than the maximum, whichever way the clock goes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 60 }), (steps) => {
      const counter = openDeclineCounter(limit);
      const admitted: number[] = [];
      for (const seconds of steps) {
        if (counter.admit(after(seconds))) admitted.push(seconds);
        const inWindow = admitted.filter((at) => at > seconds - 60 && at <= seconds);
        assert.ok(inWindow.length <= limit.max);
      }
    }),
  );
});

test('in order of time as many are admitted as a count of the window allows', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 60 }), (gaps) => {
      const counter = openDeclineCounter(limit);
      const admitted: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        const expected = admitted.filter((at) => at > now - 60).length < limit.max;
        assert.equal(counter.admit(after(now)), expected);
        if (expected) admitted.push(now);
      }
    }),
  );
});

test('a decline that is taken back leaves room for another, and the others as they were', () => {
  const counter = openDeclineCounter(limit);
  for (const seconds of [0, 10, 20]) assert.ok(counter.admit(after(seconds)));
  assert.equal(counter.admit(after(30)), false);
  counter.giveBack(after(10));
  counter.giveBack(after(11));
  assert.deepEqual(counter.times(), [after(0), after(20)]);
  assert.equal(counter.admit(after(31)), true);
  assert.equal(counter.admit(after(32)), false);
  assert.equal(counter.admit(after(60)), true);
});
