// The verb that makes the search index, behind the sequencer and never in its way: one block of
// places in leaf order per run, in one transaction, by whichever process holds the lock. What is
// not indexed yet is read through by every search, so falling behind costs time and loses nothing.

import { limits } from '#config';
import { assert, msOf, type Uuid } from '#kernel';
import type { Database, Transaction, TransactionContext } from '#platform';
import { Block, OFFSET_END } from './block.ts';
import {
  indexedSize,
  insertBlock,
  lockIndex,
  longestWaiting,
  type NewBlock,
  type TimeSpan,
} from './index-store.ts';
import { Pace } from './pace.ts';
import { selectPlaces, type Place } from './place-store.ts';
import { readLeaves, type ArchivedLeaves } from './read-leaves.ts';
import { scanLeaf } from './scan.ts';

interface IndexOptions {
  /** Of a block; the limits unless given. */
  readonly leavesMax?: number;
  readonly placesMax?: number;
  /** For an index that is made after months left the database. */
  readonly archive?: ArchivedLeaves | undefined;
  /** Of one processor's time, so that the process has the rest for its callers; all of it. */
  readonly share?: number;
}

interface Indexed {
  /** How many leaves were indexed; 0 when no block is full yet, or the sequencer is behind. */
  readonly leaves: number;
  /** The index has all leaves below this one. */
  readonly size: number;
}

/** Appends one block, if there is one to append. */
export async function indexTerms(
  database: Database,
  context: TransactionContext,
  options: IndexOptions = {},
): Promise<Indexed> {
  return await database.transaction(context, async (tx) => {
    const size = await indexedSize(tx);
    if (!(await lockIndex(tx)) || (await isSequencerBehind(tx))) return { leaves: 0, size };
    // Asked again: another process may have appended between the question and the lock.
    const from = await indexedSize(tx);
    const places = await nextPlaces(tx, from, options);
    if (places.length === 0) return { leaves: 0, size: from };
    const block = await makeBlock(tx, from, places, options);
    await insertBlock(tx, block);
    return { leaves: block.leafCount, size: from + block.leafCount };
  });
}

async function isSequencerBehind(tx: Transaction): Promise<boolean> {
  const waiting = await longestWaiting(tx);
  return waiting !== undefined && msOf(tx.now) - msOfUuid(waiting) > PATIENCE_MS;
}

const PATIENCE_MS = limits.auditIndexPatienceMs.value;

/** The time in a UUIDv7: of a bundle's id, the millisecond its records were recorded in. */
export function msOfUuid(id: Uuid): number {
  return Number.parseInt(`${id.slice(0, 8)}${id.slice(9, 13)}`, 16);
}

// Only a full block: a block for each few places would make every search read as many rows.
async function nextPlaces(tx: Transaction, from: number, options: IndexOptions): Promise<Place[]> {
  const leavesMax = options.leavesMax ?? limits.auditIndexBlockLeavesMax.value;
  const placesMax = options.placesMax ?? limits.auditIndexBlockPlacesMax.value;
  assert(leavesMax <= OFFSET_END, 'an offset in a block has 16 bits');
  const span = { from, below: Number.MAX_SAFE_INTEGER };
  const found = await selectPlaces(tx, span, 'ascending', placesMax + 1);
  const end = from + leavesMax;
  const beyond = found.findIndex(
    ({ firstLeaf, leafCount }, index) =>
      index === placesMax || (index > 0 && firstLeaf + leafCount > end),
  );
  const places = beyond === -1 ? found : found.slice(0, beyond);
  const last = places.at(-1);
  const isFull = beyond !== -1 || (last !== undefined && last.firstLeaf + last.leafCount >= end);
  return isFull ? places : [];
}

async function makeBlock(
  tx: Transaction,
  firstLeaf: number,
  places: readonly Place[],
  { archive, share = 1 }: IndexOptions,
): Promise<NewBlock> {
  const block = new Block();
  const pace = new Pace(share);
  const unread: number[] = [];
  for await (const { place, leaves, isWhole } of readLeaves(tx, places, archive)) {
    const offset = place.firstLeaf - firstLeaf;
    if (!isWhole) unread.push(offset);
    block.add(offset, await termsOf(leaves ?? [], pace));
  }
  const postings: Buffer[] = [];
  for (const bucket of block.buckets()) {
    postings.push(bucket);
    await pace.rest();
  }
  const last = places.at(-1) as Place;
  const leafCount = last.firstLeaf + last.leafCount - firstLeaf;
  return { firstLeaf, leafCount, times: timesOf(places), unread, postings };
}

async function termsOf(
  leaves: readonly (Buffer | undefined)[],
  pace: Pace,
): Promise<ReadonlySet<number>> {
  const terms = new Set<number>();
  const keep = (term: number): void => void terms.add(term);
  for (const leaf of leaves) {
    if (leaf !== undefined) scanLeaf(leaf, keep);
    await pace.rest();
  }
  return terms;
}

function timesOf(places: readonly Place[]): TimeSpan {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (const { bundleId } of places) {
    const ms = msOfUuid(bundleId);
    fromMs = Math.min(fromMs, ms);
    toMs = Math.max(toMs, ms);
  }
  return { fromMs, toMs };
}
