// TABLE  what the standard entry classes ask of their entries: direction, addenda, amounts and
// transaction codes (NACHA Operating Rules, Appendix Three, and the rules of each class in Article
// Two). IAT, COR and ADV have more rules of their own.

import {
  cieEntryDetail,
  corporateEntryDetail,
  entryDetail,
  iatEntryDetail,
  advEntryDetail,
  mteEntryDetail,
  popEntryDetail,
  shrEntryDetail,
  truncatedEntryDetail,
  type AnyEntryDetail,
} from './layouts.ts';
import type { Direction } from './codes.ts';

export interface EntryClass {
  readonly code: string;
  readonly layout: AnyEntryDetail;
  /** The only one there is. */
  readonly direction?: Direction;
  readonly addenda: { readonly type: '02' | '05' | '98' | '99' | 'iat'; min: number; max: number };
  /** In cents. */
  readonly amountMax?: bigint;
  readonly isAmountZero?: true;
  readonly transactionCodes?: ReadonlySet<string>;
  readonly companyEntryDescription?: string;
  /** The identification is the serial number of a check, or the cardholder's, and is needed. */
  readonly isIdentified?: true;
  readonly isCard?: true;
}

const none = { type: '05', min: 0, max: 0 } as const;
const oneAtMost = { type: '05', min: 0, max: 1 } as const;
const many = { type: '05', min: 0, max: 9_999 } as const;
const terminal = { type: '02', min: 1, max: 1 } as const;

/** A check turned into an entry: up to $25,000; one presented again or destroyed: up to $2,500. */
const conversionMax = 2_500_000n;
const representmentMax = 250_000n;

const acknowledgement = new Set(['24', '34']);

const table: readonly EntryClass[] = [
  {
    code: 'ACK',
    layout: entryDetail,
    addenda: oneAtMost,
    isAmountZero: true,
    transactionCodes: acknowledgement,
  },
  { code: 'ADV', layout: advEntryDetail, addenda: { type: '99', min: 0, max: 1 } },
  {
    code: 'ARC',
    layout: entryDetail,
    direction: 'debit',
    addenda: none,
    amountMax: conversionMax,
    isIdentified: true,
  },
  {
    code: 'ATX',
    layout: corporateEntryDetail,
    addenda: many,
    isAmountZero: true,
    transactionCodes: acknowledgement,
  },
  {
    code: 'BOC',
    layout: entryDetail,
    direction: 'debit',
    addenda: none,
    amountMax: conversionMax,
    isIdentified: true,
  },
  { code: 'CCD', layout: entryDetail, addenda: oneAtMost },
  { code: 'CIE', layout: cieEntryDetail, direction: 'credit', addenda: oneAtMost },
  {
    code: 'COR',
    layout: entryDetail,
    addenda: { type: '98', min: 1, max: 1 },
    isAmountZero: true,
    transactionCodes: new Set(['21', '26', '31', '36', '41', '46', '51', '56']),
  },
  { code: 'CTX', layout: corporateEntryDetail, addenda: many },
  {
    code: 'DNE',
    layout: entryDetail,
    addenda: { type: '05', min: 1, max: 1 },
    isAmountZero: true,
    transactionCodes: new Set(['21', '23', '31', '33']),
  },
  {
    code: 'ENR',
    layout: entryDetail,
    addenda: many,
    isAmountZero: true,
    // Some writers give the code of the account enrolled, others that of a prenotification to it.
    transactionCodes: new Set(['21', '22', '23', '27', '28', '31', '32', '33', '37', '38']),
    companyEntryDescription: 'AUTOENROLL',
  },
  { code: 'IAT', layout: iatEntryDetail, addenda: { type: 'iat', min: 7, max: 14 } },
  { code: 'MTE', layout: mteEntryDetail, addenda: terminal, isIdentified: true },
  {
    code: 'POP',
    layout: popEntryDetail,
    direction: 'debit',
    addenda: none,
    amountMax: conversionMax,
    isIdentified: true,
  },
  { code: 'POS', layout: entryDetail, addenda: terminal, isCard: true },
  { code: 'PPD', layout: entryDetail, addenda: oneAtMost },
  {
    code: 'RCK',
    layout: entryDetail,
    direction: 'debit',
    addenda: none,
    amountMax: representmentMax,
    companyEntryDescription: 'REDEPCHECK',
    isIdentified: true,
  },
  // Debits, and the credits that adjust them.
  { code: 'SHR', layout: shrEntryDetail, addenda: terminal, isCard: true },
  { code: 'TEL', layout: entryDetail, direction: 'debit', addenda: none },
  { code: 'TRC', layout: truncatedEntryDetail, direction: 'debit', addenda: none },
  { code: 'TRX', layout: corporateEntryDetail, direction: 'debit', addenda: many },
  { code: 'WEB', layout: entryDetail, addenda: oneAtMost },
  {
    code: 'XCK',
    layout: truncatedEntryDetail,
    direction: 'debit',
    addenda: none,
    amountMax: representmentMax,
  },
];

export const entryClasses: ReadonlyMap<string, EntryClass> = new Map(
  table.map((entryClass) => [entryClass.code, entryClass]),
);
