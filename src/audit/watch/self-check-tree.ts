// The half of the self-check that looks at the tree: its latest head is signed by our key, and
// continues every head that was seen before, by this process, outside the database, or by a check
// that failed.

import type { Keys, Objects, Queryable } from '#platform';
import { checkpointOf, latestCheckpoint } from '../proofs/checkpoint-store.ts';
import { consistencyProof } from '../proofs/proofs.ts';
import { CHECKPOINT_POINTER, SIGNING_KEY } from '../sequence.ts';
import { parseCheckpoint, type TreeHead } from '../tree/checkpoint.ts';
import { EMPTY_ROOT } from '../tree/hash.ts';
import type { Judged } from '../tree/judged.ts';
import { openNote } from '../tree/note.ts';
import { verifyConsistency, type Consistency } from '../tree/proof.ts';
import {
  damageIn,
  type Recheck,
  type SeenTree,
  type SelfCheckFinding,
} from './self-check-finding.ts';

export interface CheckedTree {
  /** As the latest checkpoint says. */
  readonly head: SeenTree;
  readonly findings: readonly SelfCheckFinding[];
}

interface StoredHead extends SeenTree {
  readonly note: string;
}

export async function checkTree(
  queryable: Queryable,
  before: {
    readonly keys: Keys;
    readonly objects: Objects | undefined;
    readonly seen: SeenTree | undefined;
    readonly recheck: Recheck;
  },
): Promise<CheckedTree> {
  const publicKey = await before.keys.publicKey(SIGNING_KEY);
  // Read first: what stands outside the database is never ahead of it.
  const pointed = await pointedHead(before.objects, publicKey);
  const latest = await latestCheckpoint(queryable);
  const head = latest ?? { size: 0, root: EMPTY_ROOT };
  const findings: SelfCheckFinding[] = [...pointed.findings];
  if (latest !== undefined) findings.push(...flawsOf(latest, publicKey));
  for (const size of before.recheck.checkpoints) {
    const again = await checkpointOf(queryable, size);
    if (again === undefined) findings.push(changed(size, 'is not there'));
    else if (again.size !== latest?.size) findings.push(...flawsOf(again, publicKey));
  }
  const trees = [...before.recheck.trees, before.seen, pointed.head];
  for (const tree of unlike(trees)) {
    const finding = await contradiction(queryable, tree, head);
    if (finding !== undefined) findings.push(finding);
  }
  return { head, findings };
}

async function pointedHead(
  objects: Objects | undefined,
  publicKey: Buffer,
): Promise<{ readonly head?: TreeHead; readonly findings: readonly SelfCheckFinding[] }> {
  const note = await objects?.pointed(CHECKPOINT_POINTER);
  if (note === undefined) return { findings: [] };
  const opened = openSigned(note.toString(), publicKey);
  if (opened.ok) return { head: opened.value, findings: [] };
  const message = `The checkpoint outside the database: ${opened.why}`;
  return { findings: [{ code: 'checkpoint_unsigned', message }] };
}

/** The head in a note that our key signed under the name that the note gives itself. */
function openSigned(note: string, publicKey: Buffer): Judged<TreeHead> {
  const [name = ''] = note.split('\n', 1);
  const opened = openNote(note, [{ name, publicKey }]);
  return opened.ok ? parseCheckpoint(opened.value.text) : opened;
}

function flawsOf({ size, root, note }: StoredHead, publicKey: Buffer): SelfCheckFinding[] {
  const opened = openSigned(note, publicKey);
  if (!opened.ok) {
    const message = `Checkpoint ${size}: ${opened.why}`;
    return [{ code: 'checkpoint_unsigned', message, checkpoint: size }];
  }
  const isSame = opened.value.size === size && opened.value.root.equals(root);
  return isSame ? [] : [changed(size, 'is not what was signed')];
}

function changed(size: number, what: string): SelfCheckFinding {
  return {
    code: 'checkpoint_changed',
    message: `Checkpoint ${size} ${what}.`,
    checkpoint: size,
  };
}

function unlike(trees: readonly (SeenTree | undefined)[]): SeenTree[] {
  const known = new Map<string, SeenTree>();
  for (const tree of trees) {
    if (tree !== undefined) known.set(`${tree.size} ${tree.root.toString('base64')}`, tree);
  }
  return [...known.values()];
}

async function contradiction(
  queryable: Queryable,
  { size, root }: SeenTree,
  head: SeenTree,
): Promise<SelfCheckFinding | undefined> {
  const tree = { size, root };
  if (size > head.size) {
    const message = `The log had ${size} records and has ${head.size}.`;
    return { code: 'log_set_back', message, tree };
  }
  const sizes = { size1: size, size2: head.size };
  const flaw = await flawOfGrowth(queryable, { ...sizes, root1: root, root2: head.root });
  if (flaw === undefined) return undefined;
  return { code: 'log_rewritten', message: `Since ${size} records: ${flaw}`, tree };
}

async function flawOfGrowth(
  queryable: Queryable,
  claim: Omit<Consistency, 'proof'>,
): Promise<string | undefined> {
  const { size1, size2 } = claim;
  try {
    const isTrivial = size1 === 0 || size1 === size2;
    const proof = isTrivial ? [] : await consistencyProof(queryable, claim);
    return verifyConsistency({ ...claim, proof });
  } catch (error) {
    return damageIn(error);
  }
}
