// Owns the memory that the histories of a state lie in: few large arrays, cut into chunks whose
// lengths are powers of two. A chunk given back joins the free half beside it (buddies), so that
// memory which small histories have left serves large ones. It grows as it is needed, by one array
// more and never by moving what is there; what is free is used again, not returned.

import { assert } from '#kernel';

/** A part of an array, for whoever took it alone. */
export interface Chunk {
  readonly values: Float64Array;
  readonly base: number;
  /** The array it is of, by its number. */
  readonly slab: number;
  /** Its length is this power of two. */
  readonly order: number;
}

export interface Chunks {
  readonly slabs: Slab[];
  /** By order the free chunks: each is a slab's number and a place in it, as one whole number. */
  readonly free: number[][];
}

interface Slab {
  readonly values: Float64Array;
  /** By the least chunks: where in its list a free chunk is that begins here, from 1; else 0. */
  readonly listed: Int32Array;
  /** The order of the free chunk that begins here. */
  readonly orders: Uint8Array;
}

/** 32 numbers, 256 bytes. */
export const CHUNK_ORDER_MIN = 5;
/** Of the first slab; each has twice the length of the one before, up to 8 MiB. */
const SLAB_ORDER_MIN = 10;
const SLAB_ORDER_MAX = 20;
export const CHUNK_ORDERS = 32;

export function openChunks(): Chunks {
  return { slabs: [], free: Array.from({ length: CHUNK_ORDERS }, () => []) };
}

/** The power of two that is the length of the least chunk with room for so many numbers. */
export function orderFor(length: number): number {
  return Math.max(CHUNK_ORDER_MIN, 32 - Math.clz32(length - 1));
}

/** A chunk filled with zeros. */
export function takeChunk(chunks: Chunks, order: number): Chunk {
  assert(
    order >= CHUNK_ORDER_MIN && order < CHUNK_ORDERS,
    'a chunk is neither too small nor too large',
  );
  let found = order;
  while (found < CHUNK_ORDERS && chunks.free[found]?.length === 0) found += 1;
  if (found === CHUNK_ORDERS) found = addSlab(chunks, order);
  const { number, place } = popFree(chunks, found);
  // The upper halves of what is larger than wanted are free.
  while (found > order) {
    found -= 1;
    pushFree(chunks, number, place + 2 ** found, found);
  }
  const values = slabOf(chunks, number).values;
  values.fill(0, place, place + 2 ** order);
  return { values, base: place, slab: number, order };
}

export function giveChunk(
  chunks: Chunks,
  { slab, base, order }: Pick<Chunk, 'slab' | 'base' | 'order'>,
): void {
  const { values } = slabOf(chunks, slab);
  let place = base;
  let whole = order;
  while (2 ** whole < values.length) {
    const buddy = place ^ (2 ** whole);
    if (!takeFree(chunks, slab, buddy, whole)) break;
    place = Math.min(place, buddy);
    whole += 1;
  }
  pushFree(chunks, slab, place, whole);
}

/** The memory of a new slab is not there before it is written to. */
function addSlab(chunks: Chunks, order: number): number {
  const { length: number } = chunks.slabs;
  const slabOrder = Math.max(order, Math.min(SLAB_ORDER_MIN + number, SLAB_ORDER_MAX));
  const least = 2 ** (slabOrder - CHUNK_ORDER_MIN);
  chunks.slabs.push({
    values: new Float64Array(2 ** slabOrder),
    listed: new Int32Array(least),
    orders: new Uint8Array(least),
  });
  pushFree(chunks, number, 0, slabOrder);
  return slabOrder;
}

function slabOf({ slabs }: Chunks, number: number): Slab {
  const slab = slabs[number];
  assert(slab !== undefined, 'a chunk is of a slab');
  return slab;
}

/** More than any place of a slab, so that both numbers can be told from one. */
const PLACES = 2 ** CHUNK_ORDERS;

function pushFree(chunks: Chunks, number: number, place: number, order: number): void {
  const { listed, orders } = slabOf(chunks, number);
  const first = place >>> CHUNK_ORDER_MIN;
  orders[first] = order;
  listed[first] = chunks.free[order]?.push(number * PLACES + place) ?? 0;
}

function popFree(
  chunks: Chunks,
  order: number,
): { readonly number: number; readonly place: number } {
  const free = chunks.free[order]?.pop();
  assert(free !== undefined, 'a list that was looked into has a free chunk');
  const number = Math.floor(free / PLACES);
  const place = free - number * PLACES;
  slabOf(chunks, number).listed[place >>> CHUNK_ORDER_MIN] = 0;
  return { number, place };
}

/** False where the chunk is not free, or not as one. */
function takeFree(chunks: Chunks, number: number, place: number, order: number): boolean {
  const { listed, orders } = slabOf(chunks, number);
  const first = place >>> CHUNK_ORDER_MIN;
  const index = (listed[first] ?? 0) - 1;
  if (index < 0 || orders[first] !== order) return false;
  const list = chunks.free[order] ?? [];
  // The last of the list takes its place in it.
  const last = list.pop();
  assert(last !== undefined, 'what is listed is in its list');
  listed[first] = 0;
  if (index === list.length) return true;
  list[index] = last;
  const moved = Math.floor(last / PLACES);
  slabOf(chunks, moved).listed[(last - moved * PLACES) >>> CHUNK_ORDER_MIN] = index + 1;
  return true;
}
