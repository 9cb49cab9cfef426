// Owns the reading and verifying of signed tokens (JWS compact, RFC 7515). What a token says is of
// no worth before `isSignedBy` has answered; whatever an attacker can send is answered with
// undefined or false, never with an exception.

import { createHash } from 'node:crypto';
import { compactVerify, errors, importJWK } from 'jose';
import type { CryptoKey } from 'jose';

/** Signatures we know how to check. RS256 is for issuers that offer nothing better. */
export const tokenAlgorithms = ['PS256', 'ES256', 'EdDSA', 'RS256'] as const;

export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** The public half of a key (RFC 7517), as it stands in a key set or in a proof. */
export type PublicJwk = Readonly<Record<string, unknown>>;

/** What a signed token says, unverified or verified: the caller knows which. */
export type TokenClaims = Readonly<Record<string, unknown>>;

export interface UnverifiedToken {
  readonly algorithm: TokenAlgorithm;
  readonly keyId: string | undefined;
  /** `typ`, lower case, without "application/" before it (RFC 7515 §4.1.9). */
  readonly type: string | undefined;
  /** The key the token names itself, as DPoP proofs do. */
  readonly jwk: PublicJwk | undefined;
  readonly claims: TokenClaims;
}

/** A key that signatures can be checked with; made once, used often. */
export interface VerifyingKey {
  readonly algorithm: TokenAlgorithm;
  readonly key: CryptoKey;
}

const COMPACT = /^([A-Za-z0-9_-]{1,4096})\.([A-Za-z0-9_-]{1,16384})\.([A-Za-z0-9_-]{1,2048})$/;

/** What a token says of itself, unverified; undefined of what is no token we could check. */
export function readToken(text: string): UnverifiedToken | undefined {
  const [, headerPart = '', claimsPart = ''] = COMPACT.exec(text) ?? [];
  const header = objectIn(headerPart);
  const claims = objectIn(claimsPart);
  if (header === undefined || claims === undefined) return undefined;
  const { alg, kid, typ, jwk } = header;
  const algorithm = tokenAlgorithms.find((each) => each === alg);
  if (algorithm === undefined) return undefined;
  return {
    algorithm,
    keyId: typeof kid === 'string' && kid.length <= 256 ? kid : undefined,
    type: typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined,
    jwk: isObject(jwk) ? jwk : undefined,
    claims,
  };
}

/** Undefined where the key is not one for this algorithm, or holds a secret. */
export async function importKey(
  jwk: PublicJwk,
  algorithm: TokenAlgorithm,
): Promise<VerifyingKey | undefined> {
  const members = membersOf(jwk, algorithm);
  if (members === undefined) return undefined;
  try {
    // Only the members that make the key: the others could ask for another use or algorithm.
    const key = await importJWK({ ...members, alg: algorithm }, algorithm);
    return key instanceof Uint8Array ? undefined : { algorithm, key };
  } catch {
    // Whatever the platform's cryptography objects to: a point off the curve, a broken modulus.
    return undefined;
  }
}

/** Whether the key signed the token. Of an algorithm other than the key's it did not. */
export async function isSignedBy(text: string, { key, algorithm }: VerifyingKey): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    // A key that is too short for its algorithm is a TypeError of the library.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}

/** The SHA-256 thumbprint of a key (RFC 7638), base64url; undefined of a key of no known kind. */
export function thumbprintOf(jwk: PublicJwk): string | undefined {
  const kind = kinds.find(({ kty }) => kty === jwk['kty']);
  const required = kind === undefined ? undefined : textsOf(jwk, kind.members);
  if (required === undefined) return undefined;
  // The names are in lexicographic order, as §3.3 of the RFC asks.
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}

/** The members that make a key of each kind (RFC 7638 §3.2, RFC 8037 §2), in order. */
const kinds = [
  { kty: 'EC', members: ['crv', 'kty', 'x', 'y'] },
  { kty: 'OKP', members: ['crv', 'kty', 'x'] },
  { kty: 'RSA', members: ['e', 'kty', 'n'] },
] as const;

const keyKinds: Readonly<Record<TokenAlgorithm, { readonly kty: string; readonly crv?: string }>> =
  {
    ES256: { kty: 'EC', crv: 'P-256' },
    EdDSA: { kty: 'OKP', crv: 'Ed25519' },
    PS256: { kty: 'RSA' },
    RS256: { kty: 'RSA' },
  };

/** The bytes of an RSA modulus of 2,048 bits (FAPI 2.0 §5.4.1), and the largest worth the time. */
const MODULUS_CHARACTERS_MIN = 342;
const MODULUS_CHARACTERS_MAX = 1_366;
/** Parameters of private keys, and of secret ones (RFC 7518 §6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

function membersOf(jwk: PublicJwk, algorithm: TokenAlgorithm): PublicJwk | undefined {
  const wanted = keyKinds[algorithm];
  const kind = kinds.find(({ kty }) => kty === jwk['kty']);
  if (kind === undefined || kind.kty !== wanted.kty || jwk['crv'] !== wanted.crv) return undefined;
  if (SECRET_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return undefined;
  if (jwk['alg'] !== undefined && jwk['alg'] !== algorithm) return undefined;
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return undefined;
  const members = textsOf(jwk, kind.members);
  const modulus = members?.['n'];
  if (modulus === undefined) return members;
  const isUsable =
    modulus.length >= MODULUS_CHARACTERS_MIN && modulus.length <= MODULUS_CHARACTERS_MAX;
  return isUsable ? members : undefined;
}

function textsOf(
  jwk: PublicJwk,
  names: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const texts: Record<string, string> = {};
  for (const name of names) {
    const value = jwk[name];
    if (typeof value !== 'string' || value.length > MODULUS_CHARACTERS_MAX) return undefined;
    texts[name] = value;
  }
  return texts;
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
