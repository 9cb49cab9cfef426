// The sequencer: gives what was recorded its place in the one total order, grows the tree over it
// and signs a checkpoint. Records are found by their row in the inbox, which appears when their
// transaction commits, however late that is, so none is passed over; and all of a run commits
// together, so a crash leaves either none of it or all of it. Many processes may ask, one works.

import { randomBytes } from 'node:crypto';
import { limits } from '#config';
import { Fault } from '#kernel';
import type { Database, Objects, Transaction, TransactionContext } from '#platform';
import { auditActions } from './actions.ts';
import { record } from './record.ts';
import { readableLeaves, selectBundles } from './store/bundle-store.ts';
import {
  deleteWaiting,
  insertCheckpoint,
  insertNodes,
  insertPlaces,
  insertSigningKey,
  isAnythingWaiting,
  lockSequence,
  logOrigin,
  logSize,
  selectLeafHashes,
  selectNodes,
  selectWaiting,
  type NewNode,
  type NewPlace,
  type Waiting,
} from './store/sequence-store.ts';
import { checkpointText } from './tree/checkpoint.ts';
import { Frontier } from './tree/frontier.ts';
import { leafHash } from './tree/hash.ts';
import { signNote } from './tree/note.ts';

/** The name of the key that signs checkpoints and anchors. */
export const SIGNING_KEY = 'audit-log';

/** The pointer to the latest checkpoint, kept outside the database. */
export const CHECKPOINT_POINTER = 'audit/checkpoint';

export interface SequencerOptions {
  /** Where the latest checkpoint is kept too, so that a database set back shows. */
  readonly objects?: Objects | undefined;
  /** The log's name, when it is new; made at random unless given. */
  readonly origin?: string | undefined;
}

export interface Sequenced {
  /** How many leaves were given a place; 0 when none waited or another process is at it. */
  readonly leaves: number;
  /** The size of the log as far as this process knows. */
  readonly size: number;
}

export interface Sequencer {
  /**
   * Gives places to all that waits when this is called, a bounded number in each transaction. What
   * comes meanwhile may wait for the next run: few large steps cost less than many small ones.
   */
  run(context: TransactionContext): Promise<Sequenced>;
}

const BUNDLES_MAX = limits.auditSequenceBundlesMax.value;
const BUNDLES_READ_MAX = 16;
const SUBTREE_HEIGHT = 8;

interface Log {
  readonly origin: string;
  readonly publicKey: Buffer;
  readonly frontier: Frontier;
}

class DatabaseSequencer implements Sequencer {
  readonly #database: Database;
  readonly #options: SequencerOptions;
  /** As of the last run that committed; undefined when it must be read anew. */
  #log: Log | undefined;

  constructor(database: Database, options: SequencerOptions) {
    this.#database = database;
    this.#options = options;
  }

  async run(context: TransactionContext): Promise<Sequenced> {
    let leaves = 0;
    let isMore = await isAnythingWaiting(this.#database);
    while (isMore) {
      const step = await this.#step(context);
      leaves += step.leaves;
      isMore = step.leaves > 0 && step.isMore;
    }
    return { leaves, size: this.#log?.frontier.size ?? 0 };
  }

  async #step(context: TransactionContext): Promise<Pick<Grown, 'leaves' | 'isMore'>> {
    const before = this.#log;
    // Whatever goes wrong, the next run trusts only what it reads.
    this.#log = undefined;
    const grown = await this.#database.transaction(context, async (tx) => {
      if (!(await lockSequence(tx))) return undefined;
      const size = await logSize(tx);
      const known = before?.frontier.size === size ? before : await this.#open(tx, size);
      const waiting = await selectWaiting(tx, BUNDLES_MAX);
      return await extend(tx, known, waiting);
    });
    if (grown === undefined) return { leaves: 0, isMore: false };
    this.#log = grown.log;
    await this.#options.objects?.point(CHECKPOINT_POINTER, Buffer.from(grown.note));
    return grown;
  }

  async #open(tx: Transaction, size: number): Promise<Log> {
    const proposed = this.#options.origin ?? `florin.local/${randomBytes(8).toString('hex')}`;
    const origin = await logOrigin(tx, proposed, tx.now);
    const publicKey = await tx.keys.publicKey(SIGNING_KEY);
    if (await insertSigningKey(tx, { publicKey, sinceSize: size, addedAt: tx.now })) {
      const after = { public_key: publicKey.toString('base64'), since_size: size };
      await record(tx, [
        { action: auditActions['audit.signing_key.added'], target: origin, after },
      ]);
    }
    return { origin, publicKey, frontier: await readFrontier(tx, size) };
  }
}

