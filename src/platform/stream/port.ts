// Owns what a context may say and hear of events: facts that other contexts, and customers, may
// learn of. An event is written in the transaction of what it tells; consumers get each at least
// once, in the one order in which the bank put them, and never miss one that committed late.

import type { EventId, Instant } from '#kernel';
import type { Transaction } from '../database/port.ts';

/** What is told of: ids and amounts, never a name, an address or an account number. */
export interface NewEvent {
  /** `noun.verb_past`, for ever: payment.settled. */
  readonly type: string;
  /** The id of what it happened to. */
  readonly subject: string;
  /** Becomes JSON: no bigint, no undefined. Amounts are texts of minor units. */
  readonly data: EventData;
  /** Of W3C Trace Context; the transaction's unless given. */
  readonly traceId?: string | undefined;
}

export type EventData = { readonly [name: string]: EventValue };
export type EventValue =
  | string
  | number
  | boolean
  | null
  | readonly EventValue[]
  | { readonly [name: string]: EventValue };

export interface StreamEvent {
  readonly id: EventId;
  /** In the one order of the bank; without gaps when all types are read. */
  readonly position: bigint;
  readonly tenant: string;
  readonly type: string;
  readonly subject: string;
  readonly data: EventData;
  readonly occurredAt: Instant;
  readonly traceId: string | undefined;
}

/**
 * Who is told of which events. `name` keeps how far it has come, so it never changes. All of
 * `events` are of one tenant, in order, and `tx` sees and makes that tenant's rows only. What is
 * written in `tx` commits together with the consumer's progress; whatever `handle` throws rolls
 * back both, and the same events come again.
 */
export interface Subscription {
  /** Lower case, digits and hyphens. */
  readonly name: string;
  /** Which events; those of every type when absent. */
  readonly types?: readonly string[] | undefined;
  /**
   * How long it lets events gather, from one handling to the next: each costs a transaction,
   * however few they are. As soon as there are any unless given.
   */
  readonly gatherMs?: number | undefined;
  handle(events: readonly StreamEvent[], tx: Transaction): Promise<void>;
}

/** A subscription being served by this process, or waiting to take over from another. */
export interface Consumer {
  /** Ends after the events under way. */
  stop(): Promise<void>;
}

/** How far a consumer has come. */
export interface ConsumerProgress {
  readonly name: string;
  readonly position: bigint;
  /** Events that it has not handled, of whatever type. */
  readonly lag: bigint;
}

/** Reads events by position, for replays and for who keeps a position of his own. */
export interface EventPage {
  readonly after: bigint;
  readonly countMax: number;
  readonly types?: readonly string[] | undefined;
}
