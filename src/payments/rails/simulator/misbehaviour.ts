// Owns how a simulated rail misbehaves: which of it happens to a payment is drawn from its seed and
// the payment's TxId, so the same run can be had again. Pure.

import { createHash } from 'node:crypto';

/** Chances from 0 to 1, each drawn for itself; times in milliseconds. */
export interface Misbehaviour {
  /** The other bank says no. */
  readonly reject: number;
  /** Answered only after `slowMs`, later than anybody waits. */
  readonly slow: number;
  /** Carried out, and never answered but to an enquiry. */
  readonly silent: number;
  /** Lost on the way: never carried out. */
  readonly lost: number;
  /** Answered twice. */
  readonly duplicate: number;
  /** Accompanied by an answer to a payment nobody made, or of another amount. */
  readonly wrong: number;
  /** Answered late enough for others to overtake. */
  readonly disordered: number;
  /** Sent back after it was settled. */
  readonly returned: number;
  readonly answerMs: number;
  readonly slowMs: number;
}

export const wellBehaved: Misbehaviour = {
  reject: 0,
  slow: 0,
  silent: 0,
  lost: 0,
  duplicate: 0,
  wrong: 0,
  disordered: 0,
  returned: 0,
  answerMs: 0,
  slowMs: 12_000,
};

/** All of it, to see what a bank makes of it. */
export const misbehaved: Misbehaviour = {
  reject: 0.05,
  slow: 0.03,
  silent: 0.03,
  lost: 0.02,
  duplicate: 0.05,
  wrong: 0.05,
  disordered: 0.2,
  returned: 0.03,
  answerMs: 5,
  slowMs: 12_000,
};

export type Chance = Exclude<keyof Misbehaviour, 'answerMs' | 'slowMs'>;

/** Whether it happens to this payment. */
export function happens(
  behaviour: Misbehaviour,
  chance: Chance,
  { seed, transactionId }: { readonly seed: number; readonly transactionId: string },
): boolean {
  if (behaviour[chance] === 0) return false;
  const hash = createHash('sha256').update(`${seed} ${chance} ${transactionId}`).digest();
  return hash.readUInt32BE(0) / 0x1_0000_0000 < behaviour[chance];
}
