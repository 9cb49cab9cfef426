// Owns the SQL of the runs of processes: what each decided, in the order in which it did.

import { formatInstant, idOf, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { ScreeningBatchId } from '../../screening/item.ts';

/** What one process decided, from its start to its end. */
export interface Run {
  readonly run: Uuid;
  /** The first batch asked about. */
  readonly ordinal: bigint;
  /** How far the log was folded for that one. */
  readonly foldedUpTo: bigint;
  readonly decisions: number;
}

interface RunRow {
  readonly run: Uuid;
  readonly ordinal: bigint;
  readonly folded_up_to: bigint;
  readonly decisions: bigint;
}

/** Those of a tenant that decided since, by how far the log was when they began. */
export async function selectRuns(
  q: Queryable,
  { tenant, from }: { readonly tenant: string; readonly from: Instant | undefined },
): Promise<Run[]> {
  const rows = await q.query<RunRow>({
    text: `select b.run, min(b.ordinal) as ordinal, min(b.folded_up_to) as folded_up_to,
        sum(b.decisions) as decisions
      from fraud.batches b
      where b.tenant = $1 and ($2::timestamptz is null or b.made_at >= $2)
      group by b.run order by folded_up_to, b.run`,
    values: [tenant, from === undefined ? null : formatInstant(from)],
  });
  return rows.map(({ run, ordinal, folded_up_to: foldedUpTo, decisions }) => {
    return { run, ordinal, foldedUpTo, decisions: Number(decisions) };
  });
}

/** The batches of a run from an ordinal on, in the order in which they were decided. */
export async function selectRunBatches(
  q: Queryable,
  asked: {
    readonly tenant: string;
    readonly run: Uuid;
    readonly from: bigint;
    readonly countMax: number;
  },
): Promise<ScreeningBatchId[]> {
  const rows = await q.query<{ id: Uuid }>({
    name: 'fraud.select_run_batches',
    text: `select b.id from fraud.batches b
      where b.tenant = $1 and b.run = $2 and b.ordinal >= $3 order by b.ordinal limit $4`,
    values: [asked.tenant, asked.run, asked.from, asked.countMax],
  });
  return rows.map(({ id }) => idOf('scb', id));
}

/** Those that the run decided before its ordinal and had not seen in the log by then. */
export async function selectUnseenBatches(
  q: Queryable,
  { tenant, run, ordinal, foldedUpTo }: Run & { readonly tenant: string },
): Promise<Uuid[]> {
  const rows = await q.query<{ id: Uuid }>({
    text: `select b.id from fraud.batches b left join fraud.log l on l.id = b.id
      where b.tenant = $1 and b.run = $2 and b.ordinal < $3
        and (l.position is null or l.position > $4)
      order by b.ordinal`,
    values: [tenant, run, ordinal, foldedUpTo],
  });
  return rows.map(({ id }) => id);
}

/**
 * How many batches that a run counted between a time and an ordinal are not kept: they were rolled
 * back, or died with the process, or were of products that are not screened. Asked of all tenants,
 * because a run counts all its batches.
 */
export async function countLostBatches(
  q: Queryable,
  {
    run,
    ordinal,
    since,
  }: { readonly run: Uuid; readonly ordinal: bigint; readonly since: Instant },
): Promise<number> {
  const [row] = await q.query<{ lost: bigint }>({
    text: `select $2::bigint - count(*) filter (where b.made_at >= $3::timestamptz)
        - coalesce(max(b.ordinal) filter (where b.made_at < $3::timestamptz) + 1, 0) as lost
      from fraud.batches b where b.run = $1 and b.ordinal < $2`,
    values: [run, ordinal, formatInstant(since)],
  });
  return Number(row?.lost ?? 0n);
}
