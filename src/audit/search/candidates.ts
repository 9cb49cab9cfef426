// Finds the places that can hold what a filter asks for, a step at a time and in the order of the
// log: by the index where it has them, and by walking the places where it does not. A place that is
// left out holds no such record; one that is named may hold none either.

import { msOf, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import { bucketOf, offsetsOf } from './block.ts';
import {
  indexedSize,
  postingsKey,
  selectBlocks,
  selectPostings,
  type BlockFacts,
  type TimeSpan,
} from './index-store.ts';
import { msOfUuid } from './index-terms.ts';
import {
  selectPlaces,
  selectPlacesAt,
  type LeafSpan,
  type Order,
  type Place,
} from './place-store.ts';

export interface Wanted {
  readonly terms: readonly number[];
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
}

export interface Step {
  /** In order. */
  readonly places: readonly Place[];
  /** What is left of the span once these places have been read. */
  readonly rest: LeafSpan;
  /** What finding them took, in leaves that could have been read meanwhile. */
  readonly cost: number;
}

const PLACES_PER_STEP = 1_000;
const BLOCKS_PER_QUERY = 32;
/** A block costs a row for each term, about as much as this many leaves. */
const BLOCK_COST = 100;

// What a timestamptz of PostgreSQL and a four-digit year both hold.
const TIME_MIN_MS = 0;
const TIME_MAX_MS = 253_402_300_799_999;

export async function* candidates(
  queryable: Queryable,
  wanted: Wanted,
  span: LeafSpan,
  order: Order,
): AsyncGenerator<Step> {
  const search: Search = { queryable, wanted, times: timesOf(wanted), order };
  const indexed = await indexedSize(queryable);
  const known = { from: span.from, below: Math.min(span.below, indexed) };
  const tail = { from: Math.max(span.from, indexed), below: span.below };
  if (order === 'descending') {
    yield* walk(search, tail, span);
    yield* lookUp(search, known, span);
  } else {
    yield* lookUp(search, known, span);
    yield* walk(search, tail, span);
  }
}

interface Search {
  readonly queryable: Queryable;
  readonly wanted: Wanted;
  readonly times: TimeSpan;
  readonly order: Order;
}

function timesOf({ from, to }: Wanted): TimeSpan {
  return {
    fromMs: from === undefined ? TIME_MIN_MS : Math.max(TIME_MIN_MS, msOf(from)),
    toMs: to === undefined ? TIME_MAX_MS : Math.min(TIME_MAX_MS, msOf(to)),
  };
}

/** All places of a part of the span. */
async function* walk(search: Search, part: LeafSpan, span: LeafSpan): AsyncGenerator<Step> {
  const { queryable, order, times } = search;
  let rest = part;
  while (rest.from < rest.below) {
    const places = await selectPlaces(queryable, rest, order, PLACES_PER_STEP);
    const last = places.at(-1);
    if (last === undefined) return;
    rest = after(rest, last, order);
    yield {
      places: places.filter((place) => isWithin(place, times)),
      rest: after(span, last, order),
      cost: places.length,
    };
  }
}

/** The places of a part of the span that the index names. */
async function* lookUp(search: Search, part: LeafSpan, span: LeafSpan): AsyncGenerator<Step> {
  const { queryable, wanted, times, order } = search;
  let rest = part;
  while (rest.from < rest.below) {
    const blocks = await selectBlocks(queryable, rest, times, order, BLOCKS_PER_QUERY);
    const last = blocks.at(-1);
    if (last === undefined) return;
    if (wanted.terms.length === 0) {
      for (const block of blocks) yield* walk(search, within(block, rest), span);
    } else {
      yield* lookUpBlocks(search, blocks, rest, span);
    }
    rest = after(rest, last, order);
  }
}

async function* lookUpBlocks(
  search: Search,
  blocks: readonly BlockFacts[],
  part: LeafSpan,
  span: LeafSpan,
): AsyncGenerator<Step> {
  const { queryable, wanted, times, order } = search;
  const firstLeaves = blocks.map(({ firstLeaf }) => firstLeaf);
  const buckets = [...new Set(wanted.terms.map(bucketOf))];
  const postings = await selectPostings(queryable, buckets, firstLeaves);
  for (const block of blocks) {
    const { firstLeaf } = block;
    const offsets = commonOffsets(
      wanted.terms.map((term) => {
        const found = postings.get(postingsKey(bucketOf(term), firstLeaf));
        return found === undefined ? [] : offsetsOf(found, term);
      }),
    );
    const firsts = [...new Set([...offsets, ...block.unread])].map((at) => firstLeaf + at);
    const places = firsts.length === 0 ? [] : await selectPlacesAt(queryable, firsts);
    if (order === 'descending') places.reverse();
    yield {
      places: places.filter((place) => isWithin(place, times) && touches(place, part)),
      rest: after(span, block, order),
      cost: BLOCK_COST,
    };
  }
}

function commonOffsets(lists: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = lists.toSorted((left, right) => left.length - right.length);
  const sets = others.map((list) => new Set(list));
  return first.filter((offset) => sets.every((set) => set.has(offset)));
}

function isWithin({ bundleId }: Place, { fromMs, toMs }: TimeSpan): boolean {
  const ms = msOfUuid(bundleId);
  return ms >= fromMs && ms <= toMs;
}

interface Run {
  readonly firstLeaf: number;
  readonly leafCount: number;
}

function touches({ firstLeaf, leafCount }: Run, { from, below }: LeafSpan): boolean {
  return firstLeaf < below && firstLeaf + leafCount > from;
}

function within({ firstLeaf, leafCount }: Run, { from, below }: LeafSpan): LeafSpan {
  return { from: Math.max(from, firstLeaf), below: Math.min(below, firstLeaf + leafCount) };
}

function after(span: LeafSpan, { firstLeaf, leafCount }: Run, order: Order): LeafSpan {
  const { from, below } = span;
  return order === 'descending'
    ? { from, below: Math.max(from, Math.min(below, firstLeaf)) }
    : { from: Math.min(below, Math.max(from, firstLeaf + leafCount)), below };
}
