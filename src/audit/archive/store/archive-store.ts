// The SQL of the archive: which months there are and how far each is archived, the objects and
// manifests of each, and what became of them. Rows are only added.

import { assert, formatInstant, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { RetentionClass } from '../../action.ts';
import { formatRuns, parseRuns, type Run } from '../runs.ts';

// "archive" in ASCII.
const ARCHIVE_LOCK = 0x61_72_63_68_69_76_65n;

/**
 * One after another: the numbers of archive objects and manifests have no gap and rise in the order
 * of commits, and a legal hold is placed before or after an object is archived or given up.
 */
export async function lockArchive(tx: Transaction): Promise<void> {
  await tx.query({
    name: 'audit.lock_archive',
    text: 'select pg_catalog.pg_advisory_xact_lock($1)',
    values: [ARCHIVE_LOCK],
  });
}

export interface MonthState {
  readonly isOpened: boolean;
  readonly isRemoved: boolean;
  /** By the database's clock, which has the last word. */
  readonly isAtHand: boolean;
  /** Bundles without a place. */
  readonly isWaiting: boolean;
}

export async function selectMonthState(q: Queryable, month: number): Promise<MonthState> {
  const [row] = await q.query<Record<'opened' | 'removed' | 'at_hand' | 'waiting', boolean>>({
    name: 'audit.select_month_state',
    text: `select exists (select from audit.months m where m.month = $1) as opened,
        exists (select from audit.removed_months r where r.month = $1) as removed,
        $1 >= to_char(date_trunc('month', now() at time zone 'UTC') - interval '2 months',
          'YYYYMM')::integer as at_hand,
        exists (select from audit.inbox i where i.month = $1) as waiting`,
    values: [month],
  });
  assert(row !== undefined, 'select without from gives one row');
  const { opened: isOpened, removed: isRemoved, at_hand: isAtHand, waiting: isWaiting } = row;
  return { isOpened, isRemoved, isAtHand, isWaiting };
}

/** Months in the database, up to one, oldest first. */
export async function selectMonthsThrough(q: Queryable, through: number): Promise<number[]> {
  const rows = await q.query<{ month: number }>({
    name: 'audit.select_months_through',
    text: `select m.month from audit.months m where m.month <= $1
        and not exists (select from audit.removed_months r where r.month = m.month)
      order by m.month`,
    values: [through],
  });
  return rows.map(({ month }) => month);
}

export interface NewArchive {
  readonly month: number;
  readonly retention: RetentionClass;
  readonly key: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  readonly bytes: number;
  /** The lines before compression. */
  readonly leafBytes: number;
  readonly leafCount: number;
  readonly runs: readonly Run[];
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly retainUntil: Instant;
}

export interface Archive extends NewArchive {
  readonly number: number;
  /** Given up: it is removed, or will be at once. */
  readonly expiredAt: Instant | undefined;
}

/** Undefined where a leaf of it is archived already: another process is at this month. */
export async function insertArchive(
  tx: Transaction,
  archive: NewArchive,
): Promise<number | undefined> {
  const [row] = await tx.query<{ number: bigint }>({
    name: 'audit.insert_archive',
    text: `insert into audit.archives (number, month, retention, object_key, sha256, bytes,
        leaf_bytes, leaf_count, runs, first_at, last_at, retain_until, archived_at)
      select coalesce(max(a.number), 0) + 1, $1, $2, $3, decode($4, 'hex'), $5, $6, $7,
        $8::int8multirange, $9, $10, $11, $12
      from audit.archives a
      on conflict do nothing
      returning number`,
    values: [
      archive.month,
      archive.retention,
      archive.key,
      archive.sha256,
      archive.bytes,
      archive.leafBytes,
      archive.leafCount,
      formatRuns(archive.runs),
      formatInstant(archive.firstAt),
      formatInstant(archive.lastAt),
      formatInstant(archive.retainUntil),
      formatInstant(tx.now),
    ],
  });
  return row === undefined ? undefined : Number(row.number);
}

interface ArchiveRow {
  readonly number: bigint;
  readonly month: number;
  readonly retention: RetentionClass;
  readonly object_key: string;
  readonly sha256: string;
  readonly bytes: bigint;
  readonly leaf_bytes: bigint;
  readonly leaf_count: number;
  readonly runs: string;
  readonly first_at: bigint;
  readonly last_at: bigint;
  readonly retain_until: bigint;
  readonly expired_at: bigint | null;
}

const archiveColumns = `a.number, a.month, a.retention, a.object_key,
  encode(a.sha256, 'hex') as sha256, a.bytes, a.leaf_bytes, a.leaf_count, a.runs::text as runs,
  ${us('a.first_at')} as first_at,
  ${us('a.last_at')} as last_at,
  ${us('a.retain_until')} as retain_until,
  ${us('e.expired_at')} as expired_at`;

const archiveTables = `audit.archives a
  left join audit.archive_expiries e on e.archive = a.number`;

function archiveOf(row: ArchiveRow): Archive {
  return {
    number: Number(row.number),
    month: row.month,
    retention: row.retention,
    key: row.object_key,
    sha256: row.sha256,
    bytes: Number(row.bytes),
    leafBytes: Number(row.leaf_bytes),
    leafCount: row.leaf_count,
    runs: parseRuns(row.runs),
    firstAt: instantIn(row.first_at),
    lastAt: instantIn(row.last_at),
    retainUntil: instantIn(row.retain_until),
    expiredAt: row.expired_at === null ? undefined : instantIn(row.expired_at),
  };
}

/** Microseconds since 1970 of a column, which `instantIn` takes. */
export function us(column: string): string {
  return `(extract(epoch from ${column}) * 1000000)::bigint`;
}

export function instantIn(microseconds: bigint): Instant {
  return Number(microseconds) as Instant;
}

/** Rows come a few at a time, because each may have tens of thousands of runs. */
const ARCHIVES_PAGE = 8;

export interface ArchiveSelection {
  readonly month?: number | undefined;
  /** Numbers above this one. */
  readonly after?: number | undefined;
  /** Numbers up to this one. */
  readonly through?: number | undefined;
}

/** The objects of a month, or of all, by number. */
export async function* selectArchives(
  q: Queryable,
  { month, after = 0, through }: ArchiveSelection,
): AsyncGenerator<Archive> {
  let last = after;
  for (;;) {
    const rows = await q.query<ArchiveRow>({
      name: 'audit.select_archives',
      text: `select ${archiveColumns} from ${archiveTables}
        where a.number > $1 and ($2::integer is null or a.month = $2)
          and ($3::bigint is null or a.number <= $3)
        order by a.number limit $4`,
      values: [last, month ?? null, through ?? null, ARCHIVES_PAGE],
    });
    yield* rows.map(archiveOf);
    const end = rows.at(-1);
    if (end === undefined || rows.length < ARCHIVES_PAGE) return;
    last = Number(end.number);
  }
}

/** The objects that leaves of a range are in, without their runs. */
export async function selectArchivesOf(
  q: Queryable,
  range: { readonly first: number; readonly count: number },
): Promise<{ number: number; key: string; expiredAt: Instant | undefined }[]> {
  const rows = await q.query<Pick<ArchiveRow, 'number' | 'object_key' | 'expired_at'>>({
    name: 'audit.select_archives_of',
    text: `select a.number, a.object_key,
        ${us('e.expired_at')} as expired_at
      from ${archiveTables}
      where a.runs && int8range($1, $2) order by lower(a.runs)`,
    values: [range.first, range.first + range.count],
  });
  return rows.map(({ number, object_key: key, expired_at: expiredAt }) => ({
    number: Number(number),
    key,
    expiredAt: expiredAt === null ? undefined : instantIn(expiredAt),
  }));
}

export async function selectArchive(q: Queryable, number: number): Promise<Archive> {
  const [row] = await q.query<ArchiveRow>({
    name: 'audit.select_archive',
    text: `select ${archiveColumns} from ${archiveTables} where a.number = $1`,
    values: [number],
  });
  assert(row !== undefined, `there is an archive object ${number}`);
  return archiveOf(row);
}

/** How far each class of a month is archived: the index after its last leaf. */
export async function selectArchivedEnds(
  q: Queryable,
  month: number,
): Promise<Map<RetentionClass, number>> {
  const rows = await q.query<{ retention: RetentionClass; ends: bigint }>({
    name: 'audit.select_archived_ends',
    text: `select a.retention, max(upper(a.runs)) as ends from audit.archives a
      where a.month = $1 group by a.retention`,
    values: [month],
  });
  return new Map(rows.map(({ retention, ends }) => [retention, Number(ends)]));
}

/** Adds the bundles of an archived month to those removed. False when another process did. */
export async function dropMonth(tx: Transaction, month: number): Promise<boolean> {
  const [row] = await tx.query<{ is_dropped: boolean }>({
    text: 'select audit.drop_month($1) as is_dropped',
    values: [month],
  });
  return row?.is_dropped === true;
}

export interface MonthCounts {
  readonly placed: number;
  readonly archived: number;
}

/** Leaves with a place, and those of them in objects of the archive. */
export async function countMonth(q: Queryable, month: number): Promise<MonthCounts> {
  const [row] = await q.query<{ placed: bigint; archived: bigint }>({
    name: 'audit.count_month',
    text: `select
        (select coalesce(sum(p.leaf_count), 0)::bigint from audit.places p
          where p.month = $1) as placed,
        (select coalesce(sum(a.leaf_count), 0)::bigint from audit.archives a
          where a.month = $1) as archived`,
    values: [month],
  });
  return { placed: Number(row?.placed ?? 0n), archived: Number(row?.archived ?? 0n) };
}
