// Owns how far a customer's identity is proven: the states and what may follow what. Pure. Only the
// clock makes a verification expire, and it does so at its deadline, whenever that is noticed.

import type { Instant } from '#kernel';

export const verificationStates = [
  'unverified',
  'pending',
  'verified',
  'refused',
  'expired',
] as const;

export type VerificationState = (typeof verificationStates)[number];

/** What somebody can decide; nothing follows what is not listed. */
export const verificationTransitions: Readonly<
  Record<VerificationState, readonly VerificationState[]>
> = {
  unverified: ['pending', 'verified', 'refused'],
  pending: ['unverified', 'verified', 'refused'],
  // Verified once more, by other evidence or for longer.
  verified: ['pending', 'verified', 'refused'],
  refused: ['pending'],
  expired: ['pending', 'verified', 'refused'],
};

export interface Verification {
  readonly state: VerificationState;
  /** How it was found out ("document", "bank_id"); of the latest decision, as all that follows. */
  readonly method: string | undefined;
  readonly by: string | undefined;
  readonly at: Instant | undefined;
  readonly expiresAt: Instant | undefined;
}

export const unverified: Verification = {
  state: 'unverified',
  method: undefined,
  by: undefined,
  at: undefined,
  expiresAt: undefined,
};

/** What it is at a time: expired from its deadline on, also before that is stored. */
export function verificationAt(stored: Verification, now: Instant): VerificationState {
  const { state, expiresAt } = stored;
  const isOver = state === 'verified' && expiresAt !== undefined && expiresAt <= now;
  return isOver ? 'expired' : state;
}
