import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { after, before, type TestContext } from 'node:test';
import { DAY_US, idOf, manualClock, parseInstant, type Instant } from '#kernel';
import type { Transaction, TransactionContext } from '../database/port.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { openLogger } from '../telemetry/logger.ts';
import { emit } from './emit.ts';
import {
  consumerProgress,
  forgetConsumer,
  forgetOldEvents,
  positionBefore,
  readEvents,
  replayFrom,
} from './keep.ts';
import type { NewEvent, StreamEvent } from './port.ts';
import { openStream, type Stream } from './stream.ts';

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
const clock = manualClock(start);
const logger = openLogger({ level: 'silent' });
let held: TestDatabase;

before(async () => {
  held = await testDatabase('stream');
});
after(() => held.drop());

const context = (tenant?: string): TransactionContext => {
  return { now: clock.now(), actor: 'test', correlationId: 'test', tenant };
};

const event = (subject: string, type = 'payment.settled'): NewEvent => {
  return { type, subject, data: { amount: '100', currency: 'CZK' } };
};

function tell(...events: readonly NewEvent[]): Promise<unknown> {
  return held.database.transaction(context(), (tx) => emit(tx, events));
}

function opened(t: TestContext): Stream {
  const stream = openStream({ database: held.database, clock, logger });
  t.after(() => stream.stop());
  return stream;
}

/** A consumer that keeps the subjects it was given, and goes with its test. */
async function listening(t: TestContext, stream: Stream, name: string, from?: 'first' | 'now') {
  const seen: string[] = [];
  const handle = async (events: readonly StreamEvent[]): Promise<void> => {
    seen.push(...events.map(({ subject }) => subject));
  };
  const consumer = await stream.consume({ name, handle }, from ?? 'now');
  t.after(async () => {
    await consumer.stop();
    await held.database.transaction(context(), (tx) => forgetConsumer(tx, name));
  });
  return { seen, consumer };
}

test('events are told in the transaction of what they tell, and not without it', async (t) => {
  const stream = opened(t);
  const { seen } = await listening(t, stream, 'in-transaction');
  await assert.rejects(
    held.database.transaction(context(), async (tx) => {
      await emit(tx, [event('pay_never')]);
      throw new Error('changed its mind');
    }),
    /changed its mind/,
  );
  await tell(event('pay_1'), event('pay_2'));
  await tell(event('pay_3'));
  await stream.settle();
  assert.deepEqual(seen, ['pay_1', 'pay_2', 'pay_3']);
});

test('an event comes with everything that was said of it', async (t) => {
  const stream = opened(t);
  const events: StreamEvent[] = [];
  await stream.consume(
    {
      name: 'whole',
      types: ['card.blocked'],
      handle: async (some) => void events.push(...some),
    },
    'now',
  );
  clock.advance(1_234_567);
  const traceId = 'ab'.repeat(16);
  const data = { text: '"\\,{}\u00e9\n', list: [1, null, true], nested: { amount: '1' } };
  const ids = await held.database.transaction({ ...context('other'), traceId }, (tx) =>
    emit(tx, [event('pay_4'), { type: 'card.blocked', subject: 'crd_1', data }]),
  );
  await stream.settle();
  const [seen] = events;
  assert.ok(seen && events.length === 1);
  assert.deepEqual(seen, {
    id: ids[1],
    position: seen.position,
    tenant: 'other',
    type: 'card.blocked',
    subject: 'crd_1',
    data,
    occurredAt: clock.now(),
    traceId,
  });
});

test('an event whose transaction commits late is missed by nobody', async (t) => {
  const stream = opened(t);
  const { seen } = await listening(t, stream, 'late');
  const late = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = held.database.transaction(context(), async (tx) => {
    await emit(tx, [event('pay_early_number')]);
    begun.resolve();
    await late.promise;
  });
  await begun.promise;
  await tell(event('pay_quick'));
  await stream.settle();
  assert.deepEqual(seen, ['pay_quick']);
  late.resolve();
  await slow;
  await stream.settle();
  assert.deepEqual(seen, ['pay_quick', 'pay_early_number']);
});

