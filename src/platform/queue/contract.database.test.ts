// What every adapter of queues must do, whatever it keeps messages in.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { DAY_US, manualClock, parseInstant, SECOND_US, type Clock } from '#kernel';
import type { Database } from '../database/port.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { defaultQueuePolicy } from './policy.ts';
import type { MessageId, NewMessage, Queues, Received } from './port.ts';
import { openQueues } from './queues.ts';

interface Adapter {
  readonly name: string;
  /** Each call of what it answers opens the queues once more, as another process would. */
  readonly install: (
    clock: Clock,
  ) => Promise<{ readonly database: Database; readonly open: () => Queues }>;
}

/** Of every pause the longest: what is random is tested by itself. */
const random = (): number => 0.999_999;
const policy = { ...defaultQueuePolicy, attemptsMax: 3, backoffBaseMs: 200, backoffMaxMs: 60_000 };

let held: TestDatabase;

before(async () => {
  held = await testDatabase('queue_contract');
});
after(() => held.drop());

const adapters: readonly Adapter[] = [
  {
    name: 'queues in PostgreSQL',
    async install(clock) {
      const { database } = held;
      const open = (): Queues => openQueues({ database, clock, policies: () => policy, random });
      return { database, open };
    },
  },
];

for (const adapter of adapters) {
  describeDelivery(adapter);
  describeFailing(adapter);
  describeGroups(adapter);
  describeLimits(adapter);
}

const start = parseInstant('2026-11-22T10:00:00Z') ?? assert.fail();
const VISIBILITY_MS = 30_000;

/** Each test has a queue of its own. */
let made = 0;

async function prepared({ install }: Adapter) {
  const clock = manualClock(start);
  const { database, open } = await install(clock);
  made += 1;
  const Q = `payments-submit-${made}`;
  const queues = open();
  const send = (messages: readonly NewMessage[], tenant?: string): Promise<MessageId[]> => {
    const context = { now: clock.now(), actor: 'test', correlationId: 'test', tenant };
    return database.transaction(context, (tx) => queues.send(tx, Q, messages));
  };
  const receive = (max = 10, visibilityMs = VISIBILITY_MS): Promise<Received[]> =>
    queues.receive(Q, { max, visibilityMs });
  const bodies = async (max = 10): Promise<unknown[]> =>
    (await receive(max)).map(({ body }) => body);
  const pass = (ms: number): void => clock.advance(ms * 1_000);
  return { Q, pass, clock, database, open, queues, send, receive, bodies };
}

const receiptsOf = (received: readonly Received[]): string[] =>
  received.map(({ receipt }) => receipt);
const why = { code: 'rail_down', message: 'The rail does not answer.' };

