import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as example from './examples.ts';
import {
  alice,
  anAccount,
  bob,
  cash,
  credit,
  debit,
  euros,
  fees,
  pay,
  transfer,
} from './examples.ts';
import type { Leg } from './instruction.ts';

function codeOf(legs: readonly Leg[], accounts = [carol]): string {
  return example.exampleLedger(accounts).code(transfer(legs));
}

/** What each leg moved, in leg order; a leg that moved nothing has no entry. */
function movedBy(legs: readonly Leg[], accounts = [carol]): Record<number, bigint> {
  const { entries } = example.exampleLedger(accounts).post(transfer(legs));
  return Object.fromEntries(entries.map(({ leg, posted }) => [leg, posted]));
}

/** A deposit of 300 that may hold 500 at most. */
const carol = anAccount(20, { floor: 0n, ceiling: 500n, postedCredits: 300n });

test('a transfer needs a debit leg and a credit leg', () => {
  assert.equal(codeOf([debit(cash, 5n), debit(alice, 5n)]), 'too_few_legs');
  assert.equal(codeOf([credit(bob, 5n)]), 'too_few_legs');
  assert.equal(codeOf([]), 'too_few_legs');
  assert.equal(codeOf([debit(cash, 5n), credit(bob, 5n)]), 'ok');
});

test('debits and credits must be equal in each currency', () => {
  assert.equal(codeOf([debit(cash, 5n), credit(bob, 4n)]), 'unbalanced');
  assert.equal(codeOf([debit(cash, 5n), credit(bob, 2n), credit(alice, 3n)]), 'ok');
  const crossed = [debit(cash, 5n), credit(euros, 5n)];
  assert.equal(codeOf(crossed), 'unbalanced', 'five crowns are not five euros');
});

test('a leg on an account that does not exist is refused and named', () => {
  const nobody = { id: example.accountId(99) };
  const { answers } = example.exampleLedger().decide([pay(cash, nobody, 5n)]);
  assert.ok(answers[0]?.ok === false);
  assert.equal(answers[0].refusal.code, 'account_not_found');
  assert.equal(answers[0].refusal.leg, 1);
});

test('a leg that names another currency than its account’s is refused', () => {
  const legs = [debit(cash, 5n, { currency: 'CZK' }), credit(bob, 5n, { currency: 'EUR' })];
  assert.equal(codeOf(legs), 'currency_mismatch');
  assert.equal(codeOf([debit(cash, 5n, { currency: 'CZK' }), credit(bob, 5n)]), 'ok');
});

test('a frozen account refuses the frozen side and takes the other', () => {
  const frozen = (status: 'frozen' | 'debits_frozen' | 'credits_frozen'): [string, string] => {
    const account = anAccount(21, { status });
    const code = (instruction: ReturnType<typeof pay>): string =>
      example.exampleLedger([account]).code(instruction);
    return [code(pay(account, cash, 5n)), code(pay(cash, account, 5n))];
  };
  assert.deepEqual(frozen('frozen'), ['account_frozen', 'account_frozen']);
  assert.deepEqual(frozen('debits_frozen'), ['account_frozen', 'ok']);
  assert.deepEqual(frozen('credits_frozen'), ['ok', 'account_frozen']);
});

test('a closed account refuses both sides, whatever else is wrong with the leg', () => {
  const closed = anAccount(21, { status: 'closed' });
  assert.equal(codeOf([debit(closed, 5n), credit(bob, 5n)], [closed]), 'account_closed');
  assert.equal(codeOf([debit(cash, 5n), credit(closed, 5n)], [closed]), 'account_closed');
  const wrong = credit(closed, 5n, { currency: 'EUR' });
  assert.equal(codeOf([debit(cash, 5n), wrong], [closed]), 'account_closed');
});

test('an up-to leg moves all of its amount where the limits let it', () => {
  const legs = [debit(carol, 200n, { upTo: true }), credit(cash, 'remaining')];
  assert.deepEqual(movedBy(legs), { 0: 200n, 1: 200n });
});

test('an up-to leg moves what is available and no more', () => {
  const legs = [debit(carol, 900n, { upTo: true }), credit(cash, 'remaining')];
  assert.deepEqual(movedBy(legs), { 0: 300n, 1: 300n });
});

test('an up-to leg on the normal side fills the account to its ceiling', () => {
  const legs = [credit(carol, 900n, { upTo: true }), debit(cash, 'remaining')];
  assert.deepEqual(movedBy(legs), { 0: 200n, 1: 200n });
});

test('an up-to leg on an account without a limit on that side moves all of it', () => {
  const legs = [debit(fees, 900n, { upTo: true }), credit(cash, 'remaining')];
  assert.deepEqual(movedBy(legs), { 0: 900n, 1: 900n });
});

test('an up-to leg leaves alone what is held', () => {
  const ledger = example.exampleLedger();
  ledger.post(example.hold(alice, cash, 400n));
  const legs = [debit(alice, 900n, { upTo: true }), credit(cash, 'remaining')];
  assert.equal(ledger.post(transfer(legs)).entries[0]?.posted, 600n);
});

test('up-to legs are filled in leg order until the fixed side is covered', () => {
  const legs = [
    debit(carol, 1_000n, { upTo: true }),
    debit(alice, 1_000n, { upTo: true }),
    debit(fees, 1_000n, { upTo: true }),
    credit(cash, 700n),
  ];
  assert.deepEqual(movedBy(legs), { 0: 300n, 1: 400n, 3: 700n });
});