test('what a handler writes is durable together with its progress, or neither is', async (t) => {
  const stream = opened(t);
  const attempts: string[][] = [];
  const effects: string[] = [];
  const name = 'failing';
  await stream.consume(
    {
      name,
      async handle(events, tx) {
        attempts.push(events.map(({ subject }) => subject));
        await emit(
          tx,
          events.map(({ subject }) => event(`echo of ${subject}`, 'echo.heard')),
        );
        if (events.length > 1) throw new Error('too many at once');
        effects.push(...events.map(({ subject }) => subject));
      },
      types: ['payment.settled'],
    },
    'now',
  );
  const before = await headOf();
  await tell(event('pay_a'), event('pay_b'), event('pay_c'));
  await stream.settle();
  assert.deepEqual(effects, ['pay_a', 'pay_b', 'pay_c']);
  assert.deepEqual(attempts[0], ['pay_a', 'pay_b', 'pay_c']);
  await stream.settle();
  const told = await readEvents(held.database, { after: before, countMax: 1_000 });
  const echoes = told.filter(({ type }) => type === 'echo.heard');
  assert.deepEqual(
    echoes.map(({ subject }) => subject),
    ['echo of pay_a', 'echo of pay_b', 'echo of pay_c'],
  );
});

test('a subscription that fails holds back no other', async (t) => {
  const stream = opened(t);
  const broken = await stream.consume(
    { name: 'broken', handle: () => Promise.reject(new Error('always')) },
    'now',
  );
  const { seen } = await listening(t, stream, 'sound');
  await tell(event('pay_x'));
  const deadline = performance.now() + 10_000;
  while (seen.length === 0 && performance.now() < deadline) await sleep(2);
  assert.deepEqual(seen, ['pay_x']);
  const [behind] = (await consumerProgress(held.database)).filter(({ name }) => name === 'broken');
  assert.ok(behind && behind.lag > 0n);
  await broken.stop();
  await held.database.transaction(context(), (tx) => forgetConsumer(tx, 'broken'));
});

test('of several processes one serves a subscription, and another takes over', async (t) => {
  const [one, two] = [opened(t), opened(t)];
  const seen: string[] = [];
  const subscription = {
    name: 'shared',
    handle: async (events: readonly StreamEvent[]): Promise<void> => {
      await sleep(1);
      seen.push(...events.map(({ subject }) => subject));
    },
  };
  const first = await one.consume(subscription, 'now');
  await two.consume(subscription, 'now');
  const subjects = Array.from({ length: 200 }, (_, index) => `pay_${index}`);
  const telling = async (own: readonly string[]): Promise<void> => {
    for (const subject of own) await tell(event(subject));
  };
  await Promise.all([telling(subjects.slice(0, 100)), telling(subjects.slice(100))]);
  await first.stop();
  await tell(event('pay_last'));
  await two.settle();
  assert.equal(seen.at(-1), 'pay_last');
  assert.deepEqual(seen.toSorted(), [...subjects, 'pay_last'].toSorted());
  const inOrder = subjects.slice(0, 100);
  assert.deepEqual(
    seen.filter((subject) => inOrder.includes(subject)),
    inOrder,
  );
});

test('a subscription lets events gather, until there are many or someone waits', async (t) => {
  const stream = opened(t);
  const calls: string[][] = [];
  const handle = async (events: readonly StreamEvent[]): Promise<void> => {
    calls.push(events.map(({ subject }) => subject));
  };
  const consumer = await stream.consume({ name: 'gathers', gatherMs: 600_000, handle }, 'now');
  t.after(async () => {
    await consumer.stop();
    await held.database.transaction(context(), (tx) => forgetConsumer(tx, 'gathers'));
  });
  const seen = (): number => calls.flat().length;
  const until = async (count: number): Promise<void> => {
    while (seen() < count) await sleep(5);
  };
  await tell(event('pay_first'));
  await until(1);
  for (const name of ['pay_a', 'pay_b', 'pay_c']) await tell(event(name));
  await sleep(300);
  assert.equal(seen(), 1, 'they gather');
  await stream.settle();
  assert.deepEqual(calls.at(-1), ['pay_a', 'pay_b', 'pay_c']);
  await tell(...Array.from({ length: 500 }, (_, index) => event(`pay_${index}`)));
  await until(504);
});

