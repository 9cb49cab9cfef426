// Owns making a batch durable: its objects first, then one transaction with its keys, its segment
// and how far the input was read. Segments are stored in order, one at a time. A crash between
// leaves objects that nothing points to, and never a segment without its objects.

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { assert, Fault, formatDate, instantOfMs, uuidOf, type Instant } from '#kernel';
import {
  violatedConstraint,
  type Database,
  type Objects,
  type TransactionContext,
} from '#platform';
import type { Batch, Counts } from './batch.ts';
import {
  insertKeys,
  insertSegment,
  selectKeys,
  type LogFormat,
  type Progress,
} from './collect-store.ts';
import type { CollectionId } from './event.ts';

/** Where collections are kept, and for whom. */
export interface CollectWorld {
  readonly database: Database;
  readonly objects: Objects;
  /** Of each transaction: who collects, and the time. */
  context(): TransactionContext;
}

export interface Collection {
  readonly id: CollectionId;
  readonly format: LogFormat;
  readonly source: string;
  readonly startedAt: Instant;
  readonly isArchived: boolean;
  /** Before which no object of it can be removed. */
  readonly retainUntil: Instant | undefined;
}

/** Under which all objects of collected logs are. */
export const COLLECTED_PREFIX = 'audit/collected/';
const NUMBER_DIGITS = 6;
const KEY_ATTEMPTS_MAX = 8;

const compress = promisify(zstdCompress);
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Under which the objects of a kind of the collection are, by the day on which it began. */
export function prefixOf(
  kind: 'events' | 'input' | 'rejects',
  { id, startedAt }: Pick<Collection, 'id' | 'startedAt'>,
): string {
  return `${COLLECTED_PREFIX}${kind}/${formatDate(startedAt).replaceAll('-', '/')}/${id}`;
}

export class Committer {
  readonly #world: CollectWorld;
  readonly #collection: Collection;
  #progress: Progress;

  constructor(world: CollectWorld, collection: Collection, progress: Progress) {
    this.#world = world;
    this.#collection = collection;
    this.#progress = progress;
  }

  /** As far as is durable. */
  get progress(): Progress {
    return this.#progress;
  }

  /** `items` of the input are dealt with when the batch is stored. */
  async commit(batch: Batch, items: number): Promise<void> {
    assert(batch.number === this.#progress.segment + 1, 'segments are stored in order');
    const input = this.#collection.isArchived ? Buffer.concat(batch.input) : Buffer.alloc(0);
    const inputKey = await this.#put('input', batch.number, input);
    const rejects = Buffer.from(batch.rejects.map((line) => `${line}\n`).join(''));
    const rejectsKey = await this.#put('rejects', batch.number, rejects);
    for (let attempts = 1; ; attempts += 1) {
      const kept = await this.#unseen(batch);
      const eventsKey = await this.#put('events', batch.number, kept.lines);
      const end = {
        segment: batch.number,
        items,
        inputBytes: this.#progress.inputBytes + batch.inputBytes,
        counts: sumOf(this.#progress.counts, kept.counts),
      };
      const isStored = await this.#store(batch, kept, { eventsKey, inputKey, rejectsKey, end });
      if (isStored) {
        this.#progress = end;
        return;
      }
      assert(attempts < KEY_ATTEMPTS_MAX, 'keys that are there are found');
    }
  }

  /** Without the events whose keys are stored, or stand twice in the batch. */
  async #unseen(batch: Batch): Promise<Kept> {
    const { keyed, lines } = batch;
    const counts = { ...batch.counts };
    if (keyed.length === 0) {
      return { keys: [], lines: lines.written, events: batch.events, counts };
    }
    const wanted = keyed.map(({ key }) => key);
    const seen = new Set(await selectKeys(this.#world.database, wanted));
    const pieces: Buffer[] = [];
    const keys: bigint[] = [];
    // What stands between events with keys are events without.
    let at = 0;
    for (const { key, start, end, isBad } of keyed) {
      pieces.push(lines.written.subarray(at, start));
      at = end;
      if (seen.has(key)) {
        counts.duplicate += 1;
        continue;
      }
      seen.add(key);
      keys.push(key);
      pieces.push(lines.written.subarray(start, end));
      counts.kept += 1;
      if (isBad) counts.bad += 1;
    }
    pieces.push(lines.written.subarray(at));
    const events = batch.events - keyed.length + keys.length;
    return { keys, lines: Buffer.concat(pieces), events, counts };
  }

  /** False when another process has stored one of the keys since. */
  async #store(batch: Batch, kept: Kept, stored: Stored): Promise<boolean> {
    const { id, format, source } = this.#collection;
    const hasEvents = kept.events > 0;
    const context = this.#world.context();
    try {
      return await this.#world.database.transaction(context, async (tx) => {
        const inserted = kept.keys.length === 0 ? 0 : await insertKeys(tx, kept.keys);
        if (inserted < kept.keys.length) throw new KeysTaken();
        await insertSegment(tx, {
          ...stored,
          collectionId: uuidOf(id),
          format,
          source,
          eventCount: kept.events,
          firstAt: hasEvents ? instantOfMs(batch.firstMs) : undefined,
          lastAt: hasEvents ? instantOfMs(batch.lastMs) : undefined,
          terms: hasEvents ? [...batch.terms] : [],
          storedAt: tx.now,
        });
        return true;
      });
    } catch (error) {
      if (error instanceof KeysTaken) return false;
      if (violatedConstraint(error) !== 'collected_segments_pkey') throw error;
      throw new Fault('collection_busy', {
        retryable: true,
        message: 'Another process is collecting the same file.',
        cause: error,
      });
    }
  }

  /** Undefined when there is nothing to put. */
  async #put(
    kind: 'events' | 'input' | 'rejects',
    number: number,
    content: Buffer,
  ): Promise<string | undefined> {
    if (content.length === 0) return undefined;
    const compressed = await compress(content, fast);
    const hash = createHash('sha256').update(compressed).digest('hex');
    const place = String(number).padStart(NUMBER_DIGITS, '0');
    const ending = kind === 'input' ? 'zst' : 'jsonl.zst';
    // By its hash, as the segment of this number may have been begun differently before a crash.
    const key = `${prefixOf(kind, this.#collection)}/${place}-${hash}.${ending}`;
    const { retainUntil } = this.#collection;
    await this.#world.objects.put(key, compressed, { retainUntil });
    return key;
  }
}

/** Rolls back, to look at the keys once more. */
class KeysTaken extends Error {}

interface Kept {
  readonly keys: readonly bigint[];
  readonly lines: Buffer;
  readonly events: number;
  readonly counts: Counts;
}

interface Stored {
  readonly eventsKey: string | undefined;
  readonly inputKey: string | undefined;
  readonly rejectsKey: string | undefined;
  readonly end: Progress;
}

function sumOf(left: Counts, right: Counts): Counts {
  return {
    read: left.read + right.read,
    kept: left.kept + right.kept,
    duplicate: left.duplicate + right.duplicate,
    malformed: left.malformed + right.malformed,
    skipped: left.skipped + right.skipped,
    bad: left.bad + right.bad,
  };
}
