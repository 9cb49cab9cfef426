// The SQL of cases whose document tells less than there is to be found. A case is locked before it
// is named here or struck off, so that no change falls between the two.

import { formatInstant, idOf, uuidOf, type Uuid } from '#kernel';
import { uuidArray, type Queryable, type Transaction } from '#platform';
import type { CaseId } from '../case.ts';

/** What is named already stays where it stands. */
export async function insertUndocumented(tx: Transaction, ids: readonly CaseId[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    name: 'fraud.insert_undocumented_cases',
    text: `insert into fraud.undocumented_cases (tenant, case_id, since)
      select (select platform.tenant()), i.id, $2::timestamptz from unnest($1::uuid[]) as i (id)
      on conflict (case_id) do nothing`,
    values: [uuidArray(ids.map(uuidOf)), formatInstant(tx.now)],
  });
}

/** Of the tenant, those that have waited the longest first. */
export async function selectUndocumented(tx: Transaction, countMax: number): Promise<CaseId[]> {
  const rows = await tx.query<{ case_id: Uuid }>({
    name: 'fraud.select_undocumented_cases',
    text: `select u.case_id from fraud.undocumented_cases u where u.tenant = platform.tenant()
      order by u.since, u.case_id limit $1`,
    values: [countMax],
  });
  return rows.map(({ case_id: id }) => idOf('cse', id));
}

export async function deleteUndocumented(tx: Transaction, ids: readonly CaseId[]): Promise<void> {
  await tx.query({
    name: 'fraud.delete_undocumented_cases',
    text: 'delete from fraud.undocumented_cases u where u.case_id = any($1::uuid[])',
    values: [ids.map(uuidOf)],
  });
}

/** By one look into the index for each. */
export async function tenantsWithUndocumented(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'fraud.tenants_with_undocumented_cases',
    text: `with recursive found as (
        select min(u.tenant) as tenant from fraud.undocumented_cases u
        union all
        select (select min(u.tenant) from fraud.undocumented_cases u where u.tenant > f.tenant)
        from found f where f.tenant is not null
      )
      select f.tenant from found f where f.tenant is not null`,
  });
  return rows.map(({ tenant }) => tenant);
}
