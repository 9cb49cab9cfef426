// The SQL of dead letters and of how queues stand.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import { timestamptzArray, uuidArray } from '../database/arrays.ts';
import type { Queryable } from '../database/port.ts';
import type { DeadLetter, MessageId, QueueState, RecordedFailure } from './port.ts';

interface DeadRow {
  readonly id: Uuid;
  readonly number: bigint;
  readonly queue: string;
  readonly tenant: string;
  readonly group_key: string | null;
  readonly attempts: number;
  readonly sent_us: bigint;
  readonly died_us: bigint;
  readonly trace_id: string | null;
  readonly code: string;
  readonly reason: string;
  readonly failures: readonly RecordedFailure[];
  readonly body: string;
}

const columns = `d.id, d.number, d.queue, d.tenant, d.group_key, d.attempts,
  (extract(epoch from d.sent_at) * 1000000)::bigint as sent_us,
  (extract(epoch from d.died_at) * 1000000)::bigint as died_us,
  d.trace_id, d.code, d.reason, d.failures, d.body`;

function deadLetterOf(row: DeadRow): DeadLetter {
  return {
    id: idOf('msg', row.id),
    number: row.number,
    queue: row.queue,
    tenant: row.tenant,
    group: row.group_key ?? undefined,
    attempts: row.attempts,
    sentAt: Number(row.sent_us) as Instant,
    diedAt: Number(row.died_us) as Instant,
    traceId: row.trace_id ?? undefined,
    code: row.code,
    reason: row.reason,
    failures: row.failures,
    body: row.body,
  };
}

/** By when they died, from the first after `after`. */
export async function selectDeadLetters(
  queryable: Queryable,
  page: { readonly queue: string; readonly after: bigint; readonly countMax: number },
): Promise<DeadLetter[]> {
  const rows = await queryable.query<DeadRow>({
    name: 'queues.select_dead_letters',
    text: `select ${columns} from queues.dead_letters d
      where d.queue = $1 and d.number > $2 order by d.number limit $3`,
    values: [page.queue, page.after, page.countMax],
  });
  return rows.map((row) => deadLetterOf(row));
}

export async function selectDeadLetter(
  queryable: Queryable,
  queue: string,
  id: MessageId,
): Promise<DeadLetter | undefined> {
  const [row] = await queryable.query<DeadRow>({
    name: 'queues.select_dead_letter',
    text: `select ${columns} from queues.dead_letters d where d.id = $1 and d.queue = $2`,
    values: [uuidOf(id), queue],
  });
  return row === undefined ? undefined : deadLetterOf(row);
}

/** The oldest that nobody else is redriving or discarding now, locked. */
export async function lockDeadLetters(
  queryable: Queryable,
  queue: string,
  countMax: number,
): Promise<MessageId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'queues.lock_dead_letters',
    text: `select d.id from queues.dead_letters d where d.queue = $1
      order by d.number limit $2 for update skip locked`,
    values: [queue, countMax],
  });
  return rows.map(({ id }) => idOf('msg', id));
}

/** Makes messages of dead letters again; answers those that were there. */
export async function redriveDeadLetters(
  queryable: Queryable,
  queue: string,
  letters: readonly { readonly id: MessageId; readonly readyAt: Instant }[],
): Promise<Set<MessageId>> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'queues.redrive_dead_letters',
    text: `with taken as (
        delete from queues.dead_letters d
        using unnest($2::uuid[], $3::timestamptz[]) as r (id, ready_at)
        where d.id = r.id and d.queue = $1
        returning d.*, r.ready_at
      ),
      sent as (
        insert into queues.messages
          (queue, tenant, sent_at, id, group_key, ready_at, trace_id, body, failures)
        select t.queue, t.tenant, t.sent_at, t.id, t.group_key, t.ready_at, t.trace_id, t.body,
          t.failures
        from taken t order by t.number
      )
      select t.id from taken t`,
    values: [
      queue,
      uuidArray(letters.map(({ id }) => uuidOf(id))),
      timestamptzArray(letters.map(({ readyAt }) => readyAt)),
    ],
  });
  return new Set(rows.map(({ id }) => idOf('msg', id)));
}

export async function deleteDeadLetters(
  queryable: Queryable,
  queue: string,
  ids: readonly MessageId[],
): Promise<Set<MessageId>> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'queues.delete_dead_letters',
    text: `delete from queues.dead_letters d where d.queue = $1 and d.id = any($2::uuid[])
      returning d.id`,
    values: [queue, uuidArray(ids.map((id) => uuidOf(id)))],
  });
  return new Set(rows.map(({ id }) => idOf('msg', id)));
}

interface StateRow {
  readonly queue: string;
  readonly depth: bigint;
  readonly in_flight: bigint;
  readonly age_us: bigint | null;
  readonly dead: bigint;
}

/** How each queue stands that has a message or a dead letter, by name. */
export async function selectQueueStates(
  queryable: Queryable,
  now: Instant,
  countedMax: number,
): Promise<QueueState[]> {
  // One step in an index for each name, however many messages it has.
  const rows = await queryable.query<StateRow>({
    name: 'queues.select_queue_states',
    text: `with recursive waiting (queue) as (
        (select m.queue from queues.messages m where m.ready_at is not null
          order by m.queue, m.ready_at, m.number limit 1)
        union all
        select (select m.queue from queues.messages m
          where m.ready_at is not null and m.queue > w.queue
          order by m.queue, m.ready_at, m.number limit 1)
        from waiting w where w.queue is not null
      ),
      buried (queue) as (
        (select d.queue from queues.dead_letters d order by d.queue, d.number limit 1)
        union all
        select (select d.queue from queues.dead_letters d where d.queue > b.queue
          order by d.queue, d.number limit 1)
        from buried b where b.queue is not null
      ),
      known as (
        select w.queue from waiting w where w.queue is not null
        union
        select b.queue from buried b where b.queue is not null
      )
      select k.queue,
        (select count(*) from (
          select from queues.messages m where m.queue = k.queue and m.ready_at is not null
          limit $2) as c)
        + (select count(*) from (
          select from queues.messages m where m.queue = k.queue and m.ready_at is null
          limit $2) as c) as depth,
        (select count(*) from (
          select from queues.messages m
          where m.queue = k.queue and m.lease is not null and m.ready_at > $1::timestamptz
          limit $2) as c) as in_flight,
        (select (extract(epoch from $1::timestamptz - min(m.ready_at)) * 1000000)::bigint
          from queues.messages m
          where m.queue = k.queue and m.ready_at <= $1::timestamptz) as age_us,
        (select count(*) from (
          select from queues.dead_letters d where d.queue = k.queue limit $2) as c) as dead
      from known k order by k.queue`,
    values: [formatInstant(now), countedMax],
  });
  return rows.map((row) => ({
    queue: row.queue,
    depth: Number(row.depth),
    inFlight: Number(row.in_flight),
    ageMs: row.age_us === null ? undefined : Number(row.age_us) / 1_000,
    dead: Number(row.dead),
  }));
}