test('a handler sees and makes the rows of one tenant only', async (t) => {
  const stream = opened(t);
  const seen: (string | undefined)[][] = [];
  const handle = async (events: readonly StreamEvent[], tx: Transaction): Promise<void> => {
    const [row] = await tx.query<{ tenant: string }>({
      text: 'select platform.tenant() as tenant',
    });
    const rows = await tx.query({
      text: `select from stream.events where tenant <> $1`,
      values: [tx.tenant],
    });
    assert.equal(rows.length, 0);
    seen.push([row?.tenant, tx.tenant, tx.actor, ...events.map(({ subject }) => subject)]);
  };
  const inOne = (tenant: string, subject: string): Promise<unknown> =>
    held.database.transaction(context(tenant), (tx) => emit(tx, [event(subject)]));
  await inOne('alpha', 'a1');
  await inOne('beta', 'b1');
  await inOne('alpha', 'a2');
  const types = ['payment.settled'];
  await stream.settle();
  const head = await headOf();
  await stream.consume({ name: 'tenants', types, handle }, 'now');
  await held.database.transaction(context(), (tx) =>
    replayFrom(tx, { name: 'tenants', position: head - 3n }),
  );
  await tell(event('main-1'));
  await stream.settle();
  assert.deepEqual(seen.slice(0, 2), [
    ['alpha', 'alpha', 'florin', 'a1', 'a2'],
    ['beta', 'beta', 'florin', 'b1'],
  ]);
});

test('a consumer is given events again from any position', async (t) => {
  const stream = opened(t);
  const { seen } = await listening(t, stream, 'replayed');
  const position = await headOf();
  await tell(event('pay_r1'), event('pay_r2'), event('pay_r3'));
  await stream.settle();
  const to = { name: 'replayed', position: position + 1n };
  await held.database.transaction(context(), (tx) => replayFrom(tx, to));
  await stream.settle();
  assert.deepEqual(seen, ['pay_r1', 'pay_r2', 'pay_r3', 'pay_r2', 'pay_r3']);
  const nobody = { name: 'nobody', position: 0n };
  await assert.rejects(
    held.database.transaction(context(), (tx) => replayFrom(tx, nobody)),
    { code: 'consumer_unknown' },
  );
});

test('a page may end within what was told together', async (t) => {
  const stream = opened(t);
  await stream.settle();
  const before = await headOf();
  const subjects = Array.from({ length: 1_234 }, (_, index) => `pay_p${index}`);
  await tell(...subjects.map((subject) => event(subject)));
  await stream.settle();
  const seen: string[] = [];
  for (let after = before; seen.length < subjects.length; after += 100n) {
    const page = await readEvents(held.database, { after, countMax: 100 });
    assert.deepEqual(
      page.map(({ position }) => position),
      page.map((_, index) => after + 1n + BigInt(index)),
    );
    seen.push(...page.map(({ subject }) => subject));
  }
  assert.deepEqual(seen, subjects);
});

test('old events are forgotten once every consumer has handled them', async (t) => {
  const own = await testDatabase('stream_old');
  t.after(() => own.drop());
  const { database } = own;
  const stream = openStream({ database, clock, logger });
  t.after(() => stream.stop());
  const told = clock.now();
  const tellOwn = (subject: string): Promise<unknown> =>
    database.transaction(context(), (tx) => emit(tx, [event(subject), event(`${subject}b`)]));
  await tellOwn('old');
  clock.advance(DAY_US);
  await tellOwn('new');
  const before = (told + 1) as Instant;
  const forget = (): Promise<boolean> =>
    database.transaction(context(), (tx) => forgetOldEvents(tx, { before, bundlesMax: 10 }));
  const left = async (): Promise<string[]> => {
    const events = await readEvents(database, { after: 0n, countMax: 100 });
    return events.map(({ subject }) => subject);
  };
  const seen: string[] = [];
  const lagging = {
    name: 'lagging',
    handle: async (events: readonly StreamEvent[]): Promise<void> => {
      seen.push(...events.map(({ subject }) => subject));
    },
  };
  const consumer = await stream.consume(lagging);
  await stream.settle();
  await consumer.stop();
  assert.equal(await positionBefore(database, before), 2n);
  await database.transaction(context(), (tx) => replayFrom(tx, { name: 'lagging', position: 1n }));
  await forget();
  assert.deepEqual(await left(), ['old', 'oldb', 'new', 'newb']);
  await database.transaction(context(), (tx) => replayFrom(tx, { name: 'lagging', position: 2n }));
  await forget();
  assert.deepEqual(await left(), ['new', 'newb']);
  assert.equal(await positionBefore(database, before), 2n);
  const late = { name: 'late-comer', handle: lagging.handle };
  seen.length = 0;
  await stream.consume(late);
  await stream.settle();
  assert.deepEqual(seen, ['new', 'newb']);
});

test('a type that is no noun and verb is a bug', async () => {
  await assert.rejects(tell(event('x', 'Settled')), { name: 'Bug' });
  assert.ok(idOf('evt', 'x'));
});

async function headOf(): Promise<bigint> {
  const [row] = await held.database.query<{ position: bigint }>({
    text: 'select position from stream.heads',
  });
  return row?.position ?? 0n;
}
