// Owns nonces for DPoP proofs (RFC 9449 §9), for those who want proofs made now and not in advance.
// A nonce is a function of the time and of a secret that every process of the installation has, so
// that none is stored and each takes the others'.

import { createHash, createHmac } from 'node:crypto';
import { MINUTE_US } from '#kernel';
import type { Instant } from '#kernel';
import type { Keys } from '#platform';

export interface ProofNonces {
  /** The nonce to be used now. */
  current(now: Instant): string;
  /** Also of the one before, so that a client is not refused at the turn. */
  isValid(nonce: unknown, now: Instant): boolean;
}

const TURN_US = 2 * MINUTE_US;
const KEY_NAME = 'proof-nonces';

export async function openProofNonces(keys: Keys): Promise<ProofNonces> {
  // Ed25519 signs the same text in the same way each time (RFC 8032 §5.1.6).
  const signature = await keys.sign(KEY_NAME, Buffer.from('florin proof nonces 1'));
  const secret = createHash('sha256').update(signature).digest();
  const nonceOf = (turn: number): string =>
    createHmac('sha256', secret).update(String(turn)).digest('base64url').slice(0, 22);
  const turnOf = (now: Instant): number => Math.floor(now / TURN_US);
  return {
    current: (now) => nonceOf(turnOf(now)),
    isValid(nonce, now) {
      const turn = turnOf(now);
      return nonce === nonceOf(turn) || nonce === nonceOf(turn - 1);
    },
  };
}
