// Every way that accounts, products and holders say no. Codes are stable for ever; the reference
// page lists each of them.

import { refuse, type Refusal, type Refused } from '#kernel';

/** HTTP status, title and whether the same request can succeed later without being changed. */
interface RefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const bankAccountRefusals = {
  product_unknown: kind(404, 'No such product'),
  product_terms_invalid: kind(422, 'The terms of the product do not fit together'),
  product_identity_fixed: kind(422, 'The kind and the currency of a product never change'),
  product_date_passed: kind(422, 'A version of a product begins after the one before, from today'),
  bank_account_unknown: kind(404, 'No such bank account'),
  bank_account_exists_with_different_content: kind(409, 'The external id has another account'),
  bank_account_closed: kind(422, 'The bank account is closed'),
  bank_account_status_unchanged: kind(409, 'The bank account has that status already'),
  bank_account_not_dormant: kind(409, 'The bank account is not dormant'),
  bank_account_not_empty: kind(422, 'The bank account has a balance or open holds', true),
  bank_account_blocked: kind(422, 'The bank account is blocked'),
  bank_account_payout_refused: kind(422, 'The rest cannot be paid out to that account'),
  account_number_invalid: kind(422, 'The account number is not valid'),
  account_number_taken: kind(409, 'The account number belongs to another account'),
  ledger_account_unfit: kind(422, 'That account of the ledger cannot become this bank account'),
  overdraft_exceeded: kind(422, 'The overdraft is above that of the product'),
  overdraft_in_use: kind(422, 'More of the overdraft is in use', true),
  owner_required: kind(422, 'A bank account needs an owner'),
  holder_unknown: kind(404, 'The customer does not hold the account'),
  holder_exists: kind(409, 'The customer holds the account already'),
  holders_too_many: kind(422, 'The account has as many holders as it can have'),
  holder_customer_unknown: kind(422, 'No such customer can hold the account'),
} as const satisfies Record<string, RefusalKind>;

export type BankAccountRefusalCode = keyof typeof bankAccountRefusals;

export interface BankAccountRefusal extends Refusal {
  readonly code: BankAccountRefusalCode;
  readonly message: string;
  readonly param?: string;
}

export function no(
  code: BankAccountRefusalCode,
  message: string,
  param?: string,
): Refused<BankAccountRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
