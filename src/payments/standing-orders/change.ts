// The verbs that change a standing order: its terms, a pause, its end. What was due in a pause is
// never paid afterwards; each such date is recorded as skipped.

import { record } from '#audit';
import { limits } from '#config';
import { accept, startOfDay, type Instant, type Result } from '#kernel';
import { emit, type Transaction } from '#platform';
import { standingOrderActions } from './audit-actions.ts';
import { factsOf } from './create.ts';
import { dueRecordOf, noteOccurrences, type OccurrenceChange } from './note.ts';
import { no, type StandingOrderRefusal } from './refusals.ts';
import { noTries, type RetryPolicy } from './retry.ts';
import { flawOf, occurrenceAt } from './schedule.ts';
import {
  orderTransitions,
  placeAfter,
  type OrderAmount,
  type OrderStatus,
  type StandingOrder,
  type StandingOrderId,
} from './standing-order.ts';
import { waitingOf } from './occurrence-store.ts';
import { lockOrder, updateOrder } from './store.ts';

type Changed = Result<StandingOrder, StandingOrderRefusal>;

/** What is not named stays as it is; null takes away. */
export interface OrderChange {
  readonly amount?: OrderAmount | undefined;
  readonly remittance?: string | null | undefined;
  readonly endsOn?: Instant | null | undefined;
  readonly occurrenceMax?: number | null | undefined;
  readonly retry?: RetryPolicy | undefined;
}

export async function changeStandingOrder(
  tx: Transaction,
  id: StandingOrderId,
  change: OrderChange,
): Promise<Changed> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { value: before } = locked;
  const schedule = {
    ...before.schedule,
    endsOn: changedTo(before.schedule.endsOn, change.endsOn),
    occurrenceMax: changedTo(before.schedule.occurrenceMax, change.occurrenceMax),
  };
  const flaw = flawOf(schedule);
  if (flaw !== undefined) {
    return no('standing_order_schedule_invalid', 'No date follows from the schedule.', flaw);
  }
  const changed: StandingOrder = {
    ...before,
    amount: change.amount ?? before.amount,
    remittance: changedTo(before.remittance, change.remittance),
    retry: change.retry ?? before.retry,
    schedule,
  };
  // An earlier end can be behind us already.
  const { status, statusReason, next } = placeAfter(changed, before.nextIndex);
  const moved = { status, statusReason, nextDueOn: next?.dueOn, nextPayOn: next?.payOn };
  return accept(await store(tx, before, { ...changed, ...moved }));
}

function changedTo<Value>(before: Value | undefined, change: Value | null | undefined) {
  if (change === undefined) return before;
  return change ?? undefined;
}

export async function suspendStandingOrder(
  tx: Transaction,
  id: StandingOrderId,
  reason: string,
): Promise<Changed> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  if (!mayBecome(locked.value, 'suspended')) {
    return no('standing_order_not_active', `${id} is ${locked.value.status}.`);
  }
  await giveUpWaiting(tx, locked.value, 'suspended');
  const status = { status: 'suspended', statusReason: reason } as const;
  return accept(await store(tx, locked.value, { ...locked.value, ...status }));
}

export async function resumeStandingOrder(tx: Transaction, id: StandingOrderId): Promise<Changed> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { value: before } = locked;
  if (!mayBecome(before, 'active')) {
    return no('standing_order_not_suspended', `${id} is ${before.status}.`);
  }
  const { index, missed } = missedBy(before, startOfDay(tx.now));
  await noteOccurrences(
    tx,
    missed.map(({ dueOn, payOn }): OccurrenceChange => {
      const occurrence = { dueOn, payOn, state: 'skipped', reason: 'suspended' } as const;
      const after = { ...dueRecordOf(tx, before, { ...occurrence, tries: noTries }) };
      return { order: before, before: undefined, after };
    }),
  );
  const active: StandingOrder = { ...before, status: 'active', statusReason: undefined };
  const { next, nextIndex, ...place } = placeAfter(active, index);
  const moved = { ...place, nextIndex, nextDueOn: next?.dueOn, nextPayOn: next?.payOn };
  return accept(await store(tx, before, { ...active, ...moved }));
}

/** What would have been paid before today, and the index of the first that would not. */
function missedBy(order: StandingOrder, today: Instant) {
  const missed: { readonly dueOn: Instant; readonly payOn: Instant }[] = [];
  let index = order.nextIndex;
  for (;;) {
    const occurrence = occurrenceAt(order.schedule, index);
    if (occurrence === undefined || occurrence.payOn >= today) return { index, missed };
    // Of a pause of decades the first dates are enough to tell of it; none is ever paid.
    if (missed.length < limits.standingOrderCatchUpMax.value) missed.push(occurrence);
    index += 1;
  }
}

export async function endStandingOrder(
  tx: Transaction,
  id: StandingOrderId,
  reason: string,
): Promise<Changed> {
  const locked = await lockOpen(tx, id);
  if (!locked.ok) return locked;
  const { value: before } = locked;
  await giveUpWaiting(tx, before, 'ended');
  const ended: StandingOrder = {
    ...before,
    status: 'ended',
    statusReason: reason,
    nextDueOn: undefined,
    nextPayOn: undefined,
  };
  return accept(await store(tx, before, ended));
}

/** What waits for another try has had its last. */
async function giveUpWaiting(tx: Transaction, order: StandingOrder, reason: string): Promise<void> {
  const waiting = await waitingOf(tx, order.id);
  await noteOccurrences(
    tx,
    waiting.map((before): OccurrenceChange => {
      const last = { state: 'failed', reason, retryAt: undefined, changedAt: tx.now } as const;
      return { order, before, after: { ...before, ...last } };
    }),
  );
}

function mayBecome(order: StandingOrder, status: OrderStatus): boolean {
  return orderTransitions[order.status].includes(status);
}

async function lockOpen(tx: Transaction, id: StandingOrderId): Promise<Changed> {
  const order = await lockOrder(tx, id);
  if (order === undefined) return noOrder(id);
  if (order.status === 'ended') return no('standing_order_ended', `${id} has ended.`);
  return accept(order);
}

export function noOrder(id: string) {
  return no('standing_order_unknown', `There is no standing order ${id}.`, 'id');
}

async function store(
  tx: Transaction,
  before: StandingOrder,
  changed: StandingOrder,
): Promise<StandingOrder> {
  const after = { ...changed, revision: before.revision + 1, changedAt: tx.now };
  await updateOrder(tx, after);
  const action = standingOrderActions['payments.standing_order.change'];
  const facts = { before: factsOf(before), after: factsOf(after) };
  await record(tx, [{ action, target: after.id, ...facts }]);
  const type = before.status === after.status ? 'changed' : verbOf[after.status];
  const data = { account_id: after.accountId, revision: after.revision };
  await emit(tx, [{ type: `standing_order.${type}`, subject: after.id, data }]);
  return after;
}

const verbOf: Readonly<Record<OrderStatus, string>> = {
  active: 'resumed',
  suspended: 'suspended',
  ended: 'ended',
};
