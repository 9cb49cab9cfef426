// Owns what a context may ask of a key-value store: what is looked up often by one key and can be
// made again from the truth. A value has a version, which grows by one with each change, so that
// two writers cannot overwrite each other unseen. A value past its time is as if it were not there.

import type { Instant } from '#kernel';
import type { Queryable } from '../database/port.ts';

export type ItemValue =
  string | number | boolean | null | readonly ItemValue[] | { readonly [name: string]: ItemValue };

export interface Item {
  readonly key: string;
  readonly value: ItemValue;
  readonly version: bigint;
  readonly expiresAt: Instant | undefined;
}

export interface NewItem {
  /** 1 to 255 characters. */
  readonly key: string;
  readonly value: ItemValue;
  readonly expiresAt?: Instant | undefined;
  /**
   * Stored only if the item has this version now; 0: if there is none. Without it, stored whatever
   * is there.
   */
  readonly ifVersion?: bigint | undefined;
  /** The version to store: changes nothing where the item's is as high. One more unless given. */
  readonly version?: bigint | undefined;
}

/** The item's version since; undefined when a condition was not met and nothing was stored. */
export type PutResult = bigint | undefined;

/**
 * One table of items. A queryable that is a transaction makes what is written part of it; an
 * adapter that is no database writes at once and ignores it. It sees the rows that the queryable
 * sees.
 */
export interface KeyValues {
  get(queryable: Queryable, key: string, now: Instant): Promise<Item | undefined>;
  /** One for each key, in order. */
  getBatch(
    queryable: Queryable,
    keys: readonly string[],
    now: Instant,
  ): Promise<(Item | undefined)[]>;
  put(queryable: Queryable, item: NewItem, now: Instant): Promise<PutResult>;
  /** One result for each, in order; each key at most once. */
  putBatch(queryable: Queryable, items: readonly NewItem[], now: Instant): Promise<PutResult[]>;
  /** True for what was there. */
  removeBatch(queryable: Queryable, keys: readonly string[], now: Instant): Promise<boolean[]>;
}
