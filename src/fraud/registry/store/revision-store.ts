// The SQL of revisions: which number each tenant's configuration has come to.

import type { Queryable, Transaction } from '#platform';

export interface Revision {
  readonly revision: number;
  /** In force in the lists. */
  readonly listEntries: number;
}

interface RevisionRow {
  readonly tenant: string;
  readonly revision: bigint;
  readonly list_entries: number;
}

/** Until the transaction ends, nobody else changes what is in force. */
export async function lockRevision(tx: Transaction, tenant: string): Promise<Revision> {
  const rows = await tx.query<RevisionRow>({
    text: `insert into fraud.configurations as c (tenant, revision, list_entries)
      values ($1, 0, 0)
      on conflict (tenant) do update set revision = c.revision
      returning tenant, revision, list_entries`,
    values: [tenant],
  });
  return revisionOf(rows[0]);
}

/** Of a row that is locked. */
export async function writeRevision(
  tx: Transaction,
  tenant: string,
  { revision, listEntries }: Revision,
): Promise<void> {
  await tx.query({
    text: 'update fraud.configurations set revision = $2, list_entries = $3 where tenant = $1',
    values: [tenant, revision, listEntries],
  });
}

/** 0 where nothing was ever changed. */
export async function findRevision(queryable: Queryable, tenant: string): Promise<Revision> {
  const rows = await queryable.query<RevisionRow>({
    text: `select c.tenant, c.revision, c.list_entries from fraud.configurations c
      where c.tenant = $1`,
    values: [tenant],
  });
  return revisionOf(rows[0]);
}

function revisionOf(row: RevisionRow | undefined): Revision {
  return { revision: Number(row?.revision ?? 0n), listEntries: row?.list_entries ?? 0 };
}

/** Those of the tenants whose revision is another than the one known, with what it is. */
export async function changedRevisions(
  queryable: Queryable,
  known: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const rows = await queryable.query<Pick<RevisionRow, 'tenant' | 'revision'>>({
    name: 'fraud_changed_revisions',
    text: `select c.tenant, c.revision from fraud.configurations c
      join unnest($1::text[], $2::bigint[]) as known (tenant, revision) using (tenant)
      where c.revision <> known.revision`,
    values: [[...known.keys()], [...known.values()]],
  });
  return new Map(rows.map(({ tenant, revision }) => [tenant, Number(revision)]));
}
