// Owns the SQL of the messages that came over rails, each kept once, and of payments that a rail
// has left without an answer.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { PaymentId, RailName } from '../payment.ts';

export interface RailMessageRow {
  readonly rail: RailName;
  readonly messageId: string;
  readonly kind: string;
  readonly paymentId: PaymentId | undefined;
  readonly outcome: string;
}

/** False where the message had come before. */
export async function insertRailMessage(
  q: Queryable,
  row: RailMessageRow,
  now: Instant,
): Promise<boolean> {
  const inserted = await q.query({
    name: 'payments.insert_rail_message',
    text: `insert into payments.rail_messages
        (rail, message_id, kind, payment_id, outcome, received_at)
      values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning message_id`,
    values: [
      row.rail,
      row.messageId,
      row.kind,
      row.paymentId === undefined ? null : uuidOf(row.paymentId),
      row.outcome,
      formatInstant(now),
    ],
  });
  return inserted.length > 0;
}

/** The message that an incoming payment came in. */
export async function selectOriginalMessages(
  q: Queryable,
  ids: readonly PaymentId[],
): Promise<ReadonlyMap<PaymentId, string>> {
  const rows = await q.query<{ payment_id: Uuid; message_id: string }>({
    name: 'payments.select_original_messages',
    text: `select m.payment_id, m.message_id from payments.rail_messages m
      where m.payment_id = any($1::uuid[]) and m.kind = 'credit_transfer'
      order by m.received_at desc`,
    values: [ids.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('pay', row.payment_id), row.message_id]));
}

export interface Overdue {
  readonly id: PaymentId;
  readonly tenant: string;
  readonly status: 'submitted' | 'unknown';
  readonly changedAt: Instant;
}

/** Payments whose rail is to be asked by now; other processes are at work on what is locked. */
export async function lockOverdue(
  q: Queryable,
  now: Instant,
  countMax: number,
): Promise<Overdue[]> {
  const rows = await q.query<{
    id: Uuid;
    tenant: string;
    status: Overdue['status'];
    changed_at_us: bigint;
  }>({
    name: 'payments.lock_overdue',
    text: `select p.id, p.tenant, p.status,
        (extract(epoch from p.changed_at) * 1000000)::bigint as changed_at_us
      from payments.payments p where p.enquire_at <= $1::timestamptz
      order by p.enquire_at limit $2 for update skip locked`,
    values: [formatInstant(now), countMax],
  });
  return rows.map(({ id, tenant, status, changed_at_us: us }) => {
    return { id: idOf('pay', id), tenant, status, changedAt: Number(us) as Instant };
  });
}

/** When the rails of these are asked next. */
export async function postponeEnquiries(
  q: Queryable,
  next: readonly { readonly id: PaymentId; readonly at: Instant }[],
): Promise<void> {
  if (next.length === 0) return;
  await q.query({
    name: 'payments.postpone_enquiries',
    text: `update payments.payments p set enquire_at = n.at
      from unnest($1::uuid[], $2::timestamptz[]) as n (id, at)
      where p.id = n.id and p.enquire_at is not null`,
    values: [next.map(({ id }) => uuidOf(id)), next.map(({ at }) => formatInstant(at))],
  });
}
