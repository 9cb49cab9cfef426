import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as example from './examples.ts';
import {
  alice,
  bob,
  cash,
  credit,
  debit,
  dollars,
  euroDeposit,
  euros,
  transfer,
  yen,
} from './examples.ts';
import type { Exchange, Leg } from './instruction.ts';

/** Alice's crowns buy euros: the bank takes the one and gives the other. */
function buy(crowns: bigint, cents: bigint): Leg[] {
  return [
    debit(alice, crowns),
    credit(cash, crowns),
    debit(euros, cents),
    credit(euroDeposit, cents),
  ];
}

function codeOf(legs: readonly Leg[], exchange?: Exchange): string {
  return example.exampleLedger().code(transfer(legs, { exchange }));
}

const rate = (text: string): Exchange => ({ from: 'EUR', to: 'CZK', rate: text });

test('a transfer in two currencies needs its rate', () => {
  assert.equal(codeOf(buy(985n, 40n)), 'exchange_required');
  assert.equal(codeOf(buy(985n, 40n), rate('24.625')), 'ok');
});

test('the amount bought may differ from the exact product by one minor unit and not by two', () => {
  // 0.40 EUR at 24.3149 is 9.725960 CZK.
  const allowed = [972n, 973n].map((crowns) => codeOf(buy(crowns, 40n), rate('24.3149')));
  assert.deepEqual(allowed, ['ok', 'ok']);
  const refused = [971n, 974n].map((crowns) => codeOf(buy(crowns, 40n), rate('24.3149')));
  assert.deepEqual(refused, ['exchange_rate_mismatch', 'exchange_rate_mismatch']);
});

test('an exact product may be missed by exactly one minor unit on either side', () => {
  const codes = [998n, 999n, 1_000n, 1_001n, 1_002n].map((crowns) => {
    const legs = [debit(cash, crowns), credit(bob, crowns), debit(euros, 40n)];
    return codeOf([...legs, credit(euroDeposit, 40n)], rate('25'));
  });
  assert.deepEqual(codes, ['exchange_rate_mismatch', 'ok', 'ok', 'ok', 'exchange_rate_mismatch']);
});

test('the tolerance is in the currency bought, so the direction of the rate matters', () => {
  const back: Exchange = { from: 'CZK', to: 'EUR', rate: '0.04' };
  // 9.80 CZK at 0.04 is 0.392 EUR, within a cent of 0.40; at 25 it would be 0.20 CZK off.
  assert.equal(codeOf(buy(980n, 40n), back), 'ok');
  assert.equal(codeOf(buy(980n, 40n), rate('25')), 'exchange_rate_mismatch');
});

test('the rate is between major units, whatever minor units the currencies have', () => {
  const legs = (cents: bigint, yens: bigint): Leg[] => [
    debit(euros, cents),
    credit(euroDeposit, cents),
    debit(yen, yens),
    credit(yen, yens),
  ];
  const exchange: Exchange = { from: 'EUR', to: 'JPY', rate: '160.5' };
  assert.equal(codeOf(legs(1_000n, 1_605n), exchange), 'ok');
  assert.equal(codeOf(legs(1_000n, 160_500n), exchange), 'exchange_rate_mismatch');
});

test('the exchange names the two currencies of the legs and no other', () => {
  const wrong: Exchange = { from: 'EUR', to: 'USD', rate: '1.1' };
  assert.equal(codeOf(buy(972n, 40n), wrong), 'exchange_currencies_mismatch');
  const same: Exchange = { from: 'CZK', to: 'CZK', rate: '1' };
  assert.equal(codeOf(buy(972n, 40n), same), 'exchange_currencies_mismatch');
});

test('a transfer in one currency must not name a rate', () => {
  const legs = [debit(cash, 5n), credit(bob, 5n)];
  assert.equal(codeOf(legs, rate('25')), 'exchange_currencies_mismatch');
});

test('a transfer in three currencies is refused with or without a rate', () => {
  const legs = [...buy(972n, 40n), debit(dollars, 5n), credit(dollars, 5n)];
  assert.equal(codeOf(legs), 'exchange_required');
  assert.equal(codeOf(legs, rate('24.3')), 'exchange_currencies_mismatch');
});

test('each currency balances on its own, whatever the rate says', () => {
  const legs = [debit(alice, 1_000n), credit(euroDeposit, 40n)];
  assert.equal(codeOf(legs, rate('25')), 'unbalanced');
});

test('an exchange may be held, and its capture moves both currencies', () => {
  const ledger = example.exampleLedger();
  const exchange = rate('25');
  const held = ledger.post({ kind: 'hold', legs: buy(1_000n, 40n), exchange });
  assert.deepEqual(held.exchange, exchange);
  const parts = [500n, 500n, 20n, 20n].map((amount, leg) => ({ leg, amount }));
  assert.equal(ledger.code(example.capture(held.id, { legs: parts })), 'ok');
  assert.equal(ledger.account(alice).postedDebits, 500n);
  assert.equal(ledger.account(euroDeposit).postedCredits, 20n);
  const skewed = [400n, 400n, 20n, 19n].map((amount, leg) => ({ leg, amount }));
  assert.equal(ledger.code(example.capture(held.id, { legs: skewed })), 'unbalanced');
});
