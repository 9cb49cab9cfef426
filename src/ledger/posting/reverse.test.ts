import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as example from './examples.ts';
import {
  alice,
  bob,
  capture,
  cash,
  credit,
  debit,
  fees,
  hold,
  later,
  noon,
  pay,
  reverse,
  transfer,
  voidOf,
} from './examples.ts';

test('a reversal moves everything back as a new transfer that names the one it reverses', () => {
  const ledger = example.exampleLedger();
  const paid = ledger.post(pay(alice, bob, 100n));
  const back = ledger.post(reverse(paid.id));
  assert.equal(back.kind, 'reversal');
  assert.equal(back.reversesId, paid.id);
  assert.deepEqual(
    back.entries.map(({ accountId, leg, side, posted }) => [accountId, leg, side, posted]),
    [
      [alice.id, 0, 'credit', 100n],
      [bob.id, 1, 'debit', 100n],
    ],
  );
  assert.equal(ledger.account(alice).postedDebits, 100n, 'history is not edited');
  assert.equal(ledger.account(alice).postedCredits, 1_100n);
});

test('a transfer is reversed in parts, never by more than is left', () => {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(pay(alice, bob, 100n));
  assert.equal(ledger.code(reverse(id, { amount: 101n })), 'reversal_exceeds_transfer');
  assert.equal(ledger.code(reverse(id, { amount: 60n })), 'ok');
  assert.equal(ledger.code(reverse(id, { amount: 41n })), 'reversal_exceeds_transfer');
  assert.equal(ledger.code(reverse(id)), 'ok');
  assert.equal(ledger.account(bob).postedDebits, 100n);
  assert.equal(ledger.code(reverse(id)), 'already_reversed');
  assert.equal(ledger.code(reverse(id, { amount: 1n })), 'already_reversed');
});

test('a reversal of nothing is refused', () => {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(pay(alice, bob, 100n));
  assert.equal(ledger.code(reverse(id, { amount: 0n })), 'nothing_to_move');
  assert.equal(ledger.code(reverse(id, { legs: [] })), 'nothing_to_move');
});

test('two reversals of one transfer in one list cannot take back more than was moved', () => {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(pay(alice, bob, 100n));
  const twice = [reverse(id, { amount: 70n }), reverse(id, { amount: 70n }), reverse(id)];
  assert.deepEqual(ledger.codes(twice), ['ok', 'reversal_exceeds_transfer', 'ok']);
  assert.equal(ledger.account(bob).postedDebits, 100n);
});

test('a transfer of several legs is reversed leg by leg, balanced', () => {
  const ledger = example.exampleLedger();
  const legs = [debit(alice, 100n), credit(bob, 90n), credit(fees, 10n)];
  const { id } = ledger.post(transfer(legs));
  const parts = (...amounts: bigint[]): string =>
    ledger.code(reverse(id, { legs: amounts.map((amount, leg) => ({ leg, amount })) }));
  assert.equal(ledger.code(reverse(id, { amount: 5n })), 'legs_required');
  assert.equal(parts(5n, 4n), 'unbalanced');
  assert.equal(parts(5n, 4n, 0n, 1n), 'leg_not_found');
  assert.equal(parts(50n, 50n), 'ok');
  assert.equal(parts(50n, 50n), 'reversal_exceeds_transfer');
  assert.equal(ledger.code(reverse(id)), 'ok');
  assert.equal(ledger.account(fees).postedDebits, 10n);
});

test('a capture can be reversed and its hold stays captured', () => {
  const ledger = example.exampleLedger();
  const held = ledger.post(hold(alice, bob, 100n));
  const captured = ledger.post(capture(held.id, { amount: 40n, final: true }));
  assert.equal(ledger.code(reverse(captured.id, { amount: 41n })), 'reversal_exceeds_transfer');
  assert.equal(ledger.code(reverse(captured.id)), 'ok');
  assert.equal(ledger.books.holds.get(held.id)?.status, 'captured');
  assert.equal(ledger.account(alice).pendingDebits, 0n);
  assert.equal(ledger.account(alice).postedCredits, 1_040n);
});

