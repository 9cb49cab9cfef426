// Owns what is kept of the tree between receipts: full tiles above the leaves, and the hashes of
// right edges, which all proofs at one size share. The leaves of either are given for good, so
// nothing kept is ever wrong; how much is kept has a limit. What was altered in the database since
// does not show in it, therefore no check may use it.

import { limits } from '#config';
import type { Queryable } from '#platform';
import type { Span } from '../tree/shape.ts';
import type { Tile } from './tile.ts';

/** Which tile of which level. */
export interface TileNumber {
  readonly level: number;
  readonly tile: number;
}

export class TreeCache {
  readonly #tiles = new Recent<Tile>(limits.auditTilesKeptMax.value);
  readonly #edges = new Recent<Buffer>(limits.auditEdgesKeptMax.value);

  tile({ level, tile }: TileNumber): Tile | undefined {
    return this.#tiles.get(`${level}/${tile}`);
  }

  keepTile({ level, tile }: TileNumber, content: Tile): void {
    this.#tiles.set(`${level}/${tile}`, content);
  }

  edge({ start, end }: Span): Buffer | undefined {
    return this.#edges.get(`${start}-${end}`);
  }

  keepEdge({ start, end }: Span, hash: Buffer): void {
    this.#edges.set(`${start}-${end}`, hash);
  }
}

class Recent<Value> {
  readonly #countMax: number;
  readonly #values = new Map<string, Value>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    // A Map keeps the order of insertion: the least recently used is the first.
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    if (this.#values.size <= this.#countMax) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}

const caches = new WeakMap<Queryable, TreeCache>();

/** A transaction has one of its own: what it read may never be committed. */
export function treeCacheOf(queryable: Queryable): TreeCache {
  let cache = caches.get(queryable);
  if (cache === undefined) {
    cache = new TreeCache();
    caches.set(queryable, cache);
  }
  return cache;
}
