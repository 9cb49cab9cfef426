import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Fault, SECOND_US } from '#kernel';
import { openLocalKeys, openSession, type Session } from '#platform';
import { testDatabase } from '../../platform/database/testing.ts';
import { eraseSubject } from '../sealing/erase.ts';
import { CHECKPOINT_POINTER, openSequencer, SIGNING_KEY } from '../sequence.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { tampering } from '../testing/tampering.ts';
import { rules } from './finding.ts';
import { verifyLog, type LogVerification, type VerifyLogOptions } from './verify.ts';

let log: TestLog;
const action = testActions['test.thing.change'];

before(async () => {
  log = await testLog('verify');
  await log.recordSome(600, { bundle: 100 });
  await log.sequence();
  await log.recordSome(40, { bundle: 1 });
  await log.sequence();
  await log.recordSome(3, { bundle: 2 });
});

after(async () => {
  await log.close();
});

async function check(options: Partial<VerifyLogOptions> = {}): Promise<LogVerification> {
  return await verifyLog({
    open: () => openSession(log.url),
    connections: 2,
    findingsPerRuleMax: 10,
    trustedKeys: [await log.keys.publicKey(SIGNING_KEY)],
    keys: log.keys,
    objects: log.objects,
    ...options,
  });
}

const rulesOf = ({ findings }: LogVerification): string[] => [
  ...new Set(findings.map(({ rule, severity }) => `${rule} ${severity}`)),
];

test('what was recorded is sound, placed or waiting, and all of it is counted', async () => {
  const seen: { done: number; of: number }[] = [];
  const { isSound, size, counts, findings } = await check({
    onProgress: (progress) => seen.push(progress),
  });
  assert.deepEqual(findings, []);
  assert.equal(isSound, true);
  assert.equal(size, 641);
  assert.deepEqual(
    [
      counts.leaves,
      counts.places,
      counts.bundles,
      counts.nodes,
      counts.checkpoints,
      counts.changes,
    ],
    [644, 47, 49, 2, 2, 1],
  );
  assert.deepEqual(seen.at(-1), { done: 641, of: 641 });
});

test('one connection finds what two find, and the application finds what the owner finds', async () => {
  assert.deepEqual((await check({ connections: 1 })).findings, []);
  const open = async (): Promise<Session> => {
    const session = await openSession(log.url);
    await session.query({ text: 'set role florin_app' });
    return session;
  };
  assert.deepEqual((await check({ open })).findings, []);
});

test('the log is sound at every moment while it is written, sequenced and erased from', async () => {
  const isDone = { value: false };
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; !isDone.value; count += 1) {
      const subject = `writer_${writer}_${count}`;
      const sensitive = [{ subject, fields: { name: subject } }];
      await log.record([{ action, target: subject, sensitive }]);
      if (count % 3 === 0) {
        await log.database.transaction(log.context(), (tx) =>
          eraseSubject(tx, { subject, reason: 'test' }),
        );
      }
      await log.recordSome(5);
    }
  };
  const sequence = async (): Promise<void> => {
    while (!isDone.value) await log.sequence();
  };
  const working = Promise.all([write(1), write(2), sequence()]);
  try {
    for (let round = 0; round < 6; round += 1) {
      assert.deepEqual((await check({ connections: 1 + (round % 2) })).findings, []);
    }
  } finally {
    isDone.value = true;
    await working;
  }
});

test('without keys from outside the database, their absence is a warning', async () => {
  const verification = await check({ trustedKeys: undefined });
  assert.deepEqual(rulesOf(verification), ['keys_unvouched warning']);
  assert.equal(verification.isSound, true);
});

test('another key than that of the log trusts nothing in it', async () => {
  const stranger = await openLocalKeys({ folder: path.join(log.folder, 'other-keys') });
  const verification = await check({ trustedKeys: [await stranger.publicKey(SIGNING_KEY)] });
  assert.deepEqual(rulesOf(verification), ['log_rolled_back error', 'key_unknown error']);
});

test('a log whose key was replaced in good order is sound, and the new key is trusted', async () => {
  const other = await testLog('verify keys');
  try {
    await other.recordSome(10);
    await other.sequence();
    const keys = await openLocalKeys({ folder: path.join(other.folder, 'new-keys') });
    const renewed = openSequencer(withKeys(other, keys), { objects: other.objects });
    await other.recordSome(10);
    await renewed.run(other.context());
    await other.recordSome(1);
    await renewed.run(other.context());
    const options = {
      open: () => openSession(other.url),
      objects: other.objects,
      keys: other.keys,
    };
    const trusted = [await keys.publicKey(SIGNING_KEY)];
    assert.deepEqual((await check({ ...options, trustedKeys: trusted })).findings, []);
    const old = [await other.keys.publicKey(SIGNING_KEY)];
    const verification = await check({ ...options, trustedKeys: old });
    assert.ok(rulesOf(verification).includes('key_unknown error'));
  } finally {
    await other.close();
  }
});

