// The SQL of segments: how large the current one is, and the opening of the next.

import type { Queryable } from '#platform';

/** Bytes of the current segment's rows, without its indexes. */
export async function segmentBytes(q: Queryable): Promise<number> {
  const [row] = await q.query<{ bytes: bigint }>({
    name: 'ledger.segment_bytes',
    text: `select pg_relation_size(
        ('ledger.entries_' || lpad(max(s.segment)::text, 6, '0'))::regclass) as bytes
      from ledger.segments s`,
  });
  return Number(row?.bytes ?? 0n);
}

/** Opens the next segment; answers its number. */
export async function openSegment(q: Queryable, now: string): Promise<number> {
  const [row] = await q.query<{ segment: number }>({
    name: 'ledger.open_segment',
    text: 'select ledger.open_segment($1::timestamptz) as segment',
    values: [now],
  });
  return row?.segment ?? 0;
}