function describeDelivery(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: a message is received as it was sent`, async () => {
    const { Q, send, receive, clock } = await prepared(adapter);
    const traceId = 'cd'.repeat(16);
    const body = {
      text: '"\\,{}\u0000\u001f\u00e9\ud83d\ude00\ufffe\uffff',
      list: [1, -0.5, null, true],
      big: '9007199254740993',
    };
    const [id] = await send([{ body, group: 'acc_1', traceId }], 'other');
    clock.advance(5 * SECOND_US);
    const [received] = await receive();
    assert.ok(received);
    const { receipt } = received;
    assert.deepEqual(received, {
      id,
      receipt,
      queue: Q,
      tenant: 'other',
      body,
      group: 'acc_1',
      attempt: 1,
      sentAt: start,
      traceId,
    });
  });

  test(`${name}: nothing is sent by a transaction that does not commit`, async () => {
    const { Q, database, queues, receive, clock } = await prepared(adapter);
    const context = { now: clock.now(), actor: 'test', correlationId: 'test' };
    const sending = database.transaction(context, async (tx) => {
      await queues.send(tx, Q, [{ body: 1 }]);
      throw new Error('changed its mind');
    });
    await assert.rejects(sending, /changed its mind/);
    assert.deepEqual(await receive(), []);
  });

  test(`${name}: what is received is received by nobody else within its lease`, async () => {
    const { Q, send, receive, open, pass, bodies } = await prepared(adapter);
    await send([{ body: 1 }, { body: 2 }, { body: 3 }]);
    assert.equal((await receive(2)).length, 2);
    const other = await open().receive(Q, { max: 10, visibilityMs: VISIBILITY_MS });
    assert.equal(other.length, 1);
    pass(VISIBILITY_MS - 1);
    assert.deepEqual(await receive(), []);
    pass(1);
    assert.deepEqual(new Set(await bodies()), new Set([1, 2, 3]));
  });

  test(`${name}: each of many is received once by receivers at the same time`, async () => {
    const { Q, send, open, clock } = await prepared(adapter);
    await send(Array.from({ length: 500 }, (_, index) => ({ body: index })));
    clock.advance(1);
    const seen: unknown[] = [];
    const take = async (): Promise<void> => {
      const queues = open();
      for (;;) {
        const received = await queues.receive(Q, { max: 7, visibilityMs: VISIBILITY_MS });
        if (received.length === 0) return;
        seen.push(...received.map(({ body }) => body));
        const outcomes = await queues.complete(Q, receiptsOf(received));
        assert.ok(outcomes.every((outcome) => outcome === 'done'));
      }
    };
    await Promise.all([take(), take(), take(), take()]);
    assert.equal(seen.length, 500);
    assert.equal(new Set(seen).size, 500);
  });

  test(`${name}: what is done does not come again`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }, { body: 2 }]);
    const received = await receive();
    assert.deepEqual(await queues.complete(Q, receiptsOf(received)), ['done', 'done']);
    pass(VISIBILITY_MS);
    assert.deepEqual(await receive(), []);
  });

  test(`${name}: whoever has lost a lease cannot say what became of the message`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }]);
    const late = receiptsOf(await receive());
    pass(VISIBILITY_MS);
    const [again] = await receive();
    assert.equal(again?.attempt, 2);
    assert.deepEqual(await queues.complete(Q, late), ['lost']);
    assert.deepEqual(await queues.extend(Q, late, VISIBILITY_MS), ['lost']);
    const failed = late.map((receipt) => ({ ...why, receipt }));
    assert.deepEqual(await queues.fail(Q, failed), ['lost']);
    assert.deepEqual(await queues.complete(Q, [again?.receipt ?? '']), ['done']);
    assert.deepEqual(await queues.complete(Q, [again?.receipt ?? '']), ['lost']);
  });

  test(`${name}: a lease can be extended, from now on`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }, { body: 2 }]);
    const [first, second] = await receive();
    pass(VISIBILITY_MS - 1_000);
    assert.deepEqual(await queues.extend(Q, [first?.receipt ?? ''], VISIBILITY_MS), ['done']);
    pass(2_000);
    assert.deepEqual(
      (await receive()).map(({ id }) => id),
      [second?.id],
    );
    assert.deepEqual(await queues.complete(Q, [first?.receipt ?? '']), ['done']);
  });

  test(`${name}: a part of a batch can be done and another part fail`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }, { body: 2 }, { body: 3 }]);
    const [one, two, three] = receiptsOf(await receive());
    assert.ok(one && two && three);
    assert.deepEqual(await queues.complete(Q, [one, three]), ['done', 'done']);
    assert.deepEqual(await queues.fail(Q, [{ ...why, receipt: two }]), ['again']);
    pass(1_000);
    const again = await receive();
    assert.deepEqual(
      again.map(({ body, attempt }) => [body, attempt]),
      [[2, 2]],
    );
  });

  test(`${name}: a delayed message comes when its time has come`, async () => {
    const { send, bodies, pass } = await prepared(adapter);
    await send([{ body: 'later', delayMs: 900_000 }, { body: 'now' }]);
    assert.deepEqual(await bodies(), ['now']);
    pass(899_999);
    assert.deepEqual((await bodies()).includes('later'), false);
    pass(1);
    assert.deepEqual((await bodies()).includes('later'), true);
  });

  test(`${name}: waiting for a message ends when one is sent`, async () => {
    const { Q, send, queues } = await prepared(adapter);
    const waiting = queues.receive(Q, { max: 10, visibilityMs: 1_000, waitMs: 20_000 });
    await send([{ body: 1 }]);
    assert.equal((await waiting).length, 1);
    const none = await queues.receive(Q, { max: 10, visibilityMs: 1_000, waitMs: 1 });
    assert.deepEqual(none, []);
  });

  test(`${name}: queues do not see one another's messages`, async () => {
    const { send, queues } = await prepared(adapter);
    await send([{ body: 1 }]);
    assert.deepEqual(await queues.receive('files', { max: 10, visibilityMs: 1_000 }), []);
  });
}

