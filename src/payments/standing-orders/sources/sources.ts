// What standing orders offer so that the audit log can be shown to be complete: every order as its
// latest change left it, every date on which one was due, and what their records must say.

import { canonical, type ReconcileSource, type RowBatch } from '#audit';
import { formatInstant, isId, parseDate } from '#kernel';
import { factsOf } from '../create.ts';
import { occurrenceFacts, targetOf } from '../note.ts';
import { findOccurrences } from '../occurrence-store.ts';
import type { StandingOrderId } from '../standing-order.ts';
import { findOrders, listOrders } from '../store.ts';
import { occurrenceNames, type OccurrenceName } from './sources-store.ts';

const BATCH_ROWS = 2_000;

const orders: ReconcileSource = {
  name: 'standing order',
  retention: 'books',
  actions: ['payments.standing_order.create', 'payments.standing_order.change'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: StandingOrderId | undefined;
    for (;;) {
      const rows = await listOrders(queryable, { after, limit: BATCH_ROWS });
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
      const facts = rows.map((order) => {
        const text = `order ${canonical(factsOf(order))}`;
        return { target: order.id, at: formatInstant(order.changedAt), text };
      });
      yield { rows: rows.length, facts, at: formatInstant(last.createdAt) };
    }
  },
  async existing(queryable, targets) {
    const ids = targets.filter((target): target is StandingOrderId => isId('sto', target));
    return new Set((await findOrders(queryable, ids)).map(({ id }) => id));
  },
  statementOf({ target, before, after = '{}' }) {
    const holds = [{ target, text: `order ${after}` }];
    return before === undefined
      ? { holds }
      : { holds, ends: [{ target, text: `order ${before}` }] };
  },
};

const occurrences: ReconcileSource = {
  name: 'standing order occurrence',
  retention: 'books',
  actions: ['payments.standing_order.due'],
  async *rows(queryable): AsyncGenerator<RowBatch> {
    let after: OccurrenceName | undefined;
    for (;;) {
      const names = await occurrenceNames(queryable, after, BATCH_ROWS);
      after = names.at(-1);
      if (after === undefined) return;
      const rows = await findOccurrences(queryable, names);
      const facts = rows.map((row) => {
        const text = `occurrence ${canonical(occurrenceFacts(row))}`;
        return { target: targetOf(row), at: formatInstant(row.changedAt), text };
      });
      const last = rows.at(-1);
      yield { rows: rows.length, facts, at: last ? formatInstant(last.changedAt) : '' };
    }
  },
  async existing(queryable, targets) {
    const found = await findOccurrences(queryable, targets.flatMap(nameOf));
    return new Set(found.map(targetOf));
  },
  statementOf({ target, before, after = '{}' }) {
    const holds = [{ target, text: `occurrence ${after}` }];
    if (before === undefined) return { holds };
    return { holds, ends: [{ target, text: `occurrence ${before}` }] };
  },
};

function nameOf(target: string): OccurrenceName[] {
  const [orderId = '', date = ''] = target.split(':');
  const dueOn = parseDate(date);
  return isId('sto', orderId) && dueOn !== undefined ? [{ orderId, dueOn }] : [];
}

/** The tables of standing orders, for whoever verifies that the audit log is complete. */
export const standingOrderSources: readonly ReconcileSource[] = [orders, occurrences];
