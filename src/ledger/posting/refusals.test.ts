import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postRefusals, type PostRefusalCode } from '../refusals.ts';
import * as example from './examples.ts';
import {
  type ExampleOptions,
  alice,
  anAccount,
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
  transferId,
  voidOf,
} from './examples.ts';
import type { Exchange, Instruction, Leg, LegConditions } from './instruction.ts';

/** A list whose last instruction but those in `after` is refused. */
interface Provocation {
  readonly list: readonly Instruction[];
  /** Where in the list the refusal stands; the last by default. */
  readonly index?: number;
  readonly options?: ExampleOptions;
}

const only = (instruction: Instruction, options: ExampleOptions = {}): Provocation => {
  return { list: [instruction], options };
};
const ofLegs = (...legs: Leg[]): Provocation => only(transfer(legs));
const unknown = { id: example.accountId(99) };
const exchanging = (exchange: Exchange | undefined): Provocation => {
  const legs = [debit(cash, 100n), credit(bob, 100n), debit(euros, 4n), credit(euroDeposit, 4n)];
  return only(transfer(legs, { exchange }));
};
const inCondition = (conditions: LegConditions): Provocation =>
  ofLegs(debit(alice, 1n, { conditions }), credit(bob, 1n));
/** Two instructions under one external id. */
const reused = (first: Instruction, second: Partial<Instruction>): Provocation => {
  const named = { ...first, externalId: 'known' };
  return { list: [named, { ...named, ...second } as Instruction] };
};

const closed = anAccount(20, { status: 'closed' });
const frozen = anAccount(21, { status: 'frozen' });
const capped = anAccount(22, { ceiling: 10n });
const nearlyFull = anAccount(23, { postedCredits: 2n ** 63n - 2n });
const accounts = [closed, frozen, capped, nearlyFull];
const [first, second] = [transferId(1), transferId(2)];
const held = hold(alice, bob, 50n);
const paid = pay(alice, bob, 50n);

const provocations: Record<PostRefusalCode, Provocation> = {
  account_not_found: only(pay(cash, unknown, 1n)),
  account_closed: only(pay(cash, closed, 1n)),
  account_frozen: only(pay(cash, frozen, 1n)),
  currency_mismatch: ofLegs(debit(cash, 1n, { currency: 'EUR' }), credit(bob, 1n)),
  unbalanced: ofLegs(debit(cash, 2n), credit(bob, 1n)),
  too_few_legs: ofLegs(debit(cash, 1n)),
  two_remaining_legs: ofLegs(debit(cash, 1n), credit(bob, 'remaining'), credit(fees, 'remaining')),
  insufficient_available: only(pay(bob, cash, 1n)),
  ceiling_exceeded: only(pay(cash, capped, 11n)),
  amount_overflow: only(pay(cash, nearlyFull, 2n)),
  nothing_to_move: ofLegs(debit(bob, 1n, { upTo: true }), credit(cash, 'remaining')),
  condition_available_not_met: inCondition({ availableAtLeast: 1_001n }),
  condition_balance_not_met: inCondition({ balanceAtLeast: 1_001n }),
  condition_version_not_met: inCondition({ version: 2n }),
  exchange_required: exchanging(undefined),
  exchange_currencies_mismatch: exchanging({ from: 'USD', to: 'CZK', rate: '25' }),
  exchange_rate_mismatch: exchanging({ from: 'EUR', to: 'CZK', rate: '26' }),
  effective_at_out_of_range: only({ ...paid, effectiveAt: example.at('1899-12-31T00:00:00Z') }),
  period_closed: only({ ...paid, effectiveAt: later(-1) }, { closedBefore: noon }),
  deadline_passed: only({ ...held, expiresAt: noon }),
  hold_not_found: only(capture(transferId(99))),
  hold_expired: only(capture(first), { time: later(10) }),
  hold_captured: { list: [held, capture(first), voidOf(first)] },
  hold_voided: { list: [held, voidOf(first), capture(first)] },
  capture_exceeds_hold: { list: [held, capture(first, { amount: 51n })] },
  legs_required: { list: [held, increase(first)] },
  leg_not_found: { list: [held, capture(first, { legs: [{ leg: 2, amount: 1n }] })] },
  transfer_not_found: only(reverse(transferId(99))),
  not_reversible: only(reverse(first)),
  already_reversed: { list: [reverse(second), reverse(second)] },
  reversal_exceeds_transfer: only(reverse(second, { amount: 51n })),
  exists_with_different_kind: reused(paid, { kind: 'hold' }),
  exists_with_different_hold: reused(capture(first, { amount: 1n }), { holdId: second }),
  exists_with_different_transfer: reused(reverse(second, { amount: 1n }), { transferId: first }),
  exists_with_different_legs: reused(paid, { legs: [credit(alice, 50n), debit(bob, 50n)] }),
  exists_with_different_account: reused(paid, { legs: pay(alice, fees, 50n).legs }),
  exists_with_different_amount: reused(paid, { legs: pay(alice, bob, 51n).legs }),
  exists_with_different_effective_at: reused(paid, { effectiveAt: later(-1) }),
  exists_with_different_deadline: reused(held, { expiresAt: later(1) }),
  exists_with_different_exchange: reused(paid, {
    exchange: { from: 'EUR', to: 'CZK', rate: '25' },
  }),
  exists_with_different_description: reused(paid, { description: 'rent' }),
  exists_with_different_metadata: reused(paid, { metadata: { a: '1' } }),
  exists_with_different_content: reused(capture(first, { amount: 1n }), { final: true }),
  linked_transfer_failed: {
    list: [{ ...paid, linked: true }, pay(bob, cash, 1_000n)],
    index: 0,
  },
  linked_chain_open: only({ ...paid, linked: true }),
  not_attempted: { list: [pay(bob, cash, 1_000n), paid], options: { mode: 'stop' } },
};

/** The lists that need a hold find it as the first transfer, those that reverse find the second. */
const needsHistory = new Set<string>([
  'hold_expired',
  'not_reversible',
  'already_reversed',
  'reversal_exceeds_transfer',
  'exists_with_different_hold',
  'exists_with_different_transfer',
  'exists_with_different_content',
]);

for (const [code, { list, index, options }] of Object.entries(provocations)) {
  test(`an instruction is refused as ${code} and leaves nothing behind`, () => {
    const ledger = exampleLedger(accounts);
    if (needsHistory.has(code)) {
      ledger.post({ ...held, expiresAt: later(10) });
      ledger.post(paid);
    }
    const at = index ?? list.length - 1;
    if (index === undefined) {
      const before = ledger.codes(list.slice(0, at), options);
      const isRefusedBefore = code === 'not_attempted';
      assert.ok(isRefusedBefore || before.every((answer) => answer === 'ok'), String(before));
    }
    const asked = code === 'not_attempted' || index !== undefined ? list : list.slice(at);
    const books = structuredClone(ledger.books.accounts);
    const decision = ledger.decide(asked, options);
    const answer = decision.answers[index ?? asked.length - 1];
    assert.ok(answer?.ok === false, 'it was accepted');
    assert.equal(answer.refusal.code, code);
    assert.match(answer.refusal.message, /^\S.*\S$/);
    assert.deepEqual(decision.transfers, []);
    assert.deepEqual(ledger.books.accounts, books);
  });
}

test('every refusal has a status of a client’s mistake and a title', () => {
  for (const [code, { status, title }] of Object.entries(postRefusals)) {
    assert.ok(status === 422 || status === 409, code);
    assert.match(title, /^[A-Z].*[^.]$/, code);
  }
});
