// The SQL of occurrences: one row for each order and date, whatever is run twice.

import { formatDate, formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { OccurrenceRecord, OccurrenceState, StandingOrderId } from './standing-order.ts';
import { dateOf } from './store.ts';

interface OccurrenceRow {
  readonly order_id: Uuid;
  readonly due_on: string;
  readonly pay_on: string;
  readonly state: OccurrenceState;
  readonly reason: string | null;
  readonly amount: bigint | null;
  readonly payment_id: Uuid | null;
  readonly attempts: number;
  readonly attempts_of_day: number;
  readonly days_tried: number;
  readonly retry_at_us: bigint | null;
  readonly first_tried_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `c.order_id, c.due_on::text, c.pay_on::text, c.state, c.reason, c.amount,
  c.payment_id, c.attempts, c.attempts_of_day, c.days_tried,
  (extract(epoch from c.retry_at) * 1000000)::bigint as retry_at_us,
  (extract(epoch from c.first_tried_at) * 1000000)::bigint as first_tried_at_us,
  (extract(epoch from c.changed_at) * 1000000)::bigint as changed_at_us`;

function recordOf(row: OccurrenceRow): OccurrenceRecord {
  return {
    orderId: idOf('sto', row.order_id),
    dueOn: dateOf(row.due_on),
    payOn: dateOf(row.pay_on),
    state: row.state,
    reason: row.reason ?? undefined,
    amount: row.amount ?? undefined,
    paymentId: row.payment_id === null ? undefined : idOf('pay', row.payment_id),
    attempts: row.attempts,
    attemptsOfDay: row.attempts_of_day,
    daysTried: row.days_tried,
    retryAt: row.retry_at_us === null ? undefined : (Number(row.retry_at_us) as Instant),
    firstTriedAt: Number(row.first_tried_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

/** New dates and further tries alike. A date that is final is never written again. */
export async function putOccurrences(
  tx: Transaction,
  records: readonly OccurrenceRecord[],
): Promise<number> {
  const rows = await tx.query({
    name: 'standing_orders.put_occurrences',
    text: `insert into payments.standing_order_occurrences as c
        (order_id, due_on, pay_on, state, reason, amount, payment_id, attempts, attempts_of_day,
          days_tried, retry_at, first_tried_at, changed_at)
      select * from jsonb_to_recordset($1::jsonb) as r (order_id uuid, due_on date, pay_on date,
        state text, reason text, amount bigint, payment_id uuid, attempts integer,
        attempts_of_day smallint, days_tried smallint, retry_at timestamptz,
        first_tried_at timestamptz, changed_at timestamptz)
      on conflict (order_id, due_on) do update set state = excluded.state,
        reason = excluded.reason, amount = excluded.amount, payment_id = excluded.payment_id,
        attempts = excluded.attempts, attempts_of_day = excluded.attempts_of_day,
        days_tried = excluded.days_tried, retry_at = excluded.retry_at,
        changed_at = excluded.changed_at
      where c.state = 'waiting' returning 1`,
    values: [JSON.stringify(records.map(jsonOf))],
  });
  return rows.length;
}

function jsonOf(record: OccurrenceRecord): object {
  const { amount, paymentId, retryAt } = record;
  return {
    order_id: uuidOf(record.orderId),
    due_on: formatDate(record.dueOn),
    pay_on: formatDate(record.payOn),
    state: record.state,
    reason: record.reason,
    amount: amount === undefined ? null : String(amount),
    payment_id: paymentId === undefined ? null : uuidOf(paymentId),
    attempts: record.attempts,
    attempts_of_day: record.attemptsOfDay,
    days_tried: record.daysTried,
    retry_at: retryAt === undefined ? null : formatInstant(retryAt),
    first_tried_at: formatInstant(record.firstTriedAt),
    changed_at: formatInstant(record.changedAt),
  };
}

/** Those to try again by now, which nobody else has. */
export async function lockWaiting(tx: Transaction, countMax: number): Promise<OccurrenceRecord[]> {
  const rows = await tx.query<OccurrenceRow>({
    name: 'standing_orders.lock_waiting',
    text: `select ${columns} from payments.standing_order_occurrences c
      where c.state = 'waiting' and c.retry_at <= $1::timestamptz
      order by c.retry_at, c.order_id limit $2 for update skip locked`,
    values: [formatInstant(tx.now), countMax],
  });
  return rows.map(recordOf);
}

/** Of one order that are to be tried again: for its end. */
export async function waitingOf(
  tx: Transaction,
  orderId: StandingOrderId,
): Promise<OccurrenceRecord[]> {
  const rows = await tx.query<OccurrenceRow>({
    text: `select ${columns} from payments.standing_order_occurrences c
      where c.order_id = $1 and c.state = 'waiting' for update`,
    values: [uuidOf(orderId)],
  });
  return rows.map(recordOf);
}

/** Those named, in the order of their names. */
export async function findOccurrences(
  queryable: Queryable,
  names: readonly { readonly orderId: StandingOrderId; readonly dueOn: Instant }[],
): Promise<OccurrenceRecord[]> {
  const rows = await queryable.query<OccurrenceRow>({
    name: 'standing_orders.find_occurrences',
    text: `select ${columns}
      from unnest($1::uuid[], $2::date[]) as n (order_id, due_on)
        join payments.standing_order_occurrences c using (order_id, due_on)
      order by c.order_id, c.due_on`,
    values: [
      names.map(({ orderId }) => uuidOf(orderId)),
      names.map(({ dueOn }) => formatDate(dueOn)),
    ],
  });
  return rows.map(recordOf);
}

export interface OccurrencePage {
  readonly orderId: StandingOrderId;
  readonly state?: OccurrenceState | undefined;
  readonly before?: Instant | undefined;
  readonly limit: number;
}

/** The latest first. */
export async function listOccurrences(
  queryable: Queryable,
  { orderId, state, before, limit }: OccurrencePage,
): Promise<OccurrenceRecord[]> {
  const rows = await queryable.query<OccurrenceRow>({
    text: `select ${columns} from payments.standing_order_occurrences c
      where c.order_id = $1 and ($2::text is null or c.state = $2)
        and ($3::date is null or c.due_on < $3) order by c.due_on desc limit $4`,
    values: [
      uuidOf(orderId),
      state ?? null,
      before === undefined ? null : formatDate(before),
      limit,
    ],
  });
  return rows.map(recordOf);
}
