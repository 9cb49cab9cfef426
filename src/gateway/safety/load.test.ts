import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Load } from './load.ts';

const limits = {
  shedLatencyMaxMs: 500,
  shedTurnMaxMs: 100,
  shedInFlightMin: 64,
  shedInFlightMax: 2_000,
};

/** What became of the requests of one second. */
interface Second {
  readonly done: number;
  readonly refused: number;
  readonly waitedMsMax: number;
  readonly inFlightMax: number;
}

/** Milliseconds of a server's life, one after the other. */
type Life = (arrivals: number) => Second;

/** A server whose database answers `perSecond` requests in order; computing costs nothing. */
function databaseBound(load: Load, perSecond: number): Life {
  const waiting: number[] = [];
  let nowMs = 0;
  let arrived = 0;
  let capacity = 0;
  return (arrivals) => {
    const second = { done: 0, refused: 0, waitedMsMax: 0, inFlightMax: 0 };
    for (let count = 0; count < 1_000; count += 1) {
      nowMs += 1;
      arrived += arrivals / 1_000;
      for (; arrived >= 1; arrived -= 1) {
        if (load.enter(nowMs) === undefined) waiting.push(nowMs);
        else second.refused += 1;
      }
      capacity = Math.min(capacity + perSecond / 1_000, Math.max(1, perSecond / 1_000));
      for (; capacity >= 1 && waiting.length > 0; capacity -= 1) {
        const waitedMs = nowMs - (waiting.shift() ?? nowMs);
        load.leave(waitedMs);
        second.done += 1;
        second.waitedMsMax = Math.max(second.waitedMsMax, waitedMs);
      }
      second.inFlightMax = Math.max(second.inFlightMax, load.inFlight);
      load.endTurn();
      if (nowMs % 100 === 0) load.judge();
    }
    return second;
  };
}

/**
 * A server that computes: a request costs 1 ms of its only processor, to refuse one costs a
 * fiftieth of it, and whatever comes waits in the sockets until the event loop gets to it.
 */
function processorBound(load: Load): Life {
  const waiting: number[] = [];
  let nowMs = 0;
  let arrived = 0;
  let budgetMs = 0;
  let judgedMs = 0;
  // Timers run between two turns of the loop, and a turn takes all that was there at its start.
  let turn = 0;
  return (arrivals) => {
    const second = { done: 0, refused: 0, waitedMsMax: 0, inFlightMax: 0 };
    for (let count = 0; count < 1_000; count += 1) {
      nowMs += 1;
      arrived += arrivals / 1_000;
      for (; arrived >= 1; arrived -= 1) waiting.push(nowMs);
      budgetMs = Math.min(budgetMs + 1, 1);
      while (budgetMs > 0 && waiting.length > 0) {
        turn -= 1;
        const waitedMs = nowMs - (waiting.shift() ?? nowMs);
        if (load.enter(nowMs) === undefined) {
          budgetMs -= 1;
          load.leave(1);
          second.done += 1;
          second.waitedMsMax = Math.max(second.waitedMsMax, waitedMs);
        } else {
          budgetMs -= 0.02;
          second.refused += 1;
        }
      }
      second.inFlightMax = Math.max(second.inFlightMax, waiting.length);
      if (turn <= 0) {
        turn = waiting.length;
        load.endTurn();
        if (nowMs - judgedMs < 100) continue;
        load.judge();
        judgedMs = nowMs;
      }
    }
    return second;
  };
}

const servers = {
  'waits for its database': (load: Load) => databaseBound(load, 1_000),
  computes: (load: Load) => processorBound(load),
};

for (const [what, serverOf] of Object.entries(servers)) {
  test(`a server that ${what} does nearly its most at four times as much as it can`, () => {
    const life = serverOf(new Load(limits));
    const seconds = Array.from({ length: 30 }, () => life(4_000));
    for (const { done } of seconds.slice(3)) assert.ok(done >= 800, `${done} in a second`);
    const late = seconds.slice(3).map(({ waitedMsMax }) => waitedMsMax);
    assert.ok(Math.max(...late) < 1_000, `somebody waited ${Math.max(...late)} ms`);
    const most = Math.max(...seconds.map(({ inFlightMax }) => inFlightMax));
    assert.ok(most <= limits.shedInFlightMax * 2, `${most} at once`);
  });

  test(`a server that ${what} serves everybody again soon after`, () => {
    const life = serverOf(new Load(limits));
    for (let count = 0; count < 10; count += 1) life(4_000);
    for (let count = 0; count < 3; count += 1) life(500);
    assert.equal(life(500).refused, 0);
  });

  test(`a server that ${what} refuses nobody below its capacity`, () => {
    const life = serverOf(new Load(limits));
    const refused = Array.from({ length: 20 }, () => life(900).refused);
    assert.equal(Math.max(...refused), 0);
  });
}

test('a burst that is served in time is not refused, also after a quiet time', () => {
  const load = new Load(limits);
  for (let count = 0; count < 100; count += 1) load.judge();
  const refused = Array.from({ length: 1_000 }, () => load.enter(0)).filter(Boolean);
  assert.deepEqual(refused, []);
});

test('the rest of a turn that takes too long is refused, the next turn begins anew', () => {
  const load = new Load(limits);
  assert.equal(load.enter(1_000), undefined);
  assert.equal(load.enter(1_100), undefined);
  assert.equal(load.enter(1_101), 'late');
  load.endTurn();
  // What held the loop up between two turns is no queue of requests.
  assert.equal(load.enter(5_000), undefined);
});

test('while nothing ends at all, no more than the least number is let in', () => {
  const load = new Load(limits);
  for (let count = 0; count < 500; count += 1) load.enter(0);
  for (let count = 0; count < 200; count += 1) load.judge();
  assert.equal(load.inFlightMax, limits.shedInFlightMin);
  assert.equal(load.enter(0), 'in_flight');
});

test('a few slow requests among quick ones change nothing', () => {
  const load = new Load(limits);
  for (let count = 0; count < 1_000; count += 1) {
    load.enter(0);
    load.leave(count % 3 === 0 ? 5_000 : 5);
    if (count % 10 === 0) load.judge();
  }
  assert.equal(load.inFlightMax, limits.shedInFlightMax);
});
