import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECOND_US, type Instant } from '#kernel';
import type { TransactionContext } from '#platform';
import { leavesInOrder } from '../../audit/testing/leaves.ts';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import {
  keepSigningKeys,
  loadSigningKeys,
  publicJwks,
  replaceSigningKeys,
  rotateSigningKeys,
} from './rotate.ts';

let bank: TestDatabase;

before(async () => {
  bank = await testDatabase('signing_keys');
});
after(() => bank.drop());

// A moment of its own for each test, later than those before.
const DAY_S = 86_400;
const START = 1_800_000_000 * SECOND_US;

function at(seconds: number): TransactionContext {
  return { now: (START + seconds * SECOND_US) as Instant, actor: 'test', correlationId: 'test' };
}

async function kidsAt(seconds: number): Promise<unknown[]> {
  return (await publicJwks(bank.database, at(seconds).now)).map(({ kid }) => kid);
}

test('of many processes that start at once, one makes the first key', async () => {
  await Promise.all(Array.from({ length: 8 }, () => keepSigningKeys(bank.database, at(0))));
  assert.equal((await kidsAt(0)).length, 1);
  const [loaded] = await loadSigningKeys(bank.database, at(0).now);
  assert.equal(loaded?.privateJwk['kid'], loaded?.kid);
});

test('a key gets a successor when it is old, which is published before it signs', async () => {
  const [first] = await kidsAt(0);
  await keepSigningKeys(bank.database, at(89 * DAY_S));
  assert.equal((await kidsAt(89 * DAY_S)).length, 1);
  await keepSigningKeys(bank.database, at(90 * DAY_S));
  const kids = await kidsAt(90 * DAY_S);
  assert.deepEqual([kids.length, kids[0]], [2, first]);
  await keepSigningKeys(bank.database, at(90 * DAY_S + 60));
  assert.deepEqual(await kidsAt(90 * DAY_S + 60), kids, 'one successor is enough');
  assert.equal((await kidsAt(90 * DAY_S + 3_600))[0], kids[1]);
  assert.deepEqual(await kidsAt(92 * DAY_S), [kids[1]]);
});

test('a private key is stored wrapped, and not at all when it is over', async () => {
  await keepSigningKeys(bank.database, at(93 * DAY_S));
  const rows = await bank.database.query<{ wrapped_private: Buffer | null; text: string }>({
    text: `select k.wrapped_private, k::text as text from identity.signing_keys k
      order by k.created_at`,
  });
  assert.equal(rows[0]?.wrapped_private, null);
  const [present] = await loadSigningKeys(bank.database, at(93 * DAY_S).now);
  const secret = present?.privateJwk['d'] ?? assert.fail('a key that signs has its private half');
  for (const { text, wrapped_private: wrapped } of rows) {
    assert.ok(!text.includes(secret) && wrapped?.includes(secret) !== true);
  }
});

test('a key that somebody else may have is over at once, and so is its successor', async () => {
  await rotateSigningKeys(bank.database, at(100 * DAY_S));
  const before = await kidsAt(100 * DAY_S);
  assert.equal(before.length, 2);
  const kid = await replaceSigningKeys(bank.database, at(100 * DAY_S + 60));
  assert.deepEqual(await kidsAt(100 * DAY_S + 60), [kid]);
  assert.deepEqual(await kidsAt(101 * DAY_S), [kid]);
});

test('a key of another algorithm signs beside the first', async () => {
  const kid = await rotateSigningKeys(bank.database, at(110 * DAY_S), { algorithm: 'PS256' });
  const kids = await kidsAt(110 * DAY_S);
  assert.ok(kids.includes(kid) && kids.length === 2);
});

test('each key is recorded when it comes and when it is withdrawn', async () => {
  const leaves = await leavesInOrder(bank.database);
  const actions = leaves.map((leaf) =>
    (JSON.parse(leaf) as { action: string }).action.split('.').at(-1),
  );
  assert.deepEqual(actions, ['add', 'add', 'add', 'withdraw', 'withdraw', 'add', 'add']);
});
