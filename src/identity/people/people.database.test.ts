import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { formatInstant } from '#kernel';
import { openSession, type Transaction } from '#platform';
import { provePassword } from '../factors/prove.ts';
import { startSession, listSessions } from '../sessions/sessions.ts';
import { GOOD_PASSWORD, testPeople, type TestPeople } from '../testing/people.ts';
import { personAccounts } from './accounts.ts';
import { createPerson, disablePerson, enablePerson, erasePerson, setRoles } from './people.ts';
import { findByLogin, findPerson, listPeople } from './profile.ts';

let people: TestPeople;

before(async () => {
  people = await testPeople('people');
});

after(() => people.close());

const within = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  people.database.transaction(people.context(), work);

function codeOf(result: { ok: boolean; refusal?: { code: string } }): string {
  return result.ok ? 'done' : (result.refusal?.code ?? 'unknown');
}

const signIn = (login: string, password = GOOD_PASSWORD) =>
  provePassword({ database: people.database, hasher: people.hasher }, people.context(), {
    login,
    password,
    address: undefined,
    device: undefined,
  });

test('a person is found by the login name, however it is spelled, and read with the key', async () => {
  const { id } = await people.person('grace.hopper');
  const found = await findByLogin(people.database, people.database.keys, 'grace.hopper');
  assert.equal(found?.id, id);
  assert.equal(found?.status, 'active');
  const named = await findPerson(people.database, people.database.keys, id);
  assert.deepEqual(named?.profile, { login: 'grace.hopper', name: 'A Person', email: undefined });
  assert.equal((await signIn('  Grace.HOPPER ')).ok, true);
});

test('nothing in the database says who a person is', async () => {
  const { id } = await people.person('unmistakable.login');
  const owner = await openSession(people.url);
  const tables = await owner.query<{ name: string }>({
    text: `select format('%I.%I', n.nspname, c.relname) as name from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('identity', 'audit') and c.relkind = 'r'`,
  });
  let rows = 0;
  for (const { name } of tables) {
    const texts = await owner.query<{ text: string }>({
      text: `select t::text as text from ${name} t`,
    });
    rows += texts.length;
    const bytes = Buffer.from('unmistakable').toString('hex');
    assert.ok(texts.every(({ text }) => !text.includes('unmistakable') && !text.includes(bytes)));
  }
  await owner.close();
  assert.ok(rows > 5);
  assert.ok((await findPerson(people.database, people.database.keys, id))?.profile !== undefined);
});

test('roles of the bank and of a customer do not mix, and a customer is named', async () => {
  const cases = [
    [{ tenant: 'main', roles: [] }, 'roles_empty'],
    [{ tenant: 'main', roles: ['teller', 'teller'] }, 'roles_invalid'],
    [{ tenant: 'main', roles: ['teller', 'customer'], customer: 'cus_1' }, 'roles_invalid'],
    [{ tenant: 'main', roles: ['customer'] }, 'customer_invalid'],
    [{ tenant: 'main', roles: ['teller'], customer: 'cus_1' }, 'customer_invalid'],
    [{ tenant: 'main', roles: ['customer'], customer: 'a b' }, 'customer_invalid'],
    [{ tenant: 'main', roles: ['customer'], customer: 'x'.repeat(201) }, 'customer_invalid'],
    [{ tenant: 'Main Street', roles: ['teller'] }, 'tenant_invalid'],
    [{ tenant: 'main', roles: ['customer', 'partner'], customer: 'cus_1' }, 'done'],
  ] as const;
  for (const [asked, code] of cases) {
    assert.equal(codeOf(await within((tx) => createPerson(tx, asked))), code);
  }
});

test('new roles are told with the next token, and the tokens of old ones end', async () => {
  const { id } = await people.person('mary.jackson');
  assert.equal(
    codeOf(await within((tx) => setRoles(tx, { person: id, roles: ['auditor'] }))),
    'done',
  );
  const account = await personAccounts.find(people.database, id);
  assert.deepEqual(account, {
    subject: id,
    tenant: 'main',
    roles: ['auditor'],
    customer: undefined,
    isActive: true,
  });
  const [row] = await people.database.query<{ is_revoked: boolean }>({
    text: `select exists (select from identity.revoked_subjects r
      where r.subject = $1 and r.before = $2) as is_revoked`,
    values: [id, formatInstant(people.clock.now())],
  });
  assert.equal(row?.is_revoked, true);
  const [record] = (await people.records('identity.person.change')).filter(
    ({ target }) => target === id,
  );
  assert.deepEqual(record?.['before'], { roles: ['teller'], status: 'active', tenant: 'main' });
  assert.deepEqual(record?.['after'], { roles: ['auditor'], status: 'active', tenant: 'main' });
});

