// Inclusion proofs from a log of ten million leaves: how long one takes on one connection, at
// random places. The log is written set by set, with random hashes for its leaves, so that filling
// it takes no longer than hashing its tree; each proof is read from the same tables as any other,
// with what a server keeps of the tree between receipts.

import { randomBytes } from 'node:crypto';
import path from 'node:path';
import {
  checkpointText,
  Frontier,
  inclusionProof,
  signNote,
  SIGNING_KEY,
  treeCacheOf,
  verifyInclusion,
} from '#audit';
import { loadConfig } from '#config';
import {
  bytesArray,
  int4Array,
  int8Array,
  openDatabase,
  openSession,
  type Database,
} from '#platform';
import { removeFolder, seeded, temporaryFolder } from '../ledger-world.ts';
import { medianRun, run, type Run } from '../measure.ts';

export interface ProofScale {
  readonly leaves: number;
  readonly durationMs: number;
  readonly runs: number;
}

export interface ProofBench {
  /** Of one caller, one proof after another: the mean is a second through the rate. */
  readonly proofs: Run;
  readonly leaves: number;
  readonly fillMs: number;
}

/** A log whose leaves were never more than their hashes. */
interface FilledLog {
  readonly size: number;
  readonly root: Buffer;
  /** Leaves whose hashes are known, to verify proofs with. */
  readonly samples: ReadonlyMap<number, Buffer>;
}

const ORIGIN = 'florin.bench/log';
const HASH_BYTES = 32;
const BUNDLE_LEAVES = 1_000;
const BUNDLES_AT_ONCE = 250;
const SUBTREE_HEIGHT = 8;
const SAMPLE_EVERY = 9_973;
const SEED = 20_261_122;

export async function benchProof(
  scale: ProofScale,
  log: (line: string) => void,
): Promise<ProofBench> {
  const folder = temporaryFolder();
  try {
    const { database: settings } = loadConfig({ FLORIN_DATA_DIR: path.join(folder, 'data') });
    const opened = await openDatabase({ ...settings, poolSize: 1 });
    const { database, ownerUrl } = opened;
    try {
      log(`filling a log with ${scale.leaves.toLocaleString('en')} leaves`);
      const startedMs = performance.now();
      const filled = await fillLog(database, scale.leaves, log);
      await settle(ownerUrl);
      const fillMs = performance.now() - startedMs;
      await verifySamples(database, filled);
      const proofs = await measure(database, filled.size, scale, log);
      return { proofs, leaves: filled.size, fillMs };
    } finally {
      await opened.close();
    }
  } finally {
    removeFolder(folder);
  }
}

async function measure(
  database: Database,
  size: number,
  scale: ProofScale,
  log: (line: string) => void,
): Promise<Run> {
  const random = seeded(SEED);
  const cache = treeCacheOf(database);
  const runs: Run[] = [];
  for (let round = 0; round <= scale.runs; round += 1) {
    const result = await run({
      concurrency: 1,
      durationMs: scale.durationMs,
      call: async () => {
        await inclusionProof(database, { index: random(size), size }, cache);
        return 1;
      },
    });
    // The first round warms up.
    if (round === 0) continue;
    log(`proof, run ${round}: ${Math.round(result.ratePerSecond).toLocaleString('en')} a second`);
    runs.push(result);
  }
  return medianRun(runs);
}

/** What is measured is worth nothing unless the proofs hold. */
async function verifySamples(database: Database, log: FilledLog): Promise<void> {
  const { size, root } = log;
  for (const [index, leafHash] of log.samples) {
    const proof = await inclusionProof(database, { index, size });
    const why = verifyInclusion({ leafHash, index, size, root, proof });
    if (why !== undefined) throw new Error(`a benchmark's proof of leaf ${index} is wrong: ${why}`);
  }
}

async function fillLog(
  database: Database,
  leaves: number,
  log: (line: string) => void,
): Promise<FilledLog> {
  const frontier = Frontier.of(0, []);
  const samples = new Map<number, Buffer>();
  const nodes = new Nodes();
  while (frontier.size < leaves) {
    const first = frontier.size;
    const count = Math.min(BUNDLES_AT_ONCE * BUNDLE_LEAVES, leaves - first);
    const hashes = randomBytes(count * HASH_BYTES);
    for (let at = 0; at < count; at += 1) {
      const hash = hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (frontier.size % SAMPLE_EVERY === 0) samples.set(frontier.size, Buffer.from(hash));
      frontier.append(hash, nodes.keep);
    }
    await insertPlaces(database, first, hashes);
    await nodes.insert(database);
    if (frontier.size % 2_500_000 === 0) log(`  ${frontier.size.toLocaleString('en')} leaves`);
  }
  const { size } = frontier;
  const root = frontier.root();
  await insertCheckpoint(database, size, root);
  return { size, root, samples };
}

async function insertPlaces(database: Database, first: number, hashes: Buffer): Promise<void> {
  const bundles: Buffer[] = [];
  for (let at = 0; at < hashes.length; at += BUNDLE_LEAVES * HASH_BYTES) {
    bundles.push(hashes.subarray(at, at + BUNDLE_LEAVES * HASH_BYTES));
  }
  await database.query({
    text: `insert into audit.places
        (first_leaf, leaf_count, month, bundle_id, hashes, sequenced_at)
      select p.first_leaf, length(p.hashes) / 32, 202611, gen_random_uuid(), p.hashes, now()
      from unnest($1::bigint[], $2::bytea[]) as p (first_leaf, hashes)`,
    values: [
      int8Array(bundles.map((_, number) => BigInt(first + number * BUNDLE_LEAVES))),
      bytesArray(bundles),
    ],
  });
}

class Nodes {
  #levels: number[] = [];
  #indexes: bigint[] = [];
  #hashes: Buffer[] = [];

  readonly keep = (height: number, index: number, hash: Buffer): void => {
    if (height === 0 || height % SUBTREE_HEIGHT !== 0) return;
    this.#levels.push(height / SUBTREE_HEIGHT);
    this.#indexes.push(BigInt(index));
    this.#hashes.push(hash);
  };

  async insert(database: Database): Promise<void> {
    await database.query({
      text: `insert into audit.nodes (level, index, hash)
        select n.* from unnest($1::integer[], $2::bigint[], $3::bytea[]) as n`,
      values: [int4Array(this.#levels), int8Array(this.#indexes), bytesArray(this.#hashes)],
    });
    this.#levels = [];
    this.#indexes = [];
    this.#hashes = [];
  }
}

async function insertCheckpoint(database: Database, size: number, root: Buffer): Promise<void> {
  const note = await signNote(checkpointText({ origin: ORIGIN, size, root }), {
    name: ORIGIN,
    publicKey: await database.keys.publicKey(SIGNING_KEY),
    sign: (message) => database.keys.sign(SIGNING_KEY, message),
  });
  await database.query({
    text: 'insert into audit.checkpoints (size, root, note, created_at) values ($1, $2, $3, now())',
    values: [size, root, note],
  });
}

/** As autovacuum leaves the tables of a log that grew more slowly. */
async function settle(ownerUrl: string): Promise<void> {
  const owner = await openSession(ownerUrl);
  try {
    await owner.query({ text: 'vacuum analyze audit.places, audit.nodes, audit.checkpoints' });
    await owner.query({ text: 'checkpoint' });
  } finally {
    await owner.close();
  }
}
