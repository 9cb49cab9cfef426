// Reads leaves of archived months, so that receipts and search go on as if they had stayed in the
// database. What is read is compared with the log's own hashes; what was last read is kept, a few
// objects of bounded size, because leaves are asked for near one another.

import { limits } from '#config';
import { assert, Fault } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { leafHash } from '../tree/hash.ts';
import { archivedLines, damaged } from './lines.ts';
import { RunIndex } from './runs.ts';
import { selectArchive, selectArchivesOf, type Archive } from './store/archive-store.ts';
import { selectHashes } from './store/place-store.ts';

/** A leaf of an archived month; undefined where it expired, or is not archived. */
export async function readArchivedLeaf(
  queryable: Queryable,
  objects: Objects,
  leaf: number,
): Promise<Buffer | undefined> {
  const [found] = await readArchivedRange(queryable, objects, { first: leaf, count: 1 });
  return found;
}

const RANGE_LEAVES_MAX = 1_048_576;

/**
 * Consecutive leaves of archived months, in order. Those whose class expired, and those that are
 * not archived, are undefined. Throws Fault 'archive_damaged' where the archive is not what it was.
 */
export async function readArchivedRange(
  queryable: Queryable,
  objects: Objects,
  range: { readonly first: number; readonly count: number },
): Promise<(Buffer | undefined)[]> {
  const { first, count } = range;
  assert(Number.isSafeInteger(first) && first >= 0, 'a leaf has an index');
  assert(count >= 0 && count <= RANGE_LEAVES_MAX, 'a range of leaves has a bounded length');
  const leaves = Array.from<Buffer | undefined>({ length: count });
  for (const { number, key, expiredAt } of await selectArchivesOf(queryable, range)) {
    if (expiredAt !== undefined) continue;
    const opened = await open(queryable, objects, { number, key });
    for (let offset = 0; offset < count; offset += 1) {
      leaves[offset] ??= opened.leaf(first + offset);
    }
  }
  await requireSound(queryable, first, leaves);
  return leaves;
}

async function requireSound(
  queryable: Queryable,
  first: number,
  leaves: readonly (Buffer | undefined)[],
): Promise<void> {
  let offset = 0;
  for await (const hash of selectHashes(queryable, [{ first, count: leaves.length }])) {
    const leaf = leaves[offset];
    const isSound = leaf === undefined || leafHash(leaf).equals(hash);
    if (!isSound) throw damaged(`leaf ${first + offset}`, 'it is not what the log proves');
    offset += 1;
  }
  assert(offset === leaves.length, 'every leaf in the archive has its hash in the database');
}

/** An object of the archive, unpacked. */
class OpenedArchive {
  readonly #lines: Buffer;
  /** Where each line begins, and after the last one where they end. */
  readonly #starts: Uint32Array;
  readonly #index: RunIndex;

  constructor(lines: Buffer, starts: Uint32Array, index: RunIndex) {
    this.#lines = lines;
    this.#starts = starts;
    this.#index = index;
  }

  leaf(index: number): Buffer | undefined {
    const line = this.#index.lineOf(index);
    if (line === undefined) return undefined;
    const [start, next] = [this.#starts[line], this.#starts[line + 1]];
    assert(start !== undefined && next !== undefined, 'an object has a line for each leaf');
    return this.#lines.subarray(start, next - 1);
  }
}

// An object never changes, so what was unpacked stays true; whether it expired is asked each time.
const kept = new WeakMap<Objects, Map<string, Promise<OpenedArchive>>>();

async function open(
  queryable: Queryable,
  objects: Objects,
  { number, key }: { readonly number: number; readonly key: string },
): Promise<OpenedArchive> {
  const known = kept.get(objects) ?? new Map<string, Promise<OpenedArchive>>();
  kept.set(objects, known);
  const opening = known.get(key) ?? unpack(queryable, objects, number);
  // The latest asked for is last, so that the first is the one to let go.
  known.delete(key);
  known.set(key, opening);
  const [oldest] = known.keys();
  if (known.size > limits.auditArchiveObjectsKeptMax.value && oldest !== undefined) {
    known.delete(oldest);
  }
  try {
    return await opening;
  } catch (error) {
    if (known.get(key) === opening) known.delete(key);
    throw error;
  }
}

async function unpack(
  queryable: Queryable,
  objects: Objects,
  number: number,
): Promise<OpenedArchive> {
  const archive = await selectArchive(queryable, number);
  const { key, leafBytes, leafCount, runs } = archive;
  const lines = Buffer.allocUnsafe(leafBytes);
  const starts = new Uint32Array(leafCount + 1);
  let used = 0;
  let count = 0;
  for await (const line of requirePresent(objects, archive)) {
    if (used + line.length + 1 > leafBytes || count === leafCount) {
      throw damaged(key, 'it holds more than was archived');
    }
    used += line.copy(lines, used) + 1;
    count += 1;
    starts[count] = used;
  }
  if (used !== leafBytes || count !== leafCount) {
    throw damaged(key, 'it holds less than was archived');
  }
  return new OpenedArchive(lines, starts, new RunIndex(runs));
}

async function* requirePresent(objects: Objects, { key }: Archive): AsyncGenerator<Buffer> {
  try {
    yield* archivedLines(objects, key);
  } catch (error) {
    const isAbsent = error instanceof Fault && error.code === 'object_unknown';
    throw isAbsent ? damaged(key, 'it is gone', error) : error;
  }
}
