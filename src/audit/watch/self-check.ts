// The continuous self-check (PCI DSS 10.3.4 and 10.7): reads a random sample of the log again, the
// newest record always, compares it with the hashes in the tree, and the tree with its signature
// and with what was seen of it before. It costs a few milliseconds and finds in time what is
// changed anywhere; a whole verification finds it at once.

import { randomInt } from 'node:crypto';
import type { Database, Objects, Queryable } from '#platform';
import type { JsonObject } from '../canonical.ts';
import { inclusionProof } from '../proofs/proofs.ts';
import { leavesOf, selectBundles, type BundleRow } from '../store/bundle-store.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { verifyInclusion, type Inclusion } from '../tree/proof.ts';
import {
  damageIn,
  figuresOf,
  recheckOf,
  type SeenTree,
  type SelfCheckFinding,
} from './self-check-finding.ts';
import { checkTree } from './self-check-tree.ts';
import { selectPlaceHashes, selectSampledPlaces, type SampledPlace } from './self-check-store.ts';

export interface SelfCheckOptions {
  /** How many records are read again. */
  readonly sample: number;
  /** Where the latest checkpoint is kept too. */
  readonly objects?: Objects | undefined;
  /** A tree that was seen before. */
  readonly seen?: SeenTree | undefined;
  /** The figures of a check that failed: what it found is looked at again. */
  readonly again?: JsonObject | undefined;
}

export interface SelfChecked {
  /** How many records were read again. */
  readonly leaves: number;
  readonly findings: readonly SelfCheckFinding[];
  /** The tree as it is now, if it is signed and continues the one seen before. */
  readonly seen: SeenTree | undefined;
  readonly figures: JsonObject;
}

/** What is read of bundles at most, beyond the first: what bounds the cost. */
const BYTES_MAX = 262_144;
/** Of a bundle with many records only so many are hashed, so that others have their turn. */
const SHARE = 4;
const PROOFS = 4;

export async function selfCheck(
  database: Database,
  { sample, objects, seen, again }: SelfCheckOptions,
): Promise<SelfChecked> {
  const recheck = recheckOf(again);
  // Hashes of the tree that were read before must not answer for those in the database now.
  const queryable: Queryable = { query: (query) => database.query(query) };
  const tree = await checkTree(queryable, { keys: database.keys, objects, seen, recheck });
  const { size, root } = tree.head;
  const wanted = [...recheck.leaves, ...spread(sample, size)].filter((leaf) => leaf < size);
  const read = await checkLeaves(queryable, { wanted, sample, obliged: recheck.leaves.length + 1 });
  const obliged = new Set(recheck.leaves);
  const unproved = await checkProofs(queryable, { hashes: read.hashes, obliged, head: tree.head });
  const findings = [...tree.findings, ...read.findings, ...unproved];
  return {
    leaves: read.hashes.size,
    findings,
    seen: tree.findings.length === 0 ? { size, root } : undefined,
    figures: figuresOf(findings),
  };
}

/** The newest leaf, and a random one of each of so many equal parts of the log, in random order. */
function spread(count: number, size: number): number[] {
  if (size === 0) return [];
  const parts = Math.min(count, size);
  const picked = Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * size) / parts);
    return randomInt(from, Math.floor(((part + 1) * size) / parts));
  });
  for (let index = picked.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [picked[index], picked[other]] = [picked[other] as number, picked[index] as number];
  }
  return [size - 1, ...picked];
}

interface ReadAgain {
  readonly findings: readonly SelfCheckFinding[];
  /** Hashes made from the records, by the index of the leaf. */
  readonly hashes: ReadonlyMap<number, Buffer>;
}

async function checkLeaves(
  queryable: Queryable,
  ask: { readonly wanted: readonly number[]; readonly sample: number; readonly obliged: number },
): Promise<ReadAgain> {
  const { wanted, sample, obliged } = ask;
  const found = await selectSampledPlaces(queryable, wanted);
  const places = withinBounds(found, { sample, obliged });
  const findings: SelfCheckFinding[] = wanted
    .filter((leaf) => !found.some((place) => isIn(place, leaf)))
    .map((leaf) => ({ code: 'place_missing', message: `Leaf ${leaf} has no place.`, leaf }));
  const bundles = await selectBundles(
    queryable,
    places.map(({ bundleId: id, month }) => ({ id, month })),
  );
  const kept = await selectPlaceHashes(
    queryable,
    places.map(({ firstLeaf }) => firstLeaf),
  );
  const hashes = new Map<number, Buffer>();
  for (const place of places) {
    const bundle = bundles.get(place.bundleId);
    const chosen = chosenIn(place, wanted, Math.ceil(sample / SHARE));
    const finding = compare(place, { bundle, chosen, kept: kept.get(place.firstLeaf), hashes });
    if (finding !== undefined) findings.push(finding);
  }
  return { findings, hashes };
}

