// Owns what a proof is worth: how many independent factors, and how tokens say it (amr, RFC 8176).
// Pure.

/**
 * pwd: the password. otp: a code of an authenticator application. recovery: a recovery code.
 * passkey: a device that verified its user, which is two factors at once.
 */
export type Proof = 'pwd' | 'otp' | 'recovery' | 'passkey';

export interface Assurance {
  readonly factors: 1 | 2;
  /** Authentication Method Reference Values, RFC 8176 section 2. */
  readonly amr: readonly string[];
}

export function assuranceOf(proven: readonly Proof[]): Assurance {
  const has = new Set(proven);
  const factors = has.has('passkey') || (has.has('pwd') && has.size > 1) ? 2 : 1;
  const amr: string[] = [];
  if (has.has('pwd')) amr.push('pwd');
  if (has.has('otp') || has.has('recovery')) amr.push('otp');
  if (has.has('passkey')) amr.push('pop', 'user');
  if (factors === 2) amr.push('mfa');
  return { factors, amr };
}
