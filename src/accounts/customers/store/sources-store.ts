// The SQL that says what the audit records of customers must hold, and where a customer's row does
// not follow from its history.

import type { JsonObject } from '#audit';
import { uuidOf, type Uuid } from '#kernel';
import { uuidArray, type Queryable } from '#platform';
import type { CustomerId } from '../customer.ts';

export interface ChangeFacts {
  readonly id: Uuid;
  readonly revision: number;
  readonly action: string;
  readonly details: JsonObject;
  /** What the sealed values are committed to. */
  readonly commitment: string | null;
  readonly changed_at: string;
}

/** Changes after a place, in the order of customers and revisions. */
export async function changeFacts(
  queryable: Queryable,
  after: { readonly id: Uuid; readonly revision: number },
  countMax: number,
): Promise<ChangeFacts[]> {
  return await queryable.query<ChangeFacts>({
    name: 'accounts.customer_change_facts',
    text: `select h.customer_id as id, h.revision, h.action, h.details,
        h.sealed->>'commitment' as commitment,
        regexp_replace(to_char(h.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
          '000Z$', 'Z') as changed_at
      from accounts.customer_changes h
      where (h.customer_id, h.revision) > ($1::uuid, $2::integer)
      order by h.customer_id, h.revision limit $3`,
    values: [after.id, after.revision, countMax],
  });
}

export async function existingCustomers(
  queryable: Queryable,
  ids: readonly CustomerId[],
): Promise<Uuid[]> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'accounts.existing_customers',
    text: 'select c.id from accounts.customers c where c.id = any($1::uuid[])',
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(({ id }) => id);
}

export interface UnfoundedCustomer {
  readonly id: Uuid;
  readonly expected: string;
  readonly found: string;
}

/** Customers that are not what their changes made of them. */
export async function unfoundedCustomers(
  queryable: Queryable,
  countMax: number,
): Promise<UnfoundedCustomer[]> {
  return await queryable.query<UnfoundedCustomer>({
    text: `select f.id, f.expected, f.found from (
        select c.id,
          concat_ws(' ', h.revisions, h.latest, h.particulars, h.kind, h.verification,
            h.is_erased) as expected,
          concat_ws(' ', c.revision, c.revision, c.particulars_revision, c.kind, c.verification,
            c.erased_at is not null) as found
        from accounts.customers c cross join lateral (
          select count(*) as revisions, max(h.revision) as latest,
            max(h.revision) filter (where h.sealed is not null and h.details ? 'fields')
              as particulars,
            max(h.details->>'kind') as kind,
            coalesce((array_agg(h.details->>'verification' order by h.revision desc)
              filter (where h.details ? 'verification'))[1], 'unverified') as verification,
            bool_or(h.action = 'accounts.customer.erase') as is_erased
          from accounts.customer_changes h where h.customer_id = c.id
        ) h
      ) f where f.expected <> f.found order by f.id limit $1`,
    values: [countMax],
  });
}
