// The verb that collects a log: reads it once from its beginning to its end with bounded memory,
// and stores its events, its rejects and itself, segment by segment. A file that was collected is
// known again by its hash; one that was cut off is taken up where its last segment ended. The whole
// is one record of the audit log.

import { createHash, type Hash } from 'node:crypto';
import {
  accept,
  DAY_US,
  Fault,
  formatInstant,
  idOf,
  msOf,
  newUuid,
  parseInstant,
  refuse,
  uuidOf,
  type Instant,
  type Result,
} from '#kernel';
import { auditActions } from '../actions.ts';
import type { JsonObject } from '../canonical.ts';
import { record } from '../record.ts';
import type { AuditRefusal } from '../refusals.ts';
import type { BatchLimits, Counts } from './batch.ts';
import {
  insertCollection,
  insertCollectionEnd,
  noProgress,
  selectCollectionOfFile,
  selectProgress,
  selectSegmentsHash,
  type FoundCollection,
  type LogFormat,
  type Progress,
} from './collect-store.ts';
import { Committer, prefixOf, type Collection, type CollectWorld } from './commit.ts';
import { noLists, type EnrichmentLists } from './enrich/lists.ts';
import type { CollectionId } from './event.ts';
import { openReader, readLayout, type Layout, type LayoutOptions } from './formats.ts';
import { Content } from './input/content.ts';
import type { Reader } from './reader.ts';
import { Sink } from './sink.ts';

export interface LogInput {
  /** A file's name, or "-". */
  readonly name: string;
  /** Whether it can be opened again, and is the same then: a file, but not a stream. */
  readonly isRepeatable: boolean;
  open(): AsyncIterable<Buffer>;
}

export interface CollectOptions extends LayoutOptions {
  readonly format: LogFormat;
  /** What the operator calls the system that wrote it. */
  readonly source: string;
  readonly lists?: EnrichmentLists | undefined;
  /** False: the input itself is not archived. */
  readonly isArchived?: boolean | undefined;
  /** How long its objects cannot be removed; 0 for not at all. */
  readonly retainDays: number;
  /** Told of bytes of the input as they are read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  readonly limits?: Partial<BatchLimits> | undefined;
}

/** collected: just now. resumed: just now, after an earlier run had begun. known: before. */
export interface Collected {
  readonly outcome: 'collected' | 'resumed' | 'known';
  readonly id: CollectionId;
  readonly sha256: string;
  readonly inputBytes: number;
  readonly segments: number;
  readonly counts: Counts;
  /** What kept the rest of the input from being read. */
  readonly problem: string | undefined;
}

type CollectRefusal = AuditRefusal<
  'flow_format_invalid' | 'log_fields_invalid' | 'collection_busy'
>;

const NAME_LENGTH_MAX = 1_024;

const defaultLimits: BatchLimits = {
  eventsMax: 20_000,
  eventBytesMax: 25_165_824,
  inputBytesMax: 16_777_216,
};

export async function collect(
  world: CollectWorld,
  input: LogInput,
  options: CollectOptions,
): Promise<Result<Collected, CollectRefusal>> {
  const layout = readLayout(options);
  if (!layout.ok) return layout;
  const sha256 = input.isRepeatable ? await hashOf(input) : undefined;
  const begun = await begin(world, input, { options, layout: layout.value, sha256 });
  if (begun.isKnown) {
    const { collection, progress, problem } = begun;
    const known = { sha256: sha256?.toString('hex') ?? '', problem };
    return accept(collectedOf(collection.id, progress, { ...known, outcome: 'known' }));
  }
  try {
    return accept(await read(world, input, { options, layout: layout.value, begun }));
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'collection_busy')) throw error;
    return refuse({ code: 'collection_busy', message: error.message });
  }
}

async function hashOf(input: LogInput): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const piece of input.open()) hash.update(piece);
  return hash.digest();
}

interface Begun {
  readonly isKnown: boolean;
  readonly collection: Collection;
  readonly progress: Progress;
  readonly problem: string | undefined;
}

interface Asked {
  readonly options: CollectOptions;
  readonly layout: Layout;
  readonly sha256: Buffer | undefined;
}

/** A new collection, or the one that the file has. */
async function begin(
  world: CollectWorld,
  { name }: LogInput,
  { options, layout, sha256 }: Asked,
): Promise<Begun> {
  const { format, source, isArchived = true } = options;
  return await world.database.transaction(world.context(), async (tx) => {
    const startedAt = tx.now;
    const id = idOf('col', newUuid(msOf(startedAt)));
    const row = {
      format,
      layout: layout.text,
      source,
      name: nameOf(name),
      sha256,
      isArchived,
      startedAt,
    };
    if (await insertCollection(tx, { id: uuidOf(id), ...row })) {
      const retainUntil = retentionOf(startedAt, options);
      const collection = { id, format, source, startedAt, isArchived, retainUntil };
      return { isKnown: false, collection, progress: noProgress, problem: undefined };
    }
    const found =
      sha256 === undefined
        ? undefined
        : await selectCollectionOfFile(tx, { sha256, format, layout: layout.text });
    // Committed a moment ago by another process, after this transaction looked.
    if (found === undefined) throw new Fault('collection_busy', { retryable: true });
    const progress = await selectProgress(tx, found.id);
    const collection = collectionOf(found, options);
    return { isKnown: found.has_ended, collection, progress, problem: found.problem ?? undefined };
  });
}

