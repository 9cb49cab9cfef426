import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentHashOf } from './content.ts';
import * as example from './examples.ts';
import {
  alice,
  bob,
  capture,
  cash,
  credit,
  debit,
  euroDeposit,
  euros,
  exampleLedger,
  fees,
  hold,
  increase,
  later,
  noon,
  pay,
  reverse,
  transfer,
  voidOf,
} from './examples.ts';
import type { Exchange, Instruction, TransferInstruction } from './instruction.ts';

const externalId = 'payment-1';

/** What a second instruction under the external id of the first is answered. */
function again(first: Instruction, second: Instruction, ledger = exampleLedger()): string {
  ledger.post({ ...first, externalId });
  return ledger.code({ ...second, externalId });
}

test('the same content under the same external id replays the answer and does nothing', () => {
  const ledger = exampleLedger();
  const first = ledger.post(pay(alice, bob, 30n, { externalId }), { time: noon });
  ledger.post(pay(alice, bob, 5n));
  const decision = ledger.decide([pay(alice, bob, 30n, { externalId })], { time: later(60) });
  assert.deepEqual(decision.answers, [{ ok: true, value: { transfer: first, isReplay: true } }]);
  assert.deepEqual([decision.transfers, decision.accounts], [[], []]);
  assert.equal(ledger.account(bob).postedCredits, 35n);
});

test('a replay is answered even where the same instruction would be refused now', () => {
  const ledger = exampleLedger();
  ledger.post(pay(alice, bob, 1_000n, { externalId }));
  assert.equal(ledger.code(pay(alice, bob, 1_000n)), 'insufficient_available');
  assert.equal(ledger.code(pay(alice, bob, 1_000n, { externalId })), 'replay');
  const held = ledger.post(hold(cash, bob, 5n));
  const once = capture(held.id, { externalId: 'capture-1' });
  assert.deepEqual(ledger.codes([once, once, voidOf(held.id)]), ['ok', 'replay', 'hold_captured']);
});

test('a refused instruction does not take its external id', () => {
  const ledger = exampleLedger();
  assert.equal(ledger.code(pay(bob, alice, 5n, { externalId })), 'insufficient_available');
  assert.equal(ledger.code(pay(alice, bob, 7n, { externalId })), 'ok');
});

test('the order of metadata’s keys does not matter to a replay', () => {
  const first = pay(alice, bob, 5n, { metadata: { invoice: '7', branch: 'Brno' } });
  const second = pay(alice, bob, 5n, { metadata: { branch: 'Brno', invoice: '7' } });
  assert.equal(again(first, second), 'replay');
  assert.equal(contentHashOf(first), contentHashOf(second));
});

test('the order of the exchange’s members does not matter to a replay', () => {
  const legs = [debit(cash, 100n), credit(bob, 100n), debit(euros, 4n), credit(euroDeposit, 4n)];
  const first = transfer(legs, { exchange: { from: 'EUR', to: 'CZK', rate: '25' } });
  const second = transfer(legs, { exchange: { rate: '25', to: 'CZK', from: 'EUR' } });
  assert.equal(again(first, second), 'replay');
});

test('being linked to the next instruction is no part of the content', () => {
  const ledger = exampleLedger();
  const first = pay(alice, bob, 5n, { externalId });
  const chain = [{ ...first, linked: true }, pay(alice, bob, 1n)];
  assert.deepEqual(ledger.codes(chain), ['ok', 'ok']);
  assert.equal(ledger.code(first), 'replay');
});

const plain = pay(alice, bob, 30n);
const otherKind = hold(alice, bob, 30n);

test('another kind of instruction under a known external id is refused as such', () => {
  assert.equal(again(plain, otherKind), 'exists_with_different_kind');
  assert.equal(again(otherKind, plain), 'exists_with_different_kind');
  assert.equal(again(plain, capture(example.transferId(1))), 'exists_with_different_kind');
});

