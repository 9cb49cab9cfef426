// Owns the SQL of payments and their states. Lists go in by one statement each; a row becomes a
// payment here and nowhere else.

import {
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Id,
  type Instant,
  type TransferId,
  type Uuid,
} from '#kernel';
import { int4Array, int8Array, timestamptzArray, uuidArray, type Queryable } from '#platform';
import type {
  Payment,
  PaymentId,
  PaymentKind,
  PaymentParty,
  PaymentStatus,
  RailName,
} from '../payment.ts';

export interface PaymentRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly kind: PaymentKind;
  readonly status: PaymentStatus;
  readonly version: number;
  readonly reason: string | null;
  readonly rail: RailName | null;
  readonly account_id: Uuid;
  readonly counter_account_id: Uuid | null;
  readonly amount: bigint;
  readonly currency: string;
  readonly party: PaymentParty | null;
  readonly external_id: string | null;
  readonly end_to_end_id: string | null;
  readonly transaction_id: string | null;
  readonly remittance: string | null;
  readonly requested_on: string | null;
  readonly origin: string | null;
  readonly origin_entry: number | null;
  readonly accepted_at_us: bigint;
  readonly changed_at_us: bigint;
}

/** Of payments as p. */
export const paymentColumns = `p.id, p.tenant, p.kind, p.status, p.version, p.reason, p.rail,
  p.account_id, p.counter_account_id, p.amount, p.currency, p.party, p.external_id,
  p.end_to_end_id, p.transaction_id, p.remittance, p.requested_on::text as requested_on, p.origin,
  p.origin_entry, (extract(epoch from p.accepted_at) * 1000000)::bigint as accepted_at_us,
  (extract(epoch from p.changed_at) * 1000000)::bigint as changed_at_us`;

