import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as example from './examples.ts';
import { alice, anAccount, bob, cash, credit, debit, noon, pay, transfer } from './examples.ts';

test('an entry carries the four counters and the version of its account after it', () => {
  const ledger = example.exampleLedger();
  const posted = ledger.post(pay(alice, bob, 30n));
  assert.deepEqual(posted.entries, [
    {
      accountId: alice.id,
      leg: 0,
      side: 'debit',
      posted: 30n,
      pending: 0n,
      version: 2n,
      postedDebits: 30n,
      postedCredits: 1_000n,
      pendingDebits: 0n,
      pendingCredits: 0n,
    },
    {
      accountId: bob.id,
      leg: 1,
      side: 'credit',
      posted: 30n,
      pending: 0n,
      version: 1n,
      postedDebits: 0n,
      postedCredits: 30n,
      pendingDebits: 0n,
      pendingCredits: 0n,
    },
  ]);
});

test('an account in several legs gets an entry for each, versions without a gap', () => {
  const ledger = example.exampleLedger();
  const legs = [debit(cash, 50n), credit(bob, 20n), credit(bob, 30n), debit(bob, 5n)];
  const { entries } = ledger.post(transfer([...legs, credit(cash, 5n)]));
  const ofBob = entries.filter(({ accountId }) => accountId === bob.id);
  assert.deepEqual(
    ofBob.map(({ leg, version, postedCredits, postedDebits }) => {
      return [leg, version, postedCredits, postedDebits];
    }),
    [
      [1, 1n, 20n, 0n],
      [2, 2n, 50n, 0n],
      [3, 3n, 50n, 5n],
    ],
  );
  assert.equal(ledger.account(bob).version, 3n);
});

test('limits are checked on the whole transfer, so within it a floor may be passed', () => {
  const ledger = example.exampleLedger();
  const legs = [debit(bob, 500n), credit(cash, 500n), debit(cash, 500n), credit(bob, 500n)];
  assert.equal(ledger.code(transfer(legs)), 'ok');
  const short = [debit(bob, 501n), credit(cash, 501n), debit(cash, 500n), credit(bob, 500n)];
  assert.equal(ledger.code(transfer(short)), 'insufficient_available');
});

test('an account pays down to its floor less its credit limit, not one unit further', () => {
  const carol = anAccount(20, { floor: 100n, creditLimit: 30n, postedCredits: 200n });
  const ledger = example.exampleLedger([carol]);
  assert.equal(ledger.code(pay(carol, bob, 131n)), 'insufficient_available');
  assert.equal(ledger.code(pay(carol, bob, 130n)), 'ok');
  assert.equal(ledger.code(pay(carol, bob, 1n)), 'insufficient_available');
});

test('a refusal for want of money names the account’s first leg and says the figures', () => {
  const ledger = example.exampleLedger();
  const { answers } = ledger.decide([transfer([credit(cash, 1_001n), debit(alice, 1_001n)])]);
  assert.deepEqual(answers[0], {
    ok: false,
    refusal: {
      code: 'insufficient_available',
      message: `account ${alice.id} has 1000 available, 1001 would leave`,
      leg: 1,
    },
  });
});

test('an account with the debit as its normal side is limited on its credits', () => {
  const till = anAccount(20, { normalSide: 'debit', floor: 0n, ceiling: 500n, postedDebits: 100n });
  const ledger = example.exampleLedger([till]);
  assert.equal(ledger.code(pay(bob, till, 101n)), 'insufficient_available');
  assert.equal(ledger.code(pay(till, bob, 401n)), 'ceiling_exceeded');
  assert.equal(ledger.code(pay(till, bob, 400n)), 'ok');
});

test('a payment into an overdrawn account is accepted, though it stays overdrawn', () => {
  const overdrawn = anAccount(20, { floor: 0n, postedDebits: 100n });
  const ledger = example.exampleLedger([overdrawn]);
  assert.equal(ledger.code(pay(cash, overdrawn, 40n)), 'ok');
  assert.equal(ledger.code(pay(overdrawn, cash, 1n)), 'insufficient_available');
  const even = [debit(overdrawn, 10n), credit(overdrawn, 10n)];
  assert.equal(ledger.code(transfer(even)), 'ok', 'nothing leaves, so nothing is refused');
});

