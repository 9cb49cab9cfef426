// The SQL that says what the audit records of bank accounts must hold: nothing here is shared with
// what writes records, or reads accounts for anybody else.

import type { Json } from '#audit';
import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';

/** RFC 3339 in UTC with three digits of a second, or six where they say more. */
const instantText = (column: string): string =>
  `regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '000Z$', 'Z')`;

export interface AccountFacts {
  readonly id: Uuid;
  readonly currency: string;
  readonly overdraft: string;
  readonly product: string;
  readonly status: string;
  readonly opened_at: string;
  readonly changed_at: string;
}

/** Accounts after an id, in order. */
export async function accountFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<AccountFacts[]> {
  return await queryable.query<AccountFacts>({
    name: 'accounts.account_facts',
    text: `select b.id, b.currency, b.overdraft::text, b.product, b.status,
        ${instantText('b.opened_at')} as opened_at, ${instantText('b.changed_at')} as changed_at
      from accounts.bank_accounts b where b.id > $1::uuid order by b.id limit $2`,
    values: [after, countMax],
  });
}

export async function existingAccounts(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'accounts.existing_accounts',
    text: 'select b.id from accounts.bank_accounts b where b.id = any($1::uuid[])',
    values: [ids],
  });
  return rows.map(({ id }) => id);
}

export interface HolderFacts {
  readonly id: Uuid;
  readonly account_id: Uuid;
  readonly customer: Uuid;
  readonly role: string;
  readonly since: string;
  readonly ended_at: string | null;
}

/** Holders of any time after an id, in order. */
export async function holderFacts(
  queryable: Queryable,
  after: Uuid,
  countMax: number,
): Promise<HolderFacts[]> {
  return await queryable.query<HolderFacts>({
    name: 'accounts.holder_facts',
    text: `select h.id, h.account_id, h.customer, h.role, ${instantText('h.since')} as since,
        ${instantText('h.ended_at')} as ended_at
      from accounts.holders h where h.id > $1::uuid order by h.id limit $2`,
    values: [after, countMax],
  });
}

export interface ProductFacts {
  readonly code: string;
  readonly version: number;
  readonly effective_from: string;
  readonly kind: string;
  readonly currency: string;
  readonly name: string;
  readonly terms: Json;
  readonly created_at: string;
}

/** There are a few dozen. */
export async function productFacts(queryable: Queryable): Promise<ProductFacts[]> {
  return await queryable.query<ProductFacts>({
    text: `select p.code, p.version, p.effective_from::text, p.kind, p.currency, p.name, p.terms,
        ${instantText('p.created_at')} as created_at
      from accounts.products p order by p.created_at, p.code, p.version`,
  });
}

export interface BookingFacts {
  readonly account_id: Uuid;
  readonly version: bigint;
  readonly transfer_id: Uuid;
  readonly kind: string;
  readonly fee: string | null;
  readonly period_end: string;
  readonly amount: string;
  readonly booked_at: string;
}

/** Bookings after a place, by account and version. */
export async function bookingFacts(
  queryable: Queryable,
  after: { readonly account_id: Uuid; readonly version: bigint },
  countMax: number,
): Promise<BookingFacts[]> {
  return await queryable.query<BookingFacts>({
    name: 'accounts.booking_facts',
    text: `select k.account_id, k.version, k.transfer_id, k.kind, k.fee, k.period_end::text,
        k.amount::text, ${instantText('k.booked_at')} as booked_at
      from accounts.bookings k where (k.account_id, k.version) > ($1::uuid, $2::bigint)
      order by k.account_id, k.version limit $3`,
    values: [after.account_id, after.version, countMax],
  });
}

export async function existingBookings(
  queryable: Queryable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ transfer_id: Uuid }>({
    name: 'accounts.existing_bookings',
    text: `select k.transfer_id from accounts.bookings k where k.transfer_id = any($1::uuid[])`,
    values: [ids],
  });
  return rows.map(({ transfer_id: id }) => id);
}

export interface UnfoundedPosition {
  readonly account_id: Uuid;
  readonly expected: string;
  readonly found: string;
}

/** Positions that are not the sum of what was accrued and booked. */
export async function unfoundedPositions(
  queryable: Queryable,
  countMax: number,
): Promise<UnfoundedPosition[]> {
  return await queryable.query<UnfoundedPosition>({
    text: `with accrued as (
        select a.account_id, sum(a.credit_units) as credit, sum(a.debit_units) as debit,
          count(*) as places
        from accounts.accruals a group by 1
      ),
      booked as (
        select k.account_id,
          coalesce(sum(k.amount) filter (where k.kind = 'interest_credit'), 0) as credit,
          coalesce(sum(k.amount) filter (where k.kind = 'interest_debit'), 0) as debit
        from accounts.bookings k group by 1
      ),
      compared as (
        select p.account_id,
          concat_ws(' ', coalesce(a.credit, 0), coalesce(a.debit, 0), coalesce(a.places, 0),
            coalesce(k.credit, 0), coalesce(k.debit, 0)) as expected,
          concat_ws(' ', p.accrued_credit, p.accrued_debit, p.places, p.booked_credit,
            p.booked_debit) as found
        from accounts.interest_positions p
          left join accrued a on a.account_id = p.account_id
          left join booked k on k.account_id = p.account_id
      )
      select c.account_id, c.expected, c.found from compared c where c.expected <> c.found
      order by c.account_id limit $1`,
    values: [countMax],
  });
}
