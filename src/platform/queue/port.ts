// Owns what a context may ask of queues: work that must be done later, at least once. A message is
// sent in the transaction of what makes it necessary. It is received under a lease; whoever has
// lost the lease can no longer say what became of it. What fails too often becomes a dead letter.

import type { Id, Instant } from '#kernel';
import type { Transaction } from '../database/port.ts';

export type MessageId = Id<'msg'>;

/** What becomes JSON: no bigint, no undefined. */
export type MessageBody =
  | string
  | number
  | boolean
  | null
  | readonly MessageBody[]
  | { readonly [name: string]: MessageBody };

/** A body and its attributes together, as SQS counts them. */
export const MESSAGE_BYTES_MAX = 1_048_576;
export const DELAY_MS_MAX = 900_000;
export const VISIBILITY_MS_MAX = 43_200_000;

export interface NewMessage {
  readonly body: MessageBody;
  /**
   * Messages of one group are received in the order in which they were sent, the next when the one
   * before is done or dead: an account's id where its order matters. 1 to 128 letters, digits and
   * punctuation.
   */
  readonly group?: string | undefined;
  /** A second message of the queue with the same within five minutes is none. As for a group. */
  readonly deduplication?: string | undefined;
  /** At most fifteen minutes. */
  readonly delayMs?: number | undefined;
  /** Of W3C Trace Context; the transaction's unless given. */
  readonly traceId?: string | undefined;
}

/** What a receiver says later, and nobody else can. */
export type Receipt = string;

export interface Received {
  readonly id: MessageId;
  readonly receipt: Receipt;
  readonly queue: string;
  readonly tenant: string;
  readonly body: MessageBody;
  readonly group: string | undefined;
  /** 1 when it is received for the first time. */
  readonly attempt: number;
  readonly sentAt: Instant;
  readonly traceId: string | undefined;
}

export interface ReceiveOptions {
  /** At most this many messages. */
  readonly max: number;
  /** For how long nobody else receives them. At most twelve hours. */
  readonly visibilityMs: number;
  /** How long to wait for a first message; 0 unless given. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why a message could not be done. Never a secret or personal data: people read it. */
export interface FailureReason {
  /** snake_case, stable. */
  readonly code: string;
  readonly message: string;
  /** Whether another attempt is no use: it is dead at once. */
  readonly isFinal?: boolean | undefined;
}

export interface Failed extends FailureReason {
  readonly receipt: Receipt;
}

/** lost: another receiver has the message, or it is gone. Nothing was changed. */
export type Settlement = 'done' | 'lost';

/** What becomes of a message that failed. */
export type FailureOutcome = 'again' | 'dead' | 'lost';

/** Sends messages in the caller's transaction; answers their ids, in order. */
export type Send = (
  tx: Transaction,
  queue: string,
  messages: readonly NewMessage[],
) => Promise<MessageId[]>;

export interface Queues {
  readonly send: Send;
  /** The longest ready first; of each group its first only. Empty when none came in time. */
  receive(queue: string, options: ReceiveOptions): Promise<Received[]>;
  /** One answer for each receipt, in order. */
  complete(queue: string, receipts: readonly Receipt[]): Promise<Settlement[]>;
  /** Received again after a random pause that grows with each attempt, or dead. */
  fail(queue: string, failed: readonly Failed[]): Promise<FailureOutcome[]>;
  /** From now on; for work that takes longer than was thought. */
  extend(queue: string, receipts: readonly Receipt[], visibilityMs: number): Promise<Settlement[]>;
}

/** How a queue treats what fails, and when it raises an alarm. */
export interface QueuePolicy {
  /** Attempts before a message is dead. */
  readonly attemptsMax: number;
  /** The longest pause after the first failure; it doubles with each. */
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Alarms: waiting messages, age of the oldest that could be received, dead letters. */
  readonly depthMax: number;
  readonly ageMaxMs: number;
  readonly deadMax: number;
}

/** What a worker says of each message that it was given; absent is done. */
export type HandlingResult = FailureReason | undefined;

export interface WorkerOptions {
  readonly queue: string;
  /**
   * One result for each message, in order; what it throws fails all of them. A message may come
   * twice: what it does must be done once. `signal` is aborted when a lease was lost.
   */
  readonly handler: (
    messages: readonly Received[],
    signal: AbortSignal,
  ) => Promise<readonly HandlingResult[] | void>;
  /** Batches handled at once; 1 unless given. */
  readonly concurrency?: number | undefined;
  /** Messages of one batch at most; 1 unless given. */
  readonly batchMax?: number | undefined;
  /**
   * How long nothing is to be received, because what the handler needs is away; 0 where it is not.
   * What waits loses no attempt by it.
   */
  readonly restMs?: (() => number) | undefined;
  /** Of the lease, which is extended while the handler is at work; 30 s unless given. */
  readonly visibilityMs?: number | undefined;
}

export interface Workers {
  /** Receives no more, and resolves when what is under way has ended. */
  stop(): Promise<void>;
}

export interface DeadLetter {
  readonly id: MessageId;
  /** Grows from each that dies to the next. */
  readonly number: bigint;
  readonly queue: string;
  readonly tenant: string;
  readonly group: string | undefined;
  readonly attempts: number;
  readonly sentAt: Instant;
  readonly diedAt: Instant;
  readonly traceId: string | undefined;
  /** Why, the last time. */
  readonly code: string;
  readonly reason: string;
  /** Why, each time. */
  readonly failures: readonly RecordedFailure[];
  /** JSON text, as it was sent. */
  readonly body: string;
}

export interface RecordedFailure {
  readonly attempt: number;
  /** RFC 3339. */
  readonly at: string;
  readonly code: string;
  readonly message: string;
}

/** How a queue stands. Counting ends at a limit, since it costs. */
export interface QueueState {
  readonly queue: string;
  /** Messages that are neither done nor dead. */
  readonly depth: number;
  /** Of those, how many are being worked on. */
  readonly inFlight: number;
  /** How long the oldest that could be received has been waiting; undefined without one. */
  readonly ageMs: number | undefined;
  readonly dead: number;
}
