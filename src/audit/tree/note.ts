// Owns signed notes (c2sp.org/signed-note): a text, an empty line, and a line per signature. A note
// is worth nothing until it was opened with keys that were known beforehand.

import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import { accept, assert } from '#kernel';
import { parseBase64, reject, type Judged } from './judged.ts';

/** A public key, known by its name: Ed25519 (RFC 8032), 32 bytes. */
export interface NoteKey {
  readonly name: string;
  readonly publicKey: Buffer;
}

export interface NoteSigner extends NoteKey {
  /** The Ed25519 signature of the message, 64 bytes. */
  readonly sign: (message: Buffer) => Promise<Buffer>;
}

export interface OpenedNote {
  /** With its last line feed. */
  readonly text: string;
  /** The trusted keys that signed it, at least one. */
  readonly signers: readonly NoteKey[];
  readonly cosignatures: readonly Cosignature[];
}

/** A witness saw this tree and no other of the log (c2sp.org/tlog-cosignature). */
export interface Cosignature {
  readonly witness: NoteKey;
  /** POSIX time by the witness's clock. */
  readonly seconds: bigint;
}

const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const KEY_BYTES = 32;
const KEY_HASH_BYTES = 4;
const SIGNATURE_BYTES = 64;
const SECONDS_BYTES = 8;
/** As in Go's note package; the specification asks for at least 16. */
const SIGNATURES_MAX = 100;

/** SHA-256(name || "\n" || 0x01 || key)[:4]. */
export function noteKeyHash(name: string, publicKey: Buffer, type = ED25519): Buffer {
  assert(isKeyName(name), 'a key name has no space and no plus');
  assert(publicKey.length === KEY_BYTES, 'an Ed25519 public key has 32 bytes');
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]);
  return hash('sha256', input, 'buffer').subarray(0, KEY_HASH_BYTES);
}

/** How a public key is handed over: name+hash+base64 of 0x01 and the key. */
export function verifierKey(name: string, publicKey: Buffer): string {
  const encoded = Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64');
  return `${name}+${noteKeyHash(name, publicKey).toString('hex')}+${encoded}`;
}

/** Reads what `verifierKey` writes. */
export function parseVerifierKey(text: string): Judged<NoteKey> {
  const { name, keyHash, encoded } =
    /^(?<name>[^+]+)\+(?<keyHash>[0-9a-f]{8})\+(?<encoded>.+)$/u.exec(text)?.groups ?? {};
  if (name === undefined || keyHash === undefined || encoded === undefined || !isKeyName(name)) {
    return reject('A verifier key is a name, eight hexadecimal digits and a key, joined by +.');
  }
  const bytes = parseBase64(encoded);
  if (bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) {
    return reject('The verifier key is not an Ed25519 key.');
  }
  const publicKey = bytes.subarray(1);
  if (noteKeyHash(name, publicKey).toString('hex') !== keyHash) {
    return reject('The hash in the verifier key is not that of its name and key.');
  }
  return accept({ name, publicKey });
}

/** The text with one signature. */
export async function signNote(text: string, signer: NoteSigner): Promise<string> {
  const flaw = flawOf(text);
  assert(flaw === undefined && text.endsWith('\n'), 'a note is lines of text');
  const { name, publicKey } = signer;
  const signature = await signer.sign(Buffer.from(text));
  assert(signature.length === SIGNATURE_BYTES, 'an Ed25519 signature has 64 bytes');
  const encoded = Buffer.concat([noteKeyHash(name, publicKey), signature]).toString('base64');
  return `${text}\n— ${name} ${encoded}\n`;
}

/**
 * The text of a note that at least one trusted key signed. Signatures of unknown keys are passed
 * over; a bad one of a known key spoils the note. Witnesses are no substitute for a trusted key.
 */
