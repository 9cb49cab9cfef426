// Owns a receipt as text (c2sp.org/tlog-proof): the index, the proof and the signed checkpoint,
// which with the record and the log's public key is all that anybody needs to check it, offline.

import { accept } from '#kernel';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { parseBase64, parseCount, reject, type Judged } from '../tree/judged.ts';
import { openNote, type Cosignature, type NoteKey } from '../tree/note.ts';
import { verifyInclusion } from '../tree/proof.ts';
import type { Receipt } from './receipt.ts';

const FORMAT = 'c2sp.org/tlog-proof@v1';
const EXTRA = 'extra ';
const INDEX = 'index ';
/** More than any tree of a safe count of leaves asks for. */
const HASHES_MAX = 64;

export function receiptText({ index, proof, checkpoint }: Omit<Receipt, 'leaf'>): string {
  const hashes = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${FORMAT}\n${INDEX}${index}\n${hashes}\n${checkpoint}`;
}

interface ParsedReceipt {
  readonly index: number;
  readonly proof: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

function parseReceipt(text: string): Judged<ParsedReceipt> {
  const split = text.indexOf('\n\n');
  if (split < 0) return reject('The proof has no empty line before its checkpoint.');
  const [format, ...lines] = text.slice(0, split).split('\n');
  if (format !== FORMAT) return reject(`The proof does not begin with ${FORMAT}.`);
  // Whoever wrote the extra data, nobody vouches for it.
  const extra = lines[0]?.startsWith(EXTRA) === true ? lines.shift() : undefined;
  if (extra !== undefined && parseBase64(extra.slice(EXTRA.length)) === undefined) {
    return reject('The extra data of the proof are not base64.');
  }
  const [indexLine, ...hashLines] = lines;
  const index = indexLine?.startsWith(INDEX)
    ? parseCount(indexLine.slice(INDEX.length))
    : undefined;
  if (index === undefined) return reject('The proof has no index where it must be.');
  if (hashLines.length > HASHES_MAX) return reject('The proof has too many hashes.');
  const proof: Buffer[] = [];
  for (const line of hashLines) {
    const hash = parseBase64(line);
    if (hash?.length !== HASH_BYTES) return reject('A line of the proof is not a hash.');
    proof.push(hash);
  }
  return accept({ index, proof, checkpoint: text.slice(split + 2) });
}

export interface ReceiptClaim {
  /** The record, byte for byte as it was handed out. */
  readonly leaf: Buffer | string;
  readonly proofText: string;
  /** The log's public keys, each under the log's name; known from elsewhere. */
  readonly trusted: readonly NoteKey[];
  readonly witnesses?: readonly NoteKey[] | undefined;
}

export interface VerifiedReceipt {
  readonly origin: string;
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
  readonly cosignatures: readonly Cosignature[];
}

/** Where in which log the record is proved to be; or why it is not. */
export function verifyReceipt(claim: ReceiptClaim): Judged<VerifiedReceipt> {
  const receipt = parseReceipt(claim.proofText);
  if (!receipt.ok) return receipt;
  const { index, proof } = receipt.value;
  const opened = openNote(receipt.value.checkpoint, claim.trusted, claim.witnesses);
  if (!opened.ok) return opened;
  const { text, signers, cosignatures } = opened.value;
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint.ok) return checkpoint;
  const { origin, size, root } = checkpoint.value;
  if (!signers.some(({ name }) => name === origin)) {
    return reject('The checkpoint is of another log than the one whose key signed it.');
  }
  const why = verifyInclusion({
    leafHash: leafHash(Buffer.from(claim.leaf)),
    index,
    size,
    root,
    proof,
  });
  return why === undefined ? accept({ origin, index, size, root, cosignatures }) : reject(why);
}
