// Owns receipts and consistency proofs as files: canonical JSON with all that verification needs,
// or a proof as text (c2sp.org/tlog-proof) for other people's tools, with the leaf in its extra
// data.

import { canonical } from '../canonical.ts';
import type { ConsistencyReceipt, Receipt } from '../proofs/receipt.ts';
import { receiptText } from '../proofs/receipt-text.ts';

const VERSION = 1;

export function receiptFile(receipt: Receipt, verifierKeys: readonly string[]): string {
  const { checkpoint, index, leaf, proof, size } = receipt;
  const file = {
    format: 'florin-audit-receipt',
    version: VERSION,
    verifier_keys: verifierKeys,
    checkpoint,
    index,
    leaf,
    proof: texts(proof),
    size,
  };
  return `${canonical(file)}\n`;
}

export function receiptProofFile(receipt: Receipt): string {
  const [format = '', ...rest] = receiptText(receipt).split('\n');
  const extra = `extra ${Buffer.from(receipt.leaf).toString('base64')}`;
  return [format, extra, ...rest].join('\n');
}

export function consistencyFile(
  { older, newer, proof }: ConsistencyReceipt,
  verifierKeys: readonly string[],
): string {
  const file = {
    format: 'florin-audit-consistency',
    version: VERSION,
    verifier_keys: verifierKeys,
    older: older.note,
    newer: newer.note,
    proof: texts(proof),
  };
  return `${canonical(file)}\n`;
}

function texts(hashes: readonly Buffer[]): string[] {
  return hashes.map((hash) => hash.toString('base64'));
}
