// Owns the one table that says how each kind of transaction is booked. A combination of type,
// operation, k_symbol and bank that is not in it is an error naming the row, never a guess.

import type { Transaction } from './tables.ts';

/** Accounts of the bank's own, by path; nostros are one per other bank. */
export const vault = 'assets:cash:vault';
export const nostros = 'assets:nostro';
export const rounding = 'expenses:rounding';

export interface PostingKind {
  readonly name: string;
  /** What the customer's statement says; {bank} is the other bank's code. */
  readonly description: string;
  /** What the transaction does to the customer's account. */
  readonly side: 'credit' | 'debit';
  /** The bank's own account on the other side: a path, or `nostro` for the other bank's. */
  readonly against: string;
  /**
   * The clearing account that the money passes through in the same transfer. Its balance is always
   * zero, and its turnover is all that was paid for that purpose, whichever way it left.
   */
  readonly through?: string | undefined;
}

interface Rule extends PostingKind {
  readonly type: Transaction['type'];
  readonly operation: Transaction['operation'];
  readonly k_symbol: Transaction['k_symbol'];
  readonly isToBank: boolean;
}

const household = 'liabilities:clearing:household';
const insurance = 'liabilities:clearing:insurance';
const loans = 'liabilities:clearing:loans';
const pensions = 'liabilities:clearing:pensions';

const cashIn = { type: 'PRIJEM', operation: 'VKLAD', isToBank: false } as const;
const cashOut = { type: 'VYDAJ', operation: 'VYBER', isToBank: false } as const;
const bankIn = { type: 'PRIJEM', operation: 'PREVOD Z UCTU', isToBank: true } as const;
const bankOut = { type: 'VYDAJ', operation: 'PREVOD NA UCET', isToBank: true } as const;

const rules: readonly Rule[] = [
  {
    ...cashIn,
    k_symbol: '',
    name: 'cash_deposit',
    description: 'Cash deposit',
    side: 'credit',
    against: vault,
  },
  {
    ...cashOut,
    k_symbol: '',
    name: 'cash_withdrawal',
    description: 'Cash withdrawal',
    side: 'debit',
    against: vault,
  },
  // The same business under an older word: these rows say VYBER for their type as well.
  {
    ...cashOut,
    type: 'VYBER',
    k_symbol: '',
    name: 'cash_withdrawal',
    description: 'Cash withdrawal',
    side: 'debit',
    against: vault,
  },
  {
    ...cashOut,
    k_symbol: 'SIPO',
    name: 'household_payment_in_cash',
    description: 'Household payment in cash',
    side: 'debit',
    against: vault,
    through: household,
  },
  {
    type: 'VYDAJ',
    operation: 'VYBER KARTOU',
    isToBank: false,
    k_symbol: '',
    name: 'card_withdrawal',
    description: 'Card withdrawal',
    side: 'debit',
    against: 'liabilities:settlement:cards',
  },
  {
    ...bankIn,
    k_symbol: '',
    name: 'transfer_in',
    description: 'Transfer from bank {bank}',
    side: 'credit',
    against: 'nostro',
  },
  {
    ...bankIn,
    k_symbol: 'DUCHOD',
    name: 'pension',
    description: 'Pension from bank {bank}',
    side: 'credit',
    against: 'nostro',
    through: pensions,
  },
  {
    ...bankOut,
    k_symbol: '',
    name: 'transfer_out',
    description: 'Transfer to bank {bank}',
    side: 'debit',
    against: 'nostro',
  },
  {
    ...bankOut,
    k_symbol: 'SIPO',
    name: 'household_payment',
    description: 'Household payment to bank {bank}',
    side: 'debit',
    against: 'nostro',
    through: household,
  },
  {
    ...bankOut,
    k_symbol: 'POJISTNE',
    name: 'insurance_payment',
    description: 'Insurance payment to bank {bank}',
    side: 'debit',
    against: 'nostro',
    through: insurance,
  },
  {
    ...bankOut,
    k_symbol: 'UVER',
    name: 'loan_payment',
    description: 'Loan payment to bank {bank}',
    side: 'debit',
    against: 'nostro',
    through: loans,
  },
  {
    type: 'PRIJEM',
    operation: '',
    isToBank: false,
    k_symbol: 'UROK',
    name: 'interest',
    description: 'Interest',
    side: 'credit',
    against: 'expenses:interest:deposits',
  },
  {
    ...cashOut,
    k_symbol: 'SLUZBY',
    name: 'statement_fee',
    description: 'Statement fee',
    side: 'debit',
    against: 'income:fees:statement',
  },
  {
    ...cashOut,
    k_symbol: 'SANKC. UROK',
    name: 'penalty_interest',
    description: 'Penalty interest on an overdraft',
    side: 'debit',
    against: 'income:interest:penalty',
  },
];

type Words = Pick<Transaction, 'type' | 'operation' | 'k_symbol' | 'bank'>;

const keyOf = (words: Omit<Words, 'bank'>, isToBank: boolean): string =>
  [words.type, words.operation, words.k_symbol, isToBank ? 'bank' : ''].join(';');

const kinds: ReadonlyMap<string, PostingKind> = new Map(
  rules.map((rule) => [keyOf(rule, rule.isToBank), rule]),
);

export function postingKindOf(words: Words): PostingKind | undefined {
  return kinds.get(keyOf(words, words.bank !== ''));
}

/** Every path that a transaction can be booked against, nostros aside. */
export const ownPaths: readonly string[] = [
  ...new Set([
    rounding,
    ...rules.flatMap(({ against, through }) => [
      ...(against === 'nostro' ? [] : [against]),
      ...(through === undefined ? [] : [through]),
    ]),
  ]),
].toSorted();

/** English for the remaining words of the files. */
export const frequencies = {
  'POPLATEK MESICNE': 'monthly',
  'POPLATEK TYDNE': 'weekly',
  'POPLATEK PO OBRATU': 'after_transaction',
} as const;

export const orderPurposes = {
  '': 'unspecified',
  SIPO: 'household',
  UVER: 'loan',
  POJISTNE: 'insurance',
  LEASING: 'leasing',
} as const;

export const loanStates = {
  A: 'finished_paid',
  B: 'finished_unpaid',
  C: 'running_paid',
  D: 'running_in_debt',
} as const;

export const roles = { OWNER: 'owner', DISPONENT: 'disponent' } as const;
