// The SQL of events: written in the transaction that tells of them, put in order once it has
// committed, read by position, and removed when they are old.

import { formatInstant, idOf, type Instant, type Uuid } from '#kernel';
import { textArray, uuidArray } from '../database/arrays.ts';
import type { Queryable } from '../database/port.ts';
import type { EventData, EventPage, StreamEvent } from './port.ts';

interface EventRow {
  readonly id: Uuid;
  readonly type: string;
  readonly subject: string;
  /** JSON. */
  readonly data: string;
  readonly traceId: string | undefined;
}

export async function insertEvents(
  queryable: Queryable,
  rows: readonly EventRow[],
  now: Instant,
): Promise<void> {
  await queryable.query({
    name: 'stream.insert_events',
    text: `with bundle as (
        insert into stream.inbox (event_count) values ($1) returning number
      )
      insert into stream.events
        (bundle, ordinal, id, tenant, type, subject, occurred_at, trace_id, data)
      select b.number, e.ordinal - 1, e.id, (select platform.tenant()), e.type, e.subject,
        $7::timestamptz, e.trace_id, e.data::jsonb
      from bundle as b, unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
        with ordinality as e (id, type, subject, trace_id, data, ordinal)`,
    values: [
      rows.length,
      uuidArray(rows.map(({ id }) => id)),
      textArray(rows.map(({ type }) => type)),
      textArray(rows.map(({ subject }) => subject)),
      textArray(rows.map(({ traceId }) => traceId)),
      textArray(rows.map(({ data }) => data)),
      formatInstant(now),
    ],
  });
}

/** Puts what has committed in order; answers the last position given. */
export async function sequenceEvents(queryable: Queryable, bundlesMax: number): Promise<bigint> {
  const [row] = await queryable.query<{ position: bigint }>({
    name: 'stream.sequence_events',
    text: 'select stream.sequence_events($1) as position',
    values: [bundlesMax],
  });
  return row?.position ?? 0n;
}

/** Whether events have committed that have no place yet. */
export async function isAnyWaiting(queryable: Queryable): Promise<boolean> {
  const [row] = await queryable.query<{ is_waiting: boolean }>({
    name: 'stream.is_any_waiting',
    text: 'select exists (select from stream.inbox) as is_waiting',
  });
  return row?.is_waiting === true;
}

interface ReadRow {
  readonly position: bigint;
  readonly id: Uuid;
  readonly tenant: string;
  readonly type: string;
  readonly subject: string;
  readonly occurred_us: bigint;
  readonly trace_id: string | null;
  readonly data: EventData;
}

/** Of the positions after `after`, the next `countMax` are looked at. */
export async function selectEvents(queryable: Queryable, page: EventPage): Promise<StreamEvent[]> {
  // Each bundle is looked up by its key, however many events there are in all ("offset 0" keeps it
  // so).
  const rows = await queryable.query<ReadRow>({
    name: 'stream.select_events',
    text: `select p.first_position + e.ordinal as position, e.id, e.tenant, e.type, e.subject,
        (extract(epoch from e.occurred_at) * 1000000)::bigint as occurred_us, e.trace_id, e.data
      from stream.places p
      cross join lateral (
        select * from stream.events o
        where o.bundle = p.bundle and o.ordinal > $1 - p.first_position
          and o.ordinal <= $1 + $2 - p.first_position
        offset 0
      ) as e
      where p.first_position <= $1 + $2::bigint and p.first_position >= coalesce(
          (select max(b.first_position) from stream.places b where b.first_position <= $1 + 1), 0)
        and ($3::text[] is null or e.type = any($3))
      order by position`,
    values: [page.after, page.countMax, page.types ?? null],
  });
  return rows.map((row) => ({
    id: idOf('evt', row.id),
    position: row.position,
    tenant: row.tenant,
    type: row.type,
    subject: row.subject,
    data: row.data,
    occurredAt: Number(row.occurred_us) as Instant,
    traceId: row.trace_id ?? undefined,
  }));
}

/** The last position that an event has; 0 without any. */
export async function headPosition(queryable: Queryable): Promise<bigint> {
  const [row] = await queryable.query<{ position: bigint }>({
    name: 'stream.head_position',
    text: 'select h.position from stream.heads h',
  });
  return row?.position ?? 0n;
}

/**
 * Removes bundles of which every event is older than `before` and at most at `position`; answers
 * how many.
 */
export async function deleteOldBundles(
  queryable: Queryable,
  limits: { readonly before: Instant; readonly position: bigint; readonly bundlesMax: number },
): Promise<number> {
  const [row] = await queryable.query<{ count: bigint }>({
    name: 'stream.delete_old_bundles',
    text: `with old as (
        delete from stream.places p
        where p.first_position in (
          select o.first_position
          from (select * from stream.places f order by f.first_position limit $3) as o
          where o.first_position + o.event_count - 1 <= $2
            and exists (select from stream.events e
              where e.bundle = o.bundle and e.ordinal = 0 and e.occurred_at < $1::timestamptz)
        )
        returning p.bundle
      ),
      removed as (
        delete from stream.events e using old where e.bundle = old.bundle
      )
      select count(*) as count from old`,
    values: [formatInstant(limits.before), limits.position, limits.bundlesMax],
  });
  return Number(row?.count ?? 0);
}
