import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY_US, type Instant } from '#kernel';
import { openSession } from '#platform';
import type { Decided } from '../../testing/decided.ts';
import type { Alert } from '../alerts/alert.ts';
import { addSnooze } from '../snoozes/snoozes.ts';
import { openCasesBank, type CasesBank } from '../testing/bank.ts';
import { alertFinder, openAlertFinder } from './alert-finder.ts';

let bank: CasesBank;

before(async () => {
  bank = await openCasesBank('fraud alerts found');
});
after(() => bank.drop());

async function raised(item: Partial<Decided> = {}): Promise<Alert> {
  const accountId = item.accountId ?? (await bank.account());
  const [alert] = await bank.raise({ ...item, accountId });
  bank.clock.advance(1_000_000);
  return alert ?? assert.fail();
}

async function found(text: string, filters = {}, tenant = 'main'): Promise<readonly string[]> {
  const { ids } = await alertFinder.find(bank.database.within(tenant), {
    text,
    filters,
    limit: 100,
  });
  return ids;
}

test('an alert is found by each of its ids, whole, by the beginning or by a part', async () => {
  const paymentId = bank.paymentId();
  const alert = await raised({ paymentId });
  await raised();
  const { id, decisionId, accountId, caseId = assert.fail() } = alert;
  for (const whole of [id, decisionId, accountId, caseId, paymentId]) {
    for (const text of [whole, whole.toUpperCase(), ` (${whole}), `, whole.slice(-7)]) {
      assert.deepEqual(await found(text), [id], text);
    }
    assert.deepEqual(await found(whole.replace(/.$/, 'x')), []);
  }
  assert.deepEqual(await found(`${paymentId} ${accountId}`), [id]);
  assert.deepEqual(await found(`${paymentId} ${bank.paymentId()}`), []);
  assert.ok((await found(paymentId.slice(0, 8))).includes(id));
});

test('all words must be there, of rules, reasons, payees, outcomes and currencies', async () => {
  const { id } = await raised({
    outcome: 'challenge',
    rules: ['night_owl', 'a1'],
    reason: 'account_takeover',
    counterparty: 'hmac_c0ffee',
  });
  const asked = ['night takeover', 'OWL c0ffee', 'ight_ow', 'challenge night_owl czk', 'night a1'];
  for (const text of asked) assert.deepEqual(await found(text), [id], text);
  const none = [
    'night velvet',
    'night 1',
    'night wl',
    'night%owl',
    'night.owl',
    "night'",
    'nightowl',
  ];
  assert.deepEqual(
    await Promise.all(none.map((text) => found(text))),
    none.map((text) => (text === "night'" ? [id] : [])),
  );
});

test('filters are exact, and a word of an id must be there whatever they are', async () => {
  const accountId = await bank.account();
  const first = await raised({ accountId, outcome: 'decline' });
  const until = (bank.clock.now() + DAY_US) as Instant;
  await bank.within('ada', (tx) => addSnooze(tx, { accountId, until, reason: 'known' }));
  const second = await raised({ accountId, outcome: 'review' });
  const { snoozeId = assert.fail() } = second;
  assert.deepEqual(await found('', { account: accountId }), [second.id, first.id]);
  assert.deepEqual(await found('', { account: accountId, snoozed: 'true' }), [second.id]);
  assert.deepEqual(await found(snoozeId), [second.id]);
  assert.deepEqual(await found('', { account: accountId, outcome: 'decline' }), [first.id]);
  assert.deepEqual(await found(second.id, { case: first.caseId }), []);
  assert.deepEqual(await found(accountId, { account: await bank.account() }), []);
  assert.deepEqual(await found(accountId, {}, 'north'), []);
});

test('a page has an end whatever is looked for, and the pages together miss nothing', async () => {
  const rare = await raised({ rules: ['once_in_a_while'] });
  for (let index = 0; index < 7; index += 1) await raised({ rules: ['every_day'] });
  const finder = openAlertFinder(3);
  const pages: (readonly string[])[] = [];
  let before: string | undefined;
  do {
    const page = await finder.find(bank.database, {
      text: 'once_in_a_while',
      limit: 2,
      after: before,
    });
    pages.push(page.ids);
    before = page.after;
  } while (before !== undefined);
  assert.deepEqual(pages.slice(0, 3), [[], [], [rare.id]]);
  assert.deepEqual(pages.slice(3).flat(), []);
  const whole = await finder.find(bank.database, { text: rare.id, limit: 2 });
  assert.deepEqual(whole, { ids: [rare.id], after: undefined });
});

test('what an alert is found by is not written beside it', async () => {
  const owner = await openSession(bank.url);
  const rows = await owner.query({
    text: "select from search.documents d where d.index_name <> 'fraud-cases'",
  });
  await owner.close();
  assert.deepEqual(rows, []);
});
