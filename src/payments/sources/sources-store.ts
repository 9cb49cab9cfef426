// The SQL that says what the audit records of payments must hold, built from the rows themselves.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';

/** RFC 3339 in UTC with three digits of a second, or six where they say more. */
const instantText = (column: string): string =>
  `regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '000Z$', 'Z')`;

export interface PaymentFacts {
  readonly id: Uuid;
  /** None where it is the first: records name only others. */
  readonly tenant: string | null;
  readonly kind: string;
  readonly rail: string | null;
  readonly account_id: Uuid;
  readonly counter_account_id: Uuid | null;
  readonly amount: string;
  readonly currency: string;
  /** As it began. */
  readonly status: string;
  readonly reason: string | null;
  readonly accepted_at: string;
}

/** Payments after an id, in order, as they began. */
export async function paymentFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<PaymentFacts[]> {
  return await queryable.query<PaymentFacts>({
    name: 'payments.payment_facts',
    text: `select p.id, nullif(p.tenant, 'main') as tenant, p.kind::text, p.rail, p.account_id,
        p.counter_account_id, p.amount::text, p.currency,
        coalesce(c.before, p.status)::text as status,
        case when c.payment_id is null then p.reason end as reason,
        ${instantText('p.accepted_at')} as accepted_at
      from payments.payments p
      left join payments.changes c on c.payment_id = p.id and c.version = 2
      where p.id > $1::uuid order by p.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingPayments(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'payments.existing_payments',
    text: 'select p.id from payments.payments p where p.id = any($1::uuid[])',
    values: [ids],
  });
  return rows.map(({ id }) => id);
}

export interface ChangeFacts {
  readonly payment_id: Uuid;
  readonly version: number;
  readonly before: string;
  readonly status: string;
  readonly reason: string | null;
  readonly transfer_id: Uuid | null;
  readonly changed_at: string;
}

/** Where a walk over changes has come to. */
export type ChangePlace = Pick<ChangeFacts, 'payment_id' | 'version'>;

export async function changeFacts(
  queryable: Queryable,
  after: ChangePlace,
  countMax: number,
): Promise<ChangeFacts[]> {
  return await queryable.query<ChangeFacts>({
    name: 'payments.change_facts',
    text: `select c.payment_id, c.version, c.before::text, c.status::text, c.reason,
        c.transfer_id, ${instantText('c.changed_at')} as changed_at
      from payments.changes c where (c.payment_id, c.version) > ($1::uuid, $2::int)
      order by c.payment_id, c.version limit $3`,
    values: [after.payment_id, after.version, countMax],
  });
}

export interface UnfoundedPayment {
  readonly id: Uuid;
  readonly expected: string;
  readonly found: string;
}

/** Payments whose state is not what their changes make of it. */
export async function unfoundedPayments(
  queryable: Queryable,
  countMax: number,
): Promise<UnfoundedPayment[]> {
  return await queryable.query<UnfoundedPayment>({
    text: `select p.id, last.status || ' ' || last.version as expected,
        p.status || ' ' || p.version as found
      from payments.payments p
      join lateral (
        select c.status, c.version from payments.changes c where c.payment_id = p.id
        order by c.version desc limit 1
      ) last on true
      where last.status <> p.status or last.version <> p.version
      union all
      select p.id, 'a change for each version', p.status || ' ' || p.version
      from payments.payments p
      where p.version > 1 and p.version - 1
        <> (select count(*) from payments.changes c where c.payment_id = p.id)
      limit $1`,
    values: [countMax],
  });
}

export interface BookFacts {
  readonly tenant: string | null;
  readonly rail: string;
  readonly currency: string;
  readonly books: Readonly<Record<string, string>>;
}

export async function bookFacts(queryable: Queryable): Promise<BookFacts[]> {
  return await queryable.query<BookFacts>({
    name: 'payments.book_facts',
    text: `select nullif(b.tenant, 'main') as tenant, b.rail, b.currency,
        jsonb_object_agg(b.book, 'acc_' || b.account_id) as books
      from payments.rail_books b group by b.tenant, b.rail, b.currency
      order by 1, 2, 3`,
  });
}
