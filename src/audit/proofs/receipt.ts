// The verbs that hand out evidence: the receipt of a record, and that one checkpoint extends
// another. What is handed out was verified first, so a damaged log gives a fault and no receipt
// that somebody would find worthless later.

import { accept, Fault, instantOfMs, refuse, uuidOf, type Result, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { AuditRecordId } from '../record.ts';
import type { AuditRefusal } from '../refusals.ts';
import { monthOf } from '../store/bundle-store.ts';
import { leafHash } from '../tree/hash.ts';
import { verifyConsistency, verifyInclusion } from '../tree/proof.ts';
import { latestCheckpoint, selectCheckpoints, type Checkpoint } from './checkpoint-store.ts';
import { findBundle } from './leaf-store.ts';
import { consistencyProof, inclusionProof, type ReadArchived } from './proofs.ts';
import { treeCacheOf } from './tree-cache.ts';

/** That a record is in the log, for whoever knows the log's public key. */
export interface Receipt {
  /** The record as canonical JSON, byte for byte what was hashed. */
  readonly leaf: string;
  readonly index: number;
  readonly leafHash: Buffer;
  /** From the leaf's sibling to the root's child. */
  readonly proof: readonly Buffer[];
  readonly size: number;
  readonly root: Buffer;
  /** The signed note. */
  readonly checkpoint: string;
}

export interface ReceiptOptions {
  /** Reads leaves of months that left the database. */
  readonly readArchived?: ReadArchived | undefined;
}

type ReceiptRefusal = AuditRefusal<'record_unknown' | 'record_without_proof' | 'record_expired'>;

/** The receipt of a record in the tree of the latest checkpoint. */
export async function receiptOf(
  queryable: Queryable,
  recordId: AuditRecordId,
  { readArchived }: ReceiptOptions = {},
): Promise<Result<Receipt, ReceiptRefusal>> {
  const { bundleId, position, month } = bundleOf(recordId);
  const found = await findBundle(queryable, { id: bundleId, month });
  const { firstLeaf, leaves } = found;
  if (position < 0 || position >= found.leafCount) return refuse(unknown(recordId));
  if (firstLeaf === undefined) return refuse(withoutProof(recordId));
  const index = firstLeaf + position;
  const checkpoint = await latestCheckpoint(queryable);
  if (checkpoint === undefined || checkpoint.size <= index) return refuse(withoutProof(recordId));
  const leaf = leaves === undefined ? await readArchived?.(index) : leaves[position];
  if (leaf === undefined) return refuse(expired(recordId));
  const { size, root, note } = checkpoint;
  const proof = await inclusionProof(queryable, { index, size }, treeCacheOf(queryable));
  const receipt = { index, leafHash: leafHash(leaf), proof, size, root };
  const isOfRecord = leaf.includes(`"id":"${recordId}"`);
  requireProved(isOfRecord ? verifyInclusion(receipt) : 'The leaf is that of another record.');
  return accept({ ...receipt, leaf: leaf.toString(), checkpoint: note });
}

/** That nothing was changed or taken out between two checkpoints. */
export interface ConsistencyReceipt {
  readonly older: Checkpoint;
  readonly newer: Checkpoint;
  readonly proof: readonly Buffer[];
}

type ConsistencyRefusal = AuditRefusal<'checkpoint_unknown' | 'checkpoint_order'>;

/** The proof between the checkpoints of two sizes. */
export async function consistencyReceiptOf(
  queryable: Queryable,
  { size1, size2 }: { readonly size1: number; readonly size2: number },
): Promise<Result<ConsistencyReceipt, ConsistencyRefusal>> {
  const checkpoints = await selectCheckpoints(queryable, [size1, size2]);
  const [older, newer] = [checkpoints.get(size1), checkpoints.get(size2)];
  if (older === undefined) return refuse(noCheckpoint(size1, 'size1'));
  if (newer === undefined) return refuse(noCheckpoint(size2, 'size2'));
  if (size1 > size2) {
    const message = `The checkpoint of ${size1} records is not older than that of ${size2}.`;
    return refuse({ code: 'checkpoint_order', message, param: 'size1' });
  }
  const proof = await consistencyProof(queryable, { size1, size2 });
  const [root1, root2] = [older.root, newer.root];
  requireProved(verifyConsistency({ size1, size2, root1, root2, proof }));
  return accept({ older, newer, proof });
}

// A bundle's id ends in 20 bits of zeros. Its records count from 1 there, and share its time.
const COUNTER_DIGITS = 5;

function bundleOf(recordId: AuditRecordId): {
  readonly bundleId: Uuid;
  readonly position: number;
  readonly month: number;
} {
  const uuid = uuidOf(recordId);
  const counter = Number.parseInt(uuid.slice(-COUNTER_DIGITS), 16);
  const clockMs = Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16);
  return {
    bundleId: `${uuid.slice(0, -COUNTER_DIGITS)}${'0'.repeat(COUNTER_DIGITS)}`,
    position: counter - 1,
    month: monthOf(instantOfMs(clockMs)),
  };
}

function requireProved(why: string | undefined): void {
  if (why === undefined) return;
  const message = `The audit log contradicts its own checkpoint: ${why}`;
  throw new Fault('audit_tree_damaged', { retryable: false, message });
}

function unknown(recordId: AuditRecordId): AuditRefusal<'record_unknown'> {
  return { code: 'record_unknown', message: `There is no audit record ${recordId}.` };
}

function withoutProof(recordId: AuditRecordId): AuditRefusal<'record_without_proof'> {
  const message = `The audit record ${recordId} has no place under a checkpoint yet.`;
  return { code: 'record_without_proof', message };
}

function expired(recordId: AuditRecordId): AuditRefusal<'record_expired'> {
  const message = `The audit record ${recordId} was kept as long as its class asks, and is gone.`;
  return { code: 'record_expired', message };
}

function noCheckpoint(size: number, param: string): AuditRefusal<'checkpoint_unknown'> {
  const message = `The log has no checkpoint of ${size} records.`;
  return { code: 'checkpoint_unknown', message, param };
}
