// The SQL of annulments: what is taken out of the state of screening from a place in the log on.

import { formatInstant, idOf, msOf, uuidFloor, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Annulment, AnnulmentId } from './annulment.ts';

export async function insertAnnulment(tx: Transaction, annulment: Annulment): Promise<void> {
  await tx.query({
    text: `insert into fraud.annulments (id, tenant, later_than, decisions, note, made_at, made_by)
      values ($1, $2, $3::timestamptz, $4, $5, $6::timestamptz, $7)`,
    values: [
      uuidOf(annulment.id),
      annulment.tenant,
      formatInstant(annulment.laterThan),
      annulment.decisions,
      annulment.note,
      formatInstant(annulment.madeAt),
      annulment.madeBy,
    ],
  });
}

/** Of what happened later than a time; ids begin with it. */
export async function countLaterDecisions(
  q: Queryable,
  { tenant, laterThan }: Pick<Annulment, 'tenant' | 'laterThan'>,
): Promise<number> {
  const [row] = await q.query<{ count: bigint }>({
    text: `select count(*) as count from fraud.decisions d
      where d.tenant = $1 and d.id >= $2::uuid and d.event_at > $3::timestamptz`,
    values: [tenant, uuidFloor(msOf(laterThan)), formatInstant(laterThan)],
  });
  return Number(row?.count ?? 0);
}

/** When the latest batch was judged, by its own clock; undefined before the first. */
export async function latestJudgedAt(q: Queryable): Promise<Instant | undefined> {
  const [row] = await q.query<{ made_at_us: bigint }>({
    text: `select (extract(epoch from b.made_at) * 1000000)::bigint as made_at_us
      from fraud.batches b order by b.id desc limit 1`,
  });
  return row && (Number(row.made_at_us) as Instant);
}

interface AnnulmentRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly later_than_us: bigint;
  readonly decisions: bigint;
  readonly note: string;
  readonly made_at_us: bigint;
  readonly made_by: string;
}

/** By id, the next after one, or of these. */
export async function selectAnnulments(
  q: Queryable,
  asked: { readonly after?: AnnulmentId | undefined; readonly ids?: readonly Uuid[] },
  countMax: number,
): Promise<Annulment[]> {
  const { after, ids } = asked;
  const rows = await q.query<AnnulmentRow>({
    text: `select a.id, a.tenant, a.decisions, a.note, a.made_by,
        (extract(epoch from a.later_than) * 1000000)::bigint as later_than_us,
        (extract(epoch from a.made_at) * 1000000)::bigint as made_at_us
      from fraud.annulments a
      where ($1::uuid is null or a.id > $1) and ($2::uuid[] is null or a.id = any($2))
      order by a.id limit $3`,
    values: [after === undefined ? null : uuidOf(after), ids ?? null, countMax],
  });
  return rows.map((row) => ({
    id: idOf('anl', row.id),
    tenant: row.tenant,
    laterThan: Number(row.later_than_us) as Instant,
    decisions: Number(row.decisions),
    note: row.note,
    madeAt: Number(row.made_at_us) as Instant,
    madeBy: row.made_by,
  }));
}
