// The SQL of finding collected events: segments that may hold some, those with the latest first.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import { int4Array, type Queryable } from '#platform';

export interface FoundSegment {
  readonly collection_id: Uuid;
  readonly number: number;
  readonly events_key: string;
  /** Milliseconds since 1970. */
  readonly last_ms: bigint;
}

export interface WantedSegments {
  readonly terms: readonly number[];
  /** With an event at or before. */
  readonly to: Instant;
  /** With an event at or after. */
  readonly from: Instant | undefined;
  readonly source: string | undefined;
  readonly format: string | undefined;
  /** The segment that the last page of them ended with. */
  readonly after: FoundSegment | undefined;
  readonly limit: number;
}

export async function selectSegments(
  queryable: Queryable,
  { terms, from, to, source, format, after, limit }: WantedSegments,
): Promise<FoundSegment[]> {
  return await queryable.query<FoundSegment>({
    // By whether there are terms, because only with them the index of terms is of use.
    name: `audit.select_collected_segments_${terms.length > 0 ? 'with' : 'without'}_terms`,
    text: `select s.collection_id, s.number, s.events_key,
        (extract(epoch from s.last_at) * 1000)::bigint as last_ms
      from audit.collected_segments s
      where s.event_count > 0
        and s.first_at <= $1
        and ($2::timestamptz is null or s.last_at >= $2)
        and ($3::text is null or s.source = $3)
        and ($4::text is null or s.format = $4)
        ${terms.length > 0 ? 'and s.terms @> $9::integer[]' : ''}
        and ($5::bigint is null or (s.last_at, s.collection_id, s.number)
          < (to_timestamp(0) + $5 * interval '1 millisecond', $6::uuid, $7::integer))
      order by s.last_at desc, s.collection_id desc, s.number desc
      limit $8`,
    values: [
      formatInstant(to),
      from === undefined ? null : formatInstant(from),
      source ?? null,
      format ?? null,
      after?.last_ms ?? null,
      after?.collection_id ?? null,
      after?.number ?? null,
      limit,
      ...(terms.length > 0 ? [int4Array(terms)] : []),
    ],
  });
}
