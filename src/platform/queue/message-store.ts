// The SQL of messages on their way: sent, received under a lease, completed, failed, extended.

import { assert, formatInstant, type Instant, type Uuid } from '#kernel';
import { int8Array, timestamptzArray, uuidArray } from '../database/arrays.ts';
import type { Query, Queryable } from '../database/port.ts';

export interface MessageRow {
  readonly id: Uuid;
  readonly group: string | undefined;
  readonly deduplication: string | undefined;
  /** Undefined for what waits behind another of its group. */
  readonly readyAt: Instant | undefined;
  readonly traceId: string | undefined;
  readonly body: string;
}

export async function insertMessages(
  queryable: Queryable,
  { queue, rows }: { readonly queue: string; readonly rows: readonly MessageRow[] },
  now: Instant,
): Promise<void> {
  if (rows.length === 0) return;
  await queryable.query({
    name: 'queues.insert_messages',
    text: `insert into queues.messages
        (queue, tenant, sent_at, id, group_key, ready_at, trace_id, body)
      select $1, (select platform.tenant()), $2::timestamptz, m.id, m.group_key, m.ready_at,
        m.trace_id, m.body
      from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
        with ordinality as m (id, group_key, ready_at, trace_id, body, ordinal)
      order by m.ordinal`,
    values: [
      queue,
      formatInstant(now),
      uuidArray(rows.map(({ id }) => id)),
      rows.map(({ group }) => group ?? null),
      timestamptzArray(rows.map(({ readyAt }) => readyAt)),
      rows.map(({ traceId }) => traceId ?? null),
      rows.map(({ body }) => body),
    ],
  });
}

/** Which message stands for each deduplication: the one given, or the one sent before it. */
export async function claimDeduplications(
  queryable: Queryable,
  claim: {
    readonly queue: string;
    readonly first: ReadonlyMap<string, Uuid>;
    readonly now: Instant;
    readonly expiresAt: Instant;
  },
): Promise<Map<string, Uuid>> {
  // In one order, so that two senders wait for each other and never deadlock.
  const sorted = [...claim.first].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = await queryable.query<{ deduplication: string; message_id: Uuid }>({
    name: 'queues.claim_deduplications',
    text: `insert into queues.deduplications as held (queue, deduplication, message_id, expires_at)
      select $1, d.deduplication, d.message_id, $5::timestamptz
      from unnest($2::text[], $3::uuid[]) as d (deduplication, message_id)
      on conflict (queue, deduplication, tenant) do update
      set message_id = case when held.expires_at <= $4::timestamptz
          then excluded.message_id else held.message_id end,
        expires_at = case when held.expires_at <= $4::timestamptz
          then excluded.expires_at else held.expires_at end
      returning deduplication, message_id`,
    values: [
      claim.queue,
      sorted.map(([deduplication]) => deduplication),
      uuidArray(sorted.map(([, id]) => id)),
      formatInstant(claim.now),
      formatInstant(claim.expiresAt),
    ],
  });
  assert(rows.length === sorted.length, 'every deduplication stands for a message');
  return new Map(rows.map(({ deduplication, message_id: id }) => [deduplication, id]));
}

export interface ReceivedRow {
  readonly number: bigint;
  readonly id: Uuid;
  readonly tenant: string;
  readonly group_key: string | null;
  readonly attempts: number;
  readonly sent_us: bigint;
  readonly trace_id: string | null;
  readonly body: string;
}

export async function receiveMessages(
  queryable: Queryable,
  asked: {
    readonly queue: string;
    readonly now: Instant;
    readonly until: Instant;
    readonly lease: Uuid;
    readonly max: number;
    readonly attemptsMax: number;
  },
): Promise<ReceivedRow[]> {
  const { queue, now, until, lease, max, attemptsMax } = asked;
  return await queryable.query<ReceivedRow>({
    name: 'queues.receive_messages',
    text: `select m.number, m.id, m.tenant, m.group_key, m.attempts,
        (extract(epoch from m.sent_at) * 1000000)::bigint as sent_us, m.trace_id, m.body
      from queues.receive_messages($1, $2, $3, $4, $5, $6) as m`,
    values: [queue, formatInstant(now), formatInstant(until), lease, max, attemptsMax],
  });
}

