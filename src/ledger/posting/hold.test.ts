import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferId } from '#kernel';
import * as example from './examples.ts';
import {
  type ExampleLedger,
  alice,
  anAccount,
  bob,
  capture,
  cash,
  credit,
  debit,
  fees,
  hold,
  increase,
  later,
  noon,
  pay,
  voidOf,
} from './examples.ts';
import type { LegPart } from './instruction.ts';

const deadline = later(1_000_000);

function opened(
  amount = 100n,
  rest: Parameters<typeof hold>[3] = {},
): { ledger: ExampleLedger; id: TransferId } {
  const ledger = example.exampleLedger();
  const { id } = ledger.post(hold(alice, bob, amount, rest));
  return { ledger, id };
}

const parts = (...amounts: bigint[]): LegPart[] => amounts.map((amount, leg) => ({ leg, amount }));

test('a hold reserves without moving: pending on both accounts, posted on neither', () => {
  const { ledger } = opened();
  assert.deepEqual(ledger.account(alice), { ...alice, version: 2n, pendingDebits: 100n });
  assert.deepEqual(ledger.account(bob), { ...bob, version: 1n, pendingCredits: 100n });
});

test('held money cannot be paid out and cannot be held again', () => {
  const { ledger } = opened(900n);
  assert.equal(ledger.code(pay(alice, cash, 101n)), 'insufficient_available');
  assert.equal(ledger.code(hold(alice, cash, 101n)), 'insufficient_available');
  assert.equal(ledger.code(hold(alice, cash, 100n)), 'ok');
});

test('a hold’s deadline lies after the batch’s time', () => {
  const ledger = example.exampleLedger();
  const until = (expiresAt: typeof noon): string =>
    ledger.code(hold(alice, bob, 1n, { expiresAt }));
  assert.equal(until(later(-1)), 'deadline_passed');
  assert.equal(until(noon), 'deadline_passed');
  assert.equal(until(later(1)), 'ok');
});

test('a hold may be dated in a closed period, since it moves nothing', () => {
  const ledger = example.exampleLedger();
  const closedBefore = noon;
  const effectiveAt = later(-1);
  const { id } = ledger.post(hold(alice, bob, 5n, { effectiveAt }), { closedBefore });
  assert.equal(ledger.code(capture(id, { effectiveAt }), { closedBefore }), 'period_closed');
  assert.equal(ledger.code(capture(id), { closedBefore }), 'ok');
});

test('a capture without an amount takes all that is left and ends the hold', () => {
  const { ledger, id } = opened();
  const captured = ledger.post(capture(id));
  assert.equal(captured.kind, 'capture');
  assert.equal(captured.holdId, id);
  assert.deepEqual(
    captured.entries.map(({ posted, pending }) => [posted, pending]),
    [
      [100n, -100n],
      [100n, -100n],
    ],
  );
  assert.equal(ledger.books.holds.get(id)?.status, 'captured');
  assert.equal(ledger.account(alice).pendingDebits, 0n);
  assert.equal(ledger.account(bob).postedCredits, 100n);
});

test('a hold is captured in several parts, and ends with the last unit', () => {
  const { ledger, id } = opened();
  assert.equal(ledger.code(capture(id, { amount: 60n })), 'ok');
  assert.equal(ledger.books.holds.get(id)?.status, 'open');
  assert.equal(ledger.code(capture(id, { amount: 30n })), 'ok');
  assert.equal(ledger.code(capture(id)), 'ok');
  assert.equal(ledger.books.holds.get(id)?.status, 'captured');
  assert.equal(ledger.account(bob).postedCredits, 100n);
});

test('a capture of more than is held is refused, also when it is the sum of parts', () => {
  const { ledger, id } = opened();
  assert.equal(ledger.code(capture(id, { amount: 101n })), 'capture_exceeds_hold');
  assert.equal(ledger.code(capture(id, { amount: 60n })), 'ok');
  assert.equal(ledger.code(capture(id, { amount: 41n })), 'capture_exceeds_hold');
  const twice = [...parts(20n, 20n), ...parts(21n, 21n)];
  assert.equal(ledger.code(capture(id, { legs: twice })), 'capture_exceeds_hold');
  assert.equal(ledger.code(capture(id, { amount: 40n })), 'ok');
});