function describeFailing(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: what fails comes again after a pause that doubles, and then is dead`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }]);
    for (const pauseMs of [200, 400]) {
      const [receipt = ''] = receiptsOf(await receive());
      assert.deepEqual(await queues.fail(Q, [{ ...why, receipt }]), ['again']);
      pass(pauseMs - 2);
      assert.deepEqual(await receive(), []);
      pass(2);
    }
    const [last] = await receive();
    assert.equal(last?.attempt, 3);
    const receipt = last?.receipt ?? '';
    assert.deepEqual(await queues.fail(Q, [{ ...why, receipt }]), ['dead']);
    pass(DAY_US / 1_000);
    assert.deepEqual(await receive(), []);
  });

  test(`${name}: what can never be done is dead at once`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([{ body: 1 }]);
    const [receipt = ''] = receiptsOf(await receive());
    assert.deepEqual(await queues.fail(Q, [{ ...why, receipt, isFinal: true }]), ['dead']);
    pass(VISIBILITY_MS);
    assert.deepEqual(await receive(), []);
  });

  test(`${name}: a receiver that dies each time makes a dead letter too`, async () => {
    const { send, receive, pass } = await prepared(adapter);
    await send([{ body: 'poison' }, { body: 'poison of a group', group: 'acc_1' }]);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      assert.equal((await receive()).length, 2);
      pass(VISIBILITY_MS);
    }
    assert.deepEqual(await receive(), []);
    pass(DAY_US / 1_000);
    assert.deepEqual(await receive(), []);
  });
}

function describeGroups(adapter: Adapter): void {
  const { name } = adapter;
  const of = (group: string, ...bodies: readonly number[]): NewMessage[] =>
    bodies.map((body) => ({ body, group }));

  test(`${name}: the next of a group comes when the one before is done`, async () => {
    const { Q, send, receive, queues } = await prepared(adapter);
    await send([...of('a', 1, 2, 3), ...of('b', 10, 20)]);
    const first = await receive();
    assert.deepEqual(
      first.map(({ body }) => body),
      [1, 10],
    );
    assert.deepEqual(await receive(), []);
    await queues.complete(Q, [first[0]?.receipt ?? '']);
    const second = await receive();
    assert.deepEqual(
      second.map(({ body }) => body),
      [2],
    );
    await queues.complete(Q, receiptsOf([...second, ...first.slice(1)]));
    const third = await receive();
    assert.deepEqual(
      third.map(({ body }) => body),
      [20, 3].toSorted((a, b) => a - b),
    );
  });

  test(`${name}: a group waits while its first pauses, and other groups do not`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([...of('a', 1, 2), ...of('b', 10)]);
    const [poison, other] = await receive();
    await queues.fail(Q, [{ ...why, receipt: poison?.receipt ?? '' }]);
    await queues.complete(Q, [other?.receipt ?? '']);
    await send(of('b', 20));
    assert.deepEqual(
      (await receive()).map(({ body }) => body),
      [20],
    );
    pass(200);
    const [again] = await receive();
    assert.deepEqual([again?.body, again?.attempt], [1, 2]);
    await queues.fail(Q, [{ ...why, receipt: again?.receipt ?? '', isFinal: true }]);
    assert.deepEqual(
      (await receive()).map(({ body }) => body),
      [2],
    );
  });

  test(`${name}: a message sent behind another of its group keeps its delay`, async () => {
    const { Q, send, receive, queues, pass } = await prepared(adapter);
    await send([
      { body: 'first', group: 'a' },
      { body: 'delayed', group: 'a', delayMs: 10_000 },
      { body: 'last', group: 'a' },
    ]);
    const seen: unknown[] = [];
    for (const waitMs of [0, 9_999, 1, 0]) {
      pass(waitMs);
      const received = await receive();
      seen.push(received.map(({ body }) => body));
      await queues.complete(Q, receiptsOf(received));
    }
    assert.deepEqual(seen, [['first'], [], ['delayed'], ['last']]);
  });

  test(`${name}: a group goes on when its first is dead because nobody was heard of`, async () => {
    const { send, receive, pass } = await prepared(adapter);
    await send(of('a', 1, 2));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const received = await receive();
      assert.deepEqual(
        received.map(({ body }) => body),
        [1],
      );
      pass(VISIBILITY_MS);
    }
    const next = [...(await receive()), ...(await receive())];
    assert.deepEqual(
      next.map(({ body }) => body),
      [2],
    );
  });

  test(`${name}: a long group does not hide what others have sent after it`, async () => {
    const { send, bodies, pass } = await prepared(adapter);
    await send(of('long', ...Array.from({ length: 3_000 }, (_, index) => index)));
    pass(1);
    await send([{ body: 'alone' }, ...of('short', -1)]);
    const seen: unknown[] = [];
    for (let round = 0; round < 100 && seen.length < 3; round += 1) {
      seen.push(...(await bodies(50)));
    }
    assert.deepEqual(new Set(seen), new Set([0, 'alone', -1]));
  });

  test(`${name}: order holds for many receivers, senders and failures`, async () => {
    const { Q, send, open, clock } = await prepared(adapter);
    const groups = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const COUNT = 40;
    const seen = new Map<string, number[]>(groups.map((group) => [group, []]));
    const inHand = new Set<string>();
    let isSending = true;
    const sending = async (): Promise<void> => {
      for (let index = 0; index < COUNT; index += 1) {
        await send(groups.map((group) => ({ body: index, group })));
      }
      isSending = false;
    };
    const working = async (worker: number): Promise<void> => {
      const queues = open();
      for (let idle = 0; idle < 200 || isSending;) {
        clock.advance(50_000);
        const received = await queues.receive(Q, { max: 3, visibilityMs: 3_600_000 });
        idle = received.length === 0 ? idle + 1 : 0;
        for (const { group = '', body, receipt, attempt } of received) {
          assert.ok(!inHand.has(group), `${group} is in two hands`);
          inHand.add(group);
          await new Promise((resolve) => setImmediate(resolve));
          const isFailing = attempt === 1 && (Number(body) + worker) % 5 === 0;
          if (!isFailing) seen.get(group)?.push(Number(body));
          inHand.delete(group);
          if (isFailing) await queues.fail(Q, [{ ...why, receipt }]);
          else assert.deepEqual(await queues.complete(Q, [receipt]), ['done']);
        }
      }
    };
    await Promise.all([sending(), ...[0, 1, 2, 3].map((worker) => working(worker))]);
    const inOrder = Array.from({ length: COUNT }, (_, index) => index);
    for (const group of groups) assert.deepEqual(seen.get(group), inOrder, group);
  });
}

function describeLimits(adapter: Adapter): void {
  const { name } = adapter;

  test(`${name}: a second message with the same deduplication is none for five minutes`, async () => {
    const { send, bodies, pass } = await prepared(adapter);
    const [first] = await send([{ body: 1, deduplication: 'once' }]);
    const again = await send([
      { body: 2, deduplication: 'once' },
      { body: 3, deduplication: 'other' },
      { body: 4, deduplication: 'other' },
      { body: 5 },
    ]);
    assert.equal(again[0], first);
    assert.equal(again[1], again[2]);
    assert.deepEqual(new Set(await bodies()), new Set([1, 3, 5]));
    pass(5 * 60_000);
    await send([{ body: 6, deduplication: 'once' }]);
    assert.ok((await bodies()).includes(6));
  });

  test(`${name}: a message has 1 MiB at most, counted with its attributes`, async () => {
    const { send, receive } = await prepared(adapter);
    const traceId = 'ab'.repeat(16);
    // Two quotation marks; the attribute trace_id, of type String, with 32 digits.
    const room = 1_048_576 - 2 - 'trace_id'.length - 'String'.length - 32;
    await send([{ body: 'x'.repeat(room), traceId }]);
    const [received] = await receive();
    assert.equal(received?.body, 'x'.repeat(room));
    await assert.rejects(send([{ body: 'x'.repeat(room + 1), traceId }]), { name: 'Bug' });
    await send([{ body: `${'\u00e9'.repeat(1_048_574 / 2)}` }]);
    await assert.rejects(send([{ body: `${'\u00e9'.repeat(1_048_576 / 2)}` }]), { name: 'Bug' });
  });

  test(`${name}: what no queue could carry is refused when it is sent`, async () => {
    const { Q, send, queues } = await prepared(adapter);
    await assert.rejects(send([{ body: 1, delayMs: 900_001 }]), { name: 'Bug' });
    await assert.rejects(send([{ body: 1, group: 'with space' }]), { name: 'Bug' });
    await assert.rejects(send([{ body: 1, group: '' }]), { name: 'Bug' });
    await assert.rejects(send([{ body: 1, deduplication: 'x'.repeat(129) }]), { name: 'Bug' });
    const tooLong = { max: 1, visibilityMs: 43_200_001 };
    await assert.rejects(queues.receive(Q, tooLong), { name: 'Bug' });
    await assert.rejects(queues.receive('Payments.Submit', { max: 1, visibilityMs: 1 }), {
      name: 'Bug',
    });
  });
}
