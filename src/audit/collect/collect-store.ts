// The SQL of collected logs: collections, their segments and ends, and the keys of stored events.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import { int4Array, int8Array, type Queryable } from '#platform';
import type { Counts } from './batch.ts';

export type LogFormat = 'cloudtrail' | 'cloudwatch' | 'jsonl' | 'vpc-flow';

export interface CollectionRow {
  readonly id: Uuid;
  readonly format: LogFormat;
  /** How the operator said that its lines are laid out. */
  readonly layout: string;
  readonly source: string;
  readonly name: string;
  /** Of a file; a stream has none before its end. */
  readonly sha256: Buffer | undefined;
  readonly isArchived: boolean;
  readonly startedAt: Instant;
}

/** How far a collection has come. */
export interface Progress {
  readonly segment: number;
  readonly items: number;
  readonly inputBytes: number;
  readonly counts: Counts;
}

export interface SegmentRow {
  readonly collectionId: Uuid;
  readonly format: LogFormat;
  readonly source: string;
  readonly eventsKey: string | undefined;
  readonly eventCount: number;
  readonly firstAt: Instant | undefined;
  readonly lastAt: Instant | undefined;
  readonly terms: readonly number[];
  readonly inputKey: string | undefined;
  readonly rejectsKey: string | undefined;
  readonly end: Progress;
  readonly storedAt: Instant;
}

export interface CollectionEnd {
  readonly collectionId: Uuid;
  readonly sha256: Buffer;
  readonly problem: string | undefined;
  readonly end: Progress;
  /** Of its last segment; undefined when it has none. */
  readonly segmentsHash: Buffer | undefined;
  readonly endedAt: Instant;
}

/** False when the file is there already, in this format and layout. */
export async function insertCollection(
  queryable: Queryable,
  { id, format, layout, source, name, sha256, isArchived, startedAt }: CollectionRow,
): Promise<boolean> {
  const rows = await queryable.query({
    name: 'audit.insert_collection',
    text: `insert into audit.collections
        (id, format, layout, source, name, sha256, is_archived, started_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (sha256, format, layout) do nothing
      returning id`,
    values: [
      id,
      format,
      layout,
      source,
      name,
      sha256 ?? null,
      isArchived,
      formatInstant(startedAt),
    ],
  });
  return rows.length > 0;
}

export interface FoundCollection {
  readonly id: Uuid;
  readonly source: string;
  readonly name: string;
  readonly is_archived: boolean;
  readonly started_at: string;
  /** Of its end; null while it has none. */
  readonly problem: string | null;
  readonly has_ended: boolean;
}

const collectionColumns = `c.id, c.source, c.name, c.is_archived, c.started_at, e.problem,
  e.collection_id is not null as has_ended`;

/** The collection of a file, which may not have come to its end. */
export async function selectCollectionOfFile(
  queryable: Queryable,
  file: { readonly sha256: Buffer; readonly format: LogFormat; readonly layout: string },
): Promise<FoundCollection | undefined> {
  const rows = await queryable.query<FoundCollection>({
    name: 'audit.select_collection_of_file',
    text: `select ${collectionColumns} from audit.collections c
      left join audit.collection_ends e on e.collection_id = c.id
      where c.sha256 = $1 and c.format = $2 and c.layout = $3`,
    values: [file.sha256, file.format, file.layout],
  });
  return rows[0];
}

export async function selectCollection(
  queryable: Queryable,
  id: Uuid,
): Promise<FoundCollection | undefined> {
  const rows = await queryable.query<FoundCollection>({
    name: 'audit.select_collection',
    text: `select ${collectionColumns} from audit.collections c
      left join audit.collection_ends e on e.collection_id = c.id
      where c.id = $1`,
    values: [id],
  });
  return rows[0];
}

export const noProgress: Progress = {
  segment: 0,
  items: 0,
  inputBytes: 0,
  counts: { read: 0, kept: 0, duplicate: 0, malformed: 0, skipped: 0, bad: 0 },
};

interface ProgressRow {
  readonly number: number;
  readonly items_end: bigint;
  readonly input_bytes_end: bigint;
  readonly read_end: bigint;
  readonly kept_end: bigint;
  readonly duplicate_end: bigint;
  readonly malformed_end: bigint;
  readonly skipped_end: bigint;
  readonly bad_end: bigint;
}