export function openNote(
  note: string,
  trusted: readonly NoteKey[],
  witnesses: readonly NoteKey[] = [],
): Judged<OpenedNote> {
  const parsed = parseNote(note);
  if (!parsed.ok) return parsed;
  const { text, signatures } = parsed.value;
  const message = Buffer.from(text);
  const signers = new Set<NoteKey>();
  const cosignatures = new Map<NoteKey, Cosignature>();
  for (const { name, keyHash, signature } of signatures) {
    const signer = keyOf(trusted, { name, keyHash, type: ED25519 });
    if (signer !== undefined && !signers.has(signer)) {
      if (!isSignedBy(signer, message, signature)) return badSignature(name);
      signers.add(signer);
    }
    const witness = keyOf(witnesses, { name, keyHash, type: COSIGNATURE });
    if (witness !== undefined && !cosignatures.has(witness)) {
      const seconds = cosignedAt(witness, text, signature);
      if (seconds === undefined) return badSignature(name);
      cosignatures.set(witness, { witness, seconds });
    }
  }
  if (signers.size === 0) return reject('No trusted key signed the note.');
  return accept({ text, signers: [...signers], cosignatures: [...cosignatures.values()] });
}

interface NoteSignature {
  readonly name: string;
  readonly keyHash: Buffer;
  readonly signature: Buffer;
}

function parseNote(
  note: string,
): Judged<{ readonly text: string; readonly signatures: readonly NoteSignature[] }> {
  const flaw = flawOf(note);
  if (flaw !== undefined) return reject(flaw);
  // The text may hold empty lines itself: the last one ends it.
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return reject('The note has no empty line between its text and its signatures.');
  if (!note.endsWith('\n')) return reject('The note does not end with a line feed.');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) {
    return reject(`The note has more than ${SIGNATURES_MAX} signatures.`);
  }
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === undefined) return reject('A signature line of the note is malformed.');
    signatures.push(signature);
  }
  return accept({ text: note.slice(0, split + 1), signatures });
}

// The em dash (U+2014), a space, the name of the key, a space, base64.
function parseSignature(line: string): NoteSignature | undefined {
  const { name, encoded } = /^— (?<name>[^ ]+) (?<encoded>[^ ]+)$/u.exec(line)?.groups ?? {};
  if (name === undefined || encoded === undefined || !isKeyName(name)) return undefined;
  const bytes = parseBase64(encoded);
  if (bytes === undefined || bytes.length <= KEY_HASH_BYTES) return undefined;
  const keyHash = bytes.subarray(0, KEY_HASH_BYTES);
  return { name, keyHash, signature: bytes.subarray(KEY_HASH_BYTES) };
}

/** Non-empty, without Unicode spaces and plus. */
function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

function flawOf(text: string): string | undefined {
  if (!text.isWellFormed()) return 'The note is not valid Unicode.';
  // oxlint-disable-next-line no-control-regex -- The specification forbids just these.
  return /[\0-\x09\x0b-\x1f]/.test(text) ? 'The note has control characters.' : undefined;
}

function keyOf(
  keys: readonly NoteKey[],
  wanted: { readonly name: string; readonly keyHash: Buffer; readonly type: number },
): NoteKey | undefined {
  return keys.find(
    ({ name, publicKey }) =>
      name === wanted.name && noteKeyHash(name, publicKey, wanted.type).equals(wanted.keyHash),
  );
}

function badSignature(name: string): Judged<never> {
  return reject(`The signature of ${name} is not one of the note's text.`);
}

// timestamped_signature: the time in seconds as a big-endian uint64, and the Ed25519 signature.
function cosignedAt(witness: NoteKey, text: string, signature: Buffer): bigint | undefined {
  if (signature.length !== SECONDS_BYTES + SIGNATURE_BYTES) return undefined;
  const seconds = signature.readBigUInt64BE(0);
  if (seconds >= 2n ** 63n) return undefined;
  const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
  return isSignedBy(witness, message, signature.subarray(SECONDS_BYTES)) ? seconds : undefined;
}

function isSignedBy({ publicKey }: NoteKey, message: Buffer, signature: Buffer): boolean {
  return (
    signature.length === SIGNATURE_BYTES && verify(null, message, keyObjectOf(publicKey), signature)
  );
}

function keyObjectOf(publicKey: Buffer): KeyObject {
  const x = publicKey.toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}
