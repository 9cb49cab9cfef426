// Owns reading a state back from its bytes. What is damaged, or was folded with other features, is
// refused: the log has all of it, and folding it anew is slower but never wrong.

import { createHash } from 'node:crypto';
import { limits } from '#config';
import { accept, refuse, type Result } from '#kernel';
import type { FeatureSet } from './definition.ts';
import { type FeatureOptions, type FeatureState, stateOf } from './engine.ts';
import { ownLabels, plane, planePlace, rebuild, widenTo } from './history.ts';
import { addKey, type KeyStore, openKeyStore } from './keys/key-store.ts';
import { countFrauds } from './labels.ts';
import { planOf } from './plan.ts';
import type { SnapshotRefusal } from './refusals.ts';
import { bytesOf, headingOf, planFor } from './snapshot.ts';

const CHECK_BYTES = 32;

/** The state that a snapshot is of; the same set of features must be given. */
export function restoreFeatures(
  set: FeatureSet,
  snapshot: Buffer,
  options: FeatureOptions = {},
): Result<FeatureState, SnapshotRefusal> {
  const body = snapshot.subarray(0, Math.max(0, snapshot.length - CHECK_BYTES));
  const check = createHash('sha256').update(body).digest();
  if (!check.equals(snapshot.subarray(body.length))) {
    const what = `the snapshot of ${snapshot.length} bytes does not have the checksum it ends with`;
    const message = `${what}: it is cut short or damaged`;
    return refuse({ code: 'snapshot_damaged', message });
  }
  const reader = readerOf(body);
  const [length = 0] = reader.numbers(1);
  // Its checksum says that we wrote it, so its shape is ours.
  const heading = JSON.parse(reader.text(length)) as Heading;
  for (const [name, expected] of Object.entries(headingOf(set))) {
    const found = JSON.stringify(heading[name as keyof Heading]);
    if (found === JSON.stringify(expected)) continue;
    const both = `the ${name} of the snapshot is ${found}, and ${expected} is wanted`;
    const message = `${both}: fold the log anew`;
    return refuse({ code: 'snapshot_of_other_features', message, param: name });
  }
  const keysMax = Math.max(options.keysMax ?? limits.fraudKeysMax.value, ...heading.keys);
  const store = openKeyStore(planOf(set).keys, keysMax);
  store.evicted = heading.evicted;
  for (const keys of heading.keys) for (let key = 0; key < keys; key += 1) readKey(store, reader);
  const tally = { ...heading.tallied, clock: heading.tallied.clock ?? -Infinity };
  return accept(stateOf({ set, store, tally }, options));
}

interface Heading {
  readonly format: string;
  readonly order: string;
  readonly version: string;
  readonly set: string;
  readonly keys: readonly number[];
  readonly evicted: number;
  readonly tallied: {
    readonly clock?: number;
    readonly events: number;
    readonly labels: number;
    readonly late: number;
    readonly refused: number;
  };
}

interface Reader {
  numbers(count: number): Float64Array;
  text(length: number): string;
}

function readerOf(body: Buffer): Reader {
  let offset = 0;
  const next = (length: number): Buffer => {
    const found = body.subarray(offset, offset + length);
    offset += length;
    return found;
  };
  return {
    // Copied, because the bytes of texts before leave numbers at any offset.
    numbers: (count) => {
      const values = new Float64Array(count);
      bytesOf(values).set(next(8 * count));
      return values;
    },
    text: (length) => next(length).toString(),
  };
}

function readKey(store: KeyStore, reader: Reader): void {
  const [used = 0, queued = 0] = reader.numbers(2);
  const [kind = 0, keyLength = 0, count = 0, idCount = 0, labelCount = 0] = reader.numbers(5);
  const lengths = reader.numbers(idCount);
  const history = addKey(store, kind, reader.text(keyLength), used);
  const { layout } = planFor(store, kind);
  for (const length of lengths) history.ids.push(reader.text(length));
  widenTo(history, layout, store.chunks, count);
  for (let index = 0; index < layout.planes; index += 1) {
    if (layout.hasAmounts && index === plane.sums) continue;
    history.planes.set(reader.numbers(count), planePlace(history, index));
  }
  history.end = count;
  history.queued = queued;
  for (let index = 0; index < labelCount; index += 1) {
    const [knownAt = 0, at = 0, id = 0, isFraud] = reader.numbers(4);
    ownLabels(history).push({ knownAt, at, id, isFraud: isFraud === 1, frauds: 0 });
  }
  countFrauds(history.labels, 0);
  rebuild(history, layout);
}
