// Owns the manifest of a month: a line that says what was archived under which checkpoint, a line
// for each object with its runs, hash and retention, and a signature as an anchor has it. It is
// written and read as a stream, because the runs of a large month do not fit in memory.

import { createHash } from 'node:crypto';
import { assert, Fault, formatInstant, type Instant } from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import {
  flawOfSignature,
  parseSignatureLine,
  signatureLine,
  signingString,
  type Signature,
} from '../anchors/signed-lines.ts';
import { canonical } from '../canonical.ts';
import { record } from '../record.ts';
import { SIGNING_KEY } from '../sequence.ts';
import { reject, type Judged } from '../tree/judged.ts';
import type { NoteKey } from '../tree/note.ts';
import { lockArchive, selectArchives, type Archive } from './store/archive-store.ts';
import {
  checkpointOver,
  insertManifest,
  isSigningKey,
  latestManifest,
  manifestBefore,
  type CheckpointFacts,
  type Manifest,
} from './store/manifest-store.ts';
import { endOfMonth, formatMonth } from './month.ts';

const MANIFEST_VERSION = 1;
/** A line of an object names its runs, of which there are at most as many as leaves. */
const LINE_BYTES_MAX = 8_388_608;

/** What a manifest sums up. */
interface Totals {
  leafCount: number;
  objectCount: number;
  archivesThrough: number;
  retainUntil: Instant;
}

interface Draft {
  readonly month: number;
  readonly leavesBefore: number;
  readonly archivesAfter: number;
  /** Undefined: all that are there. */
  readonly archivesThrough?: number;
  readonly checkpoint: CheckpointFacts;
}

/** Lists the objects of a month that no manifest lists yet, and says how far it is archived. */
export async function writeManifest(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  { month, leavesBefore }: { readonly month: number; readonly leavesBefore: number },
): Promise<void> {
  const archivesAfter = (await latestManifest(database, month))?.archivesThrough ?? 0;
  const checkpoint = await checkpointOver(database, leavesBefore);
  assert(checkpoint !== undefined, 'places are given together with a checkpoint');
  const draft: Draft = { month, leavesBefore, archivesAfter, checkpoint };
  const { sha256, totals } = await readThrough(database, draft);
  const key = manifestKey(month, leavesBefore);
  const publicKey = await database.keys.publicKey(SIGNING_KEY);
  const facts = { end: formatInstant(endOfMonth(month)), key, sha256 };
  const signature = await database.keys.sign(
    SIGNING_KEY,
    signingString({ ...facts, previousSignature: undefined }),
  );
  const stored = await put(
    database,
    objects,
    { draft, totals, key, sha256 },
    {
      publicKey,
      signature,
    },
  );
  await database.transaction(context, async (tx) => {
    await lockArchive(tx);
    const { leafCount, objectCount, archivesThrough } = totals;
    const isNew = await insertManifest(tx, {
      month,
      key,
      sha256,
      signature: stored.signature,
      size: checkpoint.size,
      leafCount,
      objectCount,
      leavesBefore,
      archivesThrough,
    });
    if (!isNew) return;
    const after = {
      manifest: key,
      sha256: sha256.toString('hex'),
      records: leafCount,
      objects: objectCount,
    };
    const action = auditActions['audit.month.archived'];
    await record(tx, [{ action, target: formatMonth(month), after }]);
  });
}

/** audit/archive/2026-08/manifest-000000051024.jsonl, by the leaf that it ends before. */
function manifestKey(month: number, leavesBefore: number): string {
  const number = String(leavesBefore).padStart(12, '0');
  return `audit/archive/${formatMonth(month)}/manifest-${number}.jsonl`;
}

async function readThrough(
  queryable: Queryable,
  draft: Draft,
): Promise<{ readonly sha256: Buffer; readonly totals: Totals }> {
  const totals: Totals = {
    leafCount: 0,
    objectCount: 0,
    archivesThrough: draft.archivesAfter,
    retainUntil: endOfMonth(draft.month),
  };
  const hash = createHash('sha256');
  for await (const line of linesOf(queryable, draft, totals)) hash.update(line);
  return { sha256: hash.digest(), totals };
}

async function* linesOf(
  queryable: Queryable,
  { month, leavesBefore, archivesAfter, archivesThrough, checkpoint }: Draft,
  totals?: Totals,
): AsyncGenerator<Buffer> {
  const { origin, note, size } = checkpoint;
  yield lineOf({
    version: MANIFEST_VERSION,
    origin,
    month: formatMonth(month),
    leaves_before: leavesBefore,
    checkpoint: note,
    size,
  });
  const selection = { month, after: archivesAfter, through: archivesThrough };
  for await (const archive of selectArchives(queryable, selection)) {
    if (totals !== undefined) {
      totals.leafCount += archive.leafCount;
      totals.objectCount += 1;
      totals.archivesThrough = archive.number;
      if (archive.retainUntil > totals.retainUntil) totals.retainUntil = archive.retainUntil;
    }
    yield lineOf(membersOf(archive));
  }
}