test('a final capture gives back what it does not take', () => {
  const { ledger, id } = opened();
  const { entries } = ledger.post(capture(id, { amount: 40n, final: true }));
  assert.deepEqual(
    entries.map(({ posted, pending }) => [posted, pending]),
    [
      [40n, -100n],
      [40n, -100n],
    ],
  );
  assert.equal(ledger.books.holds.get(id)?.status, 'captured');
  assert.equal(ledger.account(alice).pendingDebits, 0n);
  assert.equal(ledger.code(capture(id, { amount: 1n })), 'hold_captured');
});

test('a hold of more than two legs is captured leg by leg, balanced', () => {
  const ledger = example.exampleLedger();
  const legs = [debit(alice, 100n), credit(bob, 90n), credit(fees, 10n)];
  const { id } = ledger.post({ kind: 'hold', legs });
  assert.equal(ledger.code(capture(id, { amount: 50n })), 'legs_required');
  assert.equal(ledger.code(capture(id, { legs: parts(50n, 45n) })), 'unbalanced');
  assert.equal(ledger.code(capture(id, { legs: [{ leg: 3, amount: 1n }] })), 'leg_not_found');
  assert.equal(ledger.code(capture(id, { legs: parts(90n, 90n) })), 'ok');
  assert.equal(ledger.code(capture(id)), 'ok');
  assert.equal(ledger.account(fees).postedCredits, 10n);
});

test('an ended hold refuses capture, increase and void, each saying how it ended', () => {
  const { ledger, id } = opened(100n, { expiresAt: deadline });
  const attempts = [capture(id), increase(id, { amount: 1n }), voidOf(id)];
  ledger.post(capture(id));
  assert.deepEqual(ledger.codes(attempts), Array<string>(3).fill('hold_captured'));

  const voided = opened();
  voided.ledger.post(voidOf(voided.id));
  assert.deepEqual(voided.ledger.codes(attempts), Array<string>(3).fill('hold_voided'));

  const expired = opened(100n, { expiresAt: deadline });
  expired.ledger.expire(deadline);
  const after = { time: deadline };
  assert.deepEqual(expired.ledger.codes(attempts, after), Array<string>(3).fill('hold_expired'));

  const none = [capture(example.transferId(99)), voidOf(example.transferId(99))];
  assert.deepEqual(ledger.codes(none), ['hold_not_found', 'hold_not_found']);
});

test('a hold can be captured a microsecond before its deadline, not at it, swept or not', () => {
  const early = opened(100n, { expiresAt: deadline });
  assert.equal(early.ledger.code(capture(early.id), { time: later(-1, deadline) }), 'ok');
  const late = opened(100n, { expiresAt: deadline });
  assert.equal(late.ledger.code(capture(late.id), { time: deadline }), 'hold_expired');
});

test('a void gives back what is left, and keeps what was captured', () => {
  const { ledger, id } = opened();
  ledger.post(capture(id, { amount: 30n }));
  const voided = ledger.post(voidOf(id));
  assert.deepEqual(
    voided.entries.map(({ posted, pending }) => [posted, pending]),
    [
      [0n, -70n],
      [0n, -70n],
    ],
  );
  assert.equal(ledger.account(bob).postedCredits, 30n);
  assert.equal(ledger.account(bob).pendingCredits, 0n);
  assert.equal(ledger.books.holds.get(id)?.status, 'voided');
});

test('an increase holds more within the limits, and may move the deadline either way', () => {
  const { ledger, id } = opened(100n, { expiresAt: deadline });
  assert.equal(ledger.code(increase(id, { amount: 901n })), 'insufficient_available');
  assert.equal(ledger.code(increase(id, { amount: 900n })), 'ok');
  assert.equal(ledger.books.holds.get(id)?.expiresAt, deadline);
  assert.equal(ledger.account(alice).pendingDebits, 1_000n);
  const sooner = opened(100n, { expiresAt: deadline });
  const expiresAt = later(5);
  assert.equal(sooner.ledger.code(increase(sooner.id, { amount: 1n, expiresAt })), 'ok');
  assert.equal(sooner.ledger.books.holds.get(sooner.id)?.expiresAt, expiresAt);
  const past = increase(sooner.id, { amount: 1n, expiresAt: noon });
  assert.equal(sooner.ledger.code(past), 'deadline_passed');
});

test('an increase says by how much, balanced, and on which legs where there are several', () => {
  const { ledger, id } = opened();
  assert.equal(ledger.code(increase(id)), 'legs_required');
  assert.equal(ledger.code(increase(id, { legs: parts(5n, 4n) })), 'unbalanced');
  assert.equal(ledger.code(increase(id, { legs: parts(5n, 5n) })), 'ok');
  assert.equal(ledger.code(capture(id, { amount: 105n })), 'ok');
});