test('an account above its ceiling may be paid from, and takes nothing more', () => {
  const full = anAccount(20, { ceiling: 100n, postedCredits: 150n });
  const ledger = example.exampleLedger([full]);
  assert.equal(ledger.code(pay(cash, full, 1n)), 'ceiling_exceeded');
  assert.equal(ledger.code(pay(full, cash, 10n)), 'ok');
  assert.equal(ledger.code(pay(cash, full, 1n)), 'ceiling_exceeded');
});

test('a hold in the account’s favour counts towards its ceiling and is not available', () => {
  const capped = anAccount(20, { floor: 0n, ceiling: 100n });
  const ledger = example.exampleLedger([capped]);
  assert.equal(ledger.code(example.hold(cash, capped, 60n)), 'ok');
  assert.equal(ledger.code(pay(cash, capped, 41n)), 'ceiling_exceeded');
  assert.equal(ledger.code(pay(cash, capped, 40n)), 'ok');
  assert.equal(ledger.code(pay(capped, cash, 41n)), 'insufficient_available');
});

test('a count beyond the database’s range is refused, also with what is held', () => {
  const nearlyFull = anAccount(20, { postedCredits: 2n ** 63n - 11n });
  const ledger = example.exampleLedger([nearlyFull]);
  assert.equal(ledger.code(pay(cash, nearlyFull, 11n)), 'amount_overflow');
  assert.equal(ledger.code(example.hold(cash, nearlyFull, 6n)), 'ok');
  assert.equal(ledger.code(pay(cash, nearlyFull, 5n)), 'amount_overflow');
  assert.equal(ledger.code(pay(cash, nearlyFull, 4n)), 'ok');
});

test('the recorded time is the batch’s, and so is the effective time unless asked for', () => {
  const ledger = example.exampleLedger();
  const plain = ledger.post(pay(cash, bob, 1n), { time: example.later(7) });
  assert.equal(plain.recordedAt, example.later(7));
  assert.equal(plain.effectiveAt, example.later(7));
  const effectiveAt = example.at('1994-03-30T00:00:00Z');
  const dated = ledger.post(pay(cash, bob, 1n, { effectiveAt }));
  assert.equal(dated.recordedAt, noon);
  assert.equal(dated.effectiveAt, effectiveAt);
});

test('an effective time may lie from 1900 to 366 days ahead of the batch', () => {
  const ledger = example.exampleLedger();
  const ahead = 366 * 86_400_000_000;
  const dated = (effectiveAt: typeof noon): string =>
    ledger.code(pay(cash, bob, 1n, { effectiveAt }));
  const first = example.at('1900-01-01T00:00:00Z');
  assert.equal(dated(first), 'ok');
  assert.equal(dated(example.later(-1, first)), 'effective_at_out_of_range');
  assert.equal(dated(example.later(ahead)), 'ok');
  assert.equal(dated(example.later(ahead + 1)), 'effective_at_out_of_range');
});

test('the first instant after a close may be posted to, the last one before may not', () => {
  const ledger = example.exampleLedger();
  const closedBefore = example.at('2026-03-01T00:00:00Z');
  const dated = (effectiveAt: typeof noon): string =>
    ledger.code(pay(cash, bob, 1n, { effectiveAt }), { closedBefore });
  assert.equal(dated(closedBefore), 'ok');
  assert.equal(dated(example.later(-1, closedBefore)), 'period_closed');
});

test('a refused transfer leaves the accounts as they were and makes no record', () => {
  const ledger = example.exampleLedger();
  const legs = [debit(cash, 5_000n), credit(bob, 1_000n), credit(alice, 4_000n)];
  const decision = ledger.decide([transfer([...legs, debit(alice, 9_000n), credit(cash, 9_000n)])]);
  assert.deepEqual(decision.answers.map(example.codeOf), ['insufficient_available']);
  assert.deepEqual(decision.transfers, []);
  assert.deepEqual(decision.accounts, []);
  assert.deepEqual(ledger.account(alice), alice);
  assert.deepEqual(ledger.account(bob), bob);
});