interface Grown {
  readonly log: Log;
  readonly note: string;
  readonly leaves: number;
  /** Whether the step ended at its limit rather than with what waited. */
  readonly isMore: boolean;
}

async function extend(
  tx: Transaction,
  known: Log,
  waiting: readonly Waiting[],
): Promise<Grown | undefined> {
  if (waiting.length === 0) return undefined;
  const frontier = Frontier.of(known.frontier.size, known.frontier.peaks);
  const placed: { readonly number: bigint; readonly place: NewPlace }[] = [];
  const nodes: NewNode[] = [];
  const keep = (height: number, index: number, node: Buffer): void => {
    if (height === 0 || height % SUBTREE_HEIGHT !== 0) return;
    nodes.push({ level: height / SUBTREE_HEIGHT, index, hash: node });
  };
  let taken = 0;
  while (taken < waiting.length) {
    // In small groups: between them the process answers its other callers.
    const group = waiting.slice(taken, taken + BUNDLES_READ_MAX);
    placed.push(...(await placesOf(tx, group, frontier, keep)));
    taken += group.length;
    if (frontier.size - known.frontier.size >= limits.auditSequenceLeavesMax.value) break;
  }
  if (placed.length === 0) return undefined;
  const root = frontier.root();
  const text = checkpointText({ origin: known.origin, size: frontier.size, root });
  const note = await signNote(text, {
    name: known.origin,
    publicKey: known.publicKey,
    sign: (message) => tx.keys.sign(SIGNING_KEY, message),
  });
  const places = placed.map(({ place }) => place);
  await insertPlaces(tx, places, tx.now);
  await insertNodes(tx, nodes);
  await deleteWaiting(
    tx,
    placed.map(({ number }) => number),
  );
  await insertCheckpoint(tx, { size: frontier.size, root, note, createdAt: tx.now });
  const leaves = frontier.size - known.frontier.size;
  const isMore = waiting.length === BUNDLES_MAX || taken < waiting.length;
  return { log: { ...known, frontier }, note, leaves, isMore };
}

// A bundle that is gone or damaged before it has a place was tampered with. It keeps waiting, where
// the alarm and the verifier find it, and does not hold up the others.
async function placesOf(
  tx: Transaction,
  group: readonly Waiting[],
  frontier: Frontier,
  keep: (height: number, index: number, node: Buffer) => void,
): Promise<{ readonly number: bigint; readonly place: NewPlace }[]> {
  const wanted = group.map(({ bundleId, month }) => ({ id: bundleId, month }));
  const bundles = await selectBundles(tx, wanted);
  return group.flatMap(({ number, bundleId, month }) => {
    const bundle = bundles.get(bundleId);
    const leaves = bundle === undefined ? undefined : readableLeaves(bundle);
    if (leaves === undefined) return [];
    const firstLeaf = frontier.size;
    const hashes = leaves.map((leaf) => {
      const hash = leafHash(leaf);
      frontier.append(hash, keep);
      return hash;
    });
    const leafCount = hashes.length;
    const place = { firstLeaf, leafCount, month, bundleId, hashes: Buffer.concat(hashes) };
    return [{ number, place }];
  });
}

/** The right edge of the tree: of each level the subtrees that no higher one contains yet. */
async function readFrontier(tx: Transaction, size: number): Promise<Frontier> {
  const frontier = new Frontier();
  let level = 0;
  while (size >= 256 ** (level + 1)) level += 1;
  for (; level >= 0; level -= 1) {
    const width = 256 ** level;
    const from = Math.floor(size / (width * 256)) * 256;
    const count = Math.floor(size / width) - from;
    const found =
      level === 0 ? await selectLeafHashes(tx, from) : await selectNodes(tx, level, from);
    if (found.length !== count) {
      const message = `level ${level} of the tree ends with ${found.length} of ${count} hashes`;
      throw new Fault('audit_tree_damaged', { retryable: false, message });
    }
    for (const each of found) frontier.appendSubtree(level * SUBTREE_HEIGHT, each);
  }
  return frontier;
}

export function openSequencer(database: Database, options: SequencerOptions = {}): Sequencer {
  return new DatabaseSequencer(database, options);
}
