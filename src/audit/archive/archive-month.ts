// The verb that archives a month: its leaves in the order of their places, by retention class, in
// objects of bounded size. Each object is in the store before the database knows of it, and what
// stands in the database is never done again, so a run may be killed at any moment and another goes
// on; two at once do the same work, and each leaf is taken in once.

import { accept, Fault, refuse, type Result } from '#kernel';
import type { Database, ObjectFacts, Objects, TransactionContext } from '#platform';
import type { RetentionClass } from '../action.ts';
import type { AuditRefusal } from '../refusals.ts';
import { leavesOf } from '../store/bundle-store.ts';
import { leafHash } from '../tree/hash.ts';
import {
  insertArchive,
  lockArchive,
  selectArchivedEnds,
  selectMonthState,
} from './store/archive-store.ts';
import { ChunkBuilder, chunkSize, compressLines, retentionOf, type Chunk } from './chunk.ts';
import { isHeld } from './store/hold-store.ts';
import { archivedLines, damaged } from './lines.ts';
import { writeManifest } from './manifest.ts';
import { latestManifest } from './store/manifest-store.ts';
import { formatMonth, latestToArchive, retainUntil, retentionClasses } from './month.ts';
import { selectMonthBounds, selectPlacedBundles, type PlacedBundle } from './store/place-store.ts';
import { boundsOf } from './runs.ts';

const ARCHIVE_PREFIX = 'audit/archive/';

export interface ArchivedMonth {
  readonly month: number;
  /** Stored by this run. */
  readonly objects: number;
  readonly leaves: number;
  /** False where another process is at it. */
  readonly isComplete: boolean;
}

type MonthRefusal = AuditRefusal<'month_at_hand' | 'month_waiting'>;

/** Stores what is not archived yet of a month that is not at hand any more. */
export async function archiveMonth(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  month: number,
  size = chunkSize,
): Promise<Result<ArchivedMonth, MonthRefusal>> {
  const name = formatMonth(month);
  if (month > latestToArchive(context.now)) {
    const message = `The month ${name} is at hand, and is archived later.`;
    return refuse({ code: 'month_at_hand', message, param: 'month' });
  }
  const state = await selectMonthState(database, month);
  const nothing = { month, objects: 0, leaves: 0, isComplete: true };
  if (!state.isOpened || state.isRemoved) return accept(nothing);
  if (state.isWaiting) {
    const message = `Records of ${name} have no place in the log yet; try again.`;
    return refuse({ code: 'month_waiting', message, param: 'month' });
  }
  const bounds = await selectMonthBounds(database, month);
  const first = (await latestManifest(database, month))?.leavesBefore ?? bounds?.first ?? 0;
  if (bounds === undefined || first >= bounds.end) return accept(nothing);
  const run = new ArchiveRun({ database, objects, context, month });
  const isComplete = await run.store({ first, end: bounds.end }, size);
  if (isComplete) {
    await writeManifest(database, objects, context, { month, leavesBefore: bounds.end });
  }
  return accept({ month, objects: run.objects, leaves: run.leaves, isComplete });
}

interface RunOptions {
  readonly database: Database;
  readonly objects: Objects;
  readonly context: TransactionContext;
  readonly month: number;
}

