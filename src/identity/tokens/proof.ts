// Owns what a DPoP proof must say (RFC 9449 §4.3), but for its signature and whether it was used
// before. Pure: a proof is right or it is not, and the reason is a sentence for whoever made it.

import { createHash, hash } from 'node:crypto';
import { assert } from '#kernel';
import type { Instant } from '#kernel';
import { thumbprintOf } from '#platform';
import type { TokenAlgorithm, UnverifiedToken } from '#platform';
import { textOf, timeOf } from './claims.ts';

export interface ProofDemands {
  readonly method: string;
  /** Absolute, without query and fragment. */
  readonly url: string;
  /** SHA-256 of the access token, base64url. */
  readonly tokenHash: string;
  /** The thumbprint of the key that the token is bound to. */
  readonly keyThumbprint: string;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly now: Instant;
  readonly ageMaxUs: number;
  readonly skewUs: number;
}

/** Why the proof is not the one asked for; undefined where it is. */
export function flawOf(proof: UnverifiedToken, demands: ProofDemands): string | undefined {
  const { claims, jwk, type, algorithm } = proof;
  if (type !== 'dpop+jwt') return 'Its type is not "dpop+jwt".';
  if (!demands.algorithms.includes(algorithm)) return 'Its algorithm is not accepted.';
  if (jwk === undefined) return 'It names no key.';
  if (thumbprintOf(jwk) !== demands.keyThumbprint) {
    return 'Its key is not the one the access token is bound to.';
  }
  if (textOf(claims['jti']) === undefined) return 'It has no jti of 1 to 255 characters.';
  if (claims['htm'] !== demands.method) return 'Its htm is not the method of the request.';
  if (!isSameUrl(claims['htu'], demands.url)) return 'Its htu is not the address of the request.';
  if (claims['ath'] !== demands.tokenHash) return 'Its ath is not the hash of the access token.';
  const issuedAt = timeOf(claims['iat']);
  if (issuedAt === undefined) return 'It does not say when it was made.';
  if (issuedAt > demands.now + demands.skewUs) return 'It was made in the future.';
  return issuedAt < demands.now - demands.ageMaxUs ? 'It was made too long ago.' : undefined;
}

/** Names a proof for ever: its key and its own id. 32 bytes. */
export function fingerprintOf(proof: UnverifiedToken, keyThumbprint: string): Buffer {
  const id = textOf(proof.claims['jti']);
  assert(id !== undefined, 'a proof is fingerprinted after it was judged');
  return createHash('sha256').update(`dpop ${keyThumbprint} ${id}`).digest();
}

/** The SHA-256 of a token, base64url: what `ath` holds. */
export function hashOf(token: string): string {
  return hash('sha256', token, 'base64url');
}

// RFC 9449 §4.3: compared after normalization, without query and fragment (RFC 3986 §6.2.2).
function isSameUrl(given: unknown, wanted: string): boolean {
  if (given === wanted) return true;
  if (typeof given !== 'string' || !URL.canParse(given) || !URL.canParse(wanted)) return false;
  const [one, other] = [new URL(given), new URL(wanted)];
  return one.origin === other.origin && one.pathname === other.pathname;
}
