// Owns the SQL of the log of screening: its rows as the stream placed them, with what is folded of
// the batches and labels that they name. Positions become visible in their order, so whoever has
// read up to one has missed nothing before it.

import { idOf, uuidOf, type Id, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { FraudEvent } from '../event.ts';
import type { ScreeningBatchId } from '../screening/item.ts';

export type LogKind = 'batch' | 'label' | 'annulment';

export interface NewLogRow {
  readonly kind: LogKind;
  readonly position: bigint;
  readonly tenant: string;
  readonly id: Id<'scb'> | Id<'lab'> | Id<'anl'>;
}

/** What is there already stays as it is. */
export async function insertLog(q: Queryable, rows: readonly NewLogRow[]): Promise<void> {
  if (rows.length === 0) return;
  await q.query({
    name: 'fraud.insert_log',
    text: `insert into fraud.log (position, tenant, kind, id)
      select * from unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[])
      on conflict do nothing`,
    values: [
      rows.map(({ position }) => position),
      rows.map(({ tenant }) => tenant),
      rows.map(({ kind }) => kind),
      rows.map(({ id }) => uuidOf(id)),
    ],
  });
}

/** Of one tenant, or of all. */
export interface LogRange {
  readonly after: bigint;
  readonly upTo?: bigint | undefined;
  readonly tenant?: string | undefined;
  readonly countMax: number;
}

export interface LogRow {
  readonly position: bigint;
  readonly tenant: string;
  readonly kind: LogKind;
  readonly id: Uuid;
}

/** Above every position. */
const POSITION_MAX = 2n ** 63n - 1n;

export async function selectLog(q: Queryable, range: LogRange): Promise<LogRow[]> {
  const { after, upTo = POSITION_MAX, tenant, countMax } = range;
  if (tenant !== undefined) {
    return await q.query<LogRow>({
      name: 'fraud.select_log_of_tenant',
      text: `select l.position, l.tenant, l.kind, l.id from fraud.log l
        where l.tenant = $4 and l.position > $1 and l.position <= $2
        order by l.position limit $3`,
      values: [after, upTo, countMax, tenant],
    });
  }
  return await q.query<LogRow>({
    name: 'fraud.select_log',
    text: `select l.position, l.tenant, l.kind, l.id from fraud.log l
      where l.position > $1 and l.position <= $2
      order by l.position limit $3`,
    values: [after, upTo, countMax],
  });
}

/** The tenants that have entries, by one look into the index for each. */
export async function selectLogTenants(q: Queryable): Promise<string[]> {
  const rows = await q.query<{ tenant: string | null }>({
    name: 'fraud.select_log_tenants',
    text: `with recursive found as (
        select min(l.tenant) as tenant from fraud.log l
        union all
        select (select min(l.tenant) from fraud.log l where l.tenant > f.tenant) from found f
        where f.tenant is not null
      )
      select f.tenant from found f where f.tenant is not null`,
  });
  return rows.flatMap(({ tenant }) => tenant ?? []);
}

/** The last position, of one tenant or of all; 0 without any. */
export async function selectLogHead(q: Queryable, tenant?: string): Promise<bigint> {
  const [row] = await q.query<{ position: bigint | null }>(
    tenant === undefined
      ? {
          name: 'fraud.select_log_head',
          text: 'select max(l.position) as position from fraud.log l',
        }
      : {
          name: 'fraud.select_log_head_of_tenant',
          text: 'select max(l.position) as position from fraud.log l where l.tenant = $1',
          values: [tenant],
        },
  );
  return row?.position ?? 0n;
}

export async function countLog(
  q: Queryable,
  { tenant, after, upTo = POSITION_MAX }: Omit<LogRange, 'countMax'> & { readonly tenant: string },
): Promise<number> {
  const [row] = await q.query<{ count: bigint }>({
    name: 'fraud.count_log',
    text: `select count(*) as count from fraud.log l
      where l.tenant = $1 and l.position > $2 and l.position <= $3`,
    values: [tenant, after, upTo],
  });
  return Number(row?.count ?? 0);
}

/** What is folded of a batch. */
export interface BatchContent {
  readonly run: Uuid;
  readonly events: FraudEvent[];
}

interface EventRow {
  readonly id: Uuid;
  readonly at_us: bigint;
  readonly amount: bigint;
  readonly keys: Readonly<Record<string, string>>;
}

interface BatchEventRow extends EventRow {
  readonly batch: Uuid;
  readonly run: Uuid;
  /** Of those alone that the features may have refused. */
  readonly features: Buffer | null;
}

const eventColumns = `d.id, (extract(epoch from d.event_at) * 1000000)::bigint as at_us,
  d.amount, d.keys`;

function eventOf({ id, at_us: at, amount, keys }: EventRow): FraudEvent {
  return { id: idOf('dec', id), at: Number(at) as Instant, amount: Number(amount), keys };
}

/**
 * The events that were folded in when they were judged: what the features refused is not among
 * them, so that a fold of the log does not take what no process took.
 */
export async function selectBatchContents(
  q: Queryable,
  ids: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, BatchContent>> {
  if (ids.length === 0) return new Map();
  // Ids of a batch differ in their last twenty bits alone, so that a range of them is the batch.
  // Each is looked up by its range, however many decisions there are in all ("offset 0" keeps it
  // so).
  const rows = await q.query<BatchEventRow>({
    name: 'fraud.select_batch_contents',
    text: `select ${eventColumns}, b.id as batch, b.run,
        case when d.mode in ('failed_open', 'failed_closed') then d.features end as features
      from unnest($1::uuid[]) as asked (id)
      join fraud.batches b on b.id = asked.id
      cross join lateral (
        select o.* from fraud.decisions o
        where o.id > b.id and o.id <= overlay(b.id::text placing 'fffff' from 32)::uuid
          and o.batch = b.id
        offset 0
      ) as d
      order by d.id`,
    values: [ids],
  });
  const found = new Map<Uuid, BatchContent>();
  for (const row of rows) {
    const content = found.get(row.batch) ?? { run: row.run, events: [] };
    found.set(row.batch, content);
    if (row.features === null || !isBlank(row.features)) content.events.push(eventOf(row));
  }
  return found;
}

/** Whether every feature is missing, which tells that the event was refused. */
function isBlank(features: Buffer): boolean {
  for (let at = 0; at + 8 <= features.length; at += 8) {
    if (!Number.isNaN(features.readDoubleLE(at))) return false;
  }
  return true;
}

export interface LabelContent {
  readonly event: FraudEvent;
  readonly knownAt: Instant;
  readonly isFraud: boolean;
}

interface LabelRow extends EventRow {
  readonly label: Uuid;
  readonly known_at_us: bigint;
  readonly is_fraud: boolean;
}

export async function selectLabelContents(
  q: Queryable,
  ids: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, LabelContent>> {
  if (ids.length === 0) return new Map();
  const rows = await q.query<LabelRow>({
    name: 'fraud.select_label_contents',
    text: `select ${eventColumns}, l.id as label, l.is_fraud,
        (extract(epoch from l.known_at) * 1000000)::bigint as known_at_us
      from unnest($1::uuid[]) as asked (id)
      join fraud.labels l on l.id = asked.id
      join fraud.decisions d on d.id = l.decision`,
    values: [ids],
  });
  return new Map(
    rows.map((row) => {
      const { label, known_at_us: knownAt, is_fraud: isFraud } = row;
      return [label, { event: eventOf(row), knownAt: Number(knownAt) as Instant, isFraud }];
    }),
  );
}

/** Of these batches, those that are kept. */
export async function selectKeptBatches(
  q: Queryable,
  ids: readonly ScreeningBatchId[],
): Promise<ReadonlySet<ScreeningBatchId>> {
  if (ids.length === 0) return new Set();
  const rows = await q.query<{ id: Uuid }>({
    name: 'fraud.select_kept_batches',
    text: 'select b.id from fraud.batches b where b.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return new Set(rows.map(({ id }) => idOf('scb', id)));
}

/** By id, for whoever walks over all of them; after one, or of these. */
export async function selectBatchIds(
  q: Queryable,
  asked: {
    readonly after?: ScreeningBatchId | undefined;
    readonly ids?: readonly ScreeningBatchId[] | undefined;
    readonly countMax: number;
  },
): Promise<ScreeningBatchId[]> {
  const { after, ids, countMax } = asked;
  const rows = await q.query<{ id: Uuid }>({
    text: `select b.id from fraud.batches b
      where ($1::uuid is null or b.id > $1) and ($2::uuid[] is null or b.id = any($2))
      order by b.id limit $3`,
    values: [after === undefined ? null : uuidOf(after), ids?.map(uuidOf) ?? null, countMax],
  });
  return rows.map(({ id }) => idOf('scb', id));
}
