import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits } from '#config';
import { idOf, msOf, newUuid, type AccountId } from '#kernel';
import { openSession, type Session, type Transaction } from '#platform';
import { fraudCasesSubscription } from './cases-subscription.ts';
import type { Case } from './case.ts';
import { documentCases } from './search/catch-up.ts';
import { findAlerts, findCases } from './search/find.ts';
import { openCasesBank, worked, type CasesBank } from './testing/bank.ts';
import { assignCase, noteOnCase } from './work.ts';

let bank: CasesBank;
let owner: Session;

before(async () => {
  bank = await openCasesBank('fraud waves');
  owner = await openSession(bank.url);
});
after(async () => {
  await owner.close();
  await bank.drop();
});

const ALERTS = 20_000;

async function opened(): Promise<Case> {
  const accountId = await bank.account();
  await bank.raise({ accountId });
  return await bank.caseOf(accountId);
}

/** As a wave would leave it: alerts beyond number, each told of by an entry of the journal. */
async function grown({ id }: Case): Promise<void> {
  const uuid = id.slice('cse_'.length);
  await owner.query({
    text: `insert into fraud.alerts select (jsonb_populate_record(a, jsonb_build_object(
        'id', gen_random_uuid(), 'decision', gen_random_uuid()))).*
      from fraud.alerts a, generate_series(2, $2) where a.case_id = $1`,
    values: [uuid, ALERTS],
  });
  await owner.query({
    text: `insert into fraud.case_entries (case_id, ordinal, tenant, kind, made_by, made_at,
        details)
      select $1::uuid, n, 'main', 'alerts', 'florin', now(), '{}' from generate_series(2, $2) n`,
    values: [uuid, ALERTS],
  });
  await owner.query({
    text: 'update fraud.cases set alerts = $2, entries = $2 where id = $1',
    values: [uuid, ALERTS],
  });
  await owner.query({ text: 'analyze fraud.alerts, fraud.case_entries, fraud.cases' });
}

/** How many rows of screening the work has read, wherever it found them. */
async function rowsReadBy(work: (tx: Transaction) => Promise<unknown>): Promise<number> {
  return await bank.within('ada', async (tx) => {
    // What the same connection has read before is counted for a while, too.
    const before = await rowsRead(tx);
    await work(tx);
    return (await rowsRead(tx)) - before;
  });
}

async function rowsRead(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ count: number }>({
    text: `select sum(t.seq_tup_read + coalesce(t.idx_tup_fetch, 0))::int as count
      from pg_stat_xact_user_tables t where t.schemaname in ('fraud', 'search')`,
  });
  return row?.count ?? Number.NaN;
}

/** Of the next alert, raised as it is told of. */
async function rowsReadByNext(accountId: AccountId): Promise<number> {
  await bank.decide([{ accountId, outcome: 'decline' }]);
  const told = (await bank.events('fraud.screened')).slice(-1);
  return await rowsReadBy((tx) => fraudCasesSubscription.handle(told, tx));
}

const idsOf = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

async function casesHolding(text: string, filter: Parameters<typeof findCases>[2] = {}) {
  const words = { text, after: undefined, limit: 100 };
  return idsOf((await findCases(bank.database, words, filter)).items);
}

async function documentOf({ id }: Pick<Case, 'id'>): Promise<string | undefined> {
  const [row] = await owner.query<{ place: string }>({
    text: 'select d.ctid::text as place from search.documents d where d.id = $1',
    values: [id],
  });
  return row?.place;
}

async function undocumented(): Promise<number> {
  const rows = await owner.query({ text: 'select from fraud.undocumented_cases' });
  return rows.length;
}

test('what alerts bring to a case is found once its document is caught up, however many came', async () => {
  const accountId = await bank.account();
  for (const rule of ['first_rule', 'second_rule', 'third_rule']) {
    await bank.decide([{ accountId, rules: [rule] }]);
    await bank.stream.settle();
  }
  const { id } = await bank.caseOf(accountId);
  assert.deepEqual(await casesHolding('second_rule'), []);
  assert.equal(await documentOf({ id }), undefined);
  assert.equal(await documentCases(bank.database, bank.as('florin')), 1);
  assert.deepEqual(await casesHolding('third_rule econd_rul'), [id]);
  const place = await documentOf({ id });
  await bank.raise({ accountId, rules: ['first_rule'] });
  assert.equal(await documentOf({ id }), place, 'a document that tells the same is not written');
  assert.equal(await undocumented(), 0);
});

