// Decides how far a customer's identity is proven, and ends what was proven for a time only. Who
// decided, when and how stays readable; the reference of the evidence is sealed.

import { accept, formatInstant, type Instant, type Result } from '#kernel';
import type { Database, Transaction, TransactionContext } from '#platform';
import type { Customer, CustomerId } from './customer.ts';
import {
  lockCustomer,
  lockOverdue,
  selectOverdueTenants,
  type StoredCustomer,
} from './store/customer-store.ts';
import { noteChanges, noteRefusal } from './note-changes.ts';
import { openCustomers } from './read.ts';
import { no, type CustomerRefusal } from './refusals.ts';
import {
  verificationAt,
  verificationTransitions,
  type Verification,
  type VerificationState,
} from './verification.ts';

export interface VerifyCustomer {
  readonly id: CustomerId;
  readonly state: Exclude<VerificationState, 'expired'>;
  /** How it was found out: "document", "bank_id". */
  readonly method?: string | undefined;
  /** The number of the document, or of the case at whoever looked: sealed. */
  readonly reference?: string | undefined;
  /** When a verification is to be done again; never unless given. */
  readonly expiresAt?: Instant | undefined;
}

export async function verifyCustomer(
  tx: Transaction,
  asked: VerifyCustomer,
): Promise<Result<Customer, CustomerRefusal>> {
  const before = await lockCustomer(tx, asked.id);
  const decided = decide(tx, asked, before);
  if (!decided.ok) {
    const { code: reason } = decided.refusal;
    await noteRefusal(tx, 'accounts.customer.verify', { target: asked.id, reason });
    return decided;
  }
  const { stored, verification } = decided.value;
  const { reference } = asked;
  const [state] = await noteChanges(tx, [
    {
      before: stored,
      action: 'accounts.customer.verify',
      details: detailsOf(verification),
      after: { verification },
      fields: reference === undefined ? undefined : { verification_reference: reference },
      event: verificationChanged(verification),
    },
  ]);
  const [opened] = await openCustomers(tx, [{ ...stored, ...state, changedAt: tx.now }]);
  return accept(opened as Customer);
}

function decide(
  tx: Transaction,
  { id, state, method, expiresAt }: VerifyCustomer,
  stored: StoredCustomer | undefined,
): Result<{ stored: StoredCustomer; verification: Verification }, CustomerRefusal> {
  if (stored === undefined) return no('customer_unknown', `There is no customer ${id}.`);
  if (stored.erasedAt !== undefined) return no('customer_erased', `Customer ${id} was erased.`);
  const now = verificationAt(stored.verification, tx.now);
  if (!verificationTransitions[now].includes(state)) {
    const message = `A verification that is ${now} cannot become ${state}.`;
    return no('verification_transition_illegal', message, 'state');
  }
  if (expiresAt !== undefined && (state !== 'verified' || expiresAt <= tx.now)) {
    const message = 'Only what is verified ends, and it ends later than now.';
    return no('verification_expiry_invalid', message, 'expires_at');
  }
  const verification = { state, method, by: tx.actor, at: tx.now, expiresAt };
  return accept({ stored, verification });
}

function verificationChanged({ state }: Verification) {
  return { type: 'customer.verification_changed', data: { verification: state } };
}

function detailsOf({ state, method, expiresAt }: Verification) {
  const until = expiresAt === undefined ? undefined : formatInstant(expiresAt);
  return { expires_at: until, method, verification: state };
}

/** Customers of a tenant whose expired verification one run stores at most. */
const EXPIRED_AT_ONCE = 500;

/** Stores what has expired; answers how many. A job: what is left is for its next run. */
export async function expireVerifications(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  let count = 0;
  // In the name of each tenant, whose events and rows these are.
  for (const tenant of await selectOverdueTenants(database, context.now)) {
    count += await database.transaction({ ...context, tenant }, expireSome);
  }
  return count;
}

async function expireSome(tx: Transaction): Promise<number> {
  const overdue = await lockOverdue(tx, EXPIRED_AT_ONCE);
  const changes = overdue.map((before) => {
    const verification = { ...before.verification, state: 'expired' as const };
    return {
      before,
      action: 'accounts.customer.verify' as const,
      details: detailsOf(verification),
      after: { verification },
      event: verificationChanged(verification),
    };
  });
  return (await noteChanges(tx, changes)).length;
}
