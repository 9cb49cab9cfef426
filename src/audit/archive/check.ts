// The judgement of one object of the archive: it is there, it is kept as long as it must be, and
// each of its lines is the leaf whose hash the log proves. Read as a stream.

import { Fault, formatInstant } from '#kernel';
import type { Objects, Queryable } from '#platform';
import { leafHash } from '../tree/hash.ts';
import { archivedLines } from './lines.ts';
import type { Archive } from './store/archive-store.ts';
import { selectHashes } from './store/place-store.ts';

/** Undefined for a sound object, else what is wrong with it. */
export async function flawOfArchive(
  queryable: Queryable,
  objects: Objects,
  archive: Archive,
): Promise<string | undefined> {
  try {
    const facts = await objects.facts(archive.key);
    if (facts === undefined) return GONE;
    if (facts.sha256 !== archive.sha256) return 'its SHA-256 is not what was archived';
    if ((facts.retainUntil ?? -Infinity) < archive.retainUntil) {
      return `it is not retained until ${formatInstant(archive.retainUntil)}`;
    }
    return await flawOfLeaves(queryable, objects, archive);
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    if (error.code === 'object_unknown') return GONE;
    if (error.code === 'object_corrupt' || error.code === 'archive_damaged') return error.message;
    throw error;
  }
}

/** What is said of an object that is not there. */
export const GONE = 'it is gone';

async function flawOfLeaves(
  queryable: Queryable,
  objects: Objects,
  { key, leafCount, runs }: Archive,
): Promise<string | undefined> {
  const hashes = selectHashes(queryable, runs);
  let line = 0;
  try {
    for await (const leaf of archivedLines(objects, key)) {
      const hash = await hashes.next();
      if (line === leafCount) return 'it holds more than was archived';
      if (hash.done === true) return `the log has no hash for its line ${line + 1}`;
      if (!leafHash(leaf).equals(hash.value)) return `its line ${line + 1} is not the leaf it was`;
      line += 1;
    }
  } finally {
    await hashes.return(undefined);
  }
  return line === leafCount ? undefined : 'it holds less than was archived';
}