test('a capture or an increase by nothing is refused', () => {
  const { ledger, id } = opened();
  const nothing = [{ amount: 0n }, { legs: [] }, { legs: parts(0n, 0n) }];
  for (const portion of nothing) {
    assert.equal(ledger.code(capture(id, { ...portion, final: true })), 'nothing_to_move');
    assert.equal(ledger.code(increase(id, { ...portion, expiresAt: deadline })), 'nothing_to_move');
  }
});

test('an increase after a partial capture adds to what is left', () => {
  const { ledger, id } = opened();
  ledger.post(capture(id, { amount: 100n - 1n }));
  ledger.post(increase(id, { amount: 50n }));
  assert.equal(ledger.code(capture(id, { amount: 52n })), 'capture_exceeds_hold');
  assert.equal(ledger.code(capture(id, { amount: 51n })), 'ok');
  assert.equal(ledger.books.holds.get(id)?.status, 'captured');
});

test('an expiry gives back what is left at the very deadline, which is its effective time', () => {
  const { ledger, id } = opened(100n, { expiresAt: deadline });
  ledger.post(capture(id, { amount: 30n }));
  const { transfers } = ledger.expire(later(500, deadline));
  assert.equal(transfers.length, 1);
  const [expiry] = transfers;
  assert.equal(expiry?.kind, 'expiry');
  assert.equal(expiry?.holdId, id);
  assert.equal(expiry?.effectiveAt, deadline);
  assert.equal(expiry?.recordedAt, later(500, deadline));
  assert.deepEqual(
    expiry?.entries.map(({ posted, pending }) => [posted, pending]),
    [
      [0n, -70n],
      [0n, -70n],
    ],
  );
  assert.equal(ledger.books.holds.get(id)?.status, 'expired');
});

test('holds expire in the order of their deadlines, each in a transfer of its own', () => {
  const ledger = example.exampleLedger();
  const ids = [3, 1, 2].map((us) => {
    return ledger.post(hold(alice, bob, 10n, { expiresAt: later(us) })).id;
  });
  const { transfers } = ledger.expire(later(2));
  assert.deepEqual(
    transfers.map(({ holdId }) => holdId),
    [ids[1], ids[2]],
  );
  assert.equal(ledger.account(alice).pendingDebits, 10n);
});

test('a capture may pass a floor that was raised since, because the money was held before', () => {
  const { ledger, id } = opened();
  const raised = { ...ledger.account(alice), floor: 2_000n };
  ledger.books.accounts.set(alice.id, raised);
  assert.equal(ledger.code(pay(alice, cash, 1n)), 'insufficient_available');
  assert.equal(ledger.code(capture(id)), 'ok');
});

test('a frozen or closed account refuses capture and increase, and lets a void through', () => {
  for (const [status, code] of [
    ['debits_frozen', 'account_frozen'],
    ['closed', 'account_closed'],
  ] as const) {
    const { ledger, id } = opened();
    ledger.books.accounts.set(alice.id, { ...ledger.account(alice), status });
    assert.equal(ledger.code(capture(id)), code);
    assert.equal(ledger.code(increase(id, { amount: 1n })), code);
    assert.equal(ledger.code(voidOf(id)), 'ok');
  }
});

test('a leg that a capture does not touch may be on a frozen account', () => {
  const carol = anAccount(20, { floor: 0n });
  const ledger = example.exampleLedger([carol]);
  const legs = [debit(alice, 100n), credit(bob, 60n), credit(carol, 40n)];
  const { id } = ledger.post({ kind: 'hold', legs });
  ledger.books.accounts.set(carol.id, { ...ledger.account(carol), status: 'frozen' });
  assert.equal(ledger.code(capture(id, { legs: parts(60n, 60n) })), 'ok');
  assert.equal(ledger.code(capture(id)), 'account_frozen');
});

test('a refused capture leaves the hold as it was', () => {
  const { ledger, id } = opened();
  const before = ledger.books.holds.get(id);
  const { holdsChanged, transfers } = ledger.decide([capture(id, { amount: 101n })]);
  assert.deepEqual([holdsChanged, transfers], [[], []]);
  assert.deepEqual(ledger.books.holds.get(id), before);
});
