import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseInstant, type Instant } from '#kernel';
import type { NewPayment } from '../payment.ts';
import { EUR, openPayBank, party, told, type PayBank } from '../testing/bank.ts';
import { isSettledBy, settleAch, takeForAch, waitingForAch } from './ach.ts';

const at = (text: string): Instant => parseInstant(text) as Instant;

let bank: PayBank;

before(async () => {
  bank = await openPayBank('payments_ach');
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function accepted(): Promise<NewPayment> {
  const accountId = await bank.customer(100n);
  return { kind: 'credit_out', rail: 'ach', accountId, amount: 10n, currency: EUR, party };
}

test('a payment is taken for one file only, and not after it was cancelled', async () => {
  const asked = await accepted();
  const [first, second] = [await bank.pay(asked), await bank.pay(asked)];
  await bank.change({ paymentId: second.id, to: 'cancelled' });
  const waiting = await waitingForAch(bank.database, { currency: EUR, countMax: 10 });
  assert.deepEqual(
    waiting.map(({ id }) => id),
    [first.id],
  );
  const take = (trace: string) =>
    bank.database.transaction(bank.context(), (tx) =>
      takeForAch(tx, [
        { paymentId: first.id, trace },
        { paymentId: second.id, trace: `${trace}9` },
      ]),
    );
  const taken = await take('091000010000001');
  assert.deepEqual(
    taken.map((payment) => payment?.transactionId),
    ['091000010000001', undefined],
  );
  assert.deepEqual(await take('091000010000002'), [undefined, undefined]);
});

test('what was submitted is settled on the next business day', async () => {
  // 2026-03-06 is a Friday.
  assert.equal(isSettledBy(at('2026-03-06T15:00:00Z'), at('2026-03-08T23:00:00Z')), false);
  assert.equal(isSettledBy(at('2026-03-06T15:00:00Z'), at('2026-03-09T00:00:00Z')), true);
  bank.clock.set(at('2026-03-06T15:00:00Z'));
  const payment = await bank.pay(await accepted());
  await bank.change({ paymentId: payment.id, to: 'submitted' });
  bank.clock.set(at('2026-03-09T00:00:00Z'));
  assert.ok((await settleAch(bank.database, bank.context())) >= 1);
  assert.deepEqual(told(await bank.change({ paymentId: payment.id, to: 'settled' })), ['settled']);
  assert.equal(await settleAch(bank.database, bank.context()), 0);
});
