// Verifies a receipt, in either of its forms: a JSON object with the leaf and its proof, or a proof
// as text (c2sp.org/tlog-proof) with the leaf in its extra data or beside it.

import { verifyReceipt } from '../../proofs/receipt-text.ts';
import { leafHash } from '../../tree/hash.ts';
import { parseBase64 } from '../../tree/judged.ts';
import { parseVerifierKey } from '../../tree/note.ts';
import { verifyInclusion } from '../../tree/proof.ts';
import { canonical, type JsonObject } from '../../canonical.ts';
import type { TreeHead } from '../../tree/checkpoint.ts';
import { judgeConsistency, openCheckpoint, type SignedHead } from './checkpoint.ts';
import type { Findings } from './finding.ts';
import { parseHashes, parseLeafProof } from '../header.ts';
import { RecordForms } from './record-forms.ts';

export const PROOF_TEXT_BEGINNING = 'c2sp.org/tlog-proof@v1\n';

export interface ReceiptContext {
  readonly trustedKeys: readonly string[] | undefined;
  readonly findings: Findings;
}

export function verifyJsonReceipt(
  receipt: JsonObject,
  { trustedKeys, findings }: ReceiptContext,
): SignedHead | undefined {
  const { leaf, index, proof, size, origin, checkpoint } = receipt;
  const leafProof = parseLeafProof(Buffer.from(canonical({ index, proof })));
  if (typeof leaf !== 'string' || typeof checkpoint !== 'string' || leafProof === undefined) {
    findings.error('header', 'The receipt lacks its leaf, index, proof or checkpoint.');
    return undefined;
  }
  const claimed = {
    checkpoint,
    verifierKeys: keysOf(receipt),
    origin: typeof origin === 'string' ? origin : undefined,
    size: typeof size === 'number' ? size : undefined,
  };
  const head = openCheckpoint(claimed, trustedKeys, findings);
  noteForm(leaf, findings);
  if (head === undefined) return undefined;
  const why = verifyInclusion({
    leafHash: leafHash(Buffer.from(leaf)),
    index: leafProof.index,
    size: head.size,
    root: head.root,
    proof: leafProof.proof,
  });
  if (why !== undefined) findings.error('proof', why);
  return head;
}

function keysOf({ verifier_keys: keys }: JsonObject): string[] {
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

/** Two checkpoints, and the proof that the log of the older is the beginning of the newer's. */
export function verifyConsistencyObject(
  object: JsonObject,
  { trustedKeys, findings }: ReceiptContext,
): { readonly head: SignedHead | undefined; readonly since: TreeHead | undefined } {
  const proof = parseHashes(object['proof']);
  const [older, newer] = [object['older'], object['newer']].map((checkpoint) => {
    if (typeof checkpoint !== 'string') return undefined;
    return openCheckpoint({ checkpoint, verifierKeys: keysOf(object) }, trustedKeys, findings);
  });
  if (proof === undefined) findings.error('header', 'The proof is not a list of hashes.');
  if (proof === undefined || older === undefined || newer === undefined) {
    return { head: newer, since: undefined };
  }
  const why = judgeConsistency({ older, newer }, { part: { size: older.size, proof } });
  if (why !== undefined) findings.error('consistency', why);
  return { head: newer, since: why === undefined ? older : undefined };
}

export function verifyProofText(
  proofText: string,
  leafBeside: Buffer | undefined,
  { trustedKeys, findings }: ReceiptContext,
): SignedHead | undefined {
  if (trustedKeys === undefined) {
    const message = 'A proof as text names no key; give the key of the log with --key.';
    findings.error('key', message);
    return undefined;
  }
  const leaf = leafBeside ?? leafInside(proofText);
  if (leaf === undefined) {
    findings.error('leaf', 'The proof does not hold the record; give its file with --leaf.');
  }
  const split = proofText.indexOf('\n\n');
  const checkpoint = split < 0 ? '' : proofText.slice(split + 2);
  const head = openCheckpoint({ checkpoint, verifierKeys: [] }, trustedKeys, findings);
  if (leaf === undefined || head === undefined) return head;
  noteForm(leaf.toString(), findings);
  const trusted = head.signedBy.flatMap((text) => {
    const key = parseVerifierKey(text);
    return key.ok ? [key.value] : [];
  });
  const verified = verifyReceipt({ leaf, proofText, trusted });
  if (!verified.ok) findings.error('proof', verified.why);
  return head;
}

const EXTRA_LINE = /^extra (?<encoded>\S+)$/m;

/** The extra data of a proof as Florin writes it are the leaf. */
function leafInside(proofText: string): Buffer | undefined {
  const head = proofText.slice(0, proofText.indexOf('\n\n') + 1);
  const encoded = EXTRA_LINE.exec(head)?.groups?.['encoded'];
  return encoded === undefined ? undefined : parseBase64(encoded);
}

function noteForm(leaf: string, findings: Findings): void {
  const flaw = new RecordForms(false).flawOf(Buffer.from(leaf));
  if (flaw !== undefined) findings.warning('record', flaw);
}
