// Owns the noun standing order: what is paid to whom and when, its states, and what may follow
// what. Pure. An order that ended stays ended; what became of each date is an occurrence.

import type { AccountId, Id, Instant } from '#kernel';
import type { PaymentId, RailName } from '../payment.ts';
import type { RetryPolicy, Tries } from './retry.ts';
import { occurrenceAt, type Occurrence, type Schedule } from './schedule.ts';

export type StandingOrderId = Id<'sto'>;

export const orderStatuses = ['active', 'suspended', 'ended'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** What may follow what. */
export const orderTransitions: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  active: ['suspended', 'ended'],
  suspended: ['active', 'ended'],
  ended: [],
};

/** Who is paid: an account of ours, an IBAN, or a number with the bank that keeps it. */
export type Creditor =
  | { readonly accountId: AccountId }
  | { readonly iban: string; readonly name?: string | undefined }
  | { readonly number: string; readonly agent: string; readonly name?: string | undefined };

/** Minor units of the account's currency: the same each time, or all above what is kept. */
export type OrderAmount = { readonly fixed: bigint } | { readonly keep: bigint };

export interface NewStandingOrder {
  readonly externalId?: string | undefined;
  /** Who pays. */
  readonly accountId: AccountId;
  readonly creditor: Creditor;
  /** By which another bank is paid; none where the creditor is ours. */
  readonly rail?: RailName | undefined;
  readonly currency: string;
  readonly amount: OrderAmount;
  readonly remittance?: string | undefined;
  /** The bank's own word for it, such as household. */
  readonly purpose?: string | undefined;
  readonly schedule: Schedule;
  readonly retry: RetryPolicy;
}

export interface StandingOrder extends NewStandingOrder {
  readonly id: StandingOrderId;
  readonly tenant: string;
  readonly status: OrderStatus;
  /** A stable code: why it is suspended, or ended. */
  readonly statusReason: string | undefined;
  /** The occurrence that comes next, counted from 0. */
  readonly nextIndex: number;
  readonly nextDueOn: Instant | undefined;
  readonly nextPayOn: Instant | undefined;
  /** Counts its changes from 1. */
  readonly revision: number;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

export const occurrenceStates = ['waiting', 'paid', 'failed', 'skipped'] as const;
/** waiting: there was not enough, and it is tried again. The others are final. */
export type OccurrenceState = (typeof occurrenceStates)[number];

/** What became of a date on which an order was due. */
export interface OccurrenceRecord extends Tries {
  readonly orderId: StandingOrderId;
  readonly dueOn: Instant;
  readonly payOn: Instant;
  readonly state: OccurrenceState;
  /** A stable code, of any that is not paid. */
  readonly reason?: string | undefined;
  /** Minor units, where it came to an amount. */
  readonly amount?: bigint | undefined;
  readonly paymentId?: PaymentId | undefined;
  readonly retryAt?: Instant | undefined;
  readonly firstTriedAt: Instant;
  readonly changedAt: Instant;
}

/** Where an order stands once the occurrence of this index is behind it. */
export interface NextPlace {
  readonly status: OrderStatus;
  readonly statusReason: string | undefined;
  readonly nextIndex: number;
  readonly next: Occurrence | undefined;
}

/** An order whose last date has passed is at its end. */
export function placeAfter(order: StandingOrder, nextIndex: number): NextPlace {
  const next = occurrenceAt(order.schedule, nextIndex);
  if (next !== undefined) {
    const { status, statusReason } = order;
    return { status, statusReason, nextIndex, next };
  }
  return { status: 'ended', statusReason: 'completed', nextIndex, next: undefined };
}
