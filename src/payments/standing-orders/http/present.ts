// Owns how standing orders and their occurrences are read from requests and shown in answers.

import { assert, datePartsOf, formatDate, formatInstant, parseDate, type Instant } from '#kernel';
import type { OrderChange } from '../change.ts';
import type { RetryPolicy } from '../retry.ts';
import type { Frequency } from '../schedule.ts';
import type {
  Creditor,
  NewStandingOrder,
  OccurrenceRecord,
  OrderAmount,
  StandingOrder,
} from '../standing-order.ts';
import type { ChangeBody, CreateBody } from './standing-order-schemas.ts';

export function orderOf(body: CreateBody): NewStandingOrder {
  const { schedule, retry } = body;
  const startsOn = dateOf(schedule.starts_on);
  return {
    externalId: body.external_id,
    accountId: body.account_id,
    creditor: creditorOf(body.creditor),
    rail: body.rail,
    currency: body.currency,
    amount: amountOf(body.amount),
    remittance: body.remittance,
    purpose: body.purpose,
    schedule: {
      frequency: schedule.frequency,
      day: schedule.day ?? dayOf(schedule.frequency, startsOn),
      startsOn,
      endsOn: schedule.ends_on === undefined ? undefined : dateOf(schedule.ends_on),
      occurrenceMax: schedule.occurrence_max,
      calendar: schedule.calendar ?? 'every_day',
      businessDayRule: schedule.business_day_rule ?? 'following',
    },
    retry: retry === undefined ? { retriesADay: 0, days: 0 } : retryOf(retry),
  };
}

/** Unless another is given, the day of the month that the order begins on. */
function dayOf(frequency: Frequency, startsOn: Instant): number | undefined {
  const isOfMonths = frequency !== 'daily' && frequency !== 'weekly';
  return isOfMonths ? datePartsOf(startsOn).day : undefined;
}

export function changeOf(body: ChangeBody): OrderChange {
  const { ends_on: endsOn } = body;
  return {
    amount: body.amount && amountOf(body.amount),
    remittance: body.remittance,
    endsOn: typeof endsOn === 'string' ? dateOf(endsOn) : endsOn,
    occurrenceMax: body.occurrence_max,
    retry: body.retry && retryOf(body.retry),
  };
}

function dateOf(text: string): Instant {
  const date = parseDate(text);
  assert(date !== undefined, 'the schema lets only dates in');
  return date;
}

function creditorOf(creditor: CreateBody['creditor']): Creditor {
  return 'account_id' in creditor ? { accountId: creditor.account_id } : creditor;
}

function amountOf(amount: CreateBody['amount']): OrderAmount {
  return 'fixed' in amount ? { fixed: BigInt(amount.fixed) } : { keep: BigInt(amount.keep) };
}

function retryOf({
  retries_a_day: retriesADay,
  days,
}: NonNullable<CreateBody['retry']>): RetryPolicy {
  return { retriesADay, days };
}

const dateText = (date: Instant | undefined): string | null =>
  date === undefined ? null : formatDate(date);

export function presentOrder(order: StandingOrder): object {
  const { amount, creditor, schedule, retry } = order;
  return {
    id: order.id,
    external_id: order.externalId ?? null,
    account_id: order.accountId,
    creditor: 'accountId' in creditor ? { account_id: creditor.accountId } : creditor,
    rail: order.rail ?? null,
    currency: order.currency,
    amount: 'fixed' in amount ? { fixed: String(amount.fixed) } : { keep: String(amount.keep) },
    remittance: order.remittance ?? null,
    purpose: order.purpose ?? null,
    schedule: {
      frequency: schedule.frequency,
      day: schedule.day ?? null,
      starts_on: formatDate(schedule.startsOn),
      ends_on: dateText(schedule.endsOn),
      occurrence_max: schedule.occurrenceMax ?? null,
      calendar: schedule.calendar,
      business_day_rule: schedule.businessDayRule,
    },
    retry: { retries_a_day: retry.retriesADay, days: retry.days },
    status: order.status,
    status_reason: order.statusReason ?? null,
    next_due_on: dateText(order.nextDueOn),
    next_pay_on: dateText(order.nextPayOn),
    revision: order.revision,
    created_at: formatInstant(order.createdAt),
    changed_at: formatInstant(order.changedAt),
  };
}

export function presentOccurrence(occurrence: OccurrenceRecord): object {
  const { amount, attempts, paymentId, reason, retryAt, state } = occurrence;
  return {
    due_on: formatDate(occurrence.dueOn),
    pay_on: formatDate(occurrence.payOn),
    state,
    reason: reason ?? null,
    amount: amount === undefined ? null : String(amount),
    payment_id: paymentId ?? null,
    attempts,
    retry_at: retryAt === undefined ? null : formatInstant(retryAt),
    changed_at: formatInstant(occurrence.changedAt),
  };
}
