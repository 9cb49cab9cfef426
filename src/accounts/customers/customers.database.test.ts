import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSequencer, SIGNING_KEY, verifyLog } from '#audit';
import { DAY_US, manualClock, parseInstant, type Instant, type Result } from '#kernel';
import { openSession, type Transaction, type TransactionContext } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { changeCustomer } from './change.ts';
import { sayConsent } from './consent.ts';
import { createCustomers, createCustomersOrReplay } from './create.ts';
import type { Customer, CustomerId, NewCustomer } from './customer.ts';
import { eraseCustomer } from './erase.ts';
import { findByLookup } from './lookup.ts';
import { customer, listConsents, listCustomerChanges, listCustomers } from './read.ts';
import { customerSource } from './sources.ts';
import { expireVerifications, verifyCustomer } from './verify.ts';

const clock = manualClock(parseInstant('2026-03-01T10:00:00.123456Z') as Instant);
let bank: TestDatabase;

before(async () => {
  bank = await testDatabase('customers');
});
after(async () => {
  await bank.drop();
});

const context = (more: Partial<TransactionContext> = {}): TransactionContext => {
  return { now: clock.now(), actor: 'per_teller', correlationId: 'test', ...more };
};

function within<T>(run: (tx: Transaction) => Promise<T>, more = {}): Promise<T> {
  return bank.database.transaction(context(more), run);
}

const eva: NewCustomer = {
  kind: 'person',
  particulars: {
    name: 'Eva Nováková',
    email: 'Eva.Novakova@Example.cz',
    phone: '+420601123456',
    birthDate: '1985-02-28',
    taxId: 'CZ855228/1234',
    address: { lines: ['Dlouhá 17'], city: 'Ústí nad Labem', postalCode: '11000', country: 'CZ' },
  },
};
const acme: NewCustomer = {
  kind: 'company',
  particulars: { name: 'Acme a.s.', registrationNumber: '25596641' },
};

function valueOf<T>(result: Result<T> | undefined): T {
  assert.ok(result?.ok === true, JSON.stringify(result));
  return result.value;
}

function codeOf(result: Result<unknown> | undefined): string {
  return result?.ok === false ? result.refusal.code : 'ok';
}

async function create(asked: NewCustomer): Promise<Customer> {
  const [created] = await within((tx) => createCustomers(tx, [asked]));
  return valueOf(created);
}

const read = async (id: CustomerId): Promise<Customer> =>
  (await customer(bank.database, id)) ?? assert.fail();

const find = (kind: 'email' | 'tax_id', text: string): Promise<CustomerId[]> =>
  findByLookup(bank.database, { tenant: 'main', kind, text, countMax: 10 });

/** Every row of the context's tables and of the log, as text. */
async function everythingStored(): Promise<string> {
  const owner = await openSession(bank.url);
  try {
    const rows = await owner.query<{ text: string }>({
      text: `select c::text as text from accounts.customers c
        union all select h::text from accounts.customer_changes h
        union all select l::text from accounts.customer_lookups l
        union all select convert_from(b.leaves, 'UTF8') from audit.bundles b where b.encoding = 0
        union all select e::text from stream.events e`,
    });
    return rows.map(({ text }) => text).join('\n');
  } finally {
    await owner.close();
  }
}

test('a customer is read as it was taken on', async () => {
  const created = await create(eva);
  const stored = await read(created.id);
  assert.deepEqual(stored.particulars?.address, eva.particulars.address);
  assert.deepEqual({ ...stored, particulars: undefined }, { ...created, particulars: undefined });
  assert.equal(stored.particulars?.name, 'Eva Nováková');
  assert.equal(stored.verification.state, 'unverified');
});

test('nothing known of a customer stands in clear in any table, record or event', async () => {
  await create(eva);
  const stored = await everythingStored();
  // Each is longer than what may by chance stand in hashes, ids and what is sealed.
  const secrets = ['Eva Nov', 'ample.cz', '601123456', '1985-02-28', '8552281234', '855228/1234'];
  for (const secret of [...secrets, 'Dlouhá 17', 'nad Labem']) {
    assert.ok(!stored.includes(secret), secret);
  }
});

test('an external id names one customer, and another content is refused', async () => {
  const asked = { ...acme, externalId: 'client-17' };
  const first = await create(asked);
  const other = { ...asked, particulars: { ...asked.particulars, name: 'Other' } };
  const answers = await within((tx) => createCustomersOrReplay(tx, [asked, other, acme]));
  assert.deepEqual(
    answers.map(({ result, isReplay }) => [codeOf(result), isReplay]),
    [
      ['ok', true],
      ['customer_exists_with_different_content', true],
      ['ok', false],
    ],
  );
  assert.equal(valueOf(answers[0]?.result).id, first.id);
});

