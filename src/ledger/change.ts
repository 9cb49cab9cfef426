// Changes an account: its name, metadata, limits and state. It takes the lock that postings take,
// so that no transfer is ever decided on limits that were changed under it. Closed is the end.

import { record } from '#audit';
import { accept, type Instant, type Result } from '#kernel';
import type { Transaction } from '#platform';
import {
  balancesOf,
  checkLimits,
  isEmpty,
  isSameMetadata,
  no,
  type Account,
  type AccountRefusal,
  type ChangeAccount,
} from './account.ts';
import { changeOf, refusalOf } from './audit.ts';
import { lockAccount, updateAccount } from './store/account-store.ts';

/** The account after the change; a change that changes nothing is accepted and not counted. */
export async function changeAccount(
  tx: Transaction,
  change: ChangeAccount,
): Promise<Result<Account, AccountRefusal>> {
  const { accountId } = change;
  const before = await lockAccount(tx, accountId);
  const decided =
    before === undefined
      ? no('account_unknown', `there is no account ${accountId}`)
      : decide(before, change);
  if (!decided.ok) {
    await record(tx, [refusalOf('ledger.account.change', decided, accountId)]);
    return decided;
  }
  if (before === undefined || decided.value === before) return decided;
  const after = { ...decided.value, changedAt: laterOf(tx.now, before) };
  await updateAccount(tx, after);
  await record(tx, [changeOf(before, after)]);
  return accept(after);
}

// Always after the opening, whatever the clocks of two processes say: an account whose two times
// are equal has never been changed.
function laterOf(now: Instant, { openedAt }: Account): Instant {
  return now > openedAt ? now : ((openedAt + 1) as Instant);
}

/** The account as the change makes it, the same object when nothing differs, or the refusal. */
export function decide(before: Account, change: ChangeAccount): Result<Account, AccountRefusal> {
  const limits = {
    normalSide: before.normalSide,
    floor: change.floor === undefined ? before.floor : change.floor,
    ceiling: change.ceiling === undefined ? before.ceiling : change.ceiling,
    creditLimit: change.creditLimit ?? before.creditLimit,
  };
  const metadata = change.metadata === undefined ? before.metadata : (change.metadata ?? undefined);
  const after = {
    ...before,
    ...limits,
    metadata,
    name: change.name ?? before.name,
    state: change.state ?? before.state,
    balances: balancesOf(limits, before.balances, before.balances.version),
  };
  const areLimitsSame =
    limits.floor === before.floor &&
    limits.ceiling === before.ceiling &&
    limits.creditLimit === before.creditLimit;
  const isSame =
    areLimitsSame &&
    after.name === before.name &&
    after.state === before.state &&
    isSameMetadata(metadata, before.metadata);
  if (isSame) return accept(before);
  if (before.state === 'closed') {
    return no('account_closed_for_good', `account ${before.id} is closed`);
  }
  const fault = areLimitsSame ? undefined : checkLimits(limits, before.balances);
  if (fault !== undefined) return fault;
  if (after.state === 'closed' && !isEmpty(before.balances)) {
    const message = `account ${before.id} has a balance or open holds`;
    return no('account_not_empty', message, 'state');
  }
  return accept(after);
}
