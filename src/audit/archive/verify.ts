// The rules that the archive must satisfy, and the reading through of all of it that finds every
// breach: objects that are gone, rewritten or were given up too early, manifests likewise, and
// months that left the database with fewer records than they had.

import { Fault, formatInstant } from '#kernel';
import type { Objects, Queryable } from '#platform';
import type { NoteKey } from '../tree/note.ts';
import { flawOfArchive, GONE } from './check.ts';
import { flawOfListed, flawOfManifest, readManifest } from './manifest.ts';
import { formatMonth } from './month.ts';
import { selectArchives, type Archive } from './store/archive-store.ts';
import { selectManifests, type Manifest } from './store/manifest-store.ts';
import { selectMonthTotals } from './store/total-store.ts';

/** Names are stable: alarms and the reference page refer to them. */
export const archiveRules = {
  archive_missing: 'every archive object that did not expire is there',
  archive_rewritten: 'every line of an archive object is the leaf that the log proves',
  archive_expired_early: 'no archive object was given up before its date',
  archive_incomplete: 'a month that left the database is in the archive with all its records',
  manifest_missing: 'every manifest is there',
  manifest_rewritten: 'a manifest is signed, and lists what the database says it lists',
} as const;

export interface ArchiveFinding {
  readonly rule: keyof typeof archiveRules;
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

/** Reads every archive object and manifest, and yields what is wrong. */
export async function* verifyArchives(
  queryable: Queryable,
  objects: Objects,
  trusted: readonly NoteKey[],
): AsyncGenerator<ArchiveFinding> {
  for await (const archive of selectArchives(queryable, {})) {
    const finding = await findingOf(queryable, objects, archive);
    if (finding !== undefined) yield finding;
  }
  for (const manifest of await selectManifests(queryable, 0)) {
    const finding = await manifestFinding(queryable, objects, manifest, trusted);
    if (finding !== undefined) yield finding;
  }
  for (const total of await selectMonthTotals(queryable)) {
    const { month, removed, placed, archived, listed } = total;
    if (removed === placed && archived === placed && listed === placed) continue;
    yield {
      rule: 'archive_incomplete',
      place: `month ${formatMonth(month)}`,
      expected: `${placed} records removed, archived and listed`,
      found: `${removed} removed, ${archived} archived, ${listed} listed in manifests`,
    };
  }
}

async function findingOf(
  queryable: Queryable,
  objects: Objects,
  archive: Archive,
): Promise<ArchiveFinding | undefined> {
  const { key, expiredAt, retainUntil } = archive;
  const place = `archive object ${key}`;
  if (expiredAt !== undefined) {
    if (expiredAt >= retainUntil) return undefined;
    return {
      rule: 'archive_expired_early',
      place,
      expected: `kept until ${formatInstant(retainUntil)}`,
      found: `given up at ${formatInstant(expiredAt)}`,
    };
  }
  const flaw = await flawOfArchive(queryable, objects, archive);
  if (flaw === undefined) return undefined;
  const rule = flaw === GONE ? 'archive_missing' : 'archive_rewritten';
  return { rule, place, expected: `${archive.leafCount} records as the log proves`, found: flaw };
}

async function manifestFinding(
  queryable: Queryable,
  objects: Objects,
  manifest: Manifest,
  trusted: readonly NoteKey[],
): Promise<ArchiveFinding | undefined> {
  const { key, sha256, signature } = manifest;
  const place = `manifest ${key}`;
  const expected = `signed lines with the SHA-256 ${sha256.toString('hex')}`;
  try {
    const read = await readManifest(objects, key);
    const flaw = !read.ok
      ? read.why
      : !read.value.sha256.equals(sha256) || !read.value.signature.equals(signature)
        ? 'its content or its signature is not what was written'
        : (flawOfManifest(read.value, manifest, trusted) ??
          (await flawOfListed(queryable, manifest)));
    if (flaw === undefined) return undefined;
    return { rule: 'manifest_rewritten', place, expected, found: flaw };
  } catch (error) {
    if (!(error instanceof Fault) || error.retryable) throw error;
    if (error.code === 'object_unknown') {
      return { rule: 'manifest_missing', place, expected, found: GONE };
    }
    if (error.code !== 'object_corrupt') throw error;
    return { rule: 'manifest_rewritten', place, expected, found: error.message };
  }
}
