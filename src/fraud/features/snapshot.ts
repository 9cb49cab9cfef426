// Owns the bytes of a state: a heading, then the keys in the order of their queue, then a checksum.
// Two states that were folded from the same log have the same bytes. Numbers are as the machine has
// them; a snapshot of another machine, another set of features or another format is refused. The
// bytes have what is needed to take events out again; a digest tells only of what can be asked for.

import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import type { FeatureSet } from './definition.ts';
import {
  firstNeeded,
  type History,
  idsNeeded,
  latestAt,
  plane,
  planePlace,
  settledAt,
} from './history.ts';
import type { KeyStore } from './keys/key-store.ts';
import { queuedKeys } from './keys/key-table.ts';
import { labelsNeeded } from './labels.ts';
import type { KeyPlan } from './plan.ts';

const FORMAT = 'florin features 2';
const DIGEST_BITS = 256n;

/** What is kept besides the histories. */
export interface Tally {
  /** The time of the latest event. */
  clock: number;
  events: number;
  labels: number;
  late: number;
  refused: number;
}

export interface Core {
  readonly set: FeatureSet;
  readonly store: KeyStore;
  readonly tally: Tally;
}

export function writeSnapshot({ set, store, tally }: Core): Buffer {
  const { evicted } = store;
  const keys = store.byKind.map(({ size }) => size);
  const { clock, ...counts } = tally;
  const tallied = { ...counts, clock: Number.isFinite(clock) ? clock : undefined };
  const heading = Buffer.from(JSON.stringify({ ...headingOf(set), keys, evicted, tallied }));
  const parts = [numbers([heading.length]), heading];
  for (const [kind, table] of store.byKind.entries()) {
    const plan = planFor(store, kind);
    for (const history of queuedKeys(table)) {
      const settled = settledAt(history, plan.layout);
      parts.push(numbers([history.used, history.queued]), ...partsOf(plan, history, settled));
    }
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

/** The sum of the hashes of all keys, so that it does not matter in which order they are. */
export function digestOf(store: KeyStore): string {
  let sum = 0n;
  for (const [kind, table] of store.byKind.entries()) {
    const plan = planFor(store, kind);
    for (const history of queuedKeys(table)) {
      const hash = createHash('sha256');
      for (const part of partsOf(plan, history, latestAt(history))) hash.update(part);
      sum += BigInt(`0x${hash.digest('hex')}`);
    }
  }
  return hexOf(sum);
}

/** The digest of a state whose shards have these. */
export function joinDigests(digests: readonly string[]): string {
  return hexOf(digests.reduce((sum, digest) => sum + BigInt(`0x${digest}`), 0n));
}

function hexOf(sum: bigint): string {
  return BigInt.asUintN(Number(DIGEST_BITS), sum).toString(16).padStart(64, '0');
}

export function headingOf(set: FeatureSet): Readonly<Record<string, string>> {
  const hash = createHash('sha256').update(JSON.stringify(set)).digest('hex');
  return { format: FORMAT, order: endianness(), version: set.version, set: hash };
}

export function planFor(store: KeyStore, kind: number): KeyPlan {
  const found = store.plans[kind];
  if (found === undefined) throw new RangeError(`there is no kind of key ${kind}`);
  return found;
}

/** What is needed of a key where its latest event is at a time. */
function partsOf(plan: KeyPlan, history: History, latest: number): readonly Buffer[] {
  const { layout } = plan;
  const { end, planes } = history;
  const start = firstNeeded(history, layout, latest);
  const labels = history.labels.slice(history.labels.length - labelsNeeded(history, plan, latest));
  const key = Buffer.from(history.key);
  const ids = history.ids.slice(history.ids.length - idsNeeded(history, layout, latest));
  const texts = ids.map((id) => Buffer.from(id));
  const head = [history.kind, key.length, end - start, texts.length, labels.length];
  const parts = [numbers([...head, ...texts.map(({ length }) => length)]), key, ...texts];
  for (let index = 0; index < layout.planes; index += 1) {
    if (layout.hasAmounts && index === plane.sums) continue;
    const from = planePlace(history, index);
    parts.push(bytesOf(planes.subarray(from + start, from + end)));
  }
  for (const { knownAt, at, id, isFraud } of labels) {
    parts.push(numbers([knownAt, at, id, isFraud ? 1 : 0]));
  }
  return parts;
}

function numbers(values: readonly number[]): Buffer {
  return bytesOf(Float64Array.from(values));
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
