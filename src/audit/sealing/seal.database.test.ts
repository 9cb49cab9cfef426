import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Query, Transaction } from '#platform';
import { openSession } from '#platform';
import { record, type AuditRecord } from '../record.ts';
import { leavesOf, type BundleRow } from '../store/bundle-store.ts';
import { testActions, testLog, type TestLog } from '../testing/log.ts';
import { eraseSubject } from './erase.ts';
import { scrub } from './scrub.ts';
import type { Sealed, Sensitive } from './sealed.ts';
import { unseal } from './unseal.ts';

let log: TestLog;

before(async () => {
  log = await testLog('seal');
});

after(async () => {
  await log.close();
});

const action = testActions['test.thing.change'];
const person = (subject: string, name = `Name of ${subject}`): Sensitive => ({
  subject,
  fields: { name },
});
const about = (...sensitive: Sensitive[]): AuditRecord => ({ action, target: 'thing', sensitive });

async function sealedIn(recordIds: readonly string[]): Promise<Sealed[]> {
  const wanted = new Set(recordIds);
  const rows = await log.database.query<BundleRow>({ text: 'select b.* from audit.bundles b' });
  return rows
    .flatMap((row) => leavesOf(row))
    .map((leaf) => JSON.parse(String(leaf)) as { id: string; sealed?: Sealed[] })
    .filter(({ id }) => wanted.has(id))
    .flatMap(({ sealed = [] }) => sealed);
}

const reveal = async (ids: readonly string[]) =>
  await unseal(log.database, log.keys, await sealedIn(ids));

const erase = (subject: string) =>
  log.database.transaction(log.context(), (tx) => eraseSubject(tx, { subject, reason: 'case 1' }));

test('what was sealed is unsealed, in the order of the records and their subjects', async () => {
  const ids = await log.record([
    about(person('cus_1'), person('cus_2')),
    { action, target: 'nobody' },
    about(person('cus_1', 'Other name')),
  ]);
  assert.deepEqual(await reveal(ids), [
    { name: 'Name of cus_1' },
    { name: 'Name of cus_2' },
    { name: 'Other name' },
  ]);
});

test('a record that seals nothing asks the database for nothing', async () => {
  const counts = await statementsOf([{ action, target: 'nobody', sensitive: [] }]);
  assert.deepEqual(counts, ['audit.record_bundle']);
});

test('a batch asks once for the subjects that are known, and twice with new ones', async () => {
  const batch = Array.from({ length: 2_000 }, (_, index) => about(person(`cus_b${index % 700}`)));
  const read = 'audit.select_subjects';
  const store = 'audit.record_bundle';
  assert.deepEqual(await statementsOf(batch), [read, 'audit.insert_subjects', store]);
  assert.deepEqual(await statementsOf(batch), [read, store]);
});

async function statementsOf(records: readonly AuditRecord[]): Promise<(string | undefined)[]> {
  const statements: (string | undefined)[] = [];
  await log.database.transaction(log.context(), async (tx) => {
    const counting: Transaction = {
      ...tx,
      keys: tx.keys,
      query: <Row>(query: Query) => {
        statements.push(query.name);
        return tx.query<Row>(query);
      },
    };
    await record(counting, records);
  });
  return statements;
}

test('batches with the same new subjects, in whatever order, agree on their keys', async () => {
  const subjects = Array.from({ length: 60 }, (_, index) => `cus_c${index}`);
  const batches = Array.from({ length: 8 }, async (_, round) => {
    const order = round % 2 === 0 ? subjects : subjects.toReversed();
    return await log.record(order.slice(round).map((subject) => about(person(subject))));
  });
  const ids = (await Promise.all(batches)).flat();
  const revealed = await reveal(ids);
  assert.equal(revealed.length, ids.length);
  assert.ok(revealed.every((each) => typeof each === 'object'));
});

test('a transaction that rolls back leaves no subject behind', async () => {
  const failing = log.database.transaction(log.context(), async (tx) => {
    await record(tx, [about(person('cus_rolled'))]);
    throw new Error('no');
  });
  await assert.rejects(failing, { message: 'no' });
  assert.equal((await erase('cus_rolled')).ok, false);
});

test('an erased subject is erased in every record, and others are not', async () => {
  const ids = await log.record([about(person('cus_e1'), person('cus_e2'))]);
  ids.push(...(await log.record([about(person('cus_e1', 'Other name'))])));
  assert.deepEqual(await erase('cus_e1'), { ok: true, value: { isNew: true } });
  assert.deepEqual(await reveal(ids), ['erased', { name: 'Name of cus_e2' }, 'erased']);
});

