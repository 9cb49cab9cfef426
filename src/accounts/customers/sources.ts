// What the context offers so that the audit log can be shown to be complete for customers: every
// change that ever was has its record, and the customer's row follows from its changes.

import { canonical, statementOfNew, type Fact, type ReconcileSource, type RowBatch } from '#audit';
import { idOf, isId, UUID_FIRST } from '#kernel';
import type { CustomerId } from './customer.ts';
import {
  changeFacts,
  existingCustomers,
  unfoundedCustomers,
  type ChangeFacts,
} from './store/sources-store.ts';

const BATCH_ROWS = 2_000;

export const customerSource: ReconcileSource = {
  name: 'customer',
  retention: 'aml',
  actions: [
    'accounts.customer.create',
    'accounts.customer.change',
    'accounts.customer.verify',
    'accounts.customer.erase',
    'accounts.consent.give',
    'accounts.consent.withdraw',
  ],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = { id: UUID_FIRST, revision: 0 };
    for (;;) {
      const rows = await changeFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last;
      yield { rows: rows.length, facts: rows.map(factOf), at: last.changed_at };
    }
  },
  async existing(queryable, targets) {
    const ids = targets.filter((target): target is CustomerId => isId('cus', target));
    const existing = await existingCustomers(queryable, ids);
    return new Set(existing.map((id) => idOf('cus', id)));
  },
  statementOf: statementOfNew,
  async unfounded(queryable, countMax) {
    const rows = await unfoundedCustomers(queryable, countMax);
    return rows.map(({ id, expected, found }) => ({ target: idOf('cus', id), expected, found }));
  },
};

// The values themselves are sealed; that they are those of the record is what they commit to.
function factOf({ id, action, details, commitment, changed_at: at }: ChangeFacts): Fact {
  const said = { ...details, commitment: commitment ?? undefined };
  return { target: idOf('cus', id), at, text: `${action} ${canonical(said)}` };
}
