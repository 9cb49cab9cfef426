import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#kernel';
import { Coalescer } from './coalesce.ts';
import type { CoalescerOptions } from './coalesce.ts';

interface Held {
  readonly items: readonly string[];
  readonly finish: (answers?: readonly string[]) => void;
  readonly fail: (error: Error) => void;
}

/** A coalescer whose flushes end when the test says so. */
function held(options: Partial<CoalescerOptions<string, string>> = {}) {
  const flushes: Held[] = [];
  const coalescer = new Coalescer<string, string>({
    itemsMax: 500,
    inFlightMax: 2,
    queuedMax: 1_000,
    lingerMs: 1,
    patienceMs: 60_000,
    flush: (items) =>
      new Promise((resolve, reject) => {
        flushes.push({
          items,
          finish: (answers) => {
            resolve(answers ?? items.map((item) => `${item}!`));
          },
          fail: reject,
        });
      }),
    ...options,
  });
  const flush = (index: number): Held => {
    const found = flushes[index];
    assert.ok(found !== undefined, `flush ${index} has begun`);
    return found;
  };
  return { coalescer, flushes, flush };
}

test('a client that is alone is flushed at once, each time', async () => {
  const { coalescer, flushes, flush } = held();
  for (let round = 0; round < 5; round += 1) {
    const answer = coalescer.submit(`a${round}`);
    assert.equal(flushes.length, round + 1, 'before anything else runs');
    flush(round).finish();
    assert.equal(await answer, `a${round}!`);
  }
});

test('requests that arrive during a flush share the next, each with its own answer', async () => {
  const { coalescer, flushes, flush } = held();
  const first = coalescer.submit('a');
  const rest = ['b', 'c', 'd'].map((item) => coalescer.submit(item));
  assert.equal(flushes.length, 1);
  assert.equal(coalescer.queued, 3);
  flush(0).finish();
  assert.equal(await first, 'a!');
  await turn();
  assert.deepEqual(flush(1).items, ['b', 'c', 'd']);
  flush(1).finish();
  assert.deepEqual(await Promise.all(rest), ['b!', 'c!', 'd!']);
});

test('after a shared flush, more than half are awaited, within the linger', async () => {
  const { coalescer, flushes, flush } = held({ lingerMs: 20 });
  const answers = ['a', 'b', 'c', 'd'].map((item) => coalescer.submit(item));
  flush(0).finish();
  await turn();
  assert.deepEqual(flush(1).items, ['b', 'c', 'd']);
  flush(1).finish();
  await Promise.all(answers);
  const first = coalescer.submit('e');
  assert.equal(flushes.length, 2, 'one of three: waits');
  const second = coalescer.submit('f');
  assert.deepEqual(flush(2).items, ['e', 'f'], 'two of three: goes');
  flush(2).finish();
  await Promise.all([first, second]);
  const alone = coalescer.submit('g');
  assert.equal(flushes.length, 3, 'one of two: waits');
  await sleep(40);
  assert.deepEqual(flush(3).items, ['g'], 'nobody else came');
  flush(3).finish();
  assert.equal(await alone, 'g!');
});

test('a full flush begins beside a running one, but never more at once than allowed', async () => {
  const { coalescer, flushes, flush } = held({ itemsMax: 2 });
  const answers = ['a', 'b', 'c', 'd', 'e', 'f'].map((item) => coalescer.submit(item));
  assert.deepEqual(
    flushes.map(({ items }) => items),
    [['a'], ['b', 'c']],
  );
  assert.equal(coalescer.inFlight, 2);
  flush(1).finish();
  await turn();
  assert.deepEqual(flush(2).items, ['d', 'e']);
  flush(0).finish();
  flush(2).finish();
  await sleep(5);
  assert.deepEqual(flush(3).items, ['f']);
  flush(3).finish();
  assert.equal((await Promise.all(answers)).join(''), 'a!b!c!d!e!f!');
});

