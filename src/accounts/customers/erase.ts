// Erases a customer: the key under which everything known of it is sealed, here and in the audit
// log, is destroyed, and so is what it was found by. Ids, states and the history of changes stay.

import { eraseSubject } from '#audit';
import { accept, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { Customer, CustomerId } from './customer.ts';
import { hasOpenAccounts, lockCustomer, type StoredCustomer } from './store/customer-store.ts';
import { deleteLookups } from './store/lookup-store.ts';
import { noteChanges, noteRefusal } from './note-changes.ts';
import { openCustomers } from './read.ts';
import { no, type CustomerRefusal } from './refusals.ts';

export interface EraseCustomer {
  readonly id: CustomerId;
  /** Why. In clear and for ever, so it names the case and not the person. */
  readonly reason: string;
}

/** Erasing once more is no change. */
export async function eraseCustomer(
  tx: Transaction,
  { id, reason }: EraseCustomer,
): Promise<Result<Customer, CustomerRefusal>> {
  const action = 'accounts.customer.erase';
  const before = await lockCustomer(tx, id);
  const refused = await refusalOf(tx, id, before);
  if (refused !== undefined) {
    await noteRefusal(tx, action, { target: id, reason: refused.refusal.code });
    return refused;
  }
  const stored = before as StoredCustomer;
  const { erasedAt } = stored;
  const change = {
    before: stored,
    action,
    details: { reason },
    after: { erasedAt: tx.now },
    event: { type: 'customer.erased', data: {} },
  } as const;
  const [state] = erasedAt === undefined ? await noteChanges(tx, [change]) : [];
  if (erasedAt === undefined) {
    await deleteLookups(tx, id);
    // Nothing can be sealed of it in this transaction any more: that would make another key.
    await eraseSubject(tx, { subject: id, reason });
  }
  const [erased] = await openCustomers(tx, [{ ...stored, ...state }]);
  return accept(erased as Customer);
}

async function refusalOf(tx: Transaction, id: CustomerId, before: StoredCustomer | undefined) {
  if (before === undefined) return no('customer_unknown', `There is no customer ${id}.`);
  if (before.erasedAt !== undefined || !(await hasOpenAccounts(tx, id))) return undefined;
  return no('customer_has_accounts', `Customer ${id} has accounts that are not closed.`);
}