test('the first difference between the instructions is named', () => {
  const effectiveAt = later(-5);
  const differences: [string, Instruction, Instruction][] = [
    ['legs', plain, transfer([...plain.legs, credit(fees, 1n), debit(fees, 1n)])],
    ['legs', transfer([...plain.legs, credit(fees, 1n), debit(fees, 1n)]), plain],
    ['legs', plain, transfer([credit(alice, 30n), debit(bob, 30n)])],
    ['account', plain, pay(alice, fees, 30n)],
    ['account', plain, pay(bob, alice, 30n)],
    ['amount', plain, pay(alice, bob, 31n)],
    ['amount', otherKind, hold(alice, bob, 31n)],
    ['effective_at', plain, { ...plain, effectiveAt }],
    ['effective_at', { ...plain, effectiveAt }, plain],
    ['effective_at', { ...plain, effectiveAt }, { ...plain, effectiveAt: later(-6) }],
    ['deadline', otherKind, { ...otherKind, expiresAt: later(5) }],
    ['deadline', { ...otherKind, expiresAt: later(5) }, otherKind],
    ['deadline', { ...otherKind, expiresAt: later(5) }, { ...otherKind, expiresAt: later(6) }],
    ['description', plain, { ...plain, description: 'rent' }],
    ['description', { ...plain, description: 'rent' }, { ...plain, description: 'Rent' }],
    ['metadata', plain, { ...plain, metadata: { a: '1' } }],
    ['metadata', { ...plain, metadata: { a: '1' } }, { ...plain, metadata: { a: '2' } }],
    ['metadata', { ...plain, metadata: { a: '1' } }, plain],
  ];
  for (const [name, first, second] of differences) {
    const message = `${name}: ${example.textOf(second)} after ${example.textOf(first)}`;
    assert.equal(again(first, second), `exists_with_different_${name}`, message);
  }
});

test('where several things differ the named one comes first by kind, legs, account, amount', () => {
  const different = { description: 'x', metadata: { a: '1' }, effectiveAt: later(-5) };
  assert.equal(again(plain, pay(alice, fees, 31n, different)), 'exists_with_different_account');
  assert.equal(again(plain, pay(alice, bob, 31n, different)), 'exists_with_different_amount');
});

test('another exchange rate under a known external id is refused as such', () => {
  const legs = [debit(cash, 100n), credit(bob, 100n), debit(euros, 4n), credit(euroDeposit, 4n)];
  const at = (rate: string): TransferInstruction => {
    return transfer(legs, { exchange: { from: 'EUR', to: 'CZK', rate } });
  };
  assert.equal(again(at('25'), at('25.1')), 'exists_with_different_exchange');
  assert.equal(again(at('25'), transfer(legs)), 'exists_with_different_exchange');
});

test('an exchange whose members come back in another order is not taken for a difference', () => {
  const legs = [debit(cash, 100n), credit(bob, 100n), debit(euros, 4n), credit(euroDeposit, 4n)];
  const exchange: Exchange = { from: 'EUR', to: 'CZK', rate: '25' };
  const shuffled: Exchange = { to: 'CZK', from: 'EUR', rate: '25' };
  const first = transfer(legs, { exchange: shuffled });
  const second = transfer(legs, { exchange, description: 'x' });
  assert.equal(again(first, second), 'exists_with_different_description');
});

test('a capture, an increase, a void or a reversal of something else is refused as such', () => {
  const targets = (): [
    ReturnType<typeof exampleLedger>,
    ReturnType<typeof capture>['holdId'][],
  ] => {
    const ledger = exampleLedger();
    const ids = [1, 2].map(() => ledger.post(hold(alice, bob, 50n)).id);
    return [ledger, ids];
  };
  const check = (make: (id: ReturnType<typeof capture>['holdId']) => Instruction): string => {
    const [ledger, [first, second]] = targets();
    assert.ok(first !== undefined && second !== undefined);
    return again(make(first), make(second), ledger);
  };
  assert.equal(
    check((id) => capture(id)),
    'exists_with_different_hold',
  );
  assert.equal(
    check((id) => increase(id, { amount: 1n })),
    'exists_with_different_hold',
  );
  assert.equal(
    check((id) => voidOf(id)),
    'exists_with_different_hold',
  );
  const ledger = exampleLedger();
  const [one, two] = [ledger.post(plain), ledger.post(plain)];
  const code = again(reverse(one.id), reverse(two.id), ledger);
  assert.equal(code, 'exists_with_different_transfer');
});