test('a case is found at once by what its alerts alone have, and by what people write', async () => {
  const accountId = await bank.account();
  const paymentId = bank.paymentId();
  await bank.decide([{ accountId, paymentId, counterparty: 'hmac_5eed5eed' }]);
  await bank.stream.settle();
  const { id } = await bank.caseOf(accountId);
  const alerts = await findAlerts(
    bank.database,
    { text: paymentId, after: undefined, limit: 10 },
    {},
  );
  const [alert = assert.fail()] = alerts.items;
  const parts = [paymentId, paymentId.slice(-8), 'eed5ee', accountId, alert.id, alert.decisionId];
  for (const text of parts) assert.deepEqual(await casesHolding(text), [id], text);
  worked(await bank.within('ada', (tx) => noteOnCase(tx, id, 'Lost in Lisbon')));
  assert.deepEqual(await casesHolding(`lisbon ${paymentId.slice(-8)}`), [id]);
  assert.deepEqual(await casesHolding(`madrid ${paymentId.slice(-8)}`), []);
  assert.deepEqual(await casesHolding(paymentId, { state: 'closed' }), []);
  assert.deepEqual(await casesHolding(paymentId, { accountId }), [id]);
});

test('so many documents are written at a time, of each tenant, and the rest the next time', async () => {
  while ((await undocumented()) > 0) await documentCases(bank.database, bank.as('florin'));
  const { value: most } = limits.fraudCasesDocumentedMax;
  const wave = Array.from({ length: most + 50 }, () => {
    return { accountId: idOf('acc', newUuid(msOf(bank.clock.now()))), rules: ['rule_gone_wrong'] };
  });
  await bank.decide(wave);
  await bank.decide(wave.slice(0, 3), 'north');
  await bank.stream.settle();
  assert.equal(await documentCases(bank.database, bank.as('florin')), most + 3);
  assert.equal(await documentCases(bank.database, bank.as('florin')), 50);
  assert.equal(await documentCases(bank.database, bank.as('florin')), 0);
  const words = { text: 'rule_gone_wrong', after: undefined, limit: 1_000 };
  const north = await findCases(bank.database.within('north'), words, {});
  assert.equal(north.items.length, 3);
  const main = await findCases(bank.database.within('main'), words, {});
  assert.equal(main.items.length, wave.length);
});

test('a case that somebody is at is documented the next time, with what he did', async () => {
  const accountId = await bank.account();
  while ((await undocumented()) > 0) await documentCases(bank.database, bank.as('florin'));
  await bank.decide([{ accountId, rules: ['rule_of_locked'] }]);
  await bank.stream.settle();
  const { id } = await bank.caseOf(accountId);
  await bank.within('ada', async (tx) => {
    worked(await assignCase(tx, id, 'ada'));
    assert.equal(await documentCases(bank.database, bank.as('florin')), 0);
  });
  assert.equal(await documentCases(bank.database, bank.as('florin')), 1);
  assert.deepEqual(await casesHolding('rule_of_locked', { assignee: 'ada' }), [id]);
});

test('a change is documented however it falls together with catching up', async () => {
  const accounts = [await bank.account(), await bank.account(), await bank.account()];
  for (let round = 0; round < 10; round += 1) {
    await bank.decide(accounts.map((accountId) => ({ accountId, rules: [`round_${round}`] })));
    await Promise.all([
      documentCases(bank.database, bank.as('florin')),
      documentCases(bank.database, bank.as('florin')),
      bank.stream.settle(),
    ]);
  }
  while ((await undocumented()) > 0) await documentCases(bank.database, bank.as('florin'));
  for (const round of [0, 9]) {
    assert.equal((await casesHolding(`round_${round}`)).length, accounts.length);
  }
});

test('pages of cases that documents and alerts have found hold each once, in one order', async () => {
  const paymentId = bank.paymentId();
  const part = paymentId.slice(-8);
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    const accountId = await bank.account();
    await bank.raise({ accountId, ...(index % 2 === 0 ? { paymentId } : {}) });
    const { id } = await bank.caseOf(accountId);
    ids.push(id);
    worked(await bank.within('ada', (tx) => noteOnCase(tx, id, `about ${paymentId}`)));
    bank.clock.advance(1_000_000);
  }
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = await findCases(bank.database, { text: part, after, limit: 2 }, {});
    found.push(...idsOf(page.items));
    ({ after } = page);
  } while (after !== undefined);
  assert.deepEqual(found, ids.toReversed());
});

test('the next alert of a case with many thousands reads no more than that of a small one', async () => {
  const [small, large] = [await opened(), await opened()];
  await grown(large);
  await bank.stream.stop();
  const few = await rowsReadByNext(small.accountId);
  const many = await rowsReadByNext(large.accountId);
  assert.ok(few > 0);
  assert.ok(many <= few, `${many} rows, and ${few} of a small case`);
  assert.equal((await bank.again(large)).alerts, ALERTS + 1);
  const written = await rowsReadBy(async (tx) => {
    worked(await noteOnCase(tx, large.id, 'a note among many'));
  });
  assert.ok(written < 1_000, `${written} rows for its document`);
});