/** As of its latest segment. */
export async function selectProgress(queryable: Queryable, id: Uuid): Promise<Progress> {
  const [row] = await queryable.query<ProgressRow>({
    name: 'audit.select_collection_progress',
    text: `select s.number, s.items_end, s.input_bytes_end, s.read_end, s.kept_end,
        s.duplicate_end, s.malformed_end, s.skipped_end, s.bad_end
      from audit.collected_segments s where s.collection_id = $1
      order by s.number desc limit 1`,
    values: [id],
  });
  if (row === undefined) return noProgress;
  return {
    segment: row.number,
    items: Number(row.items_end),
    inputBytes: Number(row.input_bytes_end),
    counts: {
      read: Number(row.read_end),
      kept: Number(row.kept_end),
      duplicate: Number(row.duplicate_end),
      malformed: Number(row.malformed_end),
      skipped: Number(row.skipped_end),
      bad: Number(row.bad_end),
    },
  };
}

export async function insertSegment(queryable: Queryable, segment: SegmentRow): Promise<void> {
  const { firstAt, lastAt, end, terms, storedAt } = segment;
  const { counts } = end;
  await queryable.query({
    name: 'audit.insert_collected_segment',
    text: `insert into audit.collected_segments
        (collection_id, number, format, source, events_key, event_count, first_at, last_at, terms,
        input_key, rejects_key, items_end, input_bytes_end, read_end, kept_end, duplicate_end,
        malformed_end, skipped_end, bad_end, stored_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20)`,
    values: [
      segment.collectionId,
      end.segment,
      segment.format,
      segment.source,
      segment.eventsKey ?? null,
      segment.eventCount,
      firstAt === undefined ? null : formatInstant(firstAt),
      lastAt === undefined ? null : formatInstant(lastAt),
      int4Array(terms),
      segment.inputKey ?? null,
      segment.rejectsKey ?? null,
      end.items,
      end.inputBytes,
      counts.read,
      counts.kept,
      counts.duplicate,
      counts.malformed,
      counts.skipped,
      counts.bad,
      formatInstant(storedAt),
    ],
  });
}

export async function insertCollectionEnd(
  queryable: Queryable,
  { collectionId, sha256, problem, end, segmentsHash, endedAt }: CollectionEnd,
): Promise<void> {
  const { counts } = end;
  await queryable.query({
    name: 'audit.insert_collection_end',
    text: `insert into audit.collection_ends
        (collection_id, sha256, input_bytes, segments, problem, read, kept, duplicate, malformed,
        skipped, bad, segments_hash, ended_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    values: [
      collectionId,
      sha256,
      end.inputBytes,
      end.segment,
      problem ?? null,
      counts.read,
      counts.kept,
      counts.duplicate,
      counts.malformed,
      counts.skipped,
      counts.bad,
      segmentsHash ?? null,
      formatInstant(endedAt),
    ],
  });
}

/** The hash of a collection's last segment, which says what all of them are. */
export async function selectSegmentsHash(
  queryable: Queryable,
  id: Uuid,
): Promise<Buffer | undefined> {
  const [row] = await queryable.query<{ hash: Buffer }>({
    name: 'audit.select_segments_hash',
    text: `select s.hash from audit.collected_segments s where s.collection_id = $1
      order by s.number desc limit 1`,
    values: [id],
  });
  return row?.hash;
}

/** Those of the keys whose events are stored. */
export async function selectKeys(queryable: Queryable, keys: readonly bigint[]): Promise<bigint[]> {
  const rows = await queryable.query<{ key: bigint }>({
    name: 'audit.select_collected_keys',
    text: 'select k.key from audit.collected_keys k where k.key = any($1::bigint[])',
    values: [int8Array(keys)],
  });
  return rows.map(({ key }) => key);
}

/** How many of the keys were new. */
export async function insertKeys(queryable: Queryable, keys: readonly bigint[]): Promise<number> {
  const rows = await queryable.query<{ count: bigint }>({
    name: 'audit.insert_collected_keys',
    text: `with inserted as (
        insert into audit.collected_keys (key) select unnest($1::bigint[])
        on conflict do nothing returning 1)
      select count(*) as count from inserted`,
    values: [int8Array(keys)],
  });
  return Number(rows[0]?.count ?? 0n);
}

export interface SegmentObjects {
  readonly number: number;
  readonly input_key: string | null;
  readonly rejects_key: string | null;
}

/** The objects of a collection's segments after a number, in order. */
export async function selectSegmentObjects(
  queryable: Queryable,
  of: { readonly collectionId: Uuid; readonly after: number; readonly limit: number },
): Promise<SegmentObjects[]> {
  return await queryable.query<SegmentObjects>({
    name: 'audit.select_segment_objects',
    text: `select s.number, s.input_key, s.rejects_key from audit.collected_segments s
      where s.collection_id = $1 and s.number > $2 order by s.number limit $3`,
    values: [of.collectionId, of.after, of.limit],
  });
}
