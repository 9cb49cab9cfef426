import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Fault, SECOND_US, type AccountId } from '#kernel';
import { withLedger } from '#ledger';
import { configOf } from '../fraud/testing/screening.ts';
import type { NewPayment } from './payment.ts';
import type { PaymentResult } from './refusals.ts';
import { sendPayments } from './send.ts';
import { EUR, openPayBank, party, told, type PayBank } from './testing/bank.ts';
import { CHALLENGED_ABOVE, openTestScreening, type TestScreening } from './testing/screened.ts';

let bank: PayBank;
let screening: TestScreening;
let numbers = 0;

before(async () => {
  bank = await openPayBank('payments screened');
  screening = openTestScreening(bank.database, bank.clock);
  bank.screenBy(screening.screener);
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

/** To somebody nobody else pays. */
function stranger(): { readonly account: string; readonly agent: string } {
  numbers += 1;
  return { account: `${1_000_000 + numbers}`, agent: '021000021' };
}

const numberOf = ({ account, agent }: ReturnType<typeof stranger>): string => `${agent} ${account}`;

async function outgoing(funds = 1_000_000n): Promise<NewPayment> {
  const accountId = await bank.customer(funds);
  const to = { kind: 'credit_out', rail: 'ach', party: stranger() } as const;
  return { ...to, accountId, amount: 100n, currency: EUR };
}

function idsOf(results: readonly PaymentResult[]): (string | undefined)[] {
  return results.map((result) => (result.ok ? result.value.id : undefined));
}

function reasonsOf(results: readonly PaymentResult[]): (string | undefined)[] {
  return results.map((result) => {
    if (!result.ok) return result.refusal.code;
    const { status, reason } = result.value;
    return reason === undefined ? status : `${status} ${reason}`;
  });
}

test('of a list each payment has its own outcome, and none hurts its neighbours', async () => {
  const asked = await outgoing();
  const [blocked, watched] = [stranger(), stranger()];
  await screening.list('block', numberOf(blocked));
  await screening.list('watch', numberOf(watched));
  const results = await bank.send(
    asked,
    { ...asked, party: blocked },
    { ...asked, party: watched },
    { ...asked, amount: CHALLENGED_ABOVE + 1n },
    { ...asked, amount: 200n },
  );
  const expected = ['accepted', 'declined FRAD', 'accepted', 'declined DS0A', 'accepted'];
  assert.deepEqual(reasonsOf(results), expected);
  assert.equal(await bank.balance(asked.accountId), 1_000_000n - 400n);
  const ids = idsOf(results);
  assert.deepEqual(await screening.decisions(asked.accountId), [
    ['approve', 'rules_only', ids[0]],
    ['decline', 'rules_only', ids[1]],
    ['review', 'rules_only', ids[2]],
    ['challenge', 'rules_only', ids[3]],
    ['approve', 'rules_only', ids[4]],
  ]);
});

test('a list makes one batch, with one audit record and one event', async () => {
  const asked = await outgoing();
  await bank.send(asked, asked, asked);
  const [row] = await bank.asOwner<{ batches: bigint; told: unknown }>(
    `select count(distinct d.batch) as batches, min(e.data::text) as told
      from fraud.decisions d join stream.events e on e.subject = 'scb_' || d.batch
      where d.account_id = '${asked.accountId.slice(4)}'`,
  );
  assert.equal(row?.batches, 1n);
  assert.deepEqual(JSON.parse(String(row.told)), { count: 3, not_approved: 0 });
});

test('a payment that was made before is not judged again, and stays declined', async () => {
  const blocked = stranger();
  await screening.list('block', numberOf(blocked));
  const asked = { ...(await outgoing()), party: blocked, externalId: 'to-a-blocked-one' };
  const first = await bank.send(asked, asked);
  const again = await bank.send(asked);
  assert.deepEqual(reasonsOf([...first, ...again]), Array(3).fill('declined FRAD'));
  assert.equal(new Set(idsOf([...first, ...again])).size, 1);
  assert.equal((await screening.decisions(asked.accountId)).length, 1);
});

test('two processes that make the same declined payment at once make it once', async () => {
  const asked = { ...(await outgoing()), amount: CHALLENGED_ABOVE + 1n, externalId: 'all-at-once' };
  const results = (await Promise.all(Array.from({ length: 5 }, () => bank.send(asked)))).flat();
  assert.deepEqual(reasonsOf(results), Array(5).fill('declined DS0A'));
  assert.equal(new Set(idsOf(results)).size, 1);
  const made = (await screening.decisions(asked.accountId)).filter(([, , id]) => id !== undefined);
  assert.deepEqual(made, [['challenge', 'rules_only', idsOf(results)[0]]]);
});

test('what the ledger refuses has been judged, and its decision is kept without a payment', async () => {
  const asked = await outgoing(150n);
  const results = await bank.send({ ...asked, amount: 200n }, asked);
  assert.deepEqual(told(results), ['insufficient_available', 'accepted']);
  assert.deepEqual(await screening.decisions(asked.accountId), [
    ['approve', 'rules_only', undefined],
    ['approve', 'rules_only', idsOf(results)[1]],
  ]);
});

test('what is refused before, or rejected by its rail, is not judged', async () => {
  const asked = await outgoing();
  const { accountId, amount, currency } = asked;
  const rejected = { kind: 'credit_in', rail: 'ach', accountId, amount, currency, party } as const;
  const results = await bank.send({ ...asked, currency: 'XXX' }, { ...rejected, rejection: 'R03' });
  assert.deepEqual(told(results), ['payment_currency_mismatch', 'rejected']);
  assert.deepEqual(await screening.decisions(accountId), []);
});

test('what is above the bank’s maximum says so, whatever screening says, and has been judged', async () => {
  const asked = { ...(await outgoing()), amount: 100_000_000_01n };
  const [result] = await bank.send(asked);
  assert.ok(result?.ok === true);
  assert.deepEqual(reasonsOf([result]), ['declined AM02']);
  const decisions = await screening.decisions(asked.accountId);
  assert.deepEqual(decisions, [['decline', 'rules_only', result.value.id]]);
});

test('what another bank has sent passes whatever is said of it', async () => {
  const accountId = await bank.customer(0n);
  const from = stranger();
  await screening.list('block', numberOf(from));
  const asked = { rail: 'ach', accountId, amount: 100n, currency: EUR, party: from } as const;
  const results = await bank.send({ ...asked, kind: 'credit_in' }, { ...asked, kind: 'debit_in' });
  assert.deepEqual(reasonsOf(results), ['settled', 'settled']);
  const outcomes = (await screening.decisions(accountId)).map(([outcome]) => outcome);
  assert.deepEqual(outcomes, ['decline', 'decline']);
});

test('a payment within the bank is stopped by its payee, and one that collects by its payer', async () => {
  const [from, to] = [await bank.customer(1_000n), await bank.customer(0n)];
  await screening.list('block', to);
  const common = { accountId: from, amount: 100n, currency: EUR } as const;
  const payer = stranger();
  await screening.list('block', numberOf(payer));
  const results = await bank.send(
    { ...common, kind: 'book', counterAccountId: to },
    { ...common, kind: 'debit_out', rail: 'ach', party: payer },
  );
  assert.deepEqual(reasonsOf(results), ['declined FRAD', 'declined FRAD']);
  assert.deepEqual([await bank.balance(from), await bank.balance(to)], [1_000n, 0n]);
});

test('where no rules can be used, a product says whether payments pass for a person to see', async () => {
  const asked = await outgoing();
  const { registry } = screening;
  const usual = await registry.load('main');
  try {
    registry.set(configOf({ ruleSet: undefined, policy: { onFailure: 'closed' } }));
    const closed = await bank.send(asked);
    registry.set(configOf({ ruleSet: undefined, policy: { onFailure: 'open' } }));
    const open = await bank.send(asked);
    assert.deepEqual(reasonsOf([...closed, ...open]), ['declined FRAD', 'accepted']);
    const decided = (await screening.decisions(asked.accountId)).map((each) => each.slice(0, 2));
    assert.deepEqual(decided, [
      ['decline', 'failed_closed'],
      ['review', 'failed_open'],
    ]);
  } finally {
    registry.set(usual);
  }
});

test('a product that is not screened is paid from without a decision', async () => {
  const asked = { ...(await outgoing()), amount: CHALLENGED_ABOVE + 1n };
  const { registry } = screening;
  const usual = await registry.load('main');
  try {
    registry.set({
      ...usual,
      policyOf: () => ({ ...usual.policyOf(undefined), isScreened: false }),
    });
    assert.deepEqual(reasonsOf(await bank.send(asked)), ['accepted']);
    assert.deepEqual(await screening.decisions(asked.accountId), []);
  } finally {
    registry.set(usual);
  }
});

test('what was judged in a transaction that failed did not happen', async () => {
  const asked = await outgoing();
  const { states } = screening.screener;
  const before = states.of('main').features.digest();
  const nobody = 'acc_01980a3e-4c00-7000-8000-000000000001' as AccountId;
  // The same row twice: PostgreSQL says no when the payments are stored.
  const twice = { ...asked, origin: 'sto_01980a3e-4c00-7000-8000-000000000002', originEntry: 1 };
  const failing = withLedger(bank.database, bank.context(), (tx) =>
    sendPayments(tx, [twice, twice, { ...asked, accountId: nobody }] as NewPayment[], {
      screener: screening.screener,
    }),
  );
  await assert.rejects(failing);
  assert.equal(states.of('main').features.digest(), before);
  assert.deepEqual(await screening.decisions(asked.accountId), []);
});

test('a transaction that fails after its payments were made is judged anew when it is run again', async () => {
  const asked = await outgoing();
  const { states } = screening.screener;
  let attempts = 0;
  await withLedger(bank.database, bank.context(), async (tx) => {
    const { screener } = screening;
    const results = await sendPayments(tx, [asked, asked], { screener });
    attempts += 1;
    if (attempts < 3) throw new Fault('what_followed_failed', { retryable: true });
    return results;
  });
  assert.equal(attempts, 3);
  assert.deepEqual(await countsOf(asked.accountId), [1, 2]);
  const quiet = states.of('main').features.digest();
  const failing = withLedger(bank.database, bank.context(), async (tx) => {
    await sendPayments(tx, [asked], { screener: screening.screener });
    throw new TypeError('what followed failed');
  });
  await assert.rejects(failing, TypeError);
  assert.equal(states.of('main').features.digest(), quiet);
});

test('who pays often is seen across transactions, before any of it is in the log', async () => {
  const asked = await outgoing();
  for (let count = 0; count < 3; count += 1) {
    bank.clock.advance(SECOND_US);
    await bank.send(asked);
  }
  assert.deepEqual(await countsOf(asked.accountId), [1, 2, 3]);
});

/** How many payments of the payer within an hour each kept decision saw. */
async function countsOf(accountId: AccountId): Promise<readonly number[]> {
  const kept = await bank.database.query<{ features: Buffer }>({
    text: 'select features from fraud.decisions where account_id = $1 order by id',
    values: [accountId.slice(4)],
  });
  // The fifth feature.
  return kept.map(({ features }) => features.readDoubleLE(8 * 4));
}
