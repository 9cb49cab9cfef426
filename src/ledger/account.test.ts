import assert from 'node:assert/strict';
import test from 'node:test';
import type { AccountId, Instant } from '#kernel';
import {
  balancesOf,
  checkLimits,
  differenceOf,
  isEmpty,
  isPath,
  limitsOf,
  noCounters,
  type Account,
} from './account.ts';
import { decide } from './change.ts';

const accountId = 'acc_01900000-0000-7000-8000-000000000000' as AccountId;

function accountWith(part: Partial<Account> = {}): Account {
  const limits = { normalSide: 'credit', floor: 0n, ceiling: null, creditLimit: 0n } as const;
  return {
    ...limits,
    id: accountId,
    externalId: undefined,
    path: 'liabilities:deposits',
    name: '',
    currency: 'CZK',
    state: 'open',
    metadata: undefined,
    openedAt: 1 as Instant,
    changedAt: 1 as Instant,
    tenant: 'main',
    balances: balancesOf(limits, noCounters, 0n),
    ...part,
  };
}

test('the balance is on the normal side; available counts holds, credit and floor', () => {
  const counters = {
    postedDebits: 30n,
    postedCredits: 100n,
    pendingDebits: 20n,
    pendingCredits: 5n,
  };
  const limits = { normalSide: 'credit', floor: 10n, ceiling: null, creditLimit: 7n } as const;
  const { balance, pendingIn, pendingOut, available } = balancesOf(limits, counters, 3n);
  assert.deepEqual([balance, pendingIn, pendingOut, available], [70n, 5n, 20n, 47n]);
  const other = balancesOf({ ...limits, normalSide: 'debit' }, counters, 3n);
  assert.deepEqual([other.balance, other.pendingIn, other.pendingOut], [-70n, 20n, 5n]);
});

test('a path is names of letters, digits and _.- joined by colons', () => {
  for (const path of ['a', 'assets:nostro:czk', 'A-1:b_2:c.3', Array(16).fill('x').join(':')]) {
    assert.ok(isPath(path), path);
  }
  const tooDeep = Array(17).fill('x').join(':');
  for (const path of ['', ':', 'a:', ':a', 'a::b', '-a', 'a b', 'á', 'a;b', tooDeep, 'a\n']) {
    assert.ok(!isPath(path), path);
  }
  assert.ok(isPath('x'.repeat(255)) && !isPath('x'.repeat(256)));
});

test('limits are refused when the account is beyond them', () => {
  const counters = { ...noCounters, postedCredits: 100n, pendingDebits: 30n, pendingCredits: 5n };
  const check = (floor: bigint | null, ceiling: bigint | null, creditLimit = 0n): string => {
    const limits = { normalSide: 'credit', floor, ceiling, creditLimit } as const;
    return checkLimits(limits, counters)?.refusal.code ?? 'fine';
  };
  assert.equal(check(70n, 105n), 'fine');
  assert.equal(check(71n, null), 'account_limit_below_balance');
  assert.equal(check(71n, null, 1n), 'fine');
  assert.equal(check(null, 104n), 'account_limit_below_balance');
  assert.equal(check(10n, 9n), 'account_limits_crossed');
});

test('an account is empty when nothing is on it and nothing is held', () => {
  assert.ok(isEmpty({ ...noCounters, postedDebits: 5n, postedCredits: 5n }));
  assert.ok(!isEmpty({ ...noCounters, postedDebits: 5n }));
  assert.ok(!isEmpty({ ...noCounters, pendingDebits: 1n, pendingCredits: 1n }));
});

test('an account that was changed is compared by what cannot change', () => {
  const asked = { path: 'liabilities:deposits', currency: 'CZK', normalSide: 'credit' } as const;
  const fresh = accountWith({ ...limitsOf(asked), name: 'other' });
  assert.equal(differenceOf(asked, fresh), 'name');
  const changed = { ...fresh, changedAt: 2 as Instant };
  assert.equal(differenceOf(asked, changed), undefined);
  assert.equal(differenceOf({ ...asked, currency: 'EUR' }, changed), 'currency');
});

test('a change that changes nothing gives back the same account, also a closed one', () => {
  for (const state of ['open', 'closed'] as const) {
    const before = accountWith({ state, metadata: { a: '1' } });
    const same = { accountId, state, name: '', floor: 0n, metadata: { a: '1' } };
    const decided = decide(before, same);
    assert.ok(decided.ok && decided.value === before);
  }
});

test('a change derives the balances from the new limits', () => {
  const decided = decide(accountWith(), { accountId, creditLimit: 50n });
  assert.ok(decided.ok);
  assert.equal(decided.value.balances.available, 50n);
});
