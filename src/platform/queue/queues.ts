// Queues in PostgreSQL: a message is a row, a lease is a time on it, and a receipt names both. Time
// is the bank's clock, so that a clock that is set moves delays and leases too.

import { assert, idOf, newUuid, msOf, type Clock, type Instant } from '#kernel';
import type { Database } from '../database/port.ts';
import { restBetweenLooks } from '../pace.ts';
import { readBody } from './body.ts';
import {
  buryMessages,
  completeMessages,
  extendLeases,
  receiveMessages,
  retryMessages,
  type FailedRow,
  type Held,
  type ReceivedRow,
} from './message-store.ts';
import { backoffMs, readQueuePolicies, type QueuePolicies } from './policy.ts';
import {
  VISIBILITY_MS_MAX,
  type Failed,
  type FailureOutcome,
  type Queues,
  type Receipt,
  type Received,
  type ReceiveOptions,
  type Settlement,
} from './port.ts';
import { requireQueueName, send } from './send.ts';

export interface QueuesOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** The general one for every queue unless given. */
  readonly policies?: QueuePolicies | undefined;
  /** At least 0 and below 1; for who wants to repeat a run. */
  readonly random?: (() => number) | undefined;
}

/** Each group that is received is locked for a moment, and locks are not without end. */
const RECEIVE_MAX = 500;
const REASON_LENGTH_MAX = 1_000;
const CODE = /^[a-z][a-z0-9_]{0,99}$/;

class DatabaseQueues implements Queues {
  readonly send = send;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #policies: QueuePolicies;
  readonly #random: () => number;

  constructor({ database, clock, policies, random }: QueuesOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#policies = policies ?? readQueuePolicies('');
    this.#random = random ?? Math.random;
  }

  async receive(queue: string, options: ReceiveOptions): Promise<Received[]> {
    const { waitMs = 0, signal = new AbortController().signal } = options;
    const startedMs = performance.now();
    for (;;) {
      const received = await this.#receiveNow(queue, options);
      if (received.length > 0 || signal.aborted) return received;
      if (performance.now() - startedMs >= waitMs) return received;
      await restBetweenLooks(signal);
    }
  }

  async #receiveNow(queue: string, { max, visibilityMs }: ReceiveOptions): Promise<Received[]> {
    requireQueueName(queue);
    assert(max >= 1 && max <= RECEIVE_MAX, `1 to ${RECEIVE_MAX} messages are received at once`);
    const now = this.#clock.now();
    const until = this.#until(visibilityMs);
    const lease = newUuid(msOf(now));
    const { attemptsMax } = this.#policies(queue);
    const asked = { queue, now, until, lease, max, attemptsMax };
    const rows = await receiveMessages(this.#database, asked);
    // A statement that changes rows answers them in any order.
    return rows
      .toSorted((a, b) => (a.number < b.number ? -1 : 1))
      .map((row) => receivedOf(queue, lease, row));
  }

  async complete(queue: string, receipts: readonly Receipt[]): Promise<Settlement[]> {
    const held = receipts.map((receipt) => read(receipt));
    const done = await completeMessages(this.#database, queue, held, this.#clock.now());
    return held.map(({ number }) => (done.has(number) ? 'done' : 'lost'));
  }

  async fail(queue: string, failed: readonly Failed[]): Promise<FailureOutcome[]> {
    const policy = this.#policies(queue);
    const now = this.#clock.now();
    const rows = failed.map((each) => ({ ...rowOf(each), each }));
    const isDead = ({ attempt, each }: (typeof rows)[number]): boolean =>
      each.isFinal === true || attempt >= policy.attemptsMax;
    const again = rows
      .filter((row) => !isDead(row))
      .map((row) => {
        const pauseMs = backoffMs(policy, row.attempt, this.#random());
        return { ...row, readyAt: (now + Math.round(pauseMs * 1_000)) as Instant };
      });
    const dead = rows.filter((row) => isDead(row));
    const retried =
      again.length > 0 ? await retryMessages(this.#database, queue, again, now) : none;
    const buried = dead.length > 0 ? await buryMessages(this.#database, queue, dead, now) : none;
    return rows.map(({ number }) => {
      if (buried.has(number)) return 'dead';
      return retried.has(number) ? 'again' : 'lost';
    });
  }

  async extend(
    queue: string,
    receipts: readonly Receipt[],
    visibilityMs: number,
  ): Promise<Settlement[]> {
    const held = receipts.map((receipt) => read(receipt));
    const until = this.#until(visibilityMs);
    const done = await extendLeases(this.#database, queue, held, until);
    return held.map(({ number }) => (done.has(number) ? 'done' : 'lost'));
  }

  #until(visibilityMs: number): Instant {
    assert(visibilityMs >= 0 && visibilityMs <= VISIBILITY_MS_MAX, 'a lease has 12 hours at most');
    return (this.#clock.now() + Math.round(visibilityMs * 1_000)) as Instant;
  }
}

const none: ReadonlySet<bigint> = new Set();

function receivedOf(queue: string, lease: string, row: ReceivedRow): Received {
  return {
    id: idOf('msg', row.id),
    receipt: `${row.number}.${row.attempts}.${lease}`,
    queue,
    tenant: row.tenant,
    body: readBody(row.body),
    group: row.group_key ?? undefined,
    attempt: row.attempts,
    sentAt: Number(row.sent_us) as Instant,
    traceId: row.trace_id ?? undefined,
  };
}

function read(receipt: Receipt): Held & { readonly attempt: number } {
  const [number, attempt, lease] = receipt.split('.');
  assert(number !== undefined && lease !== undefined, 'a receipt is one that was given');
  return { number: BigInt(number), attempt: Number(attempt), lease };
}

function rowOf({ receipt, code, message }: Failed): FailedRow & { readonly attempt: number } {
  assert(CODE.test(code), 'the code of a failure is small letters, digits and underscores');
  // PostgreSQL has no text with a zero byte.
  const reason = message.replaceAll('\0', '').slice(0, REASON_LENGTH_MAX);
  return { ...read(receipt), code, reason };
}

export function openQueues(options: QueuesOptions): Queues {
  return new DatabaseQueues(options);
}
