// The SQL of key-value items: read by key, written with or without a condition, forgotten in time.

import { formatInstant, type Instant } from '#kernel';
import { int8Array, timestamptzArray } from '../database/arrays.ts';
import type { Queryable } from '../database/port.ts';
import type { ItemValue, NewItem } from './port.ts';

export interface ItemRow {
  readonly key: string;
  readonly value: ItemValue;
  readonly version: bigint;
  readonly expires_us: bigint | null;
}

export async function selectItems(
  queryable: Queryable,
  table: string,
  keys: readonly string[],
  now: Instant,
): Promise<ItemRow[]> {
  return await queryable.query<ItemRow>({
    name: 'keyvalues.select_items',
    text: `select i.key, i.value, i.version,
        (extract(epoch from i.expires_at) * 1000000)::bigint as expires_us
      from keyvalues.items i
      where i.table_name = $1 and i.key = any($2::text[])
        and (i.expires_at is null or i.expires_at > $3::timestamptz)`,
    values: [table, keys, formatInstant(now)],
  });
}

export interface ItemVersion {
  readonly key: string;
  readonly version: bigint;
}

/** Stores each item whatever is there, unless that has as high a version as is given. */
export async function upsertItems(
  queryable: Queryable,
  table: string,
  items: readonly NewItem[],
  now: Instant,
): Promise<ItemVersion[]> {
  if (items.length === 0) return [];
  // In one order, so that two writers wait for each other and never deadlock. What is not a column
  // of the table is looked up by the key, as the row in conflict knows no other of what was given;
  // by a subquery, because that reads the text once and not once a row.
  return await queryable.query<ItemVersion>({
    name: 'keyvalues.upsert_items',
    text: `insert into keyvalues.items as held
        (tenant, table_name, key, value, version, expires_at)
      select (select platform.tenant()), $1, i.key, i.value::jsonb,
        coalesce(((select $6::jsonb) ->> i.key)::bigint, 1), i.expires_at
      from unnest($2::text[], $3::text[], $4::timestamptz[]) as i (key, value, expires_at)
      order by i.key
      on conflict (table_name, key, tenant) do update
      set value = excluded.value, expires_at = excluded.expires_at,
        version = coalesce(((select $6::jsonb) ->> held.key)::bigint,
          case when held.expires_at <= $5::timestamptz then 1 else held.version + 1 end)
      where held.expires_at <= $5::timestamptz
        or (((select $7::jsonb) ->> held.key) is null
          and coalesce(held.version < ((select $6::jsonb) ->> held.key)::bigint, true))
      returning held.key, held.version`,
    values: [
      table,
      items.map(({ key }) => key),
      items.map(({ value }) => JSON.stringify(value)),
      timestamptzArray(items.map(({ expiresAt }) => expiresAt)),
      formatInstant(now),
      JSON.stringify(textsOf(items, ({ version }) => version)),
      JSON.stringify(textsOf(items, ({ ifVersion }) => ifVersion)),
    ],
  });
}

/** Stores each item that has the version that is asked for. */
export async function updateItems(
  queryable: Queryable,
  table: string,
  items: readonly NewItem[],
  now: Instant,
): Promise<ItemVersion[]> {
  if (items.length === 0) return [];
  return await queryable.query<ItemVersion>({
    name: 'keyvalues.update_items',
    text: `update keyvalues.items i
      set value = n.value::jsonb, expires_at = n.expires_at,
        version = coalesce(n.version, i.version + 1)
      from unnest($2::text[], $3::text[], $4::timestamptz[], $6::bigint[], $7::bigint[])
        as n (key, value, expires_at, if_version, version)
      where i.table_name = $1 and i.key = n.key and i.version = n.if_version
        and (i.expires_at is null or i.expires_at > $5::timestamptz)
        and (n.version is null or n.version > i.version)
      returning i.key, i.version`,
    values: [
      table,
      items.map(({ key }) => key),
      items.map(({ value }) => JSON.stringify(value)),
      timestamptzArray(items.map(({ expiresAt }) => expiresAt)),
      formatInstant(now),
      int8Array(items.map(({ ifVersion }) => ifVersion)),
      int8Array(items.map(({ version }) => version)),
    ],
  });
}

function textsOf(
  items: readonly NewItem[],
  read: (item: NewItem) => bigint | undefined,
): Record<string, string> {
  const entries = items.flatMap((item) => {
    const value = read(item);
    return value === undefined ? [] : [[item.key, value.toString()] as const];
  });
  return Object.fromEntries(entries);
}

/** Answers the keys that were there. */
export async function deleteItems(
  queryable: Queryable,
  table: string,
  keys: readonly string[],
  now: Instant,
): Promise<Set<string>> {
  const rows = await queryable.query<{ key: string; is_live: boolean }>({
    name: 'keyvalues.delete_items',
    text: `delete from keyvalues.items i
      where i.table_name = $1 and i.key = any($2::text[])
      returning i.key, i.expires_at is null or i.expires_at > $3::timestamptz as is_live`,
    values: [table, keys, formatInstant(now)],
  });
  return new Set(rows.filter(({ is_live: isLive }) => isLive).map(({ key }) => key));
}

/** Removes a bounded number of items past their time; answers how many. */
export async function deleteExpired(
  queryable: Queryable,
  now: Instant,
  countMax: number,
): Promise<number> {
  const rows = await queryable.query({
    name: 'keyvalues.delete_expired',
    text: `delete from keyvalues.items i
      where (i.table_name, i.key, i.tenant) in (
        select e.table_name, e.key, e.tenant from keyvalues.items e
        where e.expires_at <= $1::timestamptz
        order by e.expires_at limit $2 for update skip locked
      )
      returning 1`,
    values: [formatInstant(now), countMax],
  });
  return rows.length;
}
