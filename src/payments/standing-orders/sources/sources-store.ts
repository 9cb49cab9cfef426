// The SQL that walks over occurrences for the proof that the audit log is complete.

import { formatDate, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { dateOf } from '../store.ts';
import type { StandingOrderId } from '../standing-order.ts';

/** Names an occurrence. */
export interface OccurrenceName {
  readonly orderId: StandingOrderId;
  readonly dueOn: Instant;
}

/** Names of occurrences after one, in order. */
export async function occurrenceNames(
  queryable: Queryable,
  after: OccurrenceName | undefined,
  countMax: number,
): Promise<OccurrenceName[]> {
  const rows = await queryable.query<{ order_id: Uuid; due_on: string }>({
    name: 'standing_orders.occurrence_names',
    text: `select c.order_id, c.due_on::text from payments.standing_order_occurrences c
      where $1::uuid is null or (c.order_id, c.due_on) > ($1, $2::date)
      order by c.order_id, c.due_on limit $3`,
    values: [
      after === undefined ? null : uuidOf(after.orderId),
      after === undefined ? null : formatDate(after.dueOn),
      countMax,
    ],
  });
  return rows.map((row) => ({ orderId: idOf('sto', row.order_id), dueOn: dateOf(row.due_on) }));
}
