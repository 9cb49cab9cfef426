// Owns the standing orders of an imported bank. Its files say whom an order pays and how much, but
// not when: that is read off the transfers that it made. Pure.

import { addDays, datePartsOf, dayInMonth, type AccountId, type Instant } from '#kernel';
import { deriveSchedule, occurrenceAt, type NewStandingOrder, type Schedule } from '#payments';
import { orderPurposes } from '../mapping.ts';
import { CURRENCY, type Order, type Transaction } from '../tables.ts';

export interface PlannedOrder {
  readonly order: Order;
  /** Days of its transfers in the history, in order. */
  readonly paidOn: readonly Instant[];
  /** None where the history has no transfer of it: it began later. */
  readonly schedule: Schedule | undefined;
}

type Payee = readonly [account: number, bank: string, number: string, amount: bigint];

const nameOf = (payee: Payee): string => payee.join(';');

/** What an order and each of its transfers have in common. */
export function nameOfOrder({ account_id, bank_to, account_to, amount }: Order): string {
  return nameOf([account_id, bank_to, account_to, amount]);
}

export function nameOfTransfer({ account_id, bank, account, amount }: Transaction): string {
  return nameOf([account_id, bank, account, amount]);
}

/** Transfers to another bank. */
export function outgoingTransfers(transactions: readonly Transaction[]): Transaction[] {
  return transactions.filter(({ operation }) => operation === 'PREVOD NA UCET');
}

export function planOrders(
  orders: readonly Order[],
  transactions: readonly Transaction[],
): PlannedOrder[] {
  const transfers = Map.groupBy(outgoingTransfers(transactions), nameOfTransfer);
  return orders.map((order) => {
    const made = transfers.get(nameOfOrder(order)) ?? [];
    const paidOn = made.map(({ date }) => date).toSorted((left, right) => left - right);
    return { order, paidOn, schedule: deriveSchedule(paidOn)?.schedule };
  });
}

interface Naming {
  readonly source: string;
  readonly accountId: AccountId;
}

/** The order as it was given. */
export function orderFrom(
  { order }: PlannedOrder,
  schedule: Schedule,
  { source, accountId }: Naming,
): NewStandingOrder {
  return {
    externalId: `${source}:order:${order.order_id}`,
    accountId,
    creditor: { number: order.account_to, agent: order.bank_to },
    // No clearing of the koruna is there; this rail takes account numbers of any kind.
    rail: 'sct_inst',
    currency: CURRENCY,
    amount: { fixed: order.amount },
    purpose: orderPurposes[order.k_symbol],
    schedule,
    retry: { retriesADay: 0, days: 0 },
  };
}

/**
 * From its first date after the history, whose transfers are in the books already. Where no
 * schedule is known it stands on the first of each month, until a person says better.
 */
export function scheduleAfter({ paidOn, schedule }: PlannedOrder, lastDay: Instant): Schedule {
  if (schedule === undefined) return monthlyFrom(dayInMonth(lastDay, 1, 1));
  let index = paidOn.length;
  let next = occurrenceAt(schedule, index);
  while (next !== undefined && next.dueOn <= lastDay) {
    index += 1;
    next = occurrenceAt(schedule, index);
  }
  return { ...schedule, startsOn: next?.dueOn ?? addDays(lastDay, 1) };
}

/** As the first transfer alone would have it. */
export function monthlyFrom(startsOn: Instant): Schedule {
  return {
    frequency: 'monthly',
    day: datePartsOf(startsOn).day,
    startsOn,
    calendar: 'every_day',
    businessDayRule: 'none',
  };
}