/** The message that a receipt is of, and the lease under which it was received. */
export interface Held {
  readonly number: bigint;
  readonly lease: Uuid;
}

const held = (messages: readonly Held[]): [Buffer, Buffer] => [
  int8Array(messages.map(({ number }) => number)),
  uuidArray(messages.map(({ lease }) => lease)),
];

/** The numbers of those that were still held. */
type Numbers = Promise<Set<bigint>>;

async function numbersOf(queryable: Queryable, query: Query): Numbers {
  const rows = await queryable.query<{ number: bigint }>(query);
  return new Set(rows.map(({ number }) => number));
}

export async function completeMessages(
  queryable: Queryable,
  queue: string,
  messages: readonly Held[],
  now: Instant,
): Numbers {
  return await numbersOf(queryable, {
    name: 'queues.complete_messages',
    text: 'select n as number from queues.complete_messages($1, $2, $3, $4) as n',
    values: [queue, ...held(messages), formatInstant(now)],
  });
}

export interface FailedRow extends Held {
  readonly code: string;
  readonly reason: string;
}

export async function buryMessages(
  queryable: Queryable,
  queue: string,
  messages: readonly FailedRow[],
  now: Instant,
): Numbers {
  return await numbersOf(queryable, {
    name: 'queues.bury_messages',
    text: 'select n as number from queues.bury_messages($1, $2, $3, $4, $5, $6) as n',
    values: [
      queue,
      ...held(messages),
      messages.map(({ code }) => code),
      messages.map(({ reason }) => reason),
      formatInstant(now),
    ],
  });
}

export async function retryMessages(
  queryable: Queryable,
  queue: string,
  messages: readonly (FailedRow & { readonly readyAt: Instant })[],
  now: Instant,
): Numbers {
  return await numbersOf(queryable, {
    name: 'queues.retry_messages',
    text: 'select n as number from queues.retry_messages($1, $2, $3, $4, $5, $6, $7) as n',
    values: [
      queue,
      ...held(messages),
      messages.map(({ code }) => code),
      messages.map(({ reason }) => reason),
      timestamptzArray(messages.map(({ readyAt }) => readyAt)),
      formatInstant(now),
    ],
  });
}

export async function extendLeases(
  queryable: Queryable,
  queue: string,
  messages: readonly Held[],
  until: Instant,
): Numbers {
  return await numbersOf(queryable, {
    name: 'queues.extend_leases',
    text: 'select n as number from queues.extend_leases($1, $2, $3, $4) as n',
    values: [queue, ...held(messages), formatInstant(until)],
  });
}

/** Which of the queues have a message that may be received. */
export async function selectReadyQueues(
  queryable: Queryable,
  queues: readonly string[],
  now: Instant,
): Promise<string[]> {
  const rows = await queryable.query<{ queue: string }>({
    name: 'queues.select_ready_queues',
    text: `select q as queue from unnest($1::text[]) as q
      where exists (
        select from queues.messages m where m.queue = q and m.ready_at <= $2::timestamptz offset 0
      )`,
    values: [queues, formatInstant(now)],
  });
  return rows.map(({ queue }) => queue);
}

/** Removes a bounded number of deduplications that have expired. */
export async function deleteDeduplications(
  queryable: Queryable,
  now: Instant,
  countMax: number,
): Promise<number> {
  const rows = await queryable.query({
    name: 'queues.delete_deduplications',
    text: `delete from queues.deduplications d
      where (d.queue, d.deduplication, d.tenant) in (
        select e.queue, e.deduplication, e.tenant from queues.deduplications e
        where e.expires_at <= $1::timestamptz limit $2 for update skip locked
      )
      returning 1`,
    values: [formatInstant(now), countMax],
  });
  return rows.length;
}
