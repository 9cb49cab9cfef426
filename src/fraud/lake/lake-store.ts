// The SQL of feeding the lake: the place in the log, and what the log names that only the lake
// wants. Reads of every tenant at once: the caller files each row under its own.

import { idOf, type Instant, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { LakeLabel } from './events.ts';

/** Everything up to `after` is in files; up to `upTo` it is being written, if that is there. */
export interface FeedPlace {
  readonly after: bigint;
  readonly upTo: bigint | undefined;
}

interface PlaceRow {
  readonly position: bigint;
  readonly planned: bigint | null;
}

function placeOf(row: PlaceRow | undefined): FeedPlace {
  return { after: row?.position ?? 0n, upTo: row?.planned ?? undefined };
}

/** Until the transaction ends, nobody else moves it. */
export async function lockFeedPlace(q: Queryable): Promise<FeedPlace> {
  const [row] = await q.query<PlaceRow>({
    name: 'fraud.lock_feed_place',
    text: `select p.position, p.planned from fraud.lake_positions p where p.name = 'log'
      for update`,
  });
  return placeOf(row);
}

export async function updateFeedPlan(q: Queryable, upTo: bigint): Promise<void> {
  await q.query({
    name: 'fraud.update_feed_plan',
    text: `update fraud.lake_positions set planned = $1 where name = 'log'`,
    values: [upTo],
  });
}

/** Changes nothing where another process was as far already. */
export async function updateFeedPosition(
  q: Queryable,
  { after, upTo }: { readonly after: bigint; readonly upTo: bigint },
): Promise<void> {
  await q.query({
    name: 'fraud.update_feed_position',
    text: `update fraud.lake_positions set position = $2, planned = null
      where name = 'log' and position = $1 and planned = $2`,
    values: [after, upTo],
  });
}

export interface FeedEnd {
  readonly upTo: bigint;
  readonly decisions: number;
}

/**
 * The last of the next entries that together have so many decisions at most, and at least one
 * entry; undefined where there is none.
 */
export async function selectFeedEnd(
  q: Queryable,
  {
    after,
    entriesMax,
    rowsMax,
  }: {
    readonly after: bigint;
    readonly entriesMax: number;
    readonly rowsMax: number;
  },
): Promise<FeedEnd | undefined> {
  const [row] = await q.query<{ position: bigint; decisions: bigint }>({
    name: 'fraud.select_feed_end',
    text: `with next as (
        select l.position, l.kind, l.id from fraud.log l
        where l.position > $1 order by l.position limit $2
      ),
      counted as (
        select n.position, row_number() over (order by n.position) as place,
          sum(coalesce(b.decisions, 1)) over (order by n.position) as decisions
        from next n left join fraud.batches b on n.kind = 'batch' and b.id = n.id
      )
      select c.position, c.decisions from counted c where c.decisions <= $3 or c.place = 1
      order by c.position desc limit 1`,
    values: [after, entriesMax, rowsMax],
  });
  return row && { upTo: row.position, decisions: Number(row.decisions) };
}

interface LabelRow {
  readonly label: Uuid;
  readonly tenant: string;
  readonly decision: Uuid;
  readonly is_fraud: boolean;
  readonly known_at_us: bigint;
  readonly source: string;
  readonly pattern: string | null;
  readonly at_us: bigint;
  readonly amount: bigint;
  readonly keys: Readonly<Record<string, string>>;
}

export interface TenantLabel {
  readonly tenant: string;
  readonly label: LakeLabel;
}

export async function selectLakeLabels(q: Queryable, ids: readonly Uuid[]): Promise<TenantLabel[]> {
  if (ids.length === 0) return [];
  const rows = await q.query<LabelRow>({
    name: 'fraud.select_lake_labels',
    text: `select l.id as label, l.tenant, l.decision, l.is_fraud, l.source, l.pattern,
        (extract(epoch from l.known_at) * 1000000)::bigint as known_at_us,
        (extract(epoch from d.event_at) * 1000000)::bigint as at_us, d.amount, d.keys
      from fraud.labels l join fraud.decisions d on d.id = l.decision
      where l.id = any($1)`,
    values: [uuidArray(ids)],
  });
  return rows.map(labelOf);
}

function labelOf(row: LabelRow): TenantLabel {
  const { tenant, source, pattern, is_fraud: isFraud, keys } = row;
  const event = {
    id: idOf('dec', row.decision),
    at: Number(row.at_us) as Instant,
    amount: Number(row.amount),
    keys,
  };
  const known = { id: idOf('lab', row.label), knownAt: Number(row.known_at_us) as Instant };
  const label = { ...known, isFraud, source, event };
  return { tenant, label: pattern === null ? label : { ...label, pattern } };
}

/** How many entries of the log are in no file for good. */
export async function countBacklog(q: Queryable): Promise<bigint> {
  const [row] = await q.query<{ entries: bigint }>({
    name: 'fraud.count_lake_backlog',
    text: `select count(*) as entries
      from fraud.lake_positions p join fraud.log l on l.position > p.position
      where p.name = 'log'`,
  });
  return row?.entries ?? 0n;
}
