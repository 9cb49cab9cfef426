import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObjectUse } from '#gateway';
import type { AccountId, Currency, TransferId } from '#kernel';
import { transferOf } from '../parse.ts';
import type { BatchItem, LegBody, TransferBody } from '../request-schemas.ts';
import { batchUses, movingUses, portionUses, voidUse } from './object-uses.ts';

const CZK = 'CZK' as Currency;
const EUR = 'EUR' as Currency;
const a = 'acc_01980a3e-4c00-7000-8000-00000000000a' as AccountId;
const b = 'acc_01980a3e-4c00-7000-8000-00000000000b' as AccountId;
const c = 'acc_01980a3e-4c00-7000-8000-00000000000c' as AccountId;
const one = 'trf_01980a3e-4c00-7000-8000-000000000001' as TransferId;

const names = new Map<string, string>([
  [a, 'a'],
  [b, 'b'],
  [c, 'c'],
  [one, 'one'],
]);

/** Each use in a few letters: "debit a 10 CZK". */
function told(uses: readonly ObjectUse[]): string[] {
  return uses.map(({ act, id, amount, currency }) =>
    [act, names.get(id), amount ?? '?', currency ?? '?'].join(' '),
  );
}

function leg(account: AccountId, side: 'debit' | 'credit', amount: string, more = {}): LegBody {
  return { account_id: account, side, amount, currency: CZK, ...more };
}

const legs = (...given: LegBody[]): string[] => told(movingUses(transferOf({ legs: given }, '')));
const rest = (account: AccountId, side: 'debit' | 'credit', more = {}): LegBody => {
  return { account_id: account, side, remaining: true, ...more };
};

const pair: TransferBody = {
  debit_account_id: a,
  credit_account_id: b,
  amount: '10',
  currency: CZK,
};

test('a payment debits one account and credits the other', () => {
  const uses = movingUses(transferOf(pair, ''));
  assert.deepEqual(told(uses), ['debit a 10 CZK', 'credit b 10 CZK']);
  assert.ok(uses.every(({ kind, transfer }) => kind === 'account' && transfer === undefined));
});

test('a leg up to an amount counts with all of it, and shows how much is on the account', () => {
  const shown = legs(leg(a, 'debit', '10', { up_to: true }), rest(b, 'credit'));
  assert.deepEqual(shown, ['debit a 10 CZK', 'read a ? ?', 'credit b 10 CZK']);
});

test('a leg that takes the remainder counts with the most that can remain', () => {
  const most = ['debit c 12 CZK'];
  const given = [leg(a, 'debit', '3'), leg(b, 'credit', '15', { up_to: true })];
  assert.deepEqual(legs(...given, rest(c, 'debit')).slice(-1), most);
  assert.deepEqual(legs(...given, rest(c, 'debit', { currency: CZK })).slice(-1), most);
  // What may be debited elsewhere, but need not, is no relief.
  const optional = leg(a, 'debit', '3', { up_to: true });
  const all = legs(optional, leg(b, 'credit', '15'), rest(c, 'debit'));
  assert.deepEqual(all.slice(-1), ['debit c 15 CZK']);
  assert.deepEqual(legs(leg(a, 'debit', '9'), leg(b, 'credit', '5'), rest(c, 'debit')).slice(-1), [
    'debit c 0 CZK',
  ]);
});

test('of a remainder whose currency is not said nothing is known where there are several', () => {
  const foreign = [leg(a, 'debit', '9', { currency: EUR }), leg(b, 'credit', '9')];
  assert.deepEqual(legs(...foreign, rest(c, 'debit')).slice(-1), ['debit c ? ?']);
  assert.deepEqual(legs(...foreign, rest(c, 'debit', { currency: EUR })).slice(-1), [
    'debit c 0 EUR',
  ]);
  assert.deepEqual(legs(rest(a, 'debit'), rest(b, 'credit')), ['debit a ? ?', 'credit b ? ?']);
});

test('whoever asks a condition of an account must be allowed to read it', () => {
  const conditions = { available_at_least: '1' };
  assert.deepEqual(legs(leg(a, 'debit', '1'), leg(b, 'credit', '1', { conditions })), [
    'debit a 1 CZK',
    'credit b 1 CZK',
    'read b ? ?',
  ]);
});

test('a portion takes what it says; of parts by leg one half is debits', () => {
  const hold = { kind: 'hold', id: one } as const;
  assert.deepEqual(told(portionUses(hold, {})), ['debit one ? ?']);
  assert.deepEqual(told(portionUses(hold, { amount: '7', currency: CZK })), ['debit one 7 CZK']);
  const part = (number: number, amount: string, currency = CZK) => {
    return { leg: number, amount, currency };
  };
  const parts = [part(0, '4'), part(1, '3'), part(2, '8'), part(3, '2', EUR), part(4, '1', EUR)];
  assert.deepEqual(told(portionUses(hold, { legs: parts })), [
    'debit one 8 CZK',
    'debit one 2 EUR',
  ]);
  assert.deepEqual(told([voidUse({ id: one })]), ['debit one 0 ?']);
});

test('each item of a batch is a transfer of its own', () => {
  const items: BatchItem[] = [
    pair,
    { kind: 'capture', hold_id: one, amount: '5', currency: CZK },
    { kind: 'increase', hold_id: one, amount: '6', currency: CZK },
    { kind: 'void', hold_id: one },
    { kind: 'reverse', transfer_id: one },
  ];
  const uses = batchUses(items);
  assert.deepEqual(
    uses.map(({ transfer, kind }) => `${transfer} ${kind}`),
    ['0 account', '0 account', '1 hold', '2 hold', '3 hold', '4 transfer'],
  );
  assert.deepEqual(told(uses).slice(2), [
    'debit one 5 CZK',
    'debit one 6 CZK',
    'debit one 0 ?',
    'debit one ? ?',
  ]);
});

test('an item of the wrong shape is named by its place', () => {
  assert.throws(() => batchUses([pair, { debit_account_id: a }]), {
    param: '[1].credit_account_id',
  });
});