function isIn({ firstLeaf, leafCount }: SampledPlace, leaf: number): boolean {
  return leaf >= firstLeaf && leaf < firstLeaf + leafCount;
}

function withinBounds(
  places: readonly SampledPlace[],
  { sample, obliged }: { readonly sample: number; readonly obliged: number },
): SampledPlace[] {
  const within: SampledPlace[] = [];
  let leaves = 0;
  let bytes = 0;
  for (const place of places) {
    const isObliged = within.length <= obliged;
    const isFull = leaves >= sample || bytes + (place.bytes ?? 0) > BYTES_MAX;
    if (isFull && !isObliged) continue;
    within.push(place);
    leaves += Math.min(place.leafCount, Math.ceil(sample / SHARE));
    bytes += place.bytes ?? 0;
  }
  return within;
}

/** The leaves of a place that are hashed: those asked for, and some beside them. */
function chosenIn(place: SampledPlace, wanted: readonly number[], count: number): number[] {
  const { firstLeaf, leafCount } = place;
  const chosen = new Set(wanted.filter((leaf) => isIn(place, leaf)));
  const from = leafCount <= count ? 0 : randomInt(leafCount - count);
  for (let offset = 0; offset < Math.min(count, leafCount); offset += 1) {
    chosen.add(firstLeaf + from + offset);
  }
  return [...chosen];
}

function compare(
  place: SampledPlace,
  given: {
    readonly bundle: BundleRow | undefined;
    readonly chosen: readonly number[];
    readonly kept: Buffer | undefined;
    /** Receives what was hashed. */
    readonly hashes: Map<number, Buffer>;
  },
): SelfCheckFinding | undefined {
  const { bundle, chosen, kept, hashes } = given;
  const { firstLeaf, leafCount, bundleId, isRemoved } = place;
  const about = { leaf: chosen[0] ?? firstLeaf };
  if (bundle === undefined) {
    if (isRemoved) return undefined;
    return { code: 'bundle_missing', message: `Bundle ${bundleId} is not there.`, ...about };
  }
  const leaves = readable(bundle);
  if (leaves?.length !== leafCount) {
    return { code: 'bundle_damaged', message: `Bundle ${bundleId} cannot be read.`, ...about };
  }
  for (const leaf of chosen) {
    const offset = leaf - firstLeaf;
    const made = leafHash(leaves[offset] ?? Buffer.alloc(0));
    const told = kept?.subarray(offset * HASH_BYTES, (offset + 1) * HASH_BYTES);
    if (told === undefined || !made.equals(told)) {
      return { code: 'record_changed', message: `Record ${leaf} has another hash.`, leaf };
    }
    hashes.set(leaf, made);
  }
  return undefined;
}

function readable(bundle: BundleRow): Buffer[] | undefined {
  try {
    return leavesOf(bundle);
  } catch {
    return undefined;
  }
}

async function checkProofs(
  queryable: Queryable,
  given: {
    readonly hashes: ReadonlyMap<number, Buffer>;
    readonly obliged: ReadonlySet<number>;
    readonly head: SeenTree;
  },
): Promise<SelfCheckFinding[]> {
  const { hashes, obliged, head } = given;
  const findings: SelfCheckFinding[] = [];
  const newest = Math.max(...hashes.keys());
  const some = new Set([...hashes.keys()].slice(0, PROOFS - 1)).add(newest);
  for (const [index, hash] of hashes) {
    if (!some.has(index) && !obliged.has(index)) continue;
    const flaw = await flawOfProof(queryable, { index, leafHash: hash, ...head });
    if (flaw === undefined) continue;
    findings.push({ code: 'proof_broken', message: `Record ${index}: ${flaw}`, leaf: index });
  }
  return findings;
}

async function flawOfProof(
  queryable: Queryable,
  claim: Omit<Inclusion, 'proof'>,
): Promise<string | undefined> {
  try {
    return verifyInclusion({ ...claim, proof: await inclusionProof(queryable, claim) });
  } catch (error) {
    return damageIn(error);
  }
}
