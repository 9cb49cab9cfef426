// The SQL that shows the audit log to be complete: rows of the registry in the order of their ids,
// by other statements than those of the verbs.

import type { Instant, Uuid } from '#kernel';
import type { Queryable } from '#platform';

const us = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint`;

/** Each as its facts need it, with its id and the time it was made. */
const tables = {
  rule_sets: `t.version, t.name, t.fingerprint, t.feature_set as "featureSet",
    sha256(convert_to(t.source, 'UTF8')) as "sourceSha256"`,
  models: `t.version, t.feature_set as "featureSet", length(t.content) as bytes,
    sha256(t.content) as sha256,
    t.drift is not null as "hasDriftReference"`,
  choices: 't.tenant, t.place, t.revision, t.chosen, t.note',
  policies: `t.tenant, t.product, t.revision, t.is_screened as "isScreened",
    t.on_failure as "onFailure", t.deadline_us as "deadlineUs"`,
  list_changes: 't.tenant, t.revision, t.purpose, t.put, t.taken',
} as const;

export type SourceTable = keyof typeof tables;

export interface SourceRow {
  readonly id: Uuid;
  readonly made_at_us: bigint;
}

export async function sourceRows<Row extends SourceRow>(
  queryable: Queryable,
  table: SourceTable,
  { after, limit }: { readonly after: Uuid | undefined; readonly limit: number },
): Promise<Row[]> {
  return await queryable.query<Row>({
    text: `select t.id, ${us('t.made_at')} as made_at_us, ${tables[table]}
      from fraud.${table} t where $1::uuid is null or t.id > $1 order by t.id limit $2`,
    values: [after ?? null, limit],
  });
}

export async function sourceIds(
  queryable: Queryable,
  table: SourceTable,
  ids: readonly Uuid[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    text: `select t.id from fraud.${table} t where t.id = any($1::uuid[])`,
    values: [ids],
  });
  return rows.map(({ id }) => id);
}

interface PutRow {
  readonly id: Uuid;
  readonly kind: string;
  readonly value: string;
  readonly from: Instant;
  readonly until: Instant | null;
}

/** What a change of the lists put and took, each in the order of the ids. */
export async function entriesOfChange(
  queryable: Queryable,
  {
    tenant,
    revision,
    purpose,
  }: { readonly tenant: string; readonly revision: bigint; readonly purpose: string },
): Promise<{ readonly put: readonly PutRow[]; readonly taken: readonly Uuid[] }> {
  const put = await queryable.query<PutRow>({
    text: `select e.id, e.kind, e.value, ${us('e.listed_from')}::double precision as "from",
        ${us('e.listed_until')}::double precision as until
      from fraud.list_entries e where e.tenant = $1 and e.put_revision = $2 and e.purpose = $3
      order by e.id`,
    values: [tenant, revision, purpose],
  });
  const taken = await queryable.query<{ id: Uuid }>({
    text: `select e.id from fraud.list_entries e
      where e.tenant = $1 and e.taken_revision = $2 order by e.id`,
    values: [tenant, revision],
  });
  return { put, taken: taken.map(({ id }) => id) };
}