test('the same external id twice in one list is one customer', async () => {
  const asked = { ...acme, externalId: 'client-18' };
  const answers = await within((tx) => createCustomersOrReplay(tx, [asked, asked]));
  assert.equal(valueOf(answers[0]?.result).id, valueOf(answers[1]?.result).id);
});

test('the same external id in two transactions at once is one customer', async () => {
  const asked = { ...acme, externalId: 'client-21' };
  const answers = await Promise.all([create(asked), create(asked), create(asked)]);
  assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
});

test('a company has no date of birth, and a person no registration number', async () => {
  const wrong: NewCustomer[] = [
    { ...eva, kind: 'company' },
    { ...acme, kind: 'person' },
  ];
  const results = await within((tx) => createCustomers(tx, wrong));
  assert.deepEqual(results.map(codeOf), [
    'customer_particulars_invalid',
    'customer_particulars_invalid',
  ]);
});

test('a customer is found by the exact address or tax id, however it is written', async () => {
  const particulars = { name: 'A', email: 'find.me@example.com', taxId: 'DE 123/456' };
  const { id } = await create({ kind: 'person', particulars });
  assert.deepEqual(await find('email', ' FIND.ME@example.COM '), [id]);
  assert.deepEqual(await find('tax_id', 'de123456'), [id]);
  assert.deepEqual(await find('email', 'find.me@example.co'), []);
});

test('a change says which fields it changed, and what was known is found no more', async () => {
  const particulars = { ...eva.particulars, email: 'before@example.com' };
  const { id } = await create({ ...eva, particulars });
  const change = { email: 'after@example.com', phone: null };
  const changed = valueOf(await within((tx) => changeCustomer(tx, { id, change })));
  assert.equal(changed.revision, 2);
  assert.equal((await read(id)).particulars?.phone, undefined);
  const { changes } = await listCustomerChanges(bank.database, id, { before: undefined, limit: 9 });
  assert.deepEqual(changes[0]?.details['fields'], ['email', 'phone']);
  assert.deepEqual(await find('email', 'before@example.com'), []);
  assert.deepEqual(await find('email', 'after@example.com'), [id]);
});

test('a change that changes nothing is no change; an unexpected revision is refused', async () => {
  const { id } = await create(eva);
  const same = { id, change: { name: eva.particulars.name } };
  assert.equal(valueOf(await within((tx) => changeCustomer(tx, same))).revision, 1);
  const stale = { id, change: { name: 'Eva Malá' }, revision: 7 };
  assert.equal(
    codeOf(await within((tx) => changeCustomer(tx, stale))),
    'customer_revision_mismatch',
  );
});

test('whoever was verified and is called otherwise has to be verified again', async () => {
  const { id } = await create(eva);
  const proof = { id, state: 'verified', method: 'document', reference: 'OP 123456789' } as const;
  const verified = valueOf(await within((tx) => verifyCustomer(tx, proof)));
  assert.equal(verified.verification.by, 'per_teller');
  const phone = { id, change: { phone: '+420777000111' } };
  const same = valueOf(await within((tx) => changeCustomer(tx, phone)));
  assert.equal(same.verification.state, 'verified');
  const renamed = { id, change: { name: 'Eva Malá' } };
  const after = valueOf(await within((tx) => changeCustomer(tx, renamed)));
  assert.equal(after.verification.state, 'pending');
  assert.ok(!(await everythingStored()).includes('123456789'));
});

test('a verification ends at its deadline, and only what may follow follows', async () => {
  const { id } = await create(eva);
  const expiresAt = (clock.now() + DAY_US) as Instant;
  await within((tx) => verifyCustomer(tx, { id, state: 'verified', expiresAt }));
  assert.equal(await expireVerifications(bank.database, context()), 0);
  clock.advance(DAY_US);
  assert.equal(await expireVerifications(bank.database, context()), 1);
  assert.equal(await expireVerifications(bank.database, context()), 0);
  assert.equal((await read(id)).verification.state, 'expired');
  const back = await within((tx) => verifyCustomer(tx, { id, state: 'unverified' }));
  assert.equal(codeOf(back), 'verification_transition_illegal');
  const past = { id, state: 'verified', expiresAt: clock.now() } as const;
  assert.equal(
    codeOf(await within((tx) => verifyCustomer(tx, past))),
    'verification_expiry_invalid',
  );
});

