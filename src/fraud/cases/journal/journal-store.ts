// The SQL of what happened to cases. Entries are added and never changed.

import type { JsonObject } from '#audit';
import { idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import {
  int4Array,
  textArray,
  timestamptzArray,
  uuidArray,
  type Queryable,
  type Transaction,
} from '#platform';
import type { CaseEntry, CaseId, EntryKind } from '../case.ts';

interface EntryRow {
  readonly case_id: Uuid;
  readonly ordinal: number;
  readonly kind: EntryKind;
  readonly made_by: string;
  readonly made_at_us: bigint;
  readonly text: string | null;
  readonly details: JsonObject;
}

const columns = `e.case_id, e.ordinal, e.kind, e.made_by, e.text, e.details,
  (extract(epoch from e.made_at) * 1000000)::bigint as made_at_us`;

function entryOf(row: EntryRow): CaseEntry {
  return {
    caseId: idOf('cse', row.case_id),
    ordinal: row.ordinal,
    kind: row.kind,
    madeBy: row.made_by,
    madeAt: Number(row.made_at_us) as Instant,
    text: row.text ?? undefined,
    details: row.details,
  };
}

export async function insertEntries(tx: Transaction, entries: readonly CaseEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query({
    name: 'fraud.insert_case_entries',
    text: `insert into fraud.case_entries (tenant, case_id, ordinal, kind, made_by, made_at, text,
        details)
      select (select platform.tenant()), e.case_id, e.ordinal, e.kind, e.made_by, e.made_at,
        e.text, e.details::jsonb
      from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::text[],
        $7::text[]) as e (case_id, ordinal, kind, made_by, made_at, text, details)`,
    values: [
      uuidArray(entries.map(({ caseId }) => uuidOf(caseId))),
      int4Array(entries.map(({ ordinal }) => ordinal)),
      textArray(entries.map(({ kind }) => kind)),
      textArray(entries.map(({ madeBy }) => madeBy)),
      timestamptzArray(entries.map(({ madeAt }) => madeAt)),
      textArray(entries.map(({ text }) => text)),
      textArray(entries.map(({ details }) => JSON.stringify(details))),
    ],
  });
}

export interface EntryPage {
  readonly after?: number | undefined;
  readonly limit: number;
}

/** In their order. */
export async function selectEntries(
  queryable: Queryable,
  caseId: CaseId,
  { after = 0, limit }: EntryPage,
): Promise<CaseEntry[]> {
  const rows = await queryable.query<EntryRow>({
    name: 'fraud.select_case_entries',
    text: `select ${columns} from fraud.case_entries e
      where e.case_id = $1 and e.ordinal > $2 order by e.ordinal limit $3`,
    values: [uuidOf(caseId), after, limit],
  });
  return rows.map(entryOf);
}

/** What people wrote, the latest first. */
export async function selectWritten(
  queryable: Queryable,
  caseIds: readonly CaseId[],
  countMax: number,
): Promise<ReadonlyMap<CaseId, readonly string[]>> {
  const rows = await queryable.query<{ case_id: Uuid; texts: string[] }>({
    name: 'fraud.select_written',
    text: `select i.id as case_id, array(
        select e.text from fraud.case_entries e where e.case_id = i.id and e.text is not null
        order by e.ordinal desc limit $2
      ) as texts from unnest($1::uuid[]) as i (id)`,
    values: [caseIds.map(uuidOf), countMax],
  });
  return new Map(rows.map(({ case_id: id, texts }) => [idOf('cse', id), texts]));
}

/** All entries of cases, for whoever shows that nothing in them was changed. */
export async function entriesOfCases(
  queryable: Queryable,
  caseIds: readonly CaseId[],
): Promise<CaseEntry[]> {
  const rows = await queryable.query<EntryRow>({
    text: `select ${columns} from fraud.case_entries e
      where e.case_id = any($1::uuid[]) order by e.case_id, e.ordinal`,
    values: [caseIds.map(uuidOf)],
  });
  return rows.map(entryOf);
}