test('up-to legs that cannot cover the fixed side are refused for want of money', () => {
  const legs = [debit(carol, 1_000n, { upTo: true }), credit(cash, 301n)];
  assert.equal(codeOf(legs), 'insufficient_available');
  const capped = [debit(alice, 100n, { upTo: true }), credit(cash, 101n)];
  assert.equal(codeOf(capped), 'insufficient_available');
});

test('a fixed leg beside an up-to leg of its side counts first', () => {
  const legs = [debit(carol, 1_000n, { upTo: true }), debit(fees, 250n), credit(cash, 300n)];
  assert.deepEqual(movedBy(legs), { 0: 50n, 1: 250n, 2: 300n });
  const over = [debit(carol, 1_000n, { upTo: true }), debit(fees, 350n), credit(cash, 300n)];
  assert.equal(codeOf(over), 'unbalanced');
});

test('the same account in two up-to legs is drawn once', () => {
  const legs = [
    debit(carol, 200n, { upTo: true }),
    debit(carol, 200n, { upTo: true }),
    credit(cash, 'remaining'),
  ];
  assert.deepEqual(movedBy(legs), { 0: 200n, 1: 100n, 2: 300n });
});

test('an up-to leg may find nothing as long as something moves', () => {
  const legs = [
    debit(bob, 50n, { upTo: true }),
    debit(carol, 50n, { upTo: true }),
    credit(cash, 'remaining'),
  ];
  assert.deepEqual(movedBy(legs), { 1: 50n, 2: 50n });
});

test('a transfer of which nothing is left to move is refused', () => {
  const legs = [debit(bob, 50n, { upTo: true }), credit(cash, 'remaining')];
  assert.equal(codeOf(legs), 'nothing_to_move');
});

test('up-to legs on both sides need a leg that takes the remainder', () => {
  const both = [debit(alice, 900n, { upTo: true }), credit(carol, 900n, { upTo: true })];
  assert.equal(codeOf(both), 'unbalanced');
  const remainder = [...both, credit(fees, 'remaining')];
  assert.deepEqual(movedBy(remainder), { 0: 900n, 1: 200n, 2: 700n });
});

test('the remaining leg takes what the others leave, and not nothing', () => {
  assert.deepEqual(movedBy([debit(cash, 100n), credit(bob, 30n), credit(fees, 'remaining')]), {
    0: 100n,
    1: 30n,
    2: 70n,
  });
  const exact = [debit(cash, 100n), credit(bob, 100n), credit(fees, 'remaining')];
  assert.equal(codeOf(exact), 'unbalanced');
  const wrongWay = [debit(cash, 100n), credit(bob, 30n), debit(fees, 'remaining')];
  assert.equal(codeOf(wrongWay), 'unbalanced');
});

test('each currency may have one remaining leg and not two', () => {
  const two = [debit(cash, 100n), credit(bob, 'remaining'), credit(fees, 'remaining')];
  assert.equal(codeOf(two), 'two_remaining_legs');
  const nobody = { id: example.accountId(99) };
  const unknown = [debit(cash, 100n), credit(nobody, 'remaining'), credit(bob, 'remaining')];
  assert.equal(codeOf(unknown), 'account_not_found');
});

test('a hold resolves up-to and remaining legs when it is opened, and keeps to them', () => {
  const ledger = example.exampleLedger([carol]);
  const held = ledger.post({
    kind: 'hold',
    legs: [debit(carol, 900n, { upTo: true }), credit(fees, 'remaining')],
  });
  assert.deepEqual(ledger.books.holds.get(held.id)?.legs, [
    { accountId: carol.id, side: 'debit', held: 300n, captured: 0n },
    { accountId: fees.id, side: 'credit', held: 300n, captured: 0n },
  ]);
  ledger.post(pay(cash, carol, 100n));
  assert.equal(ledger.post(example.capture(held.id)).entries[0]?.posted, 300n);
});

test('a condition is met at exactly its figure and refused one beyond', () => {
  const when = (conditions: Leg['conditions']): string =>
    codeOf([debit(carol, 1n, { conditions }), credit(cash, 1n)]);
  assert.equal(when({ availableAtLeast: 300n }), 'ok');
  assert.equal(when({ availableAtLeast: 301n }), 'condition_available_not_met');
  assert.equal(when({ balanceAtLeast: 300n }), 'ok');
  assert.equal(when({ balanceAtLeast: 301n }), 'condition_balance_not_met');
  assert.equal(when({ version: 0n }), 'ok');
  assert.equal(when({ version: 1n }), 'condition_version_not_met');
  assert.equal(when({ availableAtLeast: 301n, version: 1n }), 'condition_available_not_met');
});

test('conditions look at the account just before the transfer, within the list', () => {
  const ledger = example.exampleLedger();
  const ifVersion = (version: bigint) =>
    transfer([debit(cash, 1n), credit(bob, 1n, { conditions: { version } })]);
  assert.deepEqual(ledger.codes([ifVersion(0n), ifVersion(1n), ifVersion(1n)]), [
    'ok',
    'ok',
    'condition_version_not_met',
  ]);
  const conditions = { availableAtLeast: 2n, balanceAtLeast: 2n };
  const paid = [credit(bob, 1n), debit(bob, 1n, { conditions })];
  assert.equal(ledger.code(transfer(paid)), 'ok', 'its own legs do not count');
});

test('available as a condition takes the holds into account, and the balance does not', () => {
  const ledger = example.exampleLedger();
  ledger.post(example.hold(alice, cash, 400n));
  const when = (conditions: Leg['conditions']): string =>
    ledger.code(transfer([debit(cash, 1n), credit(alice, 1n, { conditions })]));
  assert.equal(when({ availableAtLeast: 601n }), 'condition_available_not_met');
  assert.equal(when({ balanceAtLeast: 1_000n, availableAtLeast: 600n }), 'ok');
});
