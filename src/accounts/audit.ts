// What the verbs of bank accounts say to the audit log, in the transaction of what they do. Ids,
// amounts and states are in clear; a number of an account is personal and stays out of it.

import type { AuditRecord } from '#audit';
import type { AccountId, Refused } from '#kernel';
import type { BankAccount, Holder } from './account.ts';
import { accountsActions } from './audit-actions.ts';
import type { BankAccountRefusal } from './refusals.ts';

type Facts = { readonly [name: string]: string | null };

/** An account as records and events have it. */
export function factsOf(account: BankAccount): Facts {
  const { currency, overdraft, product, status } = account;
  return { currency, overdraft: String(overdraft), product, status };
}

export function openingOf(account: BankAccount): AuditRecord {
  const action = accountsActions['accounts.account.open'];
  return { action, target: account.id, after: factsOf(account) };
}

export function changeOf(before: BankAccount, after: BankAccount): AuditRecord {
  const isClosing = after.status === 'closed';
  const name = isClosing ? 'accounts.account.close' : 'accounts.account.change';
  return {
    action: accountsActions[name],
    target: after.id,
    before: factsOf(before),
    after: factsOf(after),
  };
}

export function holderAdded(account: AccountId, { customer, role }: Holder): AuditRecord {
  const action = accountsActions['accounts.holder.add'];
  return { action, target: account, after: { customer, role } };
}

export function holderEnded(account: AccountId, { customer, role }: Holder): AuditRecord {
  const action = accountsActions['accounts.holder.end'];
  return { action, target: account, before: { customer, role } };
}

export function refusalOf(
  action: 'accounts.account.open' | 'accounts.account.change' | 'accounts.account.close',
  { refusal }: Refused<BankAccountRefusal>,
  target: string = 'accounts',
): AuditRecord {
  return { action: accountsActions[action], target, outcome: 'refused', reason: refusal.code };
}
