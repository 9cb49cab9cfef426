// Makes changes of customers: the row as it is now, the change in its history, the record in the
// audit log and the event, together. The customers are locked by whoever calls.

import { record, seal, type AuditRecord, type JsonObject } from '#audit';
import { emit, FIRST_TENANT, type NewEvent, type Transaction } from '#platform';
import { accountsActions } from '../audit-actions.ts';
import {
  insertChanges,
  updateCustomers,
  type CustomerState,
  type StoredCustomer,
} from './store/customer-store.ts';

export interface CustomerChange {
  readonly before: StoredCustomer;
  readonly action: keyof typeof accountsActions;
  /** In clear and for ever: states and names of fields, no values of the person. */
  readonly details: JsonObject;
  readonly after?: Partial<Pick<CustomerState, 'verification' | 'erasedAt'>>;
  /** To be sealed with the change. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** Whether these fields are all that is known of the customer from now on. */
  readonly areParticulars?: boolean;
  readonly event: Omit<NewEvent, 'subject'>;
}

/** Answers the states after the changes, in order. */
export async function noteChanges(
  tx: Transaction,
  changes: readonly CustomerChange[],
): Promise<CustomerState[]> {
  if (changes.length === 0) return [];
  const sensitive = changes.map(({ before, fields }) =>
    fields === undefined ? {} : { sensitive: [{ subject: before.id, fields }] },
  );
  const sealed = await seal(tx, sensitive);
  const noted = changes.map((change, index) => {
    const [own] = sealed.get(index) ?? [];
    const { id, revision, tenant } = change.before;
    const named = tenant === FIRST_TENANT ? undefined : tenant;
    const { commitment } = own ?? {};
    const details = { ...change.details, commitment, revision: revision + 1, tenant: named };
    const { name: action } = accountsActions[change.action];
    return { id, tenant, revision: revision + 1, action, details, sealed: own };
  });
  const states = changes.map(stateAfter);
  await insertChanges(tx, noted);
  await updateCustomers(tx, states);
  const records = noted.map(({ id, details }, index): AuditRecord => {
    const action = accountsActions[(changes[index] as CustomerChange).action];
    return { action, target: id, after: details, ...sensitive[index] };
  });
  await record(tx, records);
  const events = changes.map(({ before, event }) => {
    const data = { ...event.data, revision: before.revision + 1 };
    return { ...event, subject: before.id, data };
  });
  await emit(tx, events);
  return states;
}

function stateAfter({ before, after, areParticulars }: CustomerChange): CustomerState {
  const { id, verification, erasedAt, particularsRevision } = before;
  const revision = before.revision + 1;
  const isReplaced = areParticulars === true;
  return {
    id,
    verification: after?.verification ?? verification,
    erasedAt: after?.erasedAt ?? erasedAt,
    revision,
    particularsRevision: isReplaced ? revision : particularsRevision,
  };
}

/** What was refused is recorded too. */
export async function noteRefusal(
  tx: Transaction,
  action: keyof typeof accountsActions,
  { target, reason }: { readonly target: string; readonly reason: string },
): Promise<void> {
  await record(tx, [{ action: accountsActions[action], target, outcome: 'refused', reason }]);
}
