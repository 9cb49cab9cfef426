// The SQL of labels: they are added, each name of a source once, and never changed.

import { limits } from '#config';
import {
  formatInstant,
  idOf,
  madeAtMs,
  uuidFloor,
  uuidOf,
  type Id,
  type Instant,
  type Uuid,
} from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { DecisionId } from '../screening/item.ts';
import type { Label, LabelId, LabelSource } from './label.ts';

const MS_PER_SECOND = 1_000;
/** The last that an id can begin with (RFC 9562 §5.7). */

interface LabelRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly decision: Uuid;
  readonly is_fraud: boolean;
  readonly known_at_us: bigint;
  readonly source: LabelSource;
  readonly pattern: string | null;
  readonly case_id: Uuid | null;
  readonly external_id: string | null;
  readonly made_by: string;
}

const columns = `l.id, l.tenant, l.decision, l.is_fraud, l.source, l.pattern, l.case_id,
  l.external_id, l.made_by, (extract(epoch from l.known_at) * 1000000)::bigint as known_at_us`;

function labelOf(row: LabelRow): Label {
  return {
    id: idOf('lab', row.id),
    tenant: row.tenant,
    decisionId: idOf('dec', row.decision),
    isFraud: row.is_fraud,
    knownAt: Number(row.known_at_us) as Instant,
    source: row.source,
    pattern: row.pattern ?? undefined,
    caseId: row.case_id === null ? undefined : idOf('cse', row.case_id),
    externalId: row.external_id ?? undefined,
    madeBy: row.made_by,
  };
}

/** Those that were added; the others have a name that somebody has used meanwhile. */
export async function insertLabels(
  tx: Transaction,
  labels: readonly Label[],
): Promise<ReadonlySet<LabelId>> {
  const records = labels.map((label) => ({
    id: uuidOf(label.id),
    decision: uuidOf(label.decisionId),
    is_fraud: label.isFraud,
    known_at: formatInstant(label.knownAt),
    source: label.source,
    pattern: label.pattern,
    case_id: label.caseId && uuidOf(label.caseId),
    external_id: label.externalId,
    made_by: label.madeBy,
  }));
  const rows = await tx.query<{ id: Uuid }>({
    name: 'fraud.insert_labels',
    text: `insert into fraud.labels (id, decision, is_fraud, known_at, source, pattern, case_id,
        external_id, made_by)
      select r.id, r.decision, r.is_fraud, r.known_at, r.source, r.pattern, r.case_id,
        r.external_id, r.made_by
      from jsonb_to_recordset($1::jsonb) as r (id uuid, decision uuid, is_fraud boolean,
        known_at timestamptz, source text, pattern text, case_id uuid, external_id text,
        made_by text)
      order by r.id on conflict (tenant, source, external_id) where external_id is not null
      do nothing returning id`,
    values: [JSON.stringify(records)],
  });
  return new Set(rows.map(({ id }) => idOf('lab', id)));
}

/** Of the tenant, by source and external id. */
export async function selectByNames(
  queryable: Queryable,
  names: readonly { readonly source: LabelSource; readonly externalId: string }[],
): Promise<Label[]> {
  if (names.length === 0) return [];
  const rows = await queryable.query<LabelRow>({
    name: 'fraud.select_labels_by_name',
    text: `select ${columns} from unnest($1::text[], $2::text[]) as n (source, external_id)
      join fraud.labels l on l.tenant = platform.tenant() and l.source = n.source
        and l.external_id = n.external_id`,
    values: [names.map(({ source }) => source), names.map(({ externalId }) => externalId)],
  });
  return rows.map(labelOf);
}

