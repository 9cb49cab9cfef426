// Finds collected events, the newest first whatever order they were collected in, a page at a time.
// Segments overlap in time, so they are opened in the order of their latest events, and an event is
// given out once no segment that is not open can hold a later one. A page opens a bounded number of
// segments: one that finds little may be short, or empty, while more is to come.

import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import {
  accept,
  assert,
  idOf,
  instantOfMs,
  msOf,
  refuse,
  type Instant,
  type Result,
  type Uuid,
} from '#kernel';
import type { Objects, Queryable } from '#platform';
import type { AuditRefusal } from '../../refusals.ts';
import type { CollectionId } from '../event.ts';
import { bytesOfFilter, judgeOf, termsOfFilter, type CollectedFilter } from './filter.ts';
import { selectSegments, type FoundSegment } from './find-store.ts';

export interface CollectedPageRequest {
  readonly limit: number;
  /** What the last page gave. */
  readonly cursor?: string | undefined;
  readonly segmentsMax?: number | undefined;
}

export interface CollectedEvent {
  readonly collection: CollectionId;
  readonly at: Instant;
  /** The event as it is archived: OCSF as canonical JSON. */
  readonly line: string;
}

export interface CollectedPage {
  readonly events: readonly CollectedEvent[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
  /** Objects in which something may have been found, had they not been gone. */
  readonly missing: readonly string[];
}

/** Where an event stands in the order of all: the greater ones come first. */
interface Position {
  readonly timeMs: number;
  readonly collection: Uuid;
  readonly segment: number;
  readonly index: number;
}

interface Candidate extends Position {
  readonly line: string;
}

const SEGMENTS_MAX = 64;
const SEGMENTS_AT_ONCE = 32;
/** Twice what a segment can be. */
const SEGMENT_BYTES_MAX = 268_435_456;
const LINE_FEED = 0x0a;
/** Beyond every time: 9999-12-31. */
const TIME_MS_MAX = 253_402_300_799_999;
const TIME = ',"time":';

const decompress = promisify(zstdDecompress);

/** Does not record that somebody read: whoever asks for a person does. */
export async function findCollected(
  queryable: Queryable,
  objects: Objects,
  filter: CollectedFilter,
  { limit, cursor, segmentsMax = SEGMENTS_MAX }: CollectedPageRequest,
): Promise<Result<CollectedPage, AuditRefusal<'collected_cursor_invalid'>>> {
  assert(limit > 0 && segmentsMax > 0, 'a page has room, and looks somewhere');
  const below = cursor === undefined ? beginningOf(filter) : readCursor(cursor);
  if (below === undefined) {
    const message = 'The cursor is none that a page of collected events gave.';
    return refuse({ code: 'collected_cursor_invalid', message, param: 'cursor' });
  }
  const search = new Search(objects, { filter, below, limit });
  let after: FoundSegment | undefined;
  let opened = 0;
  for (;;) {
    const segments = await selectSegments(queryable, {
      terms: termsOfFilter(filter),
      after,
      limit: SEGMENTS_AT_ONCE,
      source: filter.source,
      format: filter.format,
      from: filter.from,
      to: instantOfMs(Math.min(below.timeMs, TIME_MS_MAX)),
    });
    for (const segment of segments) {
      const lastMs = Number(segment.last_ms);
      if (search.isFullAbove(lastMs)) return accept(search.page());
      // Only where that goes forward: another page would open the same segments again.
      if (opened >= segmentsMax && lastMs + 1 < below.timeMs) return accept(search.page(lastMs));
      await search.open(segment);
      opened += 1;
    }
    after = segments.at(-1);
    if (after === undefined || segments.length < SEGMENTS_AT_ONCE) return accept(search.page());
  }
}

class Search {
  readonly #objects: Objects;
  readonly #filter: CollectedFilter;
  readonly #below: Position;
  readonly #limit: number;
  readonly #isWanted: (line: string) => boolean;
  readonly #bytes: Buffer | undefined;
  /** The greatest found so far, and one more: it tells that there is a next page. */
  #found: Candidate[] = [];
  readonly #missing: string[] = [];

