// Reads hashes of the tree: the roots of any ranges of leaves, by at most two queries. A range
// falls into complete subtrees, and each of those lies within one tile; of full tiles above the
// leaves all is read, for the next proof, of the others what is needed.

import { Fault } from '#kernel';
import type { Queryable } from '#platform';
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from '../tree/hash.ts';
import { subtreesOf, type Span, type Subtree } from '../tree/shape.ts';
import { TILE_HEIGHT, TILE_WIDTH, tileWidth } from '../tree/tiles.ts';
import { selectHashes } from './hash-store.ts';
import { Tile } from './tile.ts';
import type { TileNumber, TreeCache } from './tree-cache.ts';

interface Reading {
  readonly size: number;
  readonly cache: TreeCache;
}

type Part =
  | { readonly root: Buffer; readonly positions?: undefined }
  | { readonly root?: undefined; readonly span: Span; readonly positions: readonly Position[] };

/** Where the hash of a complete subtree is found: above count hashes of a tile. */
interface Position extends TileNumber {
  readonly from: number;
  readonly count: number;
  readonly height: number;
}

/** The hashes of a tile that are wanted. */
interface Need extends TileNumber {
  from: number;
  past: number;
}

/** MTH of each span, of a tree that has at least this size. */
export async function readSpans(
  queryable: Queryable,
  spans: readonly Span[],
  { size, cache }: Reading,
): Promise<Buffer[]> {
  const parts = spans.map((span): Part => {
    const root = cache.edge(span);
    return root === undefined ? { span, positions: subtreesOf(span).map(positionOf) } : { root };
  });
  const wanted = parts.flatMap(({ positions }) => positions ?? []);
  const tiles = await readTiles(queryable, wanted, { size, cache });
  return parts.map((part) => {
    if (part.root !== undefined) return part.root;
    const root = rootOf(part.positions, tiles);
    // One subtree stands in its tile; more are the right edge of some tree.
    if (part.positions.length > 1) cache.keepEdge(part.span, root);
    return root;
  });
}

function rootOf(positions: readonly Position[], tiles: ReadonlyMap<string, Tile>): Buffer {
  const hashes = positions.map((position) => {
    const tile = tiles.get(keyOf(position));
    return tile?.hashOf(position.height, position.from / position.count) ?? EMPTY_ROOT;
  });
  const last = hashes.pop() ?? EMPTY_ROOT;
  return hashes.reduceRight((right, left) => nodeHash(left, right), last);
}

function positionOf({ height, index }: Subtree): Position {
  const level = Math.floor(height / TILE_HEIGHT);
  const within = height % TILE_HEIGHT;
  const count = 2 ** within;
  const tile = Math.floor((index * count) / TILE_WIDTH);
  return { level, tile, from: index * count - tile * TILE_WIDTH, count, height: within };
}

function keyOf({ level, tile }: TileNumber): string {
  return `${level}/${tile}`;
}

async function readTiles(
  queryable: Queryable,
  positions: readonly Position[],
  { size, cache }: Reading,
): Promise<Map<string, Tile>> {
  const tiles = new Map<string, Tile>();
  const needs = new Map<string, Need>();
  for (const { level, tile, from, count } of positions) {
    const key = keyOf({ level, tile });
    const kept = tiles.get(key) ?? cache.tile({ level, tile });
    if (kept !== undefined) {
      tiles.set(key, kept);
      continue;
    }
    const isKept = isFullInner({ level, tile }, size);
    const need = needs.get(key) ?? { level, tile, from: TILE_WIDTH, past: 0 };
    need.from = isKept ? 0 : Math.min(need.from, from);
    need.past = isKept ? TILE_WIDTH : Math.max(need.past, from + count);
    needs.set(key, need);
  }
  const wanted = [...needs.values()];
  const found = await selectHashes(
    queryable,
    wanted.map(({ level, tile, from, past }) => {
      return { level, first: tile * TILE_WIDTH + from, count: past - from };
    }),
  );
  for (const [at, need] of wanted.entries()) {
    const hashes = found[at];
    if (hashes?.length !== (need.past - need.from) * HASH_BYTES) throw damaged(need);
    const tile = new Tile(hashes, need.from);
    tiles.set(keyOf(need), tile);
    if (isFullInner(need, size)) cache.keepTile(need, tile);
  }
  return tiles;
}

function isFullInner({ level, tile }: TileNumber, size: number): boolean {
  return level > 0 && tileWidth({ level, index: tile }, size) === TILE_WIDTH;
}

function damaged({ level, tile }: Need): Fault {
  const message = `hashes are missing from tile ${tile} at level ${level} of the audit log's tree`;
  return new Fault('audit_tree_damaged', { retryable: false, message });
}