test('a flush that hangs holds the others back only as long as the patience', async () => {
  const { coalescer, flushes, flush } = held({ patienceMs: 200 });
  const hanging = coalescer.submit('slow');
  const other = coalescer.submit('other');
  await turn();
  assert.equal(flushes.length, 1);
  await sleep(300);
  assert.deepEqual(flush(1).items, ['other']);
  flush(1).finish();
  assert.equal(await other, 'other!');
  flush(0).finish();
  assert.equal(await hanging, 'slow!');
});

test('a group stays together and in order, even when it is larger than a flush', async () => {
  const { coalescer, flush } = held({ itemsMax: 3, inFlightMax: 1 });
  const first = coalescer.submit('a');
  const small = coalescer.submitGroup(['b', 'c']);
  const pair = coalescer.submitGroup(['d', 'e']);
  const large = coalescer.submitGroup(['1', '2', '3', '4']);
  flush(0).finish();
  await first;
  await turn();
  assert.deepEqual(flush(1).items, ['b', 'c']);
  flush(1).finish();
  assert.deepEqual(await small, ['b!', 'c!']);
  await turn();
  assert.deepEqual(flush(2).items, ['d', 'e']);
  flush(2).finish();
  assert.deepEqual(await pair, ['d!', 'e!']);
  await turn();
  assert.deepEqual(flush(3).items, ['1', '2', '3', '4']);
  flush(3).finish();
  assert.deepEqual(await large, ['1!', '2!', '3!', '4!']);
  assert.deepEqual(await coalescer.submitGroup([]), []);
});

test('when a flush fails, each of its items gets the error, and no other', async () => {
  const { coalescer, flush } = held();
  const first = coalescer.submit('a');
  const failing = [coalescer.submit('b'), coalescer.submit('c')];
  flush(0).finish();
  await first;
  await turn();
  const next = coalescer.submit('d');
  flush(1).fail(new Error('database gone'));
  const settled = await Promise.allSettled(failing);
  for (const one of settled) {
    assert.equal(one.status, 'rejected');
    assert.match(String(one.reason), /database gone/);
  }
  await sleep(5);
  flush(2).finish();
  assert.equal(await next, 'd!');
});

test('a flush that answers too few items is a bug for all of them', async () => {
  const { coalescer, flush } = held();
  const answer = coalescer.submit('a');
  flush(0).finish([]);
  await assert.rejects(answer, /must answer each/);
});

test('a flush that throws at once is a rejection, not a crash', async () => {
  const { coalescer } = held({
    flush: () => {
      throw new Error('at once');
    },
  });
  await assert.rejects(coalescer.submit('a'), /at once/);
});

test('beyond the queue a request is refused as overloaded, and may be tried again', async () => {
  const { coalescer, flush } = held({ queuedMax: 2, inFlightMax: 1 });
  const running = coalescer.submit('a');
  const waiting = coalescer.submitGroup(['b', 'c']);
  await assert.rejects(
    coalescer.submit('d'),
    (error) => error instanceof Fault && error.code === 'overloaded' && error.retryable,
  );
  flush(0).finish();
  await running;
  await turn();
  flush(1).finish();
  assert.deepEqual(await waiting, ['b!', 'c!']);
});

test('draining waits for what waits and for what runs', async () => {
  const { coalescer, flush } = held();
  await coalescer.drain();
  const answers = ['a', 'b'].map((item) => coalescer.submit(item));
  let isDrained = false;
  const drained = coalescer.drain().then(() => {
    isDrained = true;
  });
  flush(0).finish();
  await sleep(5);
  assert.equal(isDrained, false);
  flush(1).finish();
  await drained;
  assert.deepEqual(await Promise.all(answers), ['a!', 'b!']);
});

test('each flush is measured', async () => {
  const sizes: number[] = [];
  const { coalescer, flush } = held({ onFlush: ({ items }) => sizes.push(items) });
  const answers = ['a', 'b', 'c'].map((item) => coalescer.submit(item));
  flush(0).finish();
  await turn();
  flush(1).finish();
  await Promise.all(answers);
  assert.deepEqual(sizes, [1, 2]);
});
