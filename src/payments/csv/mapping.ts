// Owns how the sender of CSV files declares what their columns mean. Pure. Every field of a payment
// is taken from one column or is the same in all records; what is neither is not known.

export const csvFields = [
  'amount',
  'currency',
  'kind',
  'debtor_name',
  'debtor_iban',
  'debtor_account',
  'debtor_agent',
  'creditor_name',
  'creditor_iban',
  'creditor_account',
  'creditor_agent',
  'end_to_end_id',
  'requested_on',
  'remittance',
] as const;
export type CsvField = (typeof csvFields)[number];

export const csvDateForms = [
  'YYYY-MM-DD',
  'YYYYMMDD',
  'DD.MM.YYYY',
  'DD/MM/YYYY',
  'MM/DD/YYYY',
] as const;
export type CsvDateForm = (typeof csvDateForms)[number];

export const csvEncodings = ['utf-8', 'windows-1252'] as const;

export interface CsvMapping {
  readonly delimiter: ',' | ';' | '\t' | '|';
  readonly quote: '"' | "'";
  /** Whether the first record names the columns; they are found by those names then. */
  readonly hasHeader: boolean;
  readonly encoding: (typeof csvEncodings)[number];
  /** The column's name or, without a header, its number from 1. */
  readonly columns: Readonly<Partial<Record<CsvField, string>>>;
  /** What is the same in all records. */
  readonly constants: Readonly<Partial<Record<CsvField, string>>>;
  readonly decimalSign: '.' | ',';
  /** Between groups of three digits, where there may be one. */
  readonly groupSign: '.' | ',' | ' ' | "'" | undefined;
  /** Whether amounts are whole numbers of minor units. */
  readonly isMinorUnits: boolean;
  /** What an amount below zero means; refused where it means nothing. */
  readonly negative: 'debit' | 'credit' | undefined;
  readonly dateForm: CsvDateForm;
}

const COLUMN_NUMBER = /^[1-9][0-9]{0,2}$/;

/** What is wrong with a mapping, in a sentence; undefined if nothing is. */
export function checkMapping(mapping: CsvMapping): string | undefined {
  const { columns, constants } = mapping;
  const names = Object.values(columns);
  if (columns.amount === undefined) return 'the amount must come from a column';
  const both = csvFields.find((field) => field in columns && field in constants);
  if (both !== undefined) return `${both} is both a column and a constant`;
  if (!('currency' in columns) && !('currency' in constants)) {
    return 'the currency is neither a column nor a constant';
  }
  const kind = constants.kind;
  if (kind !== undefined && kind !== 'credit' && kind !== 'debit') {
    return 'the kind is neither credit nor debit';
  }
  if (kind === undefined && columns.kind === undefined && mapping.negative === undefined) {
    return 'nothing says whether a record is a credit or a debit';
  }
  if (mapping.decimalSign === mapping.groupSign) {
    return 'the decimal sign cannot stand between groups of digits too';
  }
  const wrong = mapping.hasHeader ? undefined : names.find((name) => !COLUMN_NUMBER.test(name));
  return wrong === undefined ? undefined : `without a header "${wrong}" is no number of a column`;
}
