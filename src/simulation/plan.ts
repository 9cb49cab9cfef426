// Owns the names that a history has for its accounts and items, and what is known while it is made.

import type { AccountId, TransferId } from '#kernel';
import type { Instruction } from '#ledger';
import type { OracleTerms } from './oracle/account.ts';
import type { Oracle } from './oracle/oracle.ts';
import type { Random } from './random.ts';

/** An instruction and its number, by which later ones refer to what it made. */
export interface Planned {
  readonly item: number;
  readonly instruction: Instruction;
}

/** An account number that no history opens. */
export const ACCOUNT_UNKNOWN = 99;

export const accountName = (account: number): AccountId => `acc_${account}` as AccountId;
export const itemName = (item: number): TransferId => `trf_${item}` as TransferId;

/** What was asked so far and came of it, for the choice of what to ask next. */
export interface Plan {
  readonly random: Random;
  readonly accounts: readonly OracleTerms[];
  /** The history as it goes, under its own names: a choice that can succeed needs to know. */
  readonly oracle: Oracle;
  readonly planned: Planned[];
  readonly hasHugeAmounts: boolean;
  now: number;
}