test('an erasure is recorded: who, whom, when and why', async () => {
  await log.record([about(person('cus_why'))]);
  log.clock.advance(1_000_000);
  await erase('cus_why');
  const rows = await log.database.query<BundleRow>({
    text: `select b.* from audit.bundles b join audit.inbox i on i.bundle_id = b.id
      order by i.number desc limit 1`,
  });
  const [leaf] = rows.flatMap((row) => leavesOf(row));
  const {
    action: name,
    actor,
    target,
    after,
  } = JSON.parse(String(leaf)) as Record<string, unknown>;
  assert.deepEqual(
    { name, actor, target, after },
    {
      name: 'audit.subject.erased',
      actor: { authentication: 'none', id: 'tester', roles: [] },
      target: 'cus_why',
      after: { reason: 'case 1' },
    },
  );
  const [erasure] = await log.database.query({
    text: `select e.actor from audit.erasures e where e.subject_id = 'cus_why'`,
  });
  assert.deepEqual(erasure, { actor: 'tester' });
});

test('erasing once more is no change, and is not recorded again', async () => {
  await log.record([about(person('cus_twice'))]);
  await erase('cus_twice');
  const count = async () =>
    await log.database.query({
      text: `select (select count(*) from audit.erasures) as erasures,
        (select count(*) from audit.bundles) as bundles`,
    });
  const earlier = await count();
  assert.deepEqual(await erase('cus_twice'), { ok: true, value: { isNew: false } });
  assert.deepEqual(await count(), earlier);
});

test('erasing a subject that was never sealed is refused', async () => {
  const result = await erase('cus_nobody');
  assert.ok(!result.ok);
  assert.equal(result.refusal.code, 'subject_unknown');
  assert.equal(result.refusal.param, 'subject');
});

test('what is recorded of a subject after its erasure can be read, and erased again', async () => {
  const [old] = await log.record([about(person('cus_again'))]);
  await erase('cus_again');
  log.clock.advance(1_000_000);
  const [young] = await log.record([about(person('cus_again', 'Came back'))]);
  assert.deepEqual(await reveal([old ?? '']), ['erased']);
  assert.deepEqual(await reveal([young ?? '']), [{ name: 'Came back' }]);
  assert.deepEqual(await erase('cus_again'), { ok: true, value: { isNew: true } });
  assert.deepEqual(await reveal([old ?? '', young ?? '']), ['erased', 'erased']);
});

test('what was altered is damaged and not erased', async () => {
  const ids = await log.record([about(person('cus_d'))]);
  const [sealed] = await sealedIn(ids);
  assert.ok(sealed !== undefined);
  const ciphertext = `A${sealed.ciphertext.slice(1, -4)}AAAA`;
  const damages = [
    { ...sealed, ciphertext },
    { ...sealed, ciphertext: '' },
    { ...sealed, ciphertext: 'not base64!' },
    { ...sealed, commitment: '' },
    { ...sealed, subject: 'cus_nobody' },
  ];
  const expected = damages.map(() => 'damaged');
  assert.deepEqual(await unseal(log.database, log.keys, damages), expected);
});

test('a key that somebody altered or removed behind our back is damage, not erasure', async () => {
  const ids = await log.record([about(person('cus_x')), about(person('cus_y'))]);
  const owner = await openSession(log.url);
  await owner.query({
    text: `update audit.subjects set wrapped_key = pg_catalog.set_byte(wrapped_key, 40,
      (pg_catalog.get_byte(wrapped_key, 40) + 1) % 256) where id = 'cus_x'`,
  });
  await owner.query({ text: `delete from audit.subjects where id = 'cus_y'` });
  await owner.close();
  assert.deepEqual(await reveal(ids), ['damaged', 'damaged']);
});

test('a subject that is erased while a batch looks for it gets a new key', async () => {
  const ids = await log.record([about(person('cus_race'))]);
  const rounds = Array.from({ length: 20 }, async (_, round) => {
    await sleep(round % 5);
    if (round % 2 === 0) return await erase('cus_race');
    ids.push(...(await log.record([about(person('cus_race'), person(`cus_r${round}`))])));
    return undefined;
  });
  await Promise.all(rounds);
  const revealed = await reveal(ids);
  assert.ok(!revealed.includes('damaged'));
  const others = revealed.filter(
    (each) => typeof each === 'object' && /_r\d/.test(each['name'] ?? ''),
  );
  assert.equal(others.length, 10);
});

test('sealing goes on after the table of subjects was written anew', async () => {
  const ids = await log.record([about(person('cus_s1'))]);
  const owner = await openSession(log.url);
  const scrubbing = scrub(owner);
  ids.push(...(await log.record([about(person('cus_s1'), person('cus_s2'))])));
  await scrubbing;
  await owner.close();
  ids.push(...(await log.record([about(person('cus_s2'), person('cus_s3'))])));
  const revealed = await reveal(ids);
  assert.equal(revealed.length, 5);
  assert.ok(revealed.every((each) => typeof each === 'object'));
});