export function paymentOf(row: PaymentRow): Payment {
  const counter = row.counter_account_id;
  return {
    id: idOf('pay', row.id),
    tenant: row.tenant,
    kind: row.kind,
    status: row.status,
    version: row.version,
    reason: row.reason ?? undefined,
    rail: row.rail ?? undefined,
    accountId: idOf('acc', row.account_id),
    counterAccountId: counter === null ? undefined : idOf('acc', counter),
    amount: row.amount,
    currency: row.currency,
    party: row.party ?? undefined,
    externalId: row.external_id ?? undefined,
    endToEndId: row.end_to_end_id ?? undefined,
    transactionId: row.transaction_id ?? undefined,
    remittance: row.remittance ?? undefined,
    requestedOn: row.requested_on ?? undefined,
    origin: row.origin === null ? undefined : (row.origin as Id<string>),
    originEntry: row.origin_entry ?? undefined,
    acceptedAt: Number(row.accepted_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

/** A column that no payment of the list uses is sent as one NULL. */
function texts(items: readonly (string | undefined)[]): (string | null)[] | null {
  if (items.every((item) => item === undefined)) return null;
  return items.map((item) => item ?? null);
}

function uuids(items: readonly (AccountId | undefined)[]): Buffer | null {
  if (items.every((item) => item === undefined)) return null;
  return uuidArray(items.map((item) => item && uuidOf(item)));
}

/** All of one transaction: they were accepted at its time. */
export async function insertPayments(
  q: Queryable,
  payments: readonly Payment[],
  now: Instant,
): Promise<void> {
  if (payments.length === 0) return;
  await q.query({
    name: 'payments.insert_payments',
    text: `insert into payments.payments (tenant, accepted_at, changed_at, id, kind, status,
        reason, rail, account_id, counter_account_id, amount, currency, party, external_id,
        end_to_end_id, transaction_id, remittance, requested_on, origin, origin_entry)
      select (select platform.tenant()), $1::timestamptz, $1::timestamptz, n.id,
        n.kind::payments.payment_kind, n.status::payments.payment_status, n.reason, n.rail,
        n.account_id, n.counter_account_id, n.amount, n.currency, n.party::jsonb, n.external_id,
        n.end_to_end_id, n.transaction_id, n.remittance, n.requested_on::date, n.origin,
        n.origin_entry
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[],
        $8::uuid[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::text[], $17::text[], $18::int[])
        as n (id, kind, status, reason, rail, account_id, counter_account_id, amount, currency,
        party, external_id, end_to_end_id, transaction_id, remittance, requested_on, origin,
        origin_entry)`,
    values: [
      formatInstant(now),
      uuidArray(payments.map(({ id }) => uuidOf(id))),
      payments.map(({ kind }) => kind),
      payments.map(({ status }) => status),
      texts(payments.map(({ reason }) => reason)),
      texts(payments.map(({ rail }) => rail)),
      uuidArray(payments.map(({ accountId }) => uuidOf(accountId))),
      uuids(payments.map(({ counterAccountId }) => counterAccountId)),
      int8Array(payments.map(({ amount }) => amount)),
      payments.map(({ currency }) => currency),
      texts(payments.map(({ party }) => party && JSON.stringify(party))),
      texts(payments.map(({ externalId }) => externalId)),
      texts(payments.map(({ endToEndId }) => endToEndId)),
      texts(payments.map(({ transactionId }) => transactionId)),
      texts(payments.map(({ remittance }) => remittance)),
      texts(payments.map(({ requestedOn }) => requestedOn)),
      texts(payments.map(({ origin }) => origin)),
      int4Array(payments.map(({ originEntry }) => originEntry)),
    ],
  });
}

export interface StoredChange {
  readonly before: Payment;
  readonly after: Payment;
  readonly transferId: TransferId | undefined;
  /** When the rail is asked what became of it; undefined where there is nothing to ask. */
  readonly enquireAt: Instant | undefined;
}

/** Payments must have been locked by `lockPayments`; each at most once. */
export async function updatePayments(
  q: Queryable,
  changes: readonly StoredChange[],
  now: Instant,
): Promise<void> {
  if (changes.length === 0) return;
  await q.query({
    name: 'payments.update_payments',
    text: `with change as (
        select * from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[],
          $8::uuid[], $9::timestamptz[], $10::text[]) as c (id, version, before, status, reason,
          transaction_id, transfer_id, enquire_at, tenant)
      ), changed as (
        update payments.payments p set status = c.status::payments.payment_status,
          version = c.version, reason = c.reason, transaction_id = c.transaction_id,
          changed_at = $1::timestamptz, enquire_at = c.enquire_at
        from change c where p.id = c.id
      )
      insert into payments.changes
        (payment_id, version, tenant, before, status, reason, transfer_id, changed_at)
      select c.id, c.version, c.tenant, c.before::payments.payment_status,
        c.status::payments.payment_status, c.reason, c.transfer_id, $1::timestamptz
      from change c`,
    values: [
      formatInstant(now),
      uuidArray(changes.map(({ after }) => uuidOf(after.id))),
      int4Array(changes.map(({ after }) => after.version)),
      changes.map(({ before }) => before.status),
      changes.map(({ after }) => after.status),
      changes.map(({ after }) => after.reason ?? null),
      changes.map(({ after }) => after.transactionId ?? null),
      uuidArray(changes.map(({ transferId }) => transferId && uuidOf(transferId))),
      timestamptzArray(changes.map(({ enquireAt }) => enquireAt)),
      changes.map(({ after }) => after.tenant),
    ],
  });
}

/** Locked until the transaction ends, in the order of ids; those that exist. */
export async function lockPayments(q: Queryable, ids: readonly PaymentId[]): Promise<Payment[]> {
  if (ids.length === 0) return [];
  const rows = await q.query<PaymentRow>({
    name: 'payments.lock_payments',
    text: `select ${paymentColumns} from payments.payments p where p.id = any($1)
      order by p.id for update`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(paymentOf);
}

export async function selectPayments(q: Queryable, ids: readonly PaymentId[]): Promise<Payment[]> {
  if (ids.length === 0) return [];
  const rows = await q.query<PaymentRow>({
    name: 'payments.select_payments',
    text: `select ${paymentColumns} from payments.payments p where p.id = any($1) order by p.id`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(paymentOf);
}

export async function selectByExternalIds(
  q: Queryable,
  externalIds: readonly string[],
): Promise<Payment[]> {
  if (externalIds.length === 0) return [];
  const rows = await q.query<PaymentRow>({
    name: 'payments.select_by_external_ids',
    text: `select ${paymentColumns} from payments.payments p
      where p.external_id = any($1::text[]) and p.tenant = platform.tenant()`,
    values: [externalIds],
  });
  return rows.map(paymentOf);
}

/** Of any tenant that the transaction sees, newest first. */
export async function selectByTransactionIds(
  q: Queryable,
  rail: RailName,
  transactionIds: readonly string[],
): Promise<Payment[]> {
  if (transactionIds.length === 0) return [];
  const rows = await q.query<PaymentRow>({
    name: 'payments.select_by_transaction_ids',
    text: `select ${paymentColumns} from payments.payments p
      where p.transaction_id = any($1::text[]) and p.rail = $2 order by p.id desc`,
    values: [transactionIds, rail],
  });
  return rows.map(paymentOf);
}

export interface ChangeRow {
  readonly version: number;
  readonly before: PaymentStatus;
  readonly status: PaymentStatus;
  readonly reason: string | null;
  readonly transfer_id: Uuid | null;
  readonly changed_at_us: bigint;
}

/** Its changes after the first state, oldest first. */
export async function selectChanges(q: Queryable, id: PaymentId): Promise<ChangeRow[]> {
  return await q.query<ChangeRow>({
    name: 'payments.select_changes',
    text: `select c.version, c.before, c.status, c.reason, c.transfer_id,
        (extract(epoch from c.changed_at) * 1000000)::bigint as changed_at_us
      from payments.changes c where c.payment_id = $1 order by c.version`,
    values: [uuidOf(id)],
  });
}
