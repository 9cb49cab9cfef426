// Proofs from the database: inclusion, consistency, roots and tiles of the log at any size it ever
// had. What a caller asks for must be within the log; that is for the callers to have checked. All
// of it is read anew, so that a check sees what is stored, unless the caller brings a cache.

import { assert } from '#kernel';
import type { Queryable } from '#platform';
import { HASH_BYTES } from '../tree/hash.ts';
import {
  consistencySpans,
  inclusionSpans,
  subtreesOf,
  type Span,
  type Subtree,
} from '../tree/shape.ts';
import { formatEntries, TILE_WIDTH, type TileName } from '../tree/tiles.ts';
import { selectHashes } from './hash-store.ts';
import { selectBundlesOf, type PlacedBundle } from './leaf-store.ts';
import { readSpans } from './read-tree.ts';
import { TreeCache } from './tree-cache.ts';

/** A leaf that left the database; undefined where the archive has it not, or no more. */
export type ReadArchived = (leafIndex: number) => Promise<Buffer | undefined>;

/** PATH (RFC 6962 §2.1.1): from the leaf's sibling to the root's child. */
export function inclusionProof(
  queryable: Queryable,
  { index, size }: { readonly index: number; readonly size: number },
  cache = new TreeCache(),
): Promise<Buffer[]> {
  return readSpans(queryable, inclusionSpans(index, size), { size, cache });
}

/** PROOF (RFC 6962 §2.1.2) that the tree of size2 leaves extends the one of size1. */
export function consistencyProof(
  queryable: Queryable,
  { size1, size2 }: { readonly size1: number; readonly size2: number },
): Promise<Buffer[]> {
  const cache = new TreeCache();
  return readSpans(queryable, consistencySpans(size1, size2), { size: size2, cache });
}

/** The root of the tree of the first leaves. */
export async function rootAt(queryable: Queryable, size: number): Promise<Buffer> {
  const cache = new TreeCache();
  const [root] = await readSpans(queryable, [{ start: 0, end: size }], { size, cache });
  assert(root !== undefined, 'one span has one root');
  return root;
}

/** What `verifyRange` needs beside the leaves from first to end - 1. */
export async function rangeProof(
  queryable: Queryable,
  range: { readonly first: number; readonly end: number; readonly size: number },
): Promise<{ readonly left: Buffer[]; readonly right: Buffer[] }> {
  const { first, end, size } = range;
  assert(first <= end && end <= size, 'a range of leaves lies within the tree');
  const left = subtreesOf({ start: 0, end: first }).map(spanOf);
  const right = subtreesOf({ start: end, end: size }).map(spanOf);
  const cache = new TreeCache();
  const hashes = await readSpans(queryable, [...left, ...right], { size, cache });
  return { left: hashes.slice(0, left.length), right: hashes.slice(left.length) };
}

function spanOf({ height, index }: Subtree): Span {
  return { start: index * 2 ** height, end: (index + 1) * 2 ** height };
}

/** The highest level whose hashes a log of a safe count of leaves can have. */
const LEVEL_MAX = 6;

/** Hashes of a level, 32 bytes after another; undefined where the log has no such tile. */
export async function readTile(
  queryable: Queryable,
  { level, index, width }: TileName & { readonly level: number },
): Promise<Buffer | undefined> {
  const first = index * TILE_WIDTH;
  if (level > LEVEL_MAX || !Number.isSafeInteger(first + width)) return undefined;
  const [hashes] = await selectHashes(queryable, [{ level, first, count: width }]);
  return hashes?.length === width * HASH_BYTES ? hashes : undefined;
}

/** Leaves, each after its length; undefined where the log has no such tile, or not all of it. */
export async function readEntryTile(
  queryable: Queryable,
  { index, width }: Pick<TileName, 'index' | 'width'>,
  readArchived?: ReadArchived,
): Promise<Buffer | undefined> {
  const first = index * TILE_WIDTH;
  if (!Number.isSafeInteger(first + width)) return undefined;
  const bundles = await selectBundlesOf(queryable, { first, count: width });
  const leaves: Buffer[] = [];
  for (let leaf = first; leaf < first + width; leaf += 1) {
    const found = leafIn(bundles, leaf) ?? (await readArchived?.(leaf));
    if (found === undefined) return undefined;
    leaves.push(found);
  }
  return formatEntries(leaves);
}

function leafIn(bundles: readonly PlacedBundle[], leaf: number): Buffer | undefined {
  const bundle = bundles.findLast(({ firstLeaf }) => firstLeaf <= leaf);
  return bundle?.leaves?.[leaf - bundle.firstLeaf];
}
