// Removes what erased rows have left on disk: the table's old file, and the segments of the
// write-ahead log that tell of them. What it cannot reach it says: standbys, archives of the log
// and backups hold wrapped keys, of use only with the master key, until they expire.

import { Fault } from '#kernel';
import type { Queryable } from '#platform';
import {
  checkpoint,
  currentSegment,
  fillSegment,
  mayRewriteLog,
  rewriteSubjects,
  selectSegments,
} from './scrub-store.ts';

export interface Scrubbed {
  /**
   * overwritten: no segment of the write-ahead log is left from before. kept: the server must keep
   * some (a standby, an archive, wal_keep_size). out_of_reach: the role may not ask, as on hosted
   * servers; segments are overwritten in the course of time.
   */
  readonly log: 'overwritten' | 'kept' | 'out_of_reach';
}

const LOCK_TIMEOUT_MS = 2_000;
const LOCK_ATTEMPTS_MAX = 10;
/** Of 16 MiB each: twice what the embedded server keeps after its busiest time. */
const SEGMENTS_MAX = 512;

/** Scrubs on a connection of the schema's owner, after erasures were committed. */
export async function scrub(owner: Queryable): Promise<Scrubbed> {
  // Waiting for the table keeps others from sealing, so it is short and repeated.
  for (let attempts = 1; ; attempts += 1) {
    try {
      await rewriteSubjects(owner, LOCK_TIMEOUT_MS);
      break;
    } catch (error) {
      const isBusy = error instanceof Fault && error.code === 'lock_timeout';
      if (!isBusy || attempts >= LOCK_ATTEMPTS_MAX) throw error;
    }
  }
  if (!(await mayRewriteLog(owner))) return { log: 'out_of_reach' };
  return { log: (await rewriteLog(owner)) ? 'overwritten' : 'kept' };
}

// A checkpoint removes old segments or renames them for use to come, with their content. Those are
// filled one after another.
async function rewriteLog(owner: Queryable): Promise<boolean> {
  const last = await currentSegment(owner);
  await fillSegment(owner);
  await checkpoint(owner);
  const [oldest = '', ...others] = await selectSegments(owner);
  const newest = others.at(-1) ?? oldest;
  for (let filled = 0; (await currentSegment(owner)) <= newest; filled += 1) {
    if (filled === SEGMENTS_MAX) return false;
    await fillSegment(owner);
  }
  return oldest > last;
}
