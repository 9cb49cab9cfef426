import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Uuid } from '#kernel';
import { systemClock } from '#platform';
import type { Database, TransactionContext } from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import type { TestDatabase } from '../../platform/database/testing.ts';
import { claimRequests, finishRequests, releaseRequest } from './idempotency-store.ts';
import type { Asked, Held } from './idempotency-store.ts';

const clock = systemClock();
const content = 'aa'.repeat(32);
let stored: TestDatabase;
let database: Database;

before(async () => {
  stored = await testDatabase('idempotency_store');
  ({ database } = stored);
});

after(() => stored.drop());

function context(): TransactionContext {
  return { now: clock.now(), actor: 'florin', correlationId: 'claims' };
}

function asked(name: string, fingerprint = content): Asked {
  return { key: createHash('sha256').update(name).digest('hex').slice(0, 32), fingerprint };
}

async function claim(one: Asked, owner: Uuid, leaseMs = 60_000): Promise<Held | undefined> {
  const held = await claimRequests(database, [one], { owner, leaseMs, keptMs: 60_000 });
  return held.get(one.key);
}

const answer = { status: 201, headers: { location: '/é' }, body: Buffer.from('{"é":1}') };

test('a claim needs no disk: its commit is asynchronous', async () => {
  const shown = await database.transaction(context(), async (tx) => {
    const owner = randomUUID();
    await claimRequests(tx, [asked('disk')], { owner, leaseMs: 1_000, keptMs: 1_000 });
    return await tx.query<{ synchronous_commit: string }>({ text: 'show synchronous_commit' });
  });
  assert.equal(shown[0]?.synchronous_commit, 'off');
});

test('a claim stands until its lease is over; then the same request may take it over', async () => {
  const one = asked('lease');
  const [first, second] = [randomUUID(), randomUUID()];
  assert.equal((await claim(one, first))?.owner, first);
  assert.equal((await claim(one, second))?.owner, first);
  const short = asked('short lease');
  await claim(short, first, 0);
  assert.equal((await claim(asked('short lease', 'bb'.repeat(32)), second))?.fingerprint, content);
  assert.equal((await claim(short, second))?.owner, second);
});

test('only the owner of a claim finishes it, and only once', async () => {
  const one = asked('finish');
  const owner = randomUUID();
  await claim(one, owner);
  assert.equal(await finishRequests(database, [{ ...one, owner: randomUUID(), answer }]), 0);
  assert.equal(await finishRequests(database, [{ ...one, owner, answer }]), 1);
  assert.equal(await finishRequests(database, [{ ...one, owner, answer }]), 0);
  const held = await claim(one, randomUUID());
  assert.deepEqual(held?.answer, answer);
});

test('a released claim is free; one that was finished or taken over is not released', async () => {
  const one = asked('release');
  const owner = randomUUID();
  await claim(one, owner);
  assert.equal((await releaseRequest(database, { ...one, owner: randomUUID() }))?.owner, owner);
  assert.equal(await releaseRequest(database, { ...one, owner }), undefined);
  await claim(one, owner);
  await finishRequests(database, [{ ...one, owner, answer }]);
  assert.deepEqual((await releaseRequest(database, { ...one, owner }))?.answer, answer);
});

test('lists of the same keys in any order are claimed at once without a deadlock', async () => {
  const all = Array.from({ length: 200 }, (_, number) => asked(`many ${number}`));
  const lists = [all, all.toReversed(), all.toSorted((a, b) => (a.key < b.key ? -1 : 1))];
  const owners = await Promise.all(
    [...lists, ...lists].map(async (list) => {
      const owner = randomUUID();
      const held = await claimRequests(database, list, { owner, leaseMs: 60_000, keptMs: 60_000 });
      return [...held.values()].filter((one) => one.owner === owner).length;
    }),
  );
  assert.equal(
    owners.reduce((sum, count) => sum + count, 0),
    all.length,
  );
});
