// The SQL of what customers are found by: hashes, and the wrapped key that makes them.

import { formatInstant, idOf, uuidOf, type Uuid } from '#kernel';
import { bytesArray, uuidArray, type Queryable, type Transaction } from '#platform';
import type { CustomerId } from '../customer.ts';

export type LookupKind = 'email' | 'tax_id';

export interface Lookup {
  readonly id: CustomerId;
  readonly tenant: string;
  readonly kind: LookupKind;
  /** HMAC-SHA-256, 32 bytes. */
  readonly hash: Buffer;
}

/** The tenant's, if it has one. */
export async function selectLookupKey(
  queryable: Queryable,
  tenant: string,
): Promise<Buffer | undefined> {
  const rows = await queryable.query<{ wrapped_key: Buffer }>({
    name: 'accounts.select_lookup_key',
    text: `select k.wrapped_key from accounts.lookup_keys k where k.tenant = $1`,
    values: [tenant],
  });
  return rows[0]?.wrapped_key;
}

/** Nothing where another was there first. */
export async function insertLookupKey(
  tx: Transaction,
  { tenant, wrappedKey }: { readonly tenant: string; readonly wrappedKey: Buffer },
): Promise<void> {
  await tx.query({
    name: 'accounts.insert_lookup_key',
    text: `insert into accounts.lookup_keys (tenant, wrapped_key, created_at)
      values ($1, $2, $3) on conflict (tenant) do nothing`,
    values: [tenant, wrappedKey, formatInstant(tx.now)],
  });
}

export async function insertLookups(tx: Transaction, lookups: readonly Lookup[]): Promise<void> {
  if (lookups.length === 0) return;
  await tx.query({
    name: 'accounts.insert_customer_lookups',
    text: `insert into accounts.customer_lookups (hash, customer_id, tenant, kind)
      select l.hash, l.id, l.tenant, l.kind
      from unnest($1::bytea[], $2::uuid[], $3::text[], $4::text[]) as l (hash, id, tenant, kind)
      on conflict do nothing`,
    values: [
      bytesArray(lookups.map(({ hash }) => hash)),
      uuidArray(lookups.map(({ id }) => uuidOf(id))),
      lookups.map(({ tenant }) => tenant),
      lookups.map(({ kind }) => kind),
    ],
  });
}

export async function deleteLookups(tx: Transaction, id: CustomerId): Promise<void> {
  await tx.query({
    name: 'accounts.delete_customer_lookups',
    text: 'delete from accounts.customer_lookups l where l.customer_id = $1::uuid',
    values: [uuidOf(id)],
  });
}

/** At most `countMax`, newest first. */
export async function selectFound(
  queryable: Queryable,
  hash: Buffer,
  countMax: number,
): Promise<CustomerId[]> {
  const rows = await queryable.query<{ customer_id: Uuid }>({
    name: 'accounts.find_customers',
    text: `select l.customer_id from accounts.customer_lookups l where l.hash = $1
      order by l.customer_id desc limit $2`,
    values: [hash, countMax],
  });
  return rows.map(({ customer_id: id }) => idOf('cus', id));
}
