// The SQL that says what the log's records about itself must hold: its keys, erasures, anchors,
// archive, legal holds and alarms.

import type { Queryable } from '#platform';
import type { JsonObject } from '../canonical.ts';

/** RFC 3339 in UTC with three digits of a second, or six where they say more. */
const instantText = (column: string): string =>
  `regexp_replace(to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '000Z$', 'Z')`;
const monthText = (column: string): string =>
  `substr(${column}::text, 1, 4) || '-' || substr(${column}::text, 5)`;

export interface KeyFacts {
  readonly public_key: string;
  readonly since_size: number;
  readonly added_at: string;
}

export async function keyFacts(queryable: Queryable): Promise<KeyFacts[]> {
  return await queryable.query<KeyFacts>({
    text: `select encode(k.public_key, 'base64') as public_key, k.since_size::float8 as since_size,
        ${instantText('k.added_at')} as added_at
      from audit.signing_keys k order by k.since_size`,
  });
}

export interface ErasureFacts {
  readonly subject_id: string;
  readonly erased_at: string;
  readonly actor: string;
}

/** Erasures after one, in order. */
export async function erasureFacts(
  queryable: Queryable,
  after: Pick<ErasureFacts, 'subject_id' | 'erased_at'> | undefined,
  countMax: number,
): Promise<ErasureFacts[]> {
  return await queryable.query<ErasureFacts>({
    name: 'audit.erasure_facts',
    text: `select e.subject_id, ${instantText('e.erased_at')} as erased_at, e.actor
      from audit.erasures e
      where $1::text is null or (e.subject_id, e.erased_at) > ($1::text, $2::timestamptz)
      order by e.subject_id, e.erased_at limit $3`,
    values: [after?.subject_id ?? null, after?.erased_at ?? null, countMax],
  });
}

export async function erasedAmong(
  queryable: Queryable,
  subjects: readonly string[],
): Promise<ErasureFacts[]> {
  return await queryable.query<ErasureFacts>({
    text: `select e.subject_id, ${instantText('e.erased_at')} as erased_at, e.actor
      from audit.erasures e where e.subject_id = any($1::text[])`,
    values: [subjects],
  });
}

export interface AnchorFacts {
  readonly object_key: string;
  readonly written_at: string;
  readonly after: { readonly [name: string]: string | number };
}

export async function anchorFacts(queryable: Queryable): Promise<AnchorFacts[]> {
  return await queryable.query<AnchorFacts>({
    text: `select a.object_key, ${instantText('a.written_at')} as written_at,
        json_build_object('end', ${instantText('a.ends_at')}, 'number', a.number,
          'sha256', encode(a.sha256, 'hex'), 'size', a.size,
          'start', ${instantText('a.starts_at')}) as after
      from audit.anchors a order by a.number`,
  });
}

export interface ManifestFacts {
  readonly month: string;
  readonly object_key: string;
  readonly archived_at: string;
  readonly after: JsonObject;
  /** Its number, size and last archive object are those that there are. */
  readonly is_founded: boolean;
}

export async function manifestFacts(queryable: Queryable): Promise<ManifestFacts[]> {
  return await queryable.query<ManifestFacts>({
    text: `select ${monthText('m.month')} as month, m.object_key,
        ${instantText('m.archived_at')} as archived_at,
        json_build_object('manifest', m.object_key, 'objects', m.object_count,
          'records', m.leaf_count, 'sha256', encode(m.sha256, 'hex')) as after,
        m.number = row_number() over (order by m.number)
          and m.size = (select min(c.size) from audit.checkpoints c where c.size >= m.leaves_before)
          and exists (select from audit.archives a
            where a.number = m.archives_through and a.month = m.month) as is_founded
      from audit.manifests m order by m.number`,
  });
}

export interface RemovedMonthFacts {
  readonly month: string;
  readonly leaf_count: number;
  readonly bundle_count: number;
  readonly placed: number;
  readonly removed_at: string;
}

export async function removedMonthFacts(queryable: Queryable): Promise<RemovedMonthFacts[]> {
  return await queryable.query<RemovedMonthFacts>({
    text: `select ${monthText('r.month')} as month, r.leaf_count::float8 as leaf_count,
        r.bundle_count::float8 as bundle_count, ${instantText('r.removed_at')} as removed_at,
        (select count(*) from audit.places p where p.month = r.month)::float8 as placed
      from audit.removed_months r order by r.month`,
  });
}

export interface ExpiryFacts {
  readonly object_key: string;
  readonly expired_at: string;
  readonly actor: string;
  readonly after: JsonObject;
}

export async function expiryFacts(queryable: Queryable): Promise<ExpiryFacts[]> {
  return await queryable.query<ExpiryFacts>({
    text: `select coalesce(a.object_key, 'object ' || e.archive) as object_key,
        ${instantText('e.expired_at')} as expired_at, e.actor,
        json_build_object('month', ${monthText('a.month')}, 'records', a.leaf_count,
          'retain_until', ${instantText('a.retain_until')}, 'retention', a.retention) as after
      from audit.archive_expiries e left join audit.archives a on a.number = e.archive
      order by e.archive`,
  });
}