test('another portion of a hold or a transfer under a known external id is refused as such', () => {
  const ledger = exampleLedger();
  const { id } = ledger.post(hold(alice, bob, 100n));
  const taken = capture(id, { amount: 10n });
  assert.equal(again(taken, capture(id, { amount: 11n }), ledger), 'exists_with_different_amount');
  const parts = [0, 1].map((leg) => ({ leg, amount: 11n }));
  const byLeg = ledger.code(capture(id, { legs: parts, externalId }));
  assert.equal(byLeg, 'exists_with_different_amount');
  const isFinal = ledger.code(capture(id, { amount: 10n, final: true, externalId }));
  assert.equal(isFinal, 'exists_with_different_content');
  const more = increase(id, { amount: 5n, externalId: 'increase-1' });
  const longer = { ...more, expiresAt: later(9) };
  const codes = ledger.codes([more, more, { ...more, amount: 6n }, longer]);
  assert.deepEqual(codes.slice(0, 2), ['ok', 'replay']);
  assert.deepEqual(codes.slice(2), [
    'exists_with_different_amount',
    'exists_with_different_deadline',
  ]);
  const paid = ledger.post(plain);
  const back = reverse(paid.id, { amount: 10n, externalId: 'back-1' });
  const other = { ...back, amount: 11n };
  assert.deepEqual(ledger.codes([back, back, other]), [
    'ok',
    'replay',
    'exists_with_different_amount',
  ]);
});

test('what only the hash can tell apart is refused as different content', () => {
  const upTo = transfer([debit(alice, 50n, { upTo: true }), credit(bob, 'remaining')]);
  const more = transfer([debit(alice, 60n, { upTo: true }), credit(bob, 'remaining')]);
  assert.equal(again(upTo, more), 'exists_with_different_content');
  const conditions = { version: 1n };
  const checked = transfer([debit(alice, 30n, { conditions }), credit(bob, 30n)]);
  assert.equal(again(plain, checked), 'exists_with_different_content');
});

test('a leg that names another currency than before is not the same content', () => {
  const inCurrency = (currency: string): Instruction =>
    transfer([debit(alice, 30n, { currency }), credit(bob, 30n, { currency })]);
  assert.equal(again(inCurrency('CZK'), inCurrency('CZK')), 'replay');
  assert.equal(again(inCurrency('CZK'), inCurrency('EUR')), 'exists_with_different_content');
});

test('the same content asked as whole and as its amount is still another request', () => {
  const ledger = exampleLedger();
  const { id } = ledger.post(hold(alice, bob, 100n));
  const whole = capture(id);
  const code = again(whole, capture(id, { amount: 100n }), ledger);
  assert.equal(code, 'exists_with_different_content');
});

test('a content hash is 32 hexadecimal digits, and texts cannot run into each other', () => {
  assert.match(contentHashOf(plain), /^[0-9a-f]{32}$/);
  const one = contentHashOf({ ...plain, description: 'a', metadata: { b: 'c' } });
  const two = contentHashOf({ ...plain, description: 'a","b', metadata: { c: '' } });
  assert.notEqual(one, two);
  const split = contentHashOf({ ...plain, metadata: { a: 'b', c: 'd' } });
  const joined = contentHashOf({ ...plain, metadata: { a: 'b","c":"d' } });
  assert.notEqual(split, joined);
});
