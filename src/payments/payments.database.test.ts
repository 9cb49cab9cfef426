import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changeAccount } from '#ledger';
import type { NewPayment } from './payment.ts';
import { EUR, openPayBank, party, told, type PayBank } from './testing/bank.ts';

let bank: PayBank;

before(async () => {
  bank = await openPayBank('payments');
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function outgoing(amount: bigint, funds = 1_000n): Promise<NewPayment> {
  const accountId = await bank.customer(funds);
  return { kind: 'credit_out', rail: 'sct_inst', accountId, amount, currency: EUR, party };
}

test('a payment between accounts of the bank is settled in one transaction', async () => {
  const from = await bank.customer(100n);
  const to = await bank.customer(0n);
  const book = { kind: 'book', accountId: from, counterAccountId: to, currency: EUR } as const;
  const payment = await bank.pay({ ...book, amount: 30n });
  assert.equal(payment.status, 'settled');
  assert.deepEqual([await bank.balance(from), await bank.balance(to)], [70n, 30n]);
  const refused = await bank.send({ ...book, amount: 71n });
  assert.deepEqual(told(refused), ['insufficient_available']);
  const same = await bank.send({ ...book, amount: 1n, counterAccountId: from });
  assert.deepEqual(told(same), ['payment_account_same']);
});

test('a refused payment of a list leaves nothing behind and hurts no other', async () => {
  const asked = await outgoing(600n);
  const results = await bank.send(asked, asked, { ...asked, amount: 400n });
  assert.deepEqual(told(results), ['accepted', 'insufficient_available', 'accepted']);
  const [row] = await bank.asOwner<{ count: bigint }>(
    `select count(*) from payments.payments where account_id = '${asked.accountId.slice(4)}'`,
  );
  assert.equal(row?.count, 2n);
});

test('an external id names one payment for ever', async () => {
  const asked = { ...(await outgoing(10n)), externalId: 'rent-march' };
  const results = await bank.send(asked, asked, { ...asked, amount: 11n });
  assert.deepEqual(told(results), [
    'accepted',
    'accepted',
    'payment_exists_with_different_content',
  ]);
  const [again] = await bank.send(asked);
  assert.ok(again?.ok === true && results[0]?.ok === true);
  assert.equal(again.value.id, results[0].value.id);
  assert.equal(await bank.balance(asked.accountId), 990n);
});

test('two processes that make the same payment at once make it once', async () => {
  const asked = { ...(await outgoing(10n)), externalId: 'rent-april' };
  const results = (await Promise.all(Array.from({ length: 4 }, () => bank.send(asked)))).flat();
  assert.deepEqual(new Set(told(results)), new Set(['accepted']));
  assert.equal(new Set(results.map((result) => result.ok && result.value.id)).size, 1);
  assert.equal(await bank.balance(asked.accountId), 990n);
});

test('money is in transit from acceptance to the answer of the rail', async () => {
  const start = (await bank.books())['transit'] ?? 0n;
  const transit = async (): Promise<bigint> => ((await bank.books())['transit'] ?? 0n) - start;
  const asked = await outgoing(100n);
  const [one, two, three] = [await bank.pay(asked), await bank.pay(asked), await bank.pay(asked)];
  assert.equal(await transit(), 300n);
  const submitted = [one, two, three].map(({ id }) => ({
    paymentId: id,
    to: 'submitted' as const,
  }));
  assert.deepEqual(told(await bank.change(...submitted)), ['submitted', 'submitted', 'submitted']);
  const answers = [
    { paymentId: one.id, to: 'settled' },
    { paymentId: two.id, to: 'rejected', reason: 'AC04' },
    { paymentId: three.id, to: 'unknown' },
  ] as const;
  assert.deepEqual(told(await bank.change(...answers)), ['settled', 'rejected', 'unknown']);
  assert.equal(await transit(), 100n);
  assert.equal(await bank.balance(asked.accountId), 800n);
  const late = await bank.change({ paymentId: three.id, to: 'settled' });
  assert.deepEqual(told(late), ['settled']);
  assert.equal(await transit(), 0n);
});

test('an answer that comes twice, or contradicts the first, moves nothing', async () => {
  const payment = await bank.pay(await outgoing(100n));
  const paymentId = payment.id;
  await bank.change({ paymentId, to: 'submitted' }, { paymentId, to: 'settled' });
  const was = await bank.books();
  const results = await bank.change(
    { paymentId, to: 'settled' },
    { paymentId, to: 'rejected', reason: 'AC01' },
    { paymentId, to: 'returned', amount: 99n },
  );
  assert.deepEqual(told(results), [
    'settled',
    'payment_change_not_legal',
    'payment_amount_differs',
  ]);
  assert.deepEqual(await bank.books(), was);
});

test('a payment is cancelled before it is submitted, and not after', async () => {
  const asked = await outgoing(100n);
  const [early, late] = [await bank.pay(asked), await bank.pay(asked)];
  await bank.change({ paymentId: late.id, to: 'submitted' });
  const results = await bank.change(
    { paymentId: early.id, to: 'cancelled' },
    { paymentId: late.id, to: 'cancelled' },
  );
  assert.deepEqual(told(results), ['cancelled', 'payment_change_not_legal']);
  assert.equal(await bank.balance(asked.accountId), 900n);
});

test('a return whose account is closed waits beside it', async () => {
  const asked = await outgoing(1_000n);
  const { id: paymentId } = await bank.pay(asked);
  await bank.change({ paymentId, to: 'submitted' }, { paymentId, to: 'settled' });
  await bank.database.transaction(bank.context(), (tx) =>
    changeAccount(tx, { accountId: asked.accountId, state: 'closed' }),
  );
  const before = (await bank.books())['incoming'] ?? 0n;
  assert.deepEqual(told(await bank.change({ paymentId, to: 'returned', reason: 'AC04' })), [
    'returned',
  ]);
  assert.equal((await bank.books())['incoming'], before + 1_000n);
});

test('a collection is credited when it is settled, and comes back even from an empty account', async () => {
  const accountId = await bank.customer(0n);
  const asked = { kind: 'debit_out', rail: 'ach', accountId, currency: EUR, party } as const;
  const { id: paymentId } = await bank.pay({ ...asked, amount: 50n });
  assert.equal(await bank.balance(accountId), 0n);
  await bank.change({ paymentId, to: 'submitted' }, { paymentId, to: 'settled' });
  assert.equal(await bank.balance(accountId), 50n);
  const to = await bank.customer(0n);
  await bank.pay({
    kind: 'book',
    accountId,
    counterAccountId: to,
    amount: 20n,
    currency: EUR,
  });
  await bank.change({ paymentId, to: 'returned', reason: 'R01' });
  // It cannot give all of it: the claim is for a person.
  assert.equal(await bank.balance(accountId), 30n);
  assert.equal((await bank.books('ach'))['claims'], 50n);
});

test('an incoming payment is settled, or kept as rejected and moves nothing', async () => {
  const accountId = await bank.customer(0n);
  const asked = { kind: 'credit_in', rail: 'sct_inst', accountId, amount: 5n } as const;
  const results = await bank.send(
    { ...asked, currency: EUR, party },
    { ...asked, currency: EUR, party, rejection: 'AC06' },
  );
  assert.deepEqual(told(results), ['settled', 'rejected']);
  assert.equal(await bank.balance(accountId), 5n);
});

test('a payment of the bank is reversed once', async () => {
  const [from, to] = [await bank.customer(10n), await bank.customer(0n)];
  const { id: paymentId } = await bank.pay({
    kind: 'book',
    accountId: from,
    counterAccountId: to,
    amount: 10n,
    currency: EUR,
  });
  const reversed = { paymentId, to: 'reversed' } as const;
  assert.deepEqual(told(await bank.change(reversed, reversed)), ['reversed', 'reversed']);
  assert.deepEqual([await bank.balance(from), await bank.balance(to)], [10n, 0n]);
});

test('what is above the bank’s maximum is declined, and remembered', async () => {
  const asked = await outgoing(100_000_000_01n);
  const payment = await bank.pay(asked);
  assert.deepEqual([payment.status, payment.reason], ['declined', 'AM02']);
  assert.equal(await bank.balance(asked.accountId), 1_000n);
});

test('rows are of one tenant', async () => {
  const payment = await bank.pay(await outgoing(1n));
  const count = async (tenant: string): Promise<unknown> => {
    const text = 'select count(*)::int as n from payments.payments where id = $1';
    const [row] = await bank.database
      .within(tenant)
      .query<{ n: number }>({ text, values: [payment.id.slice(4)] });
    return row?.n;
  };
  assert.deepEqual([await count('main'), await count('other')], [1, 0]);
});
