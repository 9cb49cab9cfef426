// Owns the noun signing key: what the provider signs tokens with. A key is published before it
// signs and until the last token it signed is over; its state follows from the time alone, so that
// every process and every reader of the key set agrees on it without a word.

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { assert, SECOND_US, type Instant } from '#kernel';
import { thumbprintOf, type PrivateJwk, type PublicJwk } from '#platform';

export const signingAlgorithms = ['ES256', 'PS256', 'EdDSA'] as const;

export type SigningAlgorithm = (typeof signingAlgorithms)[number];

export interface SigningKey {
  /** RFC 7638. */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: PublicJwk;
  readonly createdAt: Instant;
  readonly signsFrom: Instant;
  /** Undefined until a successor is known. */
  readonly signsUntil: Instant | undefined;
  readonly publishedUntil: Instant | undefined;
}

export type SigningKeyState = 'upcoming' | 'active' | 'retiring' | 'over';

export function stateOf(key: SigningKey, now: Instant): SigningKeyState {
  if (key.publishedUntil !== undefined && now >= key.publishedUntil) return 'over';
  if (now < key.signsFrom) return 'upcoming';
  return key.signsUntil === undefined || now < key.signsUntil ? 'active' : 'retiring';
}

/** Those that are published at the time: the one that signs first, then the newest. */
export function publishedAt<Key extends SigningKey>(keys: readonly Key[], now: Instant): Key[] {
  const published = keys.filter((key) => stateOf(key, now) !== 'over');
  const rank = (key: SigningKey): number => (stateOf(key, now) === 'active' ? 0 : 1);
  return published.toSorted((a, b) => rank(a) - rank(b) || b.signsFrom - a.signsFrom);
}

export interface Succession {
  /** When the new key begins to sign, and the old one ends. */
  readonly signsFrom: Instant;
  /** Until when the old one is published. */
  readonly publishedUntil: Instant;
}

/** How long a key is published before it signs, and after it has signed, in seconds. */
export interface KeyPace {
  readonly announcedS: number;
  readonly keptS: number;
}

/** How a new key follows the present one. The first of all signs at once: nobody has another. */
export function successionOf(
  present: SigningKey | undefined,
  now: Instant,
  { announcedS, keptS }: KeyPace,
): Succession {
  const signsFrom = present === undefined ? now : now + announcedS * SECOND_US;
  const publishedUntil = signsFrom + keptS * SECOND_US;
  return { signsFrom: signsFrom as Instant, publishedUntil: publishedUntil as Instant };
}

export interface NewSigningKey {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateJwk: PrivateJwk;
}

const RSA_BITS = 3_072;

export function newSigningKey(algorithm: SigningAlgorithm): NewSigningKey {
  const { privateKey, publicKey } = newPair(algorithm);
  const bare = publicKey.export({ format: 'jwk' }) as Record<string, string>;
  const kid = thumbprintOf(bare);
  assert(kid !== undefined, 'a key that was just made has a thumbprint');
  const about = { alg: algorithm, kid, use: 'sig' };
  return {
    kid,
    publicJwk: { ...bare, ...about },
    privateJwk: { ...(privateKey.export({ format: 'jwk' }) as Record<string, string>), ...about },
  };
}

function newPair(algorithm: SigningAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
}