function collectionOf(found: FoundCollection, options: CollectOptions): Collection {
  const startedAt = parseInstant(isoOf(found.started_at)) as Instant;
  return {
    id: idOf('col', found.id),
    format: options.format,
    source: found.source,
    startedAt,
    isArchived: found.is_archived,
    retainUntil: retentionOf(startedAt, options),
  };
}

/** PostgreSQL's text of a timestamptz as RFC 3339. */
function isoOf(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

function retentionOf(startedAt: Instant, { retainDays }: CollectOptions): Instant | undefined {
  return retainDays === 0 ? undefined : ((startedAt + retainDays * DAY_US) as Instant);
}

interface Reading {
  readonly options: CollectOptions;
  readonly layout: Layout;
  readonly begun: Begun;
}

async function read(
  world: CollectWorld,
  input: LogInput,
  { options, layout, begun }: Reading,
): Promise<Collected> {
  const { collection, progress } = begun;
  const { id, format, source, isArchived } = collection;
  const sink = new Sink(progress.segment + 1, { ...defaultLimits, ...options.limits });
  const archive = isArchived ? prefixOf('input', collection) : undefined;
  const reader = openReader(format, {
    layout,
    sink,
    itemsDone: progress.items,
    lists: options.lists ?? noLists,
    origin: { id, source, name: input.name, archive },
  });
  const hash = createHash('sha256');
  const content = new Content(
    tee(input.open(), { hash, sink, bytesDone: progress.inputBytes, onRead: options.onRead }),
  );
  const committer = new Committer(world, collection, progress);
  await readThrough(content, { reader, sink, committer, itemsDone: progress.items });
  const sha256 = hash.digest();
  await finish(world, { collection, committer, sha256, name: input.name, content, layout });
  return collectedOf(id, committer.progress, {
    sha256: sha256.toString('hex'),
    problem: content.problem,
    outcome: progress.segment > 0 ? 'resumed' : 'collected',
  });
}

/** Feeds the reader, and stores a batch while the next one is filled. */
async function readThrough(
  content: Content,
  parts: {
    readonly reader: Reader;
    readonly sink: Sink;
    readonly committer: Committer;
    readonly itemsDone: number;
  },
): Promise<void> {
  const { reader, sink, committer, itemsDone } = parts;
  let storing: Promise<void> = Promise.resolve();
  // What is wrong with the input as a whole is its last item.
  let problems = 0;
  const store = async (): Promise<void> => {
    await storing;
    const batch = sink.take();
    const items = Math.max(reader.items + problems, itemsDone);
    storing = committer.commit(batch, items).then(() => {
      sink.giveBack(batch);
    });
    // Awaited with the next batch; until then its failure is nobody's.
    storing.catch(() => undefined);
  };
  try {
    for await (const piece of content.pieces()) {
      reader.push(piece);
      if (sink.batch.isFull) await store();
    }
    reader.end();
    if (content.problem !== undefined && reader.items + 1 > itemsDone) {
      problems = 1;
      sink.counts.read += 1;
      sink.reject(content.problem, Buffer.alloc(0), { item: reader.items + 1, offset: 0 });
    }
    if (!sink.batch.isEmpty) await store();
  } finally {
    await storing;
  }
}

/** Passes the input on, and into the archive what of it is not there from an earlier run. */
async function* tee(
  input: AsyncIterable<Buffer>,
  parts: {
    readonly hash: Hash;
    readonly sink: Sink;
    readonly bytesDone: number;
    readonly onRead: ((bytes: number) => void) | undefined;
  },
): AsyncGenerator<Buffer> {
  const { hash, sink, bytesDone, onRead } = parts;
  let bytes = 0;
  for await (const piece of input) {
    hash.update(piece);
    const isNewFrom = Math.min(Math.max(bytesDone - bytes, 0), piece.length);
    if (isNewFrom < piece.length) sink.batch.addInput(piece.subarray(isNewFrom));
    bytes += piece.length;
    onRead?.(piece.length);
    yield piece;
  }
}

async function finish(
  world: CollectWorld,
  of: {
    readonly collection: Collection;
    readonly committer: Committer;
    readonly sha256: Buffer;
    readonly name: string;
    readonly content: Content;
    readonly layout: Layout;
  },
): Promise<void> {
  const { collection, committer, sha256, name, content, layout } = of;
  const { id, format, source, isArchived } = collection;
  const { progress: end } = committer;
  const { problem } = content;
  await world.database.transaction(world.context(), async (tx) => {
    const collectionId = uuidOf(id);
    const segmentsHash = await selectSegmentsHash(tx, collectionId);
    const row = { collectionId, sha256, problem, end, segmentsHash, endedAt: tx.now };
    await insertCollectionEnd(tx, row);
    const after: JsonObject = {
      ...end.counts,
      format,
      source,
      name: nameOf(name),
      layout: layout.text === '' ? undefined : layout.text,
      problem,
      is_archived: isArchived,
      input_bytes: end.inputBytes,
      segments: end.segment,
      segments_sha256: segmentsHash?.toString('hex'),
      sha256: sha256.toString('hex'),
      started_at: formatInstant(collection.startedAt),
    };
    await record(tx, [{ action: auditActions['audit.logs.collected'], target: id, after }]);
  });
}

/** A longer one keeps its end, which says more. */
function nameOf(name: string): string {
  return name.slice(-NAME_LENGTH_MAX).toWellFormed();
}

function collectedOf(
  id: CollectionId,
  { segment, inputBytes, counts }: Progress,
  given: Pick<Collected, 'outcome' | 'sha256' | 'problem'>,
): Collected {
  return { ...given, id, inputBytes, segments: segment, counts };
}
