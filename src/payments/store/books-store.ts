// Owns the SQL of the books of rails: which ledger account is which.

import { idOf, uuidOf, type AccountId, type Uuid } from '#kernel';
import type { Queryable } from '#platform';

export interface BookRow {
  readonly rail: string;
  readonly currency: string;
  readonly book: string;
  readonly accountId: AccountId;
}

interface Row {
  readonly rail: string;
  readonly currency: string;
  readonly book: string;
  readonly account_id: Uuid;
}

export async function selectRailBooks(
  q: Queryable,
  asked: readonly { readonly rail: string; readonly currency: string }[],
): Promise<BookRow[]> {
  if (asked.length === 0) return [];
  const rows = await q.query<Row>({
    name: 'payments.select_rail_books',
    text: `select b.rail, b.currency, b.book, b.account_id
      from unnest($1::text[], $2::text[]) as asked (rail, currency)
      join payments.rail_books b on b.rail = asked.rail and b.currency = asked.currency
        and b.tenant = platform.tenant()`,
    values: [asked.map(({ rail }) => rail), asked.map(({ currency }) => currency)],
  });
  return rows.map(({ rail, currency, book, account_id: id }) => {
    return { rail, currency, book, accountId: idOf('acc', id) };
  });
}

/** False where another transaction was first. */
export async function insertRailBooks(q: Queryable, rows: readonly BookRow[]): Promise<boolean> {
  const inserted = await q.query({
    name: 'payments.insert_rail_books',
    text: `insert into payments.rail_books (rail, currency, book, account_id)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
      on conflict do nothing returning book`,
    values: [
      rows.map(({ rail }) => rail),
      rows.map(({ currency }) => currency),
      rows.map(({ book }) => book),
      rows.map(({ accountId }) => uuidOf(accountId)),
    ],
  });
  return inserted.length > 0;
}
