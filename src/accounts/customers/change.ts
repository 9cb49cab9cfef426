// Changes what is known of a customer. Whoever was verified and is now called something else has to
// be verified again: a proof of other particulars proves nothing.

import { accept, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { Customer, CustomerId, Particulars } from './customer.ts';
import { lockCustomer, type StoredCustomer } from './store/customer-store.ts';
import { lookupsOf } from './lookup.ts';
import { deleteLookups, insertLookups } from './store/lookup-store.ts';
import { noteChanges, noteRefusal } from './note-changes.ts';
import { changedFields, fieldsOf, misplacedField, provenFields } from './particulars.ts';
import { openCustomers } from './read.ts';
import { no, type CustomerRefusal } from './refusals.ts';
import type { Verification } from './verification.ts';

/** A field that is null is known no more; one that is undefined stays as it is. */
export type ParticularsChange = {
  readonly [Name in Exclude<keyof Particulars, 'name'>]?: Particulars[Name] | null;
} & { readonly name?: string | undefined };

export interface ChangeCustomer {
  readonly id: CustomerId;
  readonly change: ParticularsChange;
  /** The revision that the caller has seen; whatever it is now unless given. */
  readonly revision?: number | undefined;
}

/** The customer after the change; a change that changes nothing is accepted and not counted. */
export async function changeCustomer(
  tx: Transaction,
  asked: ChangeCustomer,
): Promise<Result<Customer, CustomerRefusal>> {
  const stored = await lockCustomer(tx, asked.id);
  const [before] = stored === undefined ? [] : await openCustomers(tx, [stored]);
  const decided = decide(asked, before);
  if (!decided.ok) {
    const { code: reason } = decided.refusal;
    await noteRefusal(tx, 'accounts.customer.change', { target: asked.id, reason });
    return decided;
  }
  const { customer, fields } = decided.value;
  if (fields.length === 0 || stored === undefined) return accept(customer);
  return accept(await apply(tx, stored, { customer, fields }));
}

interface Changed {
  readonly customer: Customer & { readonly particulars: Particulars };
  readonly fields: readonly string[];
}

function decide(
  { id, change, revision }: ChangeCustomer,
  before: Customer | undefined,
): Result<Changed, CustomerRefusal> {
  if (before === undefined) return no('customer_unknown', `There is no customer ${id}.`);
  if (before.particulars === undefined) {
    return no('customer_erased', `Customer ${id} was erased.`);
  }
  if (revision !== undefined && revision !== before.revision) {
    const message = `Customer ${id} has revision ${before.revision} and not ${revision}.`;
    return no('customer_revision_mismatch', message, 'revision');
  }
  const particulars = merge(before.particulars, change);
  const misplaced = misplacedField(before.kind, particulars);
  if (misplaced !== undefined) {
    const message = `A ${before.kind} has no ${misplaced}.`;
    return no('customer_particulars_invalid', message, misplaced);
  }
  const fields = changedFields(fieldsOf(before.particulars), fieldsOf(particulars));
  return accept({ customer: { ...before, particulars }, fields });
}

function merge(before: Particulars, change: ParticularsChange): Particulars {
  return {
    name: change.name ?? before.name,
    email: merged(before.email, change.email),
    phone: merged(before.phone, change.phone),
    birthDate: merged(before.birthDate, change.birthDate),
    taxId: merged(before.taxId, change.taxId),
    registrationNumber: merged(before.registrationNumber, change.registrationNumber),
    address: merged(before.address, change.address),
  };
}

function merged<Value>(before: Value | undefined, change: Value | null | undefined) {
  return change === undefined ? before : (change ?? undefined);
}

const unproven = (tx: Transaction): Verification => {
  return { state: 'pending', method: undefined, by: tx.actor, at: tx.now, expiresAt: undefined };
};

async function apply(
  tx: Transaction,
  before: StoredCustomer,
  { customer, fields }: Changed,
): Promise<Customer> {
  const { id, tenant, particulars } = customer;
  const isUnproven =
    before.verification.state === 'verified' && fields.some((name) => provenFields.has(name));
  const verification = isUnproven ? unproven(tx) : before.verification;
  const details = { fields, verification: isUnproven ? 'pending' : undefined };
  const [state] = await noteChanges(tx, [
    {
      before,
      action: 'accounts.customer.change',
      details,
      after: { verification },
      fields: fieldsOf(particulars),
      areParticulars: true,
      event: { type: 'customer.changed', data: { fields } },
    },
  ]);
  await deleteLookups(tx, id);
  await insertLookups(tx, await lookupsOf(tx, [{ id, tenant, particulars }]));
  const revision = state?.revision ?? before.revision;
  return { ...customer, verification, revision, changedAt: tx.now };
}
