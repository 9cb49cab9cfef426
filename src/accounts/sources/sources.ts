// What the context offers so that the audit log can be shown to be complete for bank accounts: each
// account, holder, product and booking has its records, and interest follows from what was accrued.

import {
  canonical,
  statementOfNew,
  type ChangeRecord,
  type Fact,
  type Json,
  type ReconcileSource,
  type RowBatch,
  type Statement,
} from '#audit';
import { isId, uuidOf, type Id, type Uuid, UUID_FIRST } from '#kernel';
import type { Queryable } from '#platform';
import {
  accountFacts,
  bookingFacts,
  existingAccounts,
  existingBookings,
  holderFacts,
  productFacts,
  unfoundedPositions,
  type AccountFacts,
  type BookingFacts,
  type HolderFacts,
  type ProductFacts,
} from './sources-store.ts';

const BATCH_ROWS = 2_000;

const bankAccounts: ReconcileSource = {
  name: 'bank_account',
  retention: 'books',
  actions: ['accounts.account.open', 'accounts.account.change', 'accounts.account.close'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = UUID_FIRST;
    for (;;) {
      const rows = await accountFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      yield { rows: rows.length, facts: rows.flatMap(factsOfAccount), at: last.opened_at };
    }
  },
  existing: (queryable, targets) => existingOf('acc', queryable, { targets, by: existingAccounts }),
  statementOf: statementOfAccount,
};

function factsOfAccount({ id, opened_at: at, changed_at: changedAt, ...row }: AccountFacts) {
  const target = `acc_${id}`;
  return [
    { target, at: changedAt, text: `attributes ${canonical(row)}` },
    { target, at, text: `opened ${at}` },
  ];
}

/** Each change begins where the last ended. */
function statementOfAccount({ action, target, at, ...record }: ChangeRecord): Statement {
  const { before = '{}', after = '{}' } = record;
  const attributes = { target, text: `attributes ${after}` };
  if (action === 'accounts.account.open') {
    return { holds: [attributes, { target, text: `opened ${at}` }] };
  }
  return { holds: [attributes], ends: [{ target, text: `attributes ${before}` }] };
}

const holders: ReconcileSource = {
  name: 'account_holder',
  retention: 'books',
  actions: ['accounts.holder.add', 'accounts.holder.end'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = UUID_FIRST;
    for (;;) {
      const rows = await holderFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      yield { rows: rows.length, facts: rows.flatMap(factsOfHolder), at: last.since };
    }
  },
  existing: (queryable, targets) => existingOf('acc', queryable, { targets, by: existingAccounts }),
  statementOf({ action, target, at, before = '{}', after = '{}' }) {
    const isNew = action === 'accounts.holder.add';
    const text = isNew ? `began ${after} ${at}` : `ended ${before} ${at}`;
    return { holds: [{ target, text }] };
  },
};

function factsOfHolder({ account_id: id, customer, role, ...row }: HolderFacts): Fact[] {
  const target = `acc_${id}`;
  const holder = canonical({ customer: `cus_${customer}`, role });
  const { since, ended_at: endedAt } = row;
  const began = { target, at: since, text: `began ${holder} ${since}` };
  if (endedAt === null) return [began];
  return [began, { target, at: endedAt, text: `ended ${holder} ${endedAt}` }];
}

const products: ReconcileSource = {
  name: 'product',
  retention: 'books',
  actions: ['accounts.product.add'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    const rows = await productFacts(queryable);
    yield {
      rows: rows.length,
      facts: rows.map(factOfProduct),
      at: rows.at(-1)?.created_at ?? '',
    };
  },
  async existing(queryable) {
    return new Set((await productFacts(queryable)).map(({ code }) => code));
  },
  statementOf: statementOfNew,
};

function factOfProduct({ code, created_at: at, ...row }: ProductFacts): Fact {
  const after: Readonly<Record<string, Json>> = { ...row };
  return { target: code, at, text: `accounts.product.add ${canonical(after)}` };
}

const bookings: ReconcileSource = {
  name: 'booking',
  retention: 'books',
  actions: ['accounts.interest.book', 'accounts.fee.charge'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after = { account_id: UUID_FIRST, version: 0n };
    for (;;) {
      const rows = await bookingFacts(queryable, after, BATCH_ROWS);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last;
      yield { rows: rows.length, facts: rows.map(factOfBooking), at: last.booked_at };
    }
  },
  existing: (queryable, targets) => existingOf('trf', queryable, { targets, by: existingBookings }),
  statementOf: statementOfNew,
  async unfounded(queryable, countMax) {
    const rows = await unfoundedPositions(queryable, countMax);
    return rows.map(({ account_id: id, expected, found }) => ({
      target: `acc_${id}`,
      expected,
      found,
    }));
  },
};

function factOfBooking(row: BookingFacts): Fact {
  const { account_id: id, amount, fee, kind, period_end: periodEnd } = row;
  const action = kind === 'fee' ? 'accounts.fee.charge' : 'accounts.interest.book';
  const after = {
    account_id: `acc_${id}`,
    amount,
    fee: fee ?? undefined,
    kind,
    period_end: periodEnd,
  };
  const text = `${action} ${canonical(after)}`;
  return { target: `trf_${row.transfer_id}`, at: row.booked_at, text };
}

interface Question {
  readonly targets: readonly string[];
  readonly by: (queryable: Queryable, ids: readonly Uuid[]) => Promise<readonly Uuid[]>;
}

async function existingOf<Prefix extends string>(
  prefix: Prefix,
  queryable: Queryable,
  { targets, by }: Question,
): Promise<ReadonlySet<string>> {
  const ids = targets.filter((target): target is Id<Prefix> => isId(prefix, target));
  const existing = await by(queryable, ids.map(uuidOf));
  return new Set(existing.map((id) => `${prefix}_${id}`));
}

/** The tables of bank accounts, for whoever verifies that the audit log is complete. */
export const bankAccountSources: readonly ReconcileSource[] = [
  bankAccounts,
  holders,
  products,
  bookings,
];