test('a disabled person has no account and cannot sign in, until enabled', async () => {
  const { id } = await people.person('ada.byron');
  await within((tx) => disablePerson(tx, id));
  assert.equal((await personAccounts.find(people.database, id))?.isActive, false);
  assert.equal(codeOf(await signIn('ada.byron')), 'sign_in_failed');
  assert.equal(codeOf(await within((tx) => enablePerson(tx, id))), 'done');
  assert.equal(codeOf(await signIn('ada.byron')), 'done');
  assert.equal(codeOf(await within((tx) => enablePerson(tx, id))), 'person_status');
});

test('enabling somebody who never accepted an invitation does not let them in', async () => {
  const made = await within((tx) => createPerson(tx, { tenant: 'main', roles: ['teller'] }));
  assert.ok(made.ok);
  await within((tx) => disablePerson(tx, made.value));
  await within((tx) => enablePerson(tx, made.value));
  const person = await findPerson(people.database, people.database.keys, made.value);
  assert.equal(person?.status, 'invited');
});

test('the last administrator of a tenant can neither be disabled, erased nor demoted', async () => {
  const first = await people.person('root.one', ['administrator']);
  const tries = [
    (tx: Transaction) => disablePerson(tx, first.id),
    (tx: Transaction) => erasePerson(tx, { person: first.id, reason: 'asked for' }),
    (tx: Transaction) => setRoles(tx, { person: first.id, roles: ['teller'] }),
  ];
  for (const attempt of tries) assert.equal(codeOf(await within(attempt)), 'last_administrator');
  const second = await people.person('root.two', ['administrator']);
  // Two at once, each removing one: the other must stay.
  for (let round = 0; round < 20; round += 1) {
    const outcomes = await Promise.all(
      [first, second].map(({ id }) => within((tx) => disablePerson(tx, id))),
    );
    assert.deepEqual(outcomes.map(codeOf).toSorted(), ['done', 'last_administrator']);
    for (const { id } of [first, second]) await within((tx) => enablePerson(tx, id));
  }
});

test('an erased person is an id and nothing else, and the audit log keeps its proofs', async () => {
  const { id } = await people.person('to.be.forgotten');
  await within((tx) =>
    startSession(tx, {
      grant: 'grant_of_forgotten',
      subject: id,
      clientId: 'cli_1',
      factors: 2,
      amr: ['pwd', 'otp'],
      lifetimeS: 3_600,
    }),
  );
  const erase = () => within((tx) => erasePerson(tx, { person: id, reason: 'case 7' }));
  assert.equal(codeOf(await erase()), 'done');
  assert.equal(codeOf(await erase()), 'done');
  const { keys } = people.database;
  assert.equal(await findByLogin(people.database, keys, 'to.be.forgotten'), undefined);
  const left = await findPerson(people.database, keys, id);
  assert.equal(left?.status, 'erased');
  assert.equal(left?.profile, undefined);
  const [session] = await listSessions(people.database, keys, id);
  assert.equal(session?.origin, undefined);
  assert.equal((await personAccounts.find(people.database, id))?.isActive, false);
  const counts = await people.database.query<{ count: bigint }>({
    text: `select count(*) as count from identity.passwords where person_id = $1
      union all select count(*) from identity.totp_factors where person_id = $1
      union all select count(*) from identity.recovery_codes where person_id = $1
      union all select count(*) from identity.person_keys where person_id = $1
      union all select count(*) from audit.subjects where id = 'usr_' || $1::text`,
    values: [id.slice(4)],
  });
  assert.ok(counts.every(({ count }) => count === 0n));
  assert.equal(codeOf(await signIn('to.be.forgotten')), 'sign_in_failed');
  const [record] = await people.records('identity.person.erase');
  assert.deepEqual(record?.['after'], { reason: 'case 7' });
  // The name is free for somebody else.
  assert.notEqual((await people.person('to.be.forgotten')).id, id);
});

test('people are listed by tenant, a page at a time', async () => {
  const { keys } = people.database;
  const all = await listPeople(people.database, keys, { tenant: 'main', limit: 100 });
  const [first] = await listPeople(people.database, keys, { tenant: 'main', limit: 1 });
  assert.ok(first !== undefined);
  const rest = await listPeople(people.database, keys, {
    tenant: 'main',
    after: first.id,
    limit: 100,
  });
  assert.deepEqual([first, ...rest], all);
  assert.deepEqual(await listPeople(people.database, keys, { tenant: 'other', limit: 9 }), []);
});
