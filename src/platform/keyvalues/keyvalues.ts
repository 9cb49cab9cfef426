// Key-value tables in PostgreSQL: an item is a row, and a transaction's writes are the caller's.

import { assert, type Instant } from '#kernel';
import type { Queryable } from '../database/port.ts';
import { deleteExpired, deleteItems, selectItems, updateItems, upsertItems } from './item-store.ts';
import type { Item, KeyValues, NewItem, PutResult } from './port.ts';

const TABLE = /^[a-z][a-z0-9_-]{0,62}$/;
const KEY_LENGTH_MAX = 255;

class DatabaseKeyValues implements KeyValues {
  readonly #table: string;

  constructor(table: string) {
    assert(TABLE.test(table), 'a table of items has a name of small letters and digits');
    this.#table = table;
  }

  async get(queryable: Queryable, key: string, now: Instant): Promise<Item | undefined> {
    const [item] = await this.getBatch(queryable, [key], now);
    return item;
  }

  async getBatch(
    queryable: Queryable,
    keys: readonly string[],
    now: Instant,
  ): Promise<(Item | undefined)[]> {
    const rows = await selectItems(queryable, this.#table, keys, now);
    const items = new Map<string, Item>();
    for (const { key, value, version, expires_us: expiresUs } of rows) {
      const expiresAt = expiresUs === null ? undefined : (Number(expiresUs) as Instant);
      items.set(key, { key, value, version, expiresAt });
    }
    return keys.map((key) => items.get(key));
  }

  async put(queryable: Queryable, item: NewItem, now: Instant): Promise<PutResult> {
    const [version] = await this.putBatch(queryable, [item], now);
    return version;
  }

  async putBatch(
    queryable: Queryable,
    items: readonly NewItem[],
    now: Instant,
  ): Promise<PutResult[]> {
    requireSound(items);
    const sorted = items.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const isChange = ({ ifVersion = 0n }: NewItem): boolean => ifVersion > 0n;
    const changes = sorted.filter((item) => isChange(item));
    const others = sorted.filter((item) => !isChange(item));
    const stored = [
      ...(await updateItems(queryable, this.#table, changes, now)),
      ...(await upsertItems(queryable, this.#table, others, now)),
    ];
    const versions = new Map(stored.map(({ key, version }) => [key, version]));
    return items.map(({ key }) => versions.get(key));
  }

  async removeBatch(
    queryable: Queryable,
    keys: readonly string[],
    now: Instant,
  ): Promise<boolean[]> {
    const removed = await deleteItems(queryable, this.#table, keys, now);
    return keys.map((key) => removed.has(key));
  }
}

function requireSound(items: readonly NewItem[]): void {
  const keys = new Set<string>();
  for (const { key, version = 1n, ifVersion = 0n } of items) {
    assert(key.length >= 1 && key.length <= KEY_LENGTH_MAX, 'a key has 1 to 255 characters');
    assert(!keys.has(key), 'a batch has each key at most once');
    assert(version > 0n && ifVersion >= 0n, 'versions begin with 1');
    keys.add(key);
  }
}

/** The items of one table, whether or not it has any yet. */
export function openKeyValues(table: string): KeyValues {
  return new DatabaseKeyValues(table);
}

/** Removes a bounded number of items past their time; answers whether there may be more. */
export async function forgetExpiredItems(
  queryable: Queryable,
  { now, countMax }: { readonly now: Instant; readonly countMax: number },
): Promise<boolean> {
  return (await deleteExpired(queryable, now, countMax)) === countMax;
}
