// One walk over the whole log in its order: places follow on each other, leaves are those of their
// places, subtree roots and checkpoints follow from the leaves. Memory is bounded by a page.

import { formatInstant, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import { EMPTY_ROOT, HASH_BYTES } from '../../tree/hash.ts';
import { isBundleId, type BundleCheck, type StoredBundle } from './bundle-check.ts';
import type { CheckpointCheck } from './checkpoint-check.ts';
import type { Findings, RuleName } from '../finding.ts';
import type { Hashing } from './hashing.ts';
import { LogTree } from './log-tree.ts';
import { bundlesAnywhere, pagesOfPlaces, type StoredPlace } from './place-store.ts';
import {
  CheckpointReader,
  foreignNodes,
  storedRoots,
  type StoredCheckpoint,
} from './tree-store.ts';

export interface LogCheckOptions {
  readonly queryable: Queryable;
  readonly findings: Findings;
  readonly bundles: BundleCheck;
  readonly checkpoints: CheckpointCheck;
  readonly hashing: Hashing;
  /** The months whose bundles are only in the archive. */
  readonly removedMonths: ReadonlySet<number>;
  /** The size and root of a checkpoint kept elsewhere, to be compared with the log's. */
  readonly kept: KeptCheckpoint | undefined;
  /** After each page: how many leaves have a place so far. */
  readonly onPage: (leaves: number) => Promise<void>;
}

export interface KeptCheckpoint {
  readonly size: number;
  readonly root: Buffer;
}

interface HashedPage {
  readonly places: readonly StoredPlace[];
  readonly areSound: Promise<ReadonlySet<StoredPlace>>;
}

/** A gap up to this long is filled, so that what follows is still compared at its place. */
const GAP_MAX = 1_048_576;

export class LogCheck {
  readonly #options: LogCheckOptions;
  readonly #findings: Findings;
  readonly #tree = new LogTree();
  readonly #reader: CheckpointReader;
  /** Checkpoints whose root is known and which are not checked yet. */
  #reached: { readonly stored: StoredCheckpoint; readonly root: Buffer }[] = [];
  /** When the places since the last checkpoint were given, each time once. */
  #times: { readonly time: Instant; readonly firstLeaf: number }[] = [];
  #keptRoot: Buffer | undefined;

  constructor(options: LogCheckOptions) {
    this.#options = options;
    this.#findings = options.findings;
    this.#reader = new CheckpointReader(options.queryable);
  }

  /** Answers how many leaves the log has. */
  async run(): Promise<number> {
    this.#reach(await this.#reader.takeUpTo(0));
    let before: HashedPage | undefined;
    for await (const places of pagesOfPlaces(this.#options.queryable)) {
      // Hashed while the page before it is checked.
      const page: HashedPage = { places, areSound: this.#hash(places) };
      page.areSound.catch(() => undefined);
      if (before !== undefined) await this.#checkPage(before);
      before = page;
    }
    if (before !== undefined) await this.#checkPage(before);
    await this.#finish();
    return this.#tree.size;
  }

  /** Of each place, whether its bundle is there and has the leaves that it says. */
  async #hash(places: readonly StoredPlace[]): Promise<ReadonlySet<StoredPlace>> {
    const present = places.flatMap((place) => {
      const { bundle, hashes } = place;
      return bundle === undefined ? [] : [{ place, bundle, hashes }];
    });
    const areSound = await this.#options.hashing.areSound(present);
    return new Set(present.flatMap(({ place }, at) => (areSound[at] === true ? [place] : [])));
  }

  async #checkPage({ places, areSound }: HashedPage): Promise<void> {
    const sound = await areSound;
    const strays = await this.#straysOf(places);
    this.#findings.checked('places', places.length);
    for (const place of places) {
      const whole = this.#wholeHashes(place);
      const stray = strays.get(place.bundleId);
      this.#checkBundle({ ...place, hashes: whole }, { stray, isSound: sound.has(place) });
      const hashes = this.#follow(place, whole);
      if (hashes === undefined) continue;
      await this.#grow(hashes, place);
    }
    await this.#checkNodes();
    const reached = this.#reached;
    this.#reached = [];
    await this.#options.checkpoints.check(reached);
    await this.#options.onPage(this.#tree.size);
  }

  /** Bundles that stand in another month than their place says. */
  async #straysOf(page: readonly StoredPlace[]): Promise<Map<Uuid, StoredBundle>> {
    const missing = page.filter(
      ({ bundle, month }) => bundle === undefined && !this.#options.removedMonths.has(month),
    );
    if (missing.length === 0) return new Map();
    const ids = missing.map(({ bundleId }) => bundleId);
    return await bundlesAnywhere(this.#options.queryable, ids);
  }

  #wholeHashes({ hashes, leafCount, bundleId }: StoredPlace): Buffer {
    if (hashes.length === leafCount * HASH_BYTES) return hashes;
    const found = `${hashes.length} bytes of hashes`;
    const expected = `${leafCount * HASH_BYTES} bytes of ${leafCount}`;
    this.#findings.breach({
      rule: 'bundle_count_wrong',
      place: `place of bundle ${bundleId}`,
      expected,
      found,
    });
    return hashes.subarray(0, hashes.length - (hashes.length % HASH_BYTES));
  }

  #checkBundle(
    place: StoredPlace,
    { stray, isSound }: { readonly stray: StoredBundle | undefined; readonly isSound: boolean },
  ): void {
    const { firstLeaf, hashes, bundleId, month } = place;
    const bundle = place.bundle ?? stray;
    if (bundle !== undefined) {
      if (stray !== undefined) {
        const found = `month ${stray.month}`;
        this.#breachOf(place, 'place_month_wrong', `a bundle of month ${month}`, found);
      }
      this.#options.bundles.check(bundle, { firstLeaf, hashes, areSound: isSound });
    } else if (!this.#options.removedMonths.has(month)) {
      this.#breachOf(place, 'bundle_missing', `bundle ${bundleId}`, 'none');
    } else if (!isBundleId(bundleId)) {
      this.#breachOf(place, 'bundle_id_wrong', 'an id that ends in 00000', bundleId);
    }
  }

  /** What the place adds to the tree; undefined where it adds nothing that can be told. */
  #follow(place: StoredPlace, hashes: Buffer): Buffer | undefined {
    const { firstLeaf } = place;
    const { size } = this.#tree;
    const expected = `a place that begins at leaf ${size}`;
    const end = firstLeaf + hashes.length / HASH_BYTES;
    if (firstLeaf === size) return hashes;
    if (firstLeaf < size) {
      this.#breachOf(place, 'place_overlap', expected, `leaves ${firstLeaf} to ${end - 1}`);
      return end <= size ? undefined : hashes.subarray((size - firstLeaf) * HASH_BYTES);
    }
    this.#breachOf(place, 'place_gap', expected, `leaves ${firstLeaf} to ${end - 1}`);
    if (firstLeaf - size > GAP_MAX) return undefined;
    return Buffer.concat([Buffer.alloc((firstLeaf - size) * HASH_BYTES), hashes]);
  }

  /** Lets the tree grow, and stops at each checkpoint on the way. */
  async #grow(hashes: Buffer, place: StoredPlace): Promise<void> {
    const time = place.sequencedAt;
    if (this.#times.at(-1)?.time !== time) {
      this.#times.push({ time, firstLeaf: place.firstLeaf });
    }
    const start = this.#tree.size;
    const end = start + hashes.length / HASH_BYTES;
    const { kept } = this.#options;
    const stops = await this.#reader.takeUpTo(end);
    const keptStop = kept !== undefined && kept.size > start && kept.size <= end ? [kept.size] : [];
    const sizes = [...new Set([...stops.map(({ size }) => size), ...keptStop])];
    for (const size of sizes.toSorted((a, b) => a - b)) {
      const from = (this.#tree.size - start) * HASH_BYTES;
      this.#tree.append(hashes.subarray(from, (size - start) * HASH_BYTES));
      if (size === kept?.size) this.#keptRoot = this.#tree.root();
      this.#reach(stops.filter((stop) => stop.size === size));
    }
    this.#tree.append(hashes.subarray((this.#tree.size - start) * HASH_BYTES));
  }

  #reach(stops: readonly StoredCheckpoint[]): void {
    for (const stored of stops) {
      this.#checkTimes(stored);
      this.#reached.push({ stored, root: this.#tree.root() });
    }
  }

  // A run of the sequencer has one time: its places have it, and the checkpoint that ends it.
  #checkTimes({ size, createdAt }: StoredCheckpoint): void {
    const times = this.#times;
    this.#times = [];
    const others = times.filter(({ time }) => time !== createdAt);
    if (others.length === 0) return;
    const isRunWithout =
      times.at(-1)?.time === createdAt && times.every(({ time }) => time <= createdAt);
    for (const { time, firstLeaf } of others) {
      this.#findings.breach({
        rule: isRunWithout ? 'checkpoint_missing' : 'place_time_wrong',
        place: `leaf ${firstLeaf}`,
        expected: `the time of checkpoint ${size}, ${formatInstant(createdAt)}`,
        found: formatInstant(time),
      });
    }
  }

  async #checkNodes(): Promise<void> {
    const subtrees = this.#tree.takeCompleted();
    if (subtrees.length === 0) return;
    this.#findings.checked('nodes', subtrees.length);
    const stored = await storedRoots(this.#options.queryable, subtrees);
    for (const [at, { level, index, hash }] of subtrees.entries()) {
      const found = stored[at];
      if (found?.equals(hash) === true) continue;
      this.#findings.breach({
        rule: found === undefined ? 'node_missing' : 'node_wrong',
        place: `subtree ${index} of level ${level}`,
        expected: hash.toString('hex'),
        found: found?.toString('hex') ?? 'none',
      });
    }
  }

  async #finish(): Promise<void> {
    const { queryable, kept, checkpoints } = this.#options;
    const { size } = this.#tree;
    await checkpoints.check(this.#reached);
    checkpoints.finish();
    for (const beyond of await this.#reader.takeUpTo(Number.MAX_SAFE_INTEGER)) {
      const place = `checkpoint ${beyond.size}`;
      const expected = `${beyond.size} leaves`;
      const found = `${size}`;
      this.#findings.breach({ rule: 'log_ends_before_checkpoint', place, expected, found });
    }
    const [unsigned] = this.#times;
    if (unsigned !== undefined) {
      const place = `leaves ${unsigned.firstLeaf} to ${size - 1}`;
      const expected = 'a checkpoint over them';
      this.#findings.breach({ rule: 'checkpoint_missing', place, expected, found: 'none' });
    }
    for (const { level, index } of await foreignNodes(queryable, size)) {
      const place = `subtree ${index} of level ${level}`;
      const found = 'a root';
      this.#findings.breach({ rule: 'node_foreign', place, expected: 'no such subtree', found });
    }
    if (kept !== undefined) this.#checkKept(kept);
  }

  #checkKept(kept: KeptCheckpoint): void {
    const { size } = this.#tree;
    const root = kept.size === 0 ? EMPTY_ROOT : this.#keptRoot;
    if (root?.equals(kept.root) === true) return;
    this.#findings.breach({
      rule: 'log_rolled_back',
      place: `checkpoint ${kept.size} kept outside the database`,
      expected: `${kept.size} leaves under the root ${kept.root.toString('base64')}`,
      found: root === undefined ? `${size} leaves` : `the root ${root.toString('base64')}`,
    });
  }

  #breachOf(place: StoredPlace, rule: RuleName, expected: string, found: string): void {
    const where = `place of bundle ${place.bundleId} at leaf ${place.firstLeaf}`;
    this.#findings.breach({ rule, place: where, expected, found });
  }
}