class ArchiveRun {
  readonly #options: RunOptions;
  objects = 0;
  leaves = 0;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** False where another process stored one of the leaves meanwhile. */
  async store(
    bounds: { readonly first: number; readonly end: number },
    size: typeof chunkSize,
  ): Promise<boolean> {
    const { database, month } = this.#options;
    const ends = await selectArchivedEnds(database, month);
    const builders = new Map(
      retentionClasses.map((retention) => [retention, new ChunkBuilder(retention, size)]),
    );
    for await (const bundle of selectPlacedBundles(database, month, bounds)) {
      for (const [offset, leaf] of soundLeaves(bundle).entries()) {
        const index = bundle.firstLeaf + offset;
        const retention = requireRetention(leaf, index);
        const builder = builders.get(retention);
        if (builder === undefined || index < (ends.get(retention) ?? 0)) continue;
        builder.add(index, leaf, bundle.recordedAt);
        if (builder.isFull && !(await this.#storeChunk(builder.take()))) return false;
      }
    }
    for (const builder of builders.values()) {
      if (!builder.isEmpty && !(await this.#storeChunk(builder.take()))) return false;
    }
    return true;
  }

  async #storeChunk(chunk: Chunk): Promise<boolean> {
    const { database, objects, context, month } = this.#options;
    const { retention, runs, leafCount, firstAt, lastAt } = chunk;
    const until = retainUntil(month, retention);
    const key = keyOf(month, chunk);
    const facts = await put(objects, key, { chunk, until });
    const archive = {
      month,
      retention,
      key,
      sha256: facts.sha256,
      bytes: facts.bytes,
      leafBytes: chunk.lines.length,
      leafCount,
      runs,
      firstAt,
      lastAt,
      retainUntil: until,
    };
    const number = await database.transaction(context, async (tx) => {
      await lockArchive(tx);
      if (await isHeld(tx, { month, retention })) await objects.hold(key, true);
      return await insertArchive(tx, archive);
    });
    if (number === undefined) return false;
    this.objects += 1;
    this.leaves += leafCount;
    return true;
  }
}

// A month with a bundle that is gone, or is not what it was, stays as it is: the archive must not
// make up for it, and what is left is evidence.
function soundLeaves(bundle: PlacedBundle): Buffer[] {
  const { firstLeaf, id, hashes, leaves } = bundle;
  if (leaves === null) throw tampered(`The bundle ${id} at leaf ${firstLeaf} is gone.`);
  let found: Buffer[];
  try {
    found = leavesOf({ ...bundle, leaves });
  } catch (error) {
    throw tampered(`The bundle ${id} at leaf ${firstLeaf} cannot be read.`, error);
  }
  if (!Buffer.concat(found.map(leafHash)).equals(hashes)) {
    throw tampered(`The bundle ${id} at leaf ${firstLeaf} is not what has its place.`);
  }
  return found;
}

function requireRetention(leaf: Buffer, index: number): RetentionClass {
  const retention = retentionOf(leaf);
  if (retention !== undefined) return retention;
  throw tampered(`Leaf ${index} has no class of retention.`);
}

function tampered(message: string, cause?: unknown): Fault {
  return new Fault('audit_log_tampered', { retryable: false, message, cause });
}

/** audit/archive/2026-08/books/000000001024-000000051023.jsonl.zst, by its first and last leaf. */
function keyOf(month: number, { retention, runs }: Chunk): string {
  const { first, end } = boundsOf(runs);
  const [from, to] = [first, end - 1].map((leaf) => String(leaf).padStart(12, '0'));
  return `${ARCHIVE_PREFIX}${formatMonth(month)}/${retention}/${from}-${to}.jsonl.zst`;
}

// Another version of the compressor may have stored the same lines before, in other bytes.
async function put(
  objects: Objects,
  key: string,
  { chunk, until }: { readonly chunk: Chunk; readonly until: ReturnType<typeof retainUntil> },
): Promise<ObjectFacts> {
  const content = await compressLines(chunk.lines);
  try {
    return await objects.put(key, content, { retainUntil: until });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'object_exists') throw error;
    const facts = await adopt(objects, key, chunk, error);
    if ((facts.retainUntil ?? -Infinity) < until) await objects.retain(key, until);
    return facts;
  }
}

async function adopt(
  objects: Objects,
  key: string,
  chunk: Chunk,
  cause: Fault,
): Promise<ObjectFacts> {
  let compared = 0;
  for await (const line of archivedLines(objects, key)) {
    const expected = chunk.lines.subarray(compared, compared + line.length);
    if (!line.equals(expected)) break;
    compared += line.length + 1;
  }
  const facts = await objects.facts(key);
  if (compared === chunk.lines.length && facts !== undefined) return facts;
  throw damaged(key, 'other records are stored under the name of these', cause);
}