export interface HoldFacts {
  readonly id: string;
  readonly placed_at: string;
  readonly actor: string;
  readonly after: JsonObject;
}

export async function holdFacts(queryable: Queryable): Promise<HoldFacts[]> {
  return await queryable.query<HoldFacts>({
    text: `select 'lgh_' || h.id as id, ${instantText('h.placed_at')} as placed_at, h.actor,
        json_build_object('from', ${monthText('h.from_month')}, 'reason', h.reason,
          'retention', coalesce(h.retention, 'all'), 'to', ${monthText('h.to_month')}) as after
      from audit.legal_holds h order by h.id`,
  });
}

export interface ReleaseFacts {
  readonly id: string;
  readonly released_at: string;
  readonly actor: string;
}

export async function releaseFacts(queryable: Queryable): Promise<ReleaseFacts[]> {
  return await queryable.query<ReleaseFacts>({
    text: `select 'lgh_' || r.hold_id as id, ${instantText('r.released_at')} as released_at, r.actor
      from audit.legal_hold_releases r order by r.hold_id`,
  });
}

export interface AlarmFacts {
  readonly alarm: string;
  readonly instance: string;
  readonly is_raised: boolean;
  readonly since: string;
  readonly at: string;
  readonly figures: JsonObject;
  /** Null for the first row of an alarm. */
  readonly was_raised: boolean | null;
  readonly turn: number;
  /** Which of its rows this is, from 1. */
  readonly place: number;
}

export async function alarmFacts(queryable: Queryable): Promise<AlarmFacts[]> {
  return await queryable.query<AlarmFacts>({
    text: `select a.alarm, a.instance, a.is_raised, ${instantText('a.since')} as since,
        ${instantText('a.at')} as at, a.figures,
        lag(a.is_raised) over w as was_raised, a.turn, (row_number() over w)::integer as place
      from audit.alarms a window w as (partition by a.alarm, a.instance order by a.turn)
      order by a.alarm, a.instance, a.turn`,
  });
}

/** Segments of collections that there are not. */
export async function strayCollections(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ id: string }>({
    text: `select distinct 'col_' || s.collection_id as id from audit.collected_segments s
      where not exists (select from audit.collections c where c.id = s.collection_id) order by 1`,
  });
  return rows.map(({ id }) => id);
}

export interface CollectionFacts {
  readonly id: string;
  readonly ended_at: string;
  readonly after: JsonObject;
  readonly segments: number;
  /** Of its segments' rows: how many, and whether all follow from it and end with its counts. */
  readonly stored: number;
  readonly is_followed: boolean;
}

export async function collectionFacts(queryable: Queryable): Promise<CollectionFacts[]> {
  return await queryable.query<CollectionFacts>({
    text: `select 'col_' || e.collection_id as id, ${instantText('e.ended_at')} as ended_at,
        json_strip_nulls(json_build_object('read', e.read, 'kept', e.kept,
          'duplicate', e.duplicate, 'malformed', e.malformed, 'skipped', e.skipped, 'bad', e.bad,
          'format', c.format, 'source', c.source, 'name', c.name, 'problem', e.problem,
          'is_archived', c.is_archived, 'input_bytes', e.input_bytes, 'segments', e.segments,
          'sha256', encode(e.sha256, 'hex'), 'segments_sha256', encode(e.segments_hash, 'hex'),
          'layout', nullif(c.layout, ''), 'started_at', ${instantText('c.started_at')})) as after,
        e.segments, (select count(*) from audit.collected_segments s
          where s.collection_id = e.collection_id)::integer as stored,
        (c.sha256 is null or c.sha256 = e.sha256)
          and not exists (select from audit.collected_segments s
            where s.collection_id = c.id and (s.format, s.source) <> (c.format, c.source))
          and not exists (
            select from (
              select s, s.hash, lag(s.hash) over (order by s.number) as before
              from audit.collected_segments s where s.collection_id = e.collection_id
            ) as chained
            where chained.hash <> audit.segment_hash(chained.s, chained.before))
          and (e.segments = 0 or exists (
            select from audit.collected_segments s
            where s.collection_id = e.collection_id and s.number = e.segments
              and s.hash = e.segments_hash
              and (s.read_end, s.kept_end, s.duplicate_end, s.malformed_end, s.skipped_end,
                s.bad_end, s.input_bytes_end) = (e.read, e.kept, e.duplicate, e.malformed,
                e.skipped, e.bad, e.input_bytes))) as is_followed
      from audit.collection_ends e left join audit.collections c on c.id = e.collection_id
      order by e.collection_id`,
  });
}