  constructor(
    objects: Objects,
    given: {
      readonly filter: CollectedFilter;
      readonly below: Position;
      readonly limit: number;
    },
  ) {
    this.#objects = objects;
    this.#filter = given.filter;
    this.#below = given.below;
    this.#limit = given.limit;
    this.#isWanted = judgeOf(given.filter);
    this.#bytes = bytesOfFilter(given.filter);
  }

  /** Whether the page is full of events later than that. */
  isFullAbove(timeMs: number): boolean {
    const last = this.#found[this.#limit];
    return last !== undefined && last.timeMs > timeMs;
  }

  async open(segment: FoundSegment): Promise<void> {
    const compressed = await this.#objects.get(segment.events_key);
    if (compressed === undefined) {
      this.#missing.push(segment.events_key);
      return;
    }
    const bytes = await decompress(compressed, { maxOutputLength: SEGMENT_BYTES_MAX });
    let index = 0;
    let start = 0;
    let next = this.#nextWith(bytes, 0);
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      if (next < end) {
        this.#consider(bytes.toString('utf8', start, end), segment, index);
        next = this.#nextWith(bytes, end);
      }
      start = end + 1;
      index += 1;
    }
    this.#found.sort(descending);
    this.#found.length = Math.min(this.#found.length, this.#limit + 1);
  }

  /** Events later than that cannot be preceded by any that were not looked at. */
  page(laterThanMs = -1): CollectedPage {
    const given = this.#found.slice(0, this.#limit).filter(({ timeMs }) => timeMs > laterThanMs);
    const events = given.map(({ collection, timeMs, line }) => ({
      collection: idOf('col', collection),
      at: instantOfMs(timeMs),
      line,
    }));
    const last = given.at(-1);
    const missing = this.#missing;
    if (given.length === this.#limit && this.#found.length > this.#limit && last !== undefined) {
      return { events, next: writeCursor(last), missing };
    }
    if (laterThanMs < 0) return { events, next: undefined, missing };
    return { events, next: writeCursor(before(laterThanMs)), missing };
  }

  /** Where the next line is that may be wanted. */
  #nextWith(bytes: Buffer, from: number): number {
    if (this.#bytes === undefined) return from;
    const at = bytes.indexOf(this.#bytes, from);
    return at < 0 ? Infinity : at;
  }

  #consider(line: string, { collection_id, number }: FoundSegment, index: number): void {
    const timeMs = timeOf(line);
    const position = { timeMs, collection: collection_id, segment: number, index };
    const { from, to } = this.#filter;
    if (from !== undefined && timeMs < msOf(from)) return;
    if (to !== undefined && timeMs > msOf(to)) return;
    if (descending(this.#below, position) >= 0) return;
    if (this.#isWanted(line)) this.#found.push({ ...position, line });
  }
}

// Of the canonical members only unmapped could hold another of this name, and stands behind.
function timeOf(line: string): number {
  const at = line.indexOf(TIME);
  assert(at > 0, 'every event has a time');
  return Number.parseInt(line.slice(at + TIME.length, at + TIME.length + 20), 10);
}

function descending(left: Position, right: Position): number {
  if (left.timeMs !== right.timeMs) return right.timeMs - left.timeMs;
  if (left.collection !== right.collection) return left.collection < right.collection ? 1 : -1;
  return right.segment - left.segment || right.index - left.index;
}

/** Above every event at that time, and below every later one. */
function before(timeMs: number): Position {
  return { timeMs: timeMs + 1, collection: '', segment: 0, index: 0 };
}

function beginningOf({ to }: CollectedFilter): Position {
  return before(to === undefined ? TIME_MS_MAX : msOf(to));
}

function writeCursor({ timeMs, collection, segment, index }: Position): string {
  return Buffer.from(JSON.stringify([timeMs, collection, segment, index])).toString('base64url');
}

const UUID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/;

function readCursor(cursor: string): Position | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return undefined;
  const [timeMs, collection, segment, index] = parts as unknown[];
  const isCount = (part: unknown): part is number =>
    Number.isSafeInteger(part) && Number(part) >= 0;
  if (!isCount(timeMs) || timeMs > TIME_MS_MAX + 1 || !isCount(segment) || !isCount(index)) {
    return undefined;
  }
  if (typeof collection !== 'string' || !UUID.test(collection)) return undefined;
  return { timeMs, collection, segment, index };
}