function membersOf(archive: Archive): Parameters<typeof canonical>[0] {
  return {
    key: archive.key,
    sha256: archive.sha256,
    bytes: archive.bytes,
    leaf_bytes: archive.leafBytes,
    leaves: archive.leafCount,
    retention: archive.retention,
    retain_until: formatInstant(archive.retainUntil),
    first_at: formatInstant(archive.firstAt),
    last_at: formatInstant(archive.lastAt),
    runs: archive.runs.map(({ first, count }) => [first, count]),
  };
}

function lineOf(members: Parameters<typeof canonical>[0]): Buffer {
  return Buffer.from(`${canonical(members)}\n`);
}

interface Ready {
  readonly draft: Draft;
  readonly totals: Totals;
  readonly key: string;
  readonly sha256: Buffer;
}

async function put(
  database: Database,
  objects: Objects,
  { draft, totals, key, sha256 }: Ready,
  signature: Signature,
): Promise<Signature> {
  async function* content(): AsyncGenerator<Buffer> {
    yield* linesOf(database, draft);
    yield signatureLine(signature);
  }
  try {
    await objects.put(key, content(), { retainUntil: totals.retainUntil });
    return signature;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'object_exists') throw error;
    // The same lines, signed with the key before this one.
    const read = await readManifest(objects, key);
    if (read.ok && read.value.sha256.equals(sha256)) {
      const { publicKey } = read.value;
      const trusted: NoteKey[] = (await isSigningKey(database, publicKey))
        ? [{ name: draft.checkpoint.origin, publicKey }]
        : [];
      if (flawOfManifest(read.value, { month: draft.month, key }, trusted) === undefined) {
        return read.value;
      }
    }
    throw new Fault('archive_damaged', {
      retryable: false,
      message: `Another manifest is stored under the name "${key}".`,
      cause: error,
    });
  }
}

export interface ReadManifest extends Signature {
  readonly sha256: Buffer;
}

/** Reads a manifest through; it throws a Fault where the store of objects does. */
export async function readManifest(objects: Objects, key: string): Promise<Judged<ReadManifest>> {
  const hash = createHash('sha256');
  let line: Buffer = Buffer.alloc(0);
  // The last line is the signature's, so each is hashed when the next begins.
  let isWhole = false;
  for await (const piece of objects.read(key)) {
    for (let from = 0; from < piece.length;) {
      if (isWhole) {
        hash.update(line);
        line = Buffer.alloc(0);
      }
      const end = piece.indexOf('\n', from) + 1;
      isWhole = end > 0;
      const to = isWhole ? end : piece.length;
      line = Buffer.concat([line, piece.subarray(from, to)]);
      if (line.length > LINE_BYTES_MAX) return reject('It has a line that is too long.');
      from = to;
    }
  }
  if (!isWhole) return reject('Its last line has no end.');
  const signature = parseSignatureLine(line.toString('utf8', 0, line.length - 1));
  if (!signature.ok) return signature;
  return { ok: true, value: { ...signature.value, sha256: hash.digest() } };
}

/** Undefined where a trusted key signed the manifest for this month and this place. */
export function flawOfManifest(
  read: ReadManifest,
  { month, key }: { readonly month: number; readonly key: string },
  trusted: readonly NoteKey[],
): string | undefined {
  const { sha256 } = read;
  const end = formatInstant(endOfMonth(month));
  return flawOfSignature(read, { end, key, sha256, previousSignature: undefined }, trusted);
}

/** Undefined where the objects in the database are those that the manifest lists. */
export async function flawOfListed(
  queryable: Queryable,
  manifest: Manifest,
): Promise<string | undefined> {
  const { month, leavesBefore, archivesThrough } = manifest;
  const checkpoint = await checkpointOver(queryable, leavesBefore);
  const archivesAfter = (await manifestBefore(queryable, manifest))?.archivesThrough ?? 0;
  if (checkpoint === undefined) return 'the log has no checkpoint over its records';
  const draft = { month, leavesBefore, archivesAfter, archivesThrough, checkpoint };
  const { sha256 } = await readThrough(queryable, draft);
  return sha256.equals(manifest.sha256)
    ? undefined
    : 'the archive objects in the database are not those that it lists';
}
