// TABLE  what the bank says no to -> the reason code by which the sender of a file is told: NACHA's
// return reasons (Appendix Four of the Rules) or ISO 20022's ExternalStatusReason1Code.

import type { BankAccountStatus } from '#accounts';

export type ReasonList = 'nacha' | 'iso';

interface Reason {
  readonly nacha: string;
  readonly iso: string;
}

const reasons = {
  unknown_account: { nacha: 'R03', iso: 'AC01' },
  closed: { nacha: 'R02', iso: 'AC04' },
  blocked: { nacha: 'R16', iso: 'AC06' },
  insufficient: { nacha: 'R01', iso: 'AM04' },
  wrong_currency: { nacha: 'R20', iso: 'AM03' },
  refused_by_receiver: { nacha: 'R23', iso: 'AG01' },
  wrong_payer: { nacha: 'R17', iso: 'AC02' },
  no_mandate: { nacha: 'R07', iso: 'MD01' },
  other: { nacha: 'R17', iso: 'NARR' },
} as const satisfies Record<string, Reason>;

export type ReasonName = keyof typeof reasons;

/** By the code of a refusal, of the ledger or of payments. */
const reasonOfRefusal: Readonly<Record<string, ReasonName>> = {
  account_not_found: 'unknown_account',
  payment_account_unknown: 'unknown_account',
  account_closed: 'closed',
  account_frozen: 'blocked',
  insufficient_available: 'insufficient',
  ceiling_exceeded: 'refused_by_receiver',
  currency_mismatch: 'wrong_currency',
  payment_currency_mismatch: 'wrong_currency',
};

export function reasonFor(name: ReasonName, list: ReasonList): string {
  return reasons[name][list];
}

export function reasonOfCode(refusalCode: string, list: ReasonList): string {
  return reasonFor(reasonOfRefusal[refusalCode] ?? 'other', list);
}

/** Why an account of ours cannot take its side of a payment; undefined where it can. */
export function reasonOfStatus(
  status: BankAccountStatus,
  side: 'debit' | 'credit',
): ReasonName | undefined {
  if (status === 'closed') return 'closed';
  if (status === 'blocked') return 'blocked';
  return status === 'debits_blocked' && side === 'debit' ? 'blocked' : undefined;
}