/** When what was decided happened, of the decisions that there are. */
export async function decidedEvents(
  queryable: Queryable,
  ids: readonly DecisionId[],
): Promise<ReadonlyMap<DecisionId, Instant>> {
  if (ids.length === 0) return new Map();
  const rows = await queryable.query<{ id: Uuid; event_at_us: bigint }>({
    name: 'fraud.select_decided_events',
    text: `select d.id, (extract(epoch from d.event_at) * 1000000)::bigint as event_at_us
      from fraud.decisions d where d.id = any($1::uuid[])`,
    values: [ids.map(uuidOf)],
  });
  return new Map(rows.map((row) => [idOf('dec', row.id), Number(row.event_at_us) as Instant]));
}

export interface Said {
  readonly isFraud: boolean;
  readonly pattern: string | undefined;
}

/** The decisions of a case of which something else was said last, or nothing. */
export async function decisionsOtherwise(
  tx: Transaction,
  caseId: Id<'cse'>,
  { isFraud, pattern }: Said,
): Promise<DecisionId[]> {
  const rows = await tx.query<{ decision: Uuid }>({
    name: 'fraud.decisions_of_case_otherwise',
    text: `select a.decision from fraud.alerts a
      left join lateral (
        select l.is_fraud, l.pattern from fraud.labels l where l.decision = a.decision
        order by l.id desc limit 1
      ) l on true
      where a.case_id = $1 and (l.is_fraud is distinct from $2::boolean
        or ($3::text is not null and l.pattern is distinct from $3))
      order by a.decision`,
    values: [uuidOf(caseId), isFraud, pattern ?? null],
  });
  return rows.map(({ decision }) => idOf('dec', decision));
}

/** In the order in which they were said. */
export async function labelsOfDecisions(
  queryable: Queryable,
  ids: readonly DecisionId[],
): Promise<Label[]> {
  if (ids.length === 0) return [];
  const rows = await queryable.query<LabelRow>({
    name: 'fraud.select_labels_of_decisions',
    text: `select ${columns} from fraud.labels l where l.decision = any($1::uuid[]) order by l.id`,
    values: [ids.map(uuidOf)],
  });
  return rows.map(labelOf);
}

/** By id, for whoever walks over all of them. */
export async function labelsAfter(
  queryable: Queryable,
  after: LabelId | undefined,
  countMax: number,
): Promise<Label[]> {
  const rows = await queryable.query<LabelRow>({
    name: 'fraud.labels_after',
    text: `select ${columns} from fraud.labels l
      where $1::uuid is null or l.id > $1 order by l.id limit $2`,
    values: [after === undefined ? null : uuidOf(after), countMax],
  });
  return rows.map(labelOf);
}

export async function existingLabels(
  queryable: Queryable,
  ids: readonly LabelId[],
): Promise<LabelId[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    text: 'select l.id from fraud.labels l where l.id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
  return rows.map(({ id }) => idOf('lab', id));
}

/** The latest decision about each payment, of the payments that were decided about. */
export async function decisionsAbout(
  queryable: Queryable,
  payments: readonly Id<'pay'>[],
): Promise<ReadonlyMap<Id<'pay'>, DecisionId>> {
  if (payments.length === 0) return new Map();
  const marginMs = limits.fraudSubjectAroundS.value * MS_PER_SECOND;
  // Decisions are made just before their payment, and the ids of both begin with their time.
  const rows = await queryable.query<{ subject: Uuid; decision: Uuid }>({
    name: 'fraud.select_decisions_about_payments',
    text: `select p.subject, d.id as decision
      from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as p (subject, first, last)
      cross join lateral (
        select o.id from fraud.decisions o
        where o.id >= p.first and o.id < p.last and o.subject = p.subject
        order by o.id desc limit 1
      ) as d`,
    values: [
      payments.map(uuidOf),
      payments.map((id) => uuidAround(id, -marginMs)),
      payments.map((id) => uuidAround(id, marginMs)),
    ],
  });
  return new Map(rows.map((row) => [idOf('pay', row.subject), idOf('dec', row.decision)]));
}

function uuidAround(id: Id<'pay'>, marginMs: number): Uuid {
  return uuidFloor(madeAtMs(uuidOf(id)) + marginMs);
}