test('holds, voids and reversals themselves cannot be reversed', () => {
  const ledger = example.exampleLedger();
  const held = ledger.post(hold(alice, bob, 100n));
  assert.equal(ledger.code(reverse(held.id)), 'not_reversible');
  const voided = ledger.post(voidOf(held.id));
  assert.equal(ledger.code(reverse(voided.id)), 'not_reversible');
  const paid = ledger.post(pay(cash, bob, 5n));
  const back = ledger.post(reverse(paid.id));
  assert.equal(ledger.code(reverse(back.id)), 'not_reversible');
});

test('there is nothing to reverse where there is no transfer', () => {
  const ledger = example.exampleLedger();
  assert.equal(ledger.code(reverse(example.transferId(99))), 'transfer_not_found');
});

test('a reversal is refused where the money has gone, and respects the ceiling', () => {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(pay(alice, bob, 100n));
  ledger.post(pay(bob, cash, 60n));
  assert.equal(ledger.code(reverse(id)), 'insufficient_available');
  assert.equal(ledger.code(reverse(id, { amount: 40n })), 'ok');
  ledger.books.accounts.set(alice.id, { ...ledger.account(alice), ceiling: 900n });
  ledger.post(pay(cash, bob, 100n));
  assert.equal(ledger.code(reverse(id)), 'ceiling_exceeded');
});

test('a frozen or closed account refuses the reversal that would touch it on that side', () => {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(pay(alice, bob, 100n));
  const set = (status: 'debits_frozen' | 'credits_frozen' | 'closed'): void => {
    ledger.books.accounts.set(bob.id, { ...ledger.account(bob), status });
  };
  set('debits_frozen');
  assert.equal(ledger.code(reverse(id)), 'account_frozen');
  set('closed');
  assert.equal(ledger.code(reverse(id)), 'account_closed');
  set('credits_frozen');
  assert.equal(ledger.code(reverse(id)), 'ok');
});

test('a transfer of a closed period is reversed in the open one', () => {
  const ledger = example.exampleLedger();
  const effectiveAt = later(-1_000);
  const { id } = ledger.post(pay(alice, bob, 100n, { effectiveAt }));
  const closedBefore = noon;
  assert.equal(ledger.code(reverse(id, { effectiveAt }), { closedBefore }), 'period_closed');
  assert.equal(ledger.post(reverse(id), { closedBefore }).effectiveAt, noon);
});

test('a list of reversals in atomic mode reverses all of them or none', () => {
  const ledger = example.exampleLedger();
  const first = ledger.post(pay(alice, bob, 100n));
  const second = ledger.post(pay(alice, bob, 50n));
  ledger.post(pay(bob, cash, 20n));
  const both = [reverse(first.id), reverse(second.id)];
  const codes = ledger.codes(both, { mode: 'atomic' });
  assert.deepEqual(codes, ['linked_transfer_failed', 'insufficient_available']);
  assert.equal(ledger.account(bob).postedDebits, 20n);
  ledger.post(pay(cash, bob, 20n));
  assert.deepEqual(ledger.codes(both, { mode: 'atomic' }), ['ok', 'ok']);
  assert.deepEqual(ledger.codes(both), ['already_reversed', 'already_reversed']);
});

test('a leg that moved nothing when it was posted has nothing to reverse', () => {
  const ledger = example.exampleLedger();
  const legs = [
    debit(bob, 50n, { upTo: true }),
    debit(alice, 50n, { upTo: true }),
    credit(cash, 'remaining'),
  ];
  const { id, entries } = ledger.post(transfer(legs));
  assert.equal(entries.length, 2);
  assert.equal(ledger.code(reverse(id, { amount: 20n })), 'ok');
});
