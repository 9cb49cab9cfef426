// What the core of payments offers so that the audit log can be shown to be complete: every payment
// as it began, every change of its state, and the books of rails.

import {
  canonical,
  statementOfNew,
  type ChangeRecord,
  type Fact,
  type ReconcileSource,
  type RowBatch,
  type Statement,
} from '#audit';
import { isId, uuidOf, type Id, UUID_FIRST } from '#kernel';
import type { Queryable } from '#platform';
import type { paymentActions } from '../audit-actions.ts';
import {
  bookFacts,
  changeFacts,
  existingPayments,
  paymentFacts,
  unfoundedPayments,
  type BookFacts,
  type ChangeFacts,
  type ChangePlace,
  type PaymentFacts,
} from './sources-store.ts';

const BATCH_ROWS = 2_000;

type ActionName = keyof typeof paymentActions;
const MAKE: ActionName = 'payments.payment.make';
const CHANGE: ActionName = 'payments.payment.change';
const OPEN: ActionName = 'payments.books.open';

const payments: ReconcileSource = {
  name: 'payment',
  retention: 'books',
  actions: [MAKE],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = UUID_FIRST;
    for (;;) {
      const rows = await paymentFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      yield { rows: rows.length, facts: rows.map(factOfPayment), at: last.accepted_at };
    }
  },
  existing: existingOf,
  statementOf: statementOfNew,
  async unfounded(queryable, countMax) {
    const rows = await unfoundedPayments(queryable, countMax);
    return rows.map(({ id, expected, found }) => ({ target: `pay_${id}`, expected, found }));
  },
};

function factOfPayment(row: PaymentFacts): Fact {
  const { id, counter_account_id: counter } = row;
  const facts = {
    account_id: `acc_${row.account_id}`,
    amount: row.amount,
    counter_account_id: counter === null ? undefined : `acc_${counter}`,
    currency: row.currency,
    kind: row.kind,
    rail: row.rail ?? undefined,
    reason: row.reason ?? undefined,
    status: row.status,
    tenant: row.tenant ?? undefined,
  };
  return { target: `pay_${id}`, at: row.accepted_at, text: `${MAKE} ${canonical(facts)}` };
}

const changes: ReconcileSource = {
  name: 'payment change',
  retention: 'books',
  actions: [CHANGE],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: ChangePlace = { payment_id: UUID_FIRST, version: 0 };
    for (;;) {
      const rows = await changeFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last;
      yield { rows: rows.length, facts: rows.map(factOfChange), at: last.changed_at };
    }
  },
  existing: existingOf,
  statementOf: statementOfChange,
};

function factOfChange(row: ChangeFacts): Fact {
  const { payment_id: id, transfer_id: transfer } = row;
  const before = canonical({ status: row.before, version: row.version - 1 });
  const after = canonical({
    reason: row.reason ?? undefined,
    status: row.status,
    transfer_id: transfer === null ? undefined : `trf_${transfer}`,
    version: row.version,
  });
  return { target: `pay_${id}`, at: row.changed_at, text: `${CHANGE} ${before} ${after}` };
}

function statementOfChange({ target, before = '{}', after = '{}' }: ChangeRecord): Statement {
  return { holds: [{ target, text: `${CHANGE} ${before} ${after}` }] };
}

const books: ReconcileSource = {
  name: 'rail books',
  retention: 'books',
  actions: [OPEN],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    const rows = await bookFacts(queryable);
    const facts = rows.map((row): Fact => {
      return { target: targetOfBooks(row), text: `${OPEN} ${canonical(row.books)}` };
    });
    yield { rows: rows.length, facts, at: '' };
  },
  async existing(queryable) {
    return new Set((await bookFacts(queryable)).map(targetOfBooks));
  },
  statementOf: statementOfNew,
};

function targetOfBooks({ tenant, rail, currency }: BookFacts): string {
  const name = `rail:${rail}:${currency}`;
  return tenant === null ? name : `${tenant}:${name}`;
}

async function existingOf(
  queryable: Queryable,
  targets: readonly string[],
): Promise<ReadonlySet<string>> {
  const ids = targets.filter((target): target is Id<'pay'> => isId('pay', target));
  const existing = await existingPayments(queryable, ids.map(uuidOf));
  return new Set(existing.map((id) => `pay_${id}`));
}

/** The tables of payments, for whoever verifies that the audit log is complete. */
export const paymentSources: readonly ReconcileSource[] = [payments, changes, books];
