// Every way the ledger says no. Codes are stable for ever; the reference page lists each of them.

import type { Refusal, Result } from '#kernel';

/** HTTP status, title and whether the same request can succeed later without being changed. */
export interface RefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const postRefusals = {
  account_not_found: kind(422, 'No such account'),
  account_closed: kind(422, 'The account is closed'),
  account_frozen: kind(422, 'The account is frozen on this side', true),
  currency_mismatch: kind(422, 'The account has another currency'),
  unbalanced: kind(422, 'Debits and credits differ'),
  too_few_legs: kind(422, 'A transfer needs a debit and a credit'),
  two_remaining_legs: kind(422, 'Two legs of one currency take the remainder'),
  insufficient_available: kind(422, 'Not enough available', true),
  ceiling_exceeded: kind(422, 'The balance would rise above the ceiling', true),
  amount_overflow: kind(422, 'The account would count beyond its range'),
  nothing_to_move: kind(422, 'Nothing is left to move', true),
  condition_available_not_met: kind(422, 'Less is available than the condition asks', true),
  condition_balance_not_met: kind(422, 'The balance is lower than the condition asks', true),
  condition_version_not_met: kind(422, 'The account has another version than the condition asks'),
  exchange_required: kind(422, 'A transfer in two currencies needs its exchange rate'),
  exchange_currencies_mismatch: kind(422, 'The exchange names other currencies than the legs'),
  exchange_rate_mismatch: kind(422, 'The amounts do not follow from the exchange rate'),
  effective_at_out_of_range: kind(422, 'The effective time is out of range'),
  period_closed: kind(422, 'The period is closed'),
  deadline_passed: kind(422, 'The deadline is not in the future'),
  hold_not_found: kind(422, 'No such hold'),
  hold_expired: kind(422, 'The hold has expired'),
  hold_captured: kind(422, 'The hold is captured in full'),
  hold_voided: kind(422, 'The hold is voided'),
  capture_exceeds_hold: kind(422, 'More than is held'),
  legs_required: kind(422, 'The amount does not say which legs it means'),
  leg_not_found: kind(422, 'No such leg'),
  transfer_not_found: kind(422, 'No such transfer'),
  not_reversible: kind(422, 'This kind of transfer cannot be reversed'),
  already_reversed: kind(422, 'The transfer is reversed in full'),
  reversal_exceeds_transfer: kind(422, 'More than is left to reverse'),
  exists_with_different_kind: kind(409, 'The external id belongs to another kind of transfer'),
  exists_with_different_hold: kind(409, 'The external id belongs to another hold'),
  exists_with_different_transfer: kind(409, 'The external id reverses another transfer'),
  exists_with_different_legs: kind(409, 'The external id has other legs'),
  exists_with_different_account: kind(409, 'The external id has other accounts'),
  exists_with_different_amount: kind(409, 'The external id has another amount'),
  exists_with_different_effective_at: kind(409, 'The external id has another effective time'),
  exists_with_different_deadline: kind(409, 'The external id has another deadline'),
  exists_with_different_exchange: kind(409, 'The external id has another exchange rate'),
  exists_with_different_description: kind(409, 'The external id has another description'),
  exists_with_different_metadata: kind(409, 'The external id has other metadata'),
  exists_with_different_content: kind(409, 'The external id has other content'),
  linked_transfer_failed: kind(422, 'A linked transfer was refused'),
  linked_chain_open: kind(422, 'The last transfer of the list is linked to nothing'),
  not_attempted: kind(422, 'Not attempted after an earlier refusal', true),
} as const satisfies Record<string, RefusalKind>;

export const accountRefusals = {
  account_unknown: kind(404, 'No such account'),
  account_exists_with_different_content: kind(409, 'The external id has another account'),
  account_currency_unknown: kind(422, 'No such currency'),
  account_limits_crossed: kind(422, 'The ceiling is below the floor'),
  account_limit_below_balance: kind(422, 'The balance is already beyond the limit', true),
  account_not_empty: kind(422, 'The account is not empty', true),
  account_closed_for_good: kind(422, 'A closed account cannot be changed'),
} as const satisfies Record<string, RefusalKind>;

export const readRefusals = {
  transfer_unknown: kind(404, 'No such transfer'),
  hold_unknown: kind(404, 'No such hold'),
  batch_unknown: kind(404, 'No such batch'),
} as const satisfies Record<string, RefusalKind>;

export const periodRefusals = {
  period_already_closed: kind(422, 'The period is closed already'),
  period_not_over: kind(422, 'The period has not ended yet', true),
} as const satisfies Record<string, RefusalKind>;

export const refusals = {
  ...postRefusals,
  ...accountRefusals,
  ...readRefusals,
  ...periodRefusals,
} as const;

export type PostRefusalCode = keyof typeof postRefusals;
export type AccountRefusalCode = keyof typeof accountRefusals;
export type ReadRefusalCode = keyof typeof readRefusals;
export type PeriodRefusalCode = keyof typeof periodRefusals;

/** An expected no: its code, a sentence with the figures, and the place it is about. */
export interface LedgerRefusal<Code extends string = keyof typeof refusals> extends Refusal {
  readonly code: Code;
  readonly message: string;
  /** Which leg of the instruction, from 0, when one is at fault. */
  readonly leg?: number | undefined;
  /** Which member of the request is at fault, as a dotted path. */
  readonly param?: string;
}

export type PostRefusal = LedgerRefusal<PostRefusalCode>;
export type PostResult<T> = Result<T, PostRefusal>;
