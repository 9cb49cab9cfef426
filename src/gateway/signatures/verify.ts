// Owns the checking of signed requests (RFC 9421 §3.2) against what the bank asks of them: who
// signed, how long ago, and that everything was covered by which the request could be changed or
// sent to somebody else. A signature is used once where its maker wants that.
import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isInnerList, readFieldDictionary } from '#platform';
import type { FieldInnerList } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import { verifyBytes } from './algorithms.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import { plainlyCovered, signatureBase } from './base.ts';
import { ComponentError } from './components.ts';
import type { SignableRequest } from './components.ts';
import { bytesOf } from './digest.ts';

/** The key of a partner: its algorithm is the key's, never the message's. */
export interface SignatureKey {
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  /** The subject or client it belongs to; nobody else's requests may be signed with it. */
  readonly owner: string;
}

export interface VerifyOptions {
  readonly findKey: (keyId: string) => Promise<SignatureKey | undefined>;
  /** Whose request it is. */
  readonly owner: string;
  /** Seconds since 1970. */
  readonly nowS: number;
  readonly ageMaxS: number;
  readonly hasBody: boolean;
  /** Uses up the hash of a signature with a nonce; false where it was used before. */
  readonly claim?: (signature: Buffer, expiresS: number) => Promise<boolean>;
}

export interface VerifiedSignature {
  readonly keyId: string;
  readonly createdS: number;
  readonly tag: string | undefined;
}

/** More than one party signs, as a proxy may add its own; that of the owner is looked for. */
const SIGNATURES_MAX = 4;
/** How far ahead of ours the clock of a partner may be. */
const SKEW_S = 10;

/** Throws the refusal (401) of a request that is not signed as it must be. */
export async function verifySignature(
  request: SignableRequest,
  options: VerifyOptions,
): Promise<VerifiedSignature> {
  const { headers } = request;
  if (headers['signature-input'] === undefined || headers['signature'] === undefined) {
    throw new EdgeRefusal('signature_missing', 'This caller must sign its requests (RFC 9421).', {
      param: 'signature-input',
    });
  }
  const inputs = readFieldDictionary(textOf(headers['signature-input']));
  const signatures = readFieldDictionary(textOf(headers['signature']));
  if (inputs === undefined || signatures === undefined) {
    throw invalid('Signature-Input or Signature is not a dictionary of signatures.');
  }
  if (inputs.size > SIGNATURES_MAX) throw invalid('There are too many signatures.');
  let why = 'No signature is made with a key of this caller.';
  for (const [label, input] of inputs) {
    const signature = signatures.get(label);
    if (!isInnerList(input) || signature === undefined || isInnerList(signature)) continue;
    const checked = await check(request, { input, given: bytesOf(signature[0]) }, options);
    if (typeof checked !== 'string') return checked;
    if (checked !== '') why = checked;
  }
  throw invalid(why);
}

interface Candidate {
  readonly input: FieldInnerList;
  readonly given: Buffer | undefined;
}

/** What is verified, or why it is not; empty where the signature is not the caller's at all. */
async function check(
  request: SignableRequest,
  { input, given }: Candidate,
  options: VerifyOptions,
): Promise<VerifiedSignature | string> {
  const [, parameters] = input;
  const keyId: unknown = parameters.get('keyid');
  const found = typeof keyId === 'string' ? await options.findKey(keyId) : undefined;
  if (typeof keyId !== 'string' || found?.owner !== options.owner) return '';
  if (given === undefined) return 'The signature is not a byte sequence.';
  const alg: unknown = parameters.get('alg');
  if (alg !== undefined && alg !== found.algorithm) return 'The algorithm is not that of the key.';
  const created: unknown = parameters.get('created');
  const late = timeFault(created, parameters.get('expires'), options);
  if (late !== undefined) return late;
  const missing = uncovered(input, request, options.hasBody);
  if (missing !== undefined) return `The signature must cover ${missing}.`;
  const base = baseOf(request, input);
  if (typeof base === 'string') return base;
  if (!verifyBytes(found, base, given)) return 'The signature is not right.';
  const createdS = Number(created);
  if (!(await isFresh(parameters.get('nonce'), { base, keyId, createdS }, options))) {
    return 'The signature was used before.';
  }
  const tag: unknown = parameters.get('tag');
  return { keyId, createdS, tag: typeof tag === 'string' ? tag : undefined };
}

function timeFault(
  created: unknown,
  expires: unknown,
  { nowS, ageMaxS }: VerifyOptions,
): string | undefined {
  if (!Number.isSafeInteger(created)) return 'The signature does not say when it was made.';
  const createdS = Number(created);
  if (createdS > nowS + SKEW_S) return 'The signature was made in the future.';
  if (createdS < nowS - ageMaxS) return `The signature is older than ${ageMaxS} seconds.`;
  if (expires === undefined) return undefined;
  if (!Number.isSafeInteger(expires)) return 'The end of the signature is not a time.';
  return Number(expires) < nowS ? 'The signature is over.' : undefined;
}

/** What must be covered and is not, for the sentence to the caller. */
function uncovered(
  input: FieldInnerList,
  { headers }: SignableRequest,
  hasBody: boolean,
): string | undefined {
  const covered = plainlyCovered(input);
  const has = (...names: readonly string[]): boolean => names.every((name) => covered.has(name));
  if (!has('@method')) return '@method';
  const isTargetCovered =
    has('@target-uri') || (has('@authority') && (has('@request-target') || has('@path', '@query')));
  if (!isTargetCovered) return '@target-uri, or @authority, @path and @query';
  if (hasBody && !has('content-digest')) return 'content-digest';
  // Who asks, and what makes a repetition harmless, belong to what was meant.
  const carried = ['authorization', 'dpop', 'idempotency-key'].filter((name) => name in headers);
  return carried.find((name) => headers[name] !== undefined && !covered.has(name));
}

function baseOf(request: SignableRequest, input: FieldInnerList): Buffer | string {
  try {
    return signatureBase(request, input);
  } catch (error) {
    if (error instanceof ComponentError) return `What is signed is not clear: ${error.message}.`;
    throw error;
  }
}

async function isFresh(
  nonce: unknown,
  made: { readonly base: Buffer; readonly keyId: string; readonly createdS: number },
  { claim, ageMaxS }: VerifyOptions,
): Promise<boolean> {
  if (nonce === undefined || claim === undefined) return true;
  const hash = createHash('sha256').update(`${made.keyId}\n`).update(made.base).digest();
  return await claim(hash, made.createdS + ageMaxS + SKEW_S);
}

function textOf(value: string | readonly string[] | undefined): string {
  return typeof value === 'string' ? value : (value ?? []).join(', ');
}

function invalid(detail: string): EdgeRefusal {
  return new EdgeRefusal('signature_invalid', detail, { param: 'signature' });
}
