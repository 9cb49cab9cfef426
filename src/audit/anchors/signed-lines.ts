// Owns the form in which digests stand in the store of objects: lines of canonical JSON, and a last
// line with the signature over what the lines before it are, where they stand and what was signed
// before them. The signing string is that of AWS CloudTrail's digest files.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { accept } from '#kernel';
import { canonical } from '../canonical.ts';
import { parseBase64, reject, type Judged } from '../tree/judged.ts';
import type { NoteKey } from '../tree/note.ts';

/** What a signature speaks for. */
export interface SignedFacts {
  /** The end of the time that the lines tell of, as RFC 3339. */
  readonly end: string;
  readonly key: string;
  /** Of the lines before the signature's, each with its line feed. */
  readonly sha256: Buffer;
  /** Undefined for the first, and for lines that do not follow others. */
  readonly previousSignature: Buffer | undefined;
}

export interface Signature {
  readonly publicKey: Buffer;
  readonly signature: Buffer;
}

const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** It has no line feed at its end, so that it can never be taken for a checkpoint. */
export function signingString(facts: SignedFacts): Buffer {
  const { end, key, sha256, previousSignature } = facts;
  const previous = previousSignature?.toString('hex') ?? 'null';
  return Buffer.from(`${end}\n${key}\n${sha256.toString('hex')}\n${previous}`);
}

export function signatureLine({ publicKey, signature }: Signature): Buffer {
  const members = {
    public_key: publicKey.toString('base64'),
    signature: signature.toString('base64'),
  };
  return Buffer.from(`${canonical(members)}\n`);
}

export function parseSignatureLine(line: string): Judged<Signature> {
  const members = membersOf(line);
  const publicKey = bytesIn(members?.['public_key']);
  const signature = bytesIn(members?.['signature']);
  if (publicKey?.length !== PUBLIC_KEY_BYTES || signature?.length !== SIGNATURE_BYTES) {
    return reject('Its last line is not a signature.');
  }
  return accept({ publicKey, signature });
}

export interface SignedLines extends Signature {
  /** Without their line feeds. */
  readonly lines: readonly string[];
  readonly sha256: Buffer;
}

/** Takes an object apart; whether the signature holds is another question. */
export function parseSignedLines(content: Buffer): Judged<SignedLines> {
  const bodyEnd = content.lastIndexOf('\n', -2) + 1;
  if (bodyEnd === 0 || content.at(-1) !== LINE_FEED) {
    return reject('It is not lines with a signature.');
  }
  const parsed = parseSignatureLine(content.toString('utf8', bodyEnd, content.length - 1));
  if (!parsed.ok) return parsed;
  const body = content.subarray(0, bodyEnd);
  const lines = body.toString('utf8', 0, bodyEnd - 1).split('\n');
  return accept({ ...parsed.value, lines, sha256: sha256Of(body) });
}

/** Undefined where a trusted key made the signature, else a sentence that says what is wrong. */
export function flawOfSignature(
  { publicKey, signature }: Signature,
  facts: SignedFacts,
  trusted: readonly NoteKey[],
): string | undefined {
  if (!trusted.some((key) => key.publicKey.equals(publicKey))) {
    return `It is signed by ${publicKey.toString('base64')}, which is not a trusted key.`;
  }
  const x = publicKey.toString('base64url');
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  const isSigned = verify(null, signingString(facts), key, signature);
  return isSigned ? undefined : 'The signature is not one of its content and place.';
}

/** The members of an object in JSON; undefined for any other text. */
export function membersOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function bytesIn(text: unknown): Buffer | undefined {
  return typeof text === 'string' ? parseBase64(text) : undefined;
}

export function sha256Of(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

const LINE_FEED = 0x0a;
