import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#config';
import type { AccountId, BatchId, Currency, TransferId } from '#kernel';
import type { ApprovalRule, EdgeRequest } from '#gateway';
import type { BatchItem, TransferBody } from '../request-schemas.ts';
import { movingUses } from './object-uses.ts';
import { transferOf } from '../parse.ts';
import * as rules from './second-person.ts';

const CZK = 'CZK' as Currency;
const acc = 'acc_01980a3e-4c00-7000-8000-00000000000a' as AccountId;
const trf = 'trf_01980a3e-4c00-7000-8000-000000000001' as TransferId;
const bat = 'bat_01980a3e-4c00-7000-8000-000000000001' as BatchId;

type Principal = NonNullable<EdgeRequest['principal']>;
const caller = (kind: Principal['kind']): Principal => ({ kind }) as Principal;
const request = { principal: caller('person'), query: { dry_run: false } };

/** In whole crowns. */
function pay(units: number, more: Partial<TransferBody> = {}): TransferBody {
  const accounts = { debit_account_id: acc, credit_account_id: acc };
  return { ...accounts, amount: `${units}00`, currency: CZK, ...more };
}

/** What a second person would be told; undefined where there is no need of one. */
function told<Request>(rule: ApprovalRule<Request>, asked: Request): string | undefined {
  return rule.when(asked) ? rule.what(asked).summary : undefined;
}

const most = limits.approvalUnitsMin.value;

test('a payment above the limit needs a second person, one at the limit does not', () => {
  assert.equal(told(rules.payment, { ...request, body: pay(most) }), undefined);
  const above = { ...pay(most), amount: `${most}01` };
  assert.equal(told(rules.payment, { ...request, body: above }), `A transfer of ${most}.01 CZK.`);
  const held = { ...request, body: pay(most + 1, { kind: 'hold' }) };
  assert.equal(told(rules.payment, held), `A hold of ${most + 1}.00 CZK.`);
});

test('a payment in many legs is as large as all of them', () => {
  const side = (name: 'debit' | 'credit') => {
    return { account_id: acc, side: name, amount: '60', currency: 'JPY' as Currency };
  };
  const legs = [side('debit'), side('debit'), side('credit'), side('credit')];
  const uses = movingUses(transferOf({ legs }, ''));
  assert.deepEqual(rules.largeAmounts(uses, 119), ['120 JPY']);
  assert.deepEqual(rules.largeAmounts(uses, 120), []);
});

test('an open amount is a large one', () => {
  const legs = [
    { account_id: acc, side: 'debit', remaining: true },
    { account_id: acc, side: 'credit', remaining: true },
  ] as const;
  const body = { legs: [...legs] };
  assert.equal(told(rules.payment, { ...request, body }), 'A transfer of an open amount.');
});

test('whoever has the machine needs nobody, a client does', () => {
  const body = pay(most + 1);
  for (const [kind, isAsked] of [
    ['person', true],
    ['client', true],
    ['local', false],
  ] as const) {
    const asked = { ...request, principal: caller(kind), params: { id: trf }, body };
    assert.equal(rules.payment.when(asked), isAsked, kind);
    assert.equal(rules.reversal.when({ ...asked, body: {} }), isAsked, kind);
    assert.equal(rules.batch.when({ ...asked, body: [body] }), isAsked, kind);
    const close = { ...asked, body: { closed_before: '2026-01-01' } };
    assert.equal(rules.periodClose.when(close), isAsked, kind);
    const account = { ...asked, params: { id: acc }, body: { floor: null } };
    assert.equal(rules.accountLimits.when(account), isAsked, kind);
  }
});

test('a dry run needs nobody', () => {
  const dry = { ...request, query: { dry_run: true } };
  const of = { ...dry, params: { id: trf } };
  assert.equal(rules.payment.when({ ...dry, body: pay(most + 1) }), false);
  assert.equal(rules.batch.when({ ...dry, body: [pay(most + 1)] }), false);
  assert.equal(rules.reversal.when({ ...of, body: {} }), false);
  const by = { amount: `${most + 1}00`, currency: CZK };
  assert.equal(rules.increase.when({ ...of, body: by }), false);
  assert.equal(rules.batchReversal.when({ ...dry, params: { id: bat }, body: {} }), false);
});

test('every reversal needs a second person', () => {
  const one = { ...request, params: { id: trf }, body: { amount: '1', currency: CZK } };
  assert.equal(told(rules.reversal, one), `A reversal of ${trf}.`);
  const whole = { ...request, params: { id: bat }, body: {} };
  assert.equal(told(rules.batchReversal, whole), `A reversal of the whole batch ${bat}.`);
});

test('a hold is increased by much with a second person only', () => {
  const by = (units: number) => {
    const body = { amount: `${units}00`, currency: CZK };
    return told(rules.increase, { ...request, params: { id: trf }, body });
  };
  assert.equal(by(most), undefined);
  assert.equal(by(most + 1), `An increase of ${trf} by ${most + 1}.00 CZK.`);
});

test('a batch needs a second person for what one of its items would need one', () => {
  const of = (...body: BatchItem[]) => told(rules.batch, { ...request, body });
  const captured = { kind: 'capture', hold_id: trf } as const;
  assert.equal(of(pay(most), pay(most), captured, { kind: 'void', hold_id: trf }), undefined);
  assert.equal(
    of(pay(1), { kind: 'reverse', transfer_id: trf }, pay(most + 1)),
    'A batch of 3 with 1 reversals and 1 large payments.',
  );
  const grown = { kind: 'increase', hold_id: trf, amount: `${most}01`, currency: CZK } as const;
  assert.equal(of(grown), 'A batch of 1 with 0 reversals and 1 large payments.');
});

test('limits of an account are changed by two, its name by one', () => {
  const of = (body: object) => told(rules.accountLimits, { ...request, params: { id: acc }, body });
  assert.equal(of({ name: 'x', state: 'frozen', metadata: null }), undefined);
  assert.equal(of({ floor: null }), `${acc} would have another floor.`);
  const both = of({ ceiling: '1', credit_limit: '2' });
  assert.equal(both, `${acc} would have another ceiling, credit_limit.`);
});

test('what is not of the right shape is refused, and no second person is troubled', () => {
  const body = { amount: '1' };
  const asked = { ...request, params: { id: trf }, body };
  assert.throws(() => rules.reversal.when(asked), { param: 'currency' });
  assert.throws(() => rules.increase.when({ ...asked, body: {} }), { param: 'amount' });
  const item = { kind: 'reverse', transfer_id: trf, ...body } as const;
  assert.throws(() => rules.batch.when({ ...request, body: [item] }), { param: '[0].currency' });
});