test('consents are given and withdrawn by purpose, and the latest word counts', async () => {
  const { id } = await create(eva);
  const say = async (purpose: string, isGiven: boolean, textVersion = '2026-01') =>
    codeOf(await within((tx) => sayConsent(tx, { id, purpose, isGiven, textVersion })));
  assert.equal(await say('marketing', false), 'consent_not_given');
  for (const isGiven of [true, true, false, false, true]) await say('marketing', isGiven);
  await say('scoring', true);
  await say('scoring', false);
  const consents = await listConsents(bank.database, id);
  assert.deepEqual(
    consents.map(({ purpose, isGiven, textVersion }) => [purpose, isGiven, textVersion]),
    [
      ['marketing', true, '2026-01'],
      ['scoring', false, '2026-01'],
    ],
  );
  const { changes } = await listCustomerChanges(bank.database, id, { before: undefined, limit: 9 });
  assert.equal(changes.length, 6);
});

test('an erased customer keeps its id and its history, and nobody can read who it was', async () => {
  const particulars = { ...eva.particulars, email: 'gone@example.com' };
  const { id } = await create({ ...eva, particulars, externalId: 'client-19' });
  await within((tx) => sayConsent(tx, { id, purpose: 'm', isGiven: true, textVersion: '1' }));
  const reason = 'request 2026-17';
  const erased = valueOf(await within((tx) => eraseCustomer(tx, { id, reason })));
  assert.equal(erased.particulars, undefined);
  assert.equal((await read(id)).particulars, undefined);
  assert.deepEqual(await find('email', 'gone@example.com'), []);
  const { changes } = await listCustomerChanges(bank.database, id, { before: undefined, limit: 9 });
  assert.equal(changes.length, 3);
  const again = valueOf(await within((tx) => eraseCustomer(tx, { id, reason })));
  assert.equal(again.revision, 3);
  const later = await within((tx) => changeCustomer(tx, { id, change: { name: 'X' } }));
  assert.equal(codeOf(later), 'customer_erased');
  const taken = await within((tx) => createCustomers(tx, [{ ...eva, externalId: 'client-19' }]));
  assert.equal(codeOf(taken[0]), 'customer_exists_with_different_content');
});

test('customers of another tenant do not exist, and their external ids are free', async () => {
  const asked = { ...eva, externalId: 'client-20' };
  const tenant = { tenant: 'north' };
  const [result] = await within((tx) => createCustomers(tx, [asked]), tenant);
  const { id } = valueOf(result);
  const own = await create(asked);
  assert.notEqual(own.id, id);
  const seen = await within((tx) => customer(tx, own.id), tenant);
  assert.equal(seen, undefined);
  const page = await within((tx) => listCustomers(tx, { limit: 100 }), tenant);
  assert.deepEqual(
    page.customers.map((each) => each.id),
    [id],
  );
  const found = await within(
    (tx) =>
      findByLookup(tx, { tenant: 'north', kind: 'tax_id', text: 'CZ8552281234', countMax: 9 }),
    tenant,
  );
  assert.deepEqual(found, [id]);
});

test('thousands are taken on in one list', async () => {
  clock.advance(DAY_US);
  const asked = Array.from({ length: 2_000 }, (_, index): NewCustomer => {
    const particulars = { name: `Client ${index}`, email: `c${index}@example.com` };
    return { kind: 'person', externalId: `berka-${index}`, particulars };
  });
  const results = await within((tx) => createCustomers(tx, asked));
  assert.ok(results.every(({ ok }) => ok));
  const page = await listCustomers(bank.database, { limit: 100 });
  assert.ok(page.hasMore);
  assert.equal(page.customers[0]?.particulars?.name, 'Client 1999');
});

test('the history of a customer cannot be changed, by the owner either', async () => {
  const owner = await openSession(bank.url);
  try {
    for (const text of [
      `update accounts.customer_changes set actor = 'other'`,
      'delete from accounts.customer_changes',
      'truncate accounts.customer_changes',
    ]) {
      await assert.rejects(owner.query({ text }), { code: '23001' });
    }
  } finally {
    await owner.close();
  }
});

test('the audit log proves every change, and shows one that was made behind its back', async () => {
  const sequencer = openSequencer(bank.database, { origin: 'florin.test/customers' });
  await sequencer.run(context());
  const check = async (): Promise<string[]> => {
    const verification = await verifyLog({
      open: () => openSession(bank.url),
      connections: 2,
      findingsPerRuleMax: 5,
      keys: bank.database.keys,
      trustedKeys: [await bank.database.keys.publicKey(SIGNING_KEY)],
      sources: [customerSource],
    });
    return verification.findings.map(({ rule, expected }) => `${rule} ${expected}`);
  };
  assert.deepEqual(await check(), []);
  const { id } = await create(eva);
  const owner = await openSession(bank.url);
  try {
    await sequencer.run(context());
    await owner.query({
      text: `update accounts.customers set verification = 'verified' where id = $1`,
      values: [id.slice(4)],
    });
    const found = await check();
    assert.equal(found.length, 1);
    assert.match(String(found[0]), /unverified/);
  } finally {
    await owner.close();
  }
});