function withKeys(other: TestLog, keys: TestLog['keys']): TestLog['database'] {
  const { database } = other;
  return {
    keys,
    description: database.description,
    query: (query) => database.query(query),
    within: (tenant) => database.within(tenant),
    transaction: (context, run) =>
      database.transaction(context, (tx) =>
        run({ ...tx, query: (query) => tx.query(query), keys }),
      ),
    statement: (context, run) => database.statement(context, run),
    rehearse: (context, run) => database.rehearse(context, run),
    close: () => database.close(),
  };
}

test('a checkpoint kept outside that the log does not hold shows, and so does its absence', async () => {
  const latest = await log.objects.pointed(CHECKPOINT_POINTER);
  assert.ok(latest !== undefined);
  try {
    await log.objects.point(CHECKPOINT_POINTER, Buffer.from('nothing'));
    assert.deepEqual(rulesOf(await check()), ['log_rolled_back error']);
  } finally {
    await log.objects.point(CHECKPOINT_POINTER, latest);
  }
  const absent = {
    ...log.objects,
    list: (prefix: string) => log.objects.list(prefix),
    pointed: () => Promise.resolve(undefined),
  };
  assert.deepEqual(rulesOf(await check({ objects: absent })), ['log_rolled_back error']);
});

test('every breach is counted, and no more of a rule are listed than asked for', async () => {
  await tampering(log.url, async (hand, inside) => {
    await hand.query({ text: `update audit.places set month = month + 1` });
    const verification = await check({ open: inside, connections: 1, findingsPerRuleMax: 3 });
    const listed = verification.findings.filter(({ rule }) => rule === 'place_month_wrong');
    const outcome = verification.rules.find(({ rule }) => rule === 'place_month_wrong');
    assert.equal(listed.length, 3);
    assert.ok(outcome !== undefined && outcome.breaches > 40);
  });
});

test('a finding names the record, the leaf, and both hashes', async () => {
  await tampering(log.url, async (hand, inside) => {
    await hand.query({
      text: `update audit.bundles set leaves = convert_to(replace(convert_from(leaves, 'UTF8'),
          '"target":"thing-7"', '"target":"thing-8"'), 'UTF8')
        where id = (select bundle_id from audit.places where first_leaf = 608) and encoding = 0`,
    });
    const [finding, ...others] = (await check({ open: inside, connections: 1 })).findings;
    assert.deepEqual(others, []);
    assert.match(finding?.place ?? '', /^leaf 608 record aud_[0-9a-f-]{36}$/);
    assert.match(finding?.expected ?? '', /[0-9a-f]{64}/);
    assert.match(finding?.found ?? '', /[0-9a-f]{64}/);
  });
});

test('a large log is hashed beside the rest, and what is wrong in it is found all the same', async () => {
  const large = await testLog('verify large');
  try {
    await large.recordSome(60_000, { bundle: 1_000 });
    await large.sequence();
    const options = {
      open: () => openSession(large.url),
      objects: large.objects,
      keys: large.keys,
      trustedKeys: [await large.keys.publicKey(SIGNING_KEY)],
    };
    assert.deepEqual((await check(options)).findings, []);
    const owner = await openSession(large.url);
    await owner.query({
      text: `set session_replication_role = replica;
        update audit.places set hashes = set_byte(hashes, 32 * 500, get_byte(hashes, 32 * 500) # 1)
        where first_leaf = 30000`,
    });
    await owner.close();
    const [finding] = (await check(options)).findings;
    assert.equal(finding?.rule, 'leaf_altered');
    assert.match(finding.place, /^leaf 30500 /);
  } finally {
    await large.close();
  }
});

test('a database without an audit log is said to have none', async () => {
  const empty = await testDatabase('verify nothing', { isEmpty: true });
  try {
    await assert.rejects(
      check({ open: () => openSession(empty.url) }),
      (error) => error instanceof Fault && error.code === 'no_audit_log',
    );
  } finally {
    await empty.drop();
  }
});

test('a log in which nothing was recorded yet is sound', async () => {
  const fresh = await testLog('verify fresh');
  try {
    const options = { open: () => openSession(fresh.url), objects: fresh.objects };
    const { findings, size } = await check(options);
    assert.deepEqual(findings, []);
    assert.equal(size, 0);
    await fresh.recordSome(2);
    fresh.clock.advance(SECOND_US);
    assert.deepEqual((await check(options)).findings, []);
  } finally {
    await fresh.close();
  }
});

test('the reference page describes every rule, and no other', async () => {
  const root = path.join(import.meta.dirname, '..', '..', '..');
  const page = await readFile(path.join(root, 'docs', 'reference', 'audit-rules.md'), 'utf8');
  const rows = page.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm);
  const described = Array.from(rows, ([, name, holds]) => `${name}: ${holds}`);
  const known = Object.entries(rules).map(([name, { meaning }]) => `${name}: ${meaning}`);
  assert.deepEqual(described.toSorted(), known.toSorted());
});
