import assert from 'node:assert/strict';
import test from 'node:test';
import type { Instant } from '#kernel';
import { Lamp, well } from './lamp.ts';
import { nextState } from './settle.ts';
import type { AlarmState } from './watch-store.ts';

const at = (seconds: number): Instant => (seconds * 1_000_000) as Instant;
const failing = (figures: Record<string, number> = { lag_us: 6_000_000 }) => ({
  isFailing: true,
  figures,
});
const lag = { alarm: 'sequencer_lag', instance: '' } as const;

function raised(since: number, figures: Record<string, number> = {}): AlarmState {
  return { ...lag, turn: 1, isRaised: true, since: at(since), at: at(since), figures };
}

test('a fault lights the lamp at once, and is told once', () => {
  const lamp = new Lamp();
  assert.equal(lamp.change(), undefined);
  lamp.see(failing(), at(1));
  assert.equal(lamp.isLit, true);
  assert.equal(lamp.change(), 'raised');
  lamp.see(failing({ lag_us: 9_000_000 }), at(2));
  assert.equal(lamp.change(), undefined);
});

test('a fault that nobody recorded yet keeps the lamp lit after it is over', () => {
  const lamp = new Lamp();
  lamp.see(failing(), at(1));
  lamp.see(well, at(2));
  assert.equal(lamp.isLit, true);
  assert.deepEqual(lamp.owed, { since: at(1), figures: { lag_us: 6_000_000 } });
  lamp.recorded(true);
  assert.equal(lamp.owed, undefined);
  lamp.recorded(false);
  assert.equal(lamp.isLit, false);
});

test('what could not be found out changes nothing', () => {
  const lamp = new Lamp();
  lamp.see(undefined, at(1));
  assert.equal(lamp.isLit, false);
  assert.equal(lamp.isCalm(at(1_000), 0), false);
  lamp.see(failing(), at(2));
  lamp.see(undefined, at(3));
  assert.equal(lamp.isLit, true);
});

test('an alarm is raised with the time and the figures at which the fault was first seen', () => {
  const lamp = new Lamp();
  lamp.see(failing(), at(1));
  lamp.see(failing({ lag_us: 9_000_000 }), at(4));
  const [next, ...rest] = nextState(lag, { lamp, state: undefined, now: at(4) });
  assert.equal(rest.length, 0);
  const figures = { lag_us: 6_000_000 };
  assert.deepEqual(next, { ...lag, turn: 1, isRaised: true, since: at(1), at: at(4), figures });
});

test('an alarm that is raised is not raised again, and ends when all was well for its time', () => {
  const lamp = new Lamp();
  const state = raised(1);
  lamp.see(failing(), at(1));
  lamp.recorded(true);
  assert.deepEqual(nextState(lag, { lamp, state, now: at(5) }), []);
  lamp.see(well, at(10));
  assert.deepEqual(nextState(lag, { lamp, state, now: at(39) }), []);
  const [end] = nextState(lag, { lamp, state, now: at(40) });
  assert.equal(end?.isRaised, false);
  assert.equal(end?.turn, 2);
  assert.equal(end?.since, at(1));
});

test('a fault that comes back begins the calm anew', () => {
  const lamp = new Lamp();
  const state = raised(1);
  lamp.see(well, at(10));
  lamp.see(failing(), at(30));
  lamp.see(well, at(31));
  lamp.recorded(true);
  assert.deepEqual(nextState(lag, { lamp, state, now: at(45) }), []);
  assert.equal(nextState(lag, { lamp, state, now: at(61) }).length, 1);
});

test('after an end it can be raised anew, as the next turn', () => {
  const lamp = new Lamp();
  const ended = { ...raised(1), turn: 2, isRaised: false, at: at(50) };
  lamp.recorded(false);
  lamp.see(failing(), at(60));
  const [next] = nextState(lag, { lamp, state: ended, now: at(60) });
  assert.equal(next?.turn, 3);
  assert.equal(next?.since, at(60));
});

test('only an alarm whose figures decide its end has them kept up to date', () => {
  const lamp = new Lamp();
  lamp.see(failing({ leaves: 1 }), at(1));
  lamp.recorded(true);
  const other = nextState(lag, { lamp, state: raised(1, { leaves: 2 }), now: at(900) });
  assert.deepEqual(other, []);
  const check = { alarm: 'self_check_failed', instance: '' } as const;
  const state = { ...raised(1, { leaves: 2 }), ...check };
  const [next] = nextState(check, { lamp, state, now: at(2) });
  assert.deepEqual(next?.figures, { leaves: 1 });
  assert.equal(next?.isRaised, true);
  assert.equal(next?.since, at(1));
  const same = { ...state, figures: { leaves: 1 } };
  assert.deepEqual(nextState(check, { lamp, state: same, now: at(2) }), []);
});
