// Reads CSV files as payments, by the mapping that their sender declared. Each record is a payment
// or a fault; a record that cannot be read at all ends the file with a fault.

import { currencyOf, minorUnitsOf, parseDate, type Currency } from '#kernel';
import type { FileEntry, FileFault, FileFormat, FileItem, FileParty } from '../files/format.ts';
import { csvFields, type CsvDateForm, type CsvField, type CsvMapping } from './mapping.ts';
import { readCsv, type CsvRecord } from './records.ts';

const RECORD_LENGTH_MAX = 65_536;
const FIELD_LENGTH_MAX = 500;
const AMOUNT_DIGITS_MAX = 18;
/** Line ends and tabs may stand in a quoted field. */
const CONTROL = /[^\P{Cc}\t\r\n]/u;

export function csvFormat(mapping: CsvMapping): FileFormat {
  return {
    name: 'csv',
    isLikely: (head) => head.includes(mapping.delimiter) && !head.includes(0),
    read: (source) => read(source, mapping),
  };
}

async function* read(source: AsyncIterable<Buffer>, mapping: CsvMapping): AsyncGenerator<FileItem> {
  yield { kind: 'file', format: 'csv', messageId: '', details: {} };
  const { delimiter, quote, encoding } = mapping;
  const form = { delimiter, quote, encoding, recordLengthMax: RECORD_LENGTH_MAX };
  const reader = new Reader(mapping);
  for await (const records of readCsv(source, form)) {
    for (const record of records) yield* reader.take(record);
  }
  yield* reader.end();
}

type Values = Readonly<Partial<Record<CsvField, string>>>;
type Places = readonly (readonly [CsvField, number])[];

class Reader {
  readonly #mapping: CsvMapping;
  #places: Places | undefined;
  #isOpen = false;
  #isBroken = false;
  #entries = 0;
  #debits = 0n;
  #credits = 0n;

  constructor(mapping: CsvMapping) {
    this.#mapping = mapping;
    if (!mapping.hasHeader) this.#places = placesOf(mapping, undefined).places;
  }

  *take(record: CsvRecord): Generator<FileItem> {
    if (this.#isBroken) return;
    const { line, fields } = record;
    if (fields === undefined) {
      this.#isBroken = true;
      const message = `line ${line}: ${record.fault ?? 'the record cannot be read'}`;
      yield fault({ scope: 'file', rule: 'csv_record_unreadable', message, record: line });
      return;
    }
    if (this.#places === undefined) {
      yield* this.#takeHeader(line, fields);
      return;
    }
    if (!this.#isOpen) yield this.#open(line);
    yield this.#takeRecord(line, fields, this.#places);
  }

  *end(): Generator<FileItem> {
    const { debits, credits } = { debits: this.#debits, credits: this.#credits };
    const totals = { entries: this.#entries, batches: this.#isOpen ? 1 : 0, debits, credits };
    if (!this.#isBroken && this.#places === undefined) {
      const message = 'the file has no header';
      yield fault({ scope: 'file', rule: 'csv_header_missing', message, record: 1 });
    }
    if (this.#isOpen) yield { kind: 'batch_end', batch: 0, totals };
    yield { kind: 'end', totals };
  }

  #open(record: number): FileItem {
    this.#isOpen = true;
    return { kind: 'batch', batch: 0, record, details: {} };
  }

  *#takeHeader(line: number, fields: readonly string[]): Generator<FileItem> {
    const { places, missing } = placesOf(this.#mapping, fields);
    this.#places = places;
    if (missing === undefined) return;
    this.#isBroken = true;
    const message = `line ${line}: there is no column "${missing}"`;
    const found = { scope: 'file', rule: 'csv_column_missing', message, record: line } as const;
    yield fault({ ...found, field: missing });
  }

  #takeRecord(line: number, fields: readonly string[], places: Places): FileItem {
    const index = this.#entries;
    this.#entries += 1;
    const values: Partial<Record<CsvField, string>> = { ...this.#mapping.constants };
    for (const [field, place] of places) {
      const text = (fields[place] ?? '').trim();
      if (text !== '') values[field] = text;
    }
    const entry = entryOf(values, this.#mapping, { index, record: line });
    if ('rule' in entry) return { kind: 'fault', fault: entry };
    if (entry.kind === 'debit') this.#debits += entry.amount;
    else this.#credits += entry.amount;
    return { kind: 'entry', entry };
  }
}

function fault(given: FileFault): FileItem {
  return { kind: 'fault', fault: given };
}

function placesOf(
  { columns }: CsvMapping,
  header: readonly string[] | undefined,
): { places: Places; missing?: string } {
  const names = header?.map((name, index) => (index === 0 ? withoutMark(name) : name).trim());
  const places: [CsvField, number][] = [];
  for (const field of csvFields) {
    const column = columns[field];
    if (column === undefined) continue;
    const place = names === undefined ? Number(column) - 1 : names.indexOf(column);
    if (place < 0) return { places, missing: column };
    places.push([field, place]);
  }
  return { places };
}

// A spreadsheet begins its UTF-8 with a byte order mark.
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

interface Place {
  readonly index: number;
  readonly record: number;
}

function entryOf(values: Values, mapping: CsvMapping, place: Place): FileEntry | FileFault {
  const bad = (field: CsvField, rule: string, message: string): FileFault => ({
    scope: 'entry',
    rule,
    message: `line ${place.record}: ${message}`,
    record: place.record,
    field: mapping.columns[field] ?? field,
    batch: 0,
    entry: place.index,
  });
  for (const field of csvFields) {
    if ((values[field]?.length ?? 0) > FIELD_LENGTH_MAX) {
      return bad(field, 'csv_field_too_long', `more than ${FIELD_LENGTH_MAX} characters`);
    }
    if (CONTROL.test(values[field] ?? '')) {
      return bad(field, 'csv_character_invalid', 'there is a control character');
    }
  }
  const currency = currencyOf(values.currency ?? '');
  if (currency === undefined) {
    return bad('currency', 'csv_currency_unknown', 'the currency is not one of ISO 4217');
  }
  const amount = amountOf(values.amount ?? '', currency, mapping);
  if (amount === undefined) {
    return bad('amount', 'csv_amount_invalid', `the amount is not one of ${currency}`);
  }
  if (amount === 0n) return bad('amount', 'csv_amount_zero', 'the amount is zero');
  const kind = kindOf(values, amount, mapping);
  if (kind === undefined) {
    return bad('kind', 'csv_kind_unknown', 'nothing says whether it is a credit or a debit');
  }
  const requestedOn = dateOf(values.requested_on, mapping.dateForm);
  if (requestedOn === 'invalid') {
    return bad('requested_on', 'csv_date_invalid', `the date is not a ${mapping.dateForm}`);
  }
  return {
    ...place,
    batch: 0,
    kind,
    amount: amount < 0n ? -amount : amount,
    currency,
    debtor: partyOf(values, 'debtor'),
    creditor: partyOf(values, 'creditor'),
    endToEndId: values.end_to_end_id,
    requestedOn,
    remittance: values.remittance,
    details: {},
  };
}

function partyOf(values: Values, side: 'debtor' | 'creditor'): FileParty {
  return {
    name: values[`${side}_name`],
    iban: values[`${side}_iban`]?.replaceAll(' ', '').toUpperCase(),
    account: values[`${side}_account`],
    agent: values[`${side}_agent`],
  };
}

const kindNames: Readonly<Record<string, 'credit' | 'debit'>> = {
  credit: 'credit',
  c: 'credit',
  cr: 'credit',
  crdt: 'credit',
  debit: 'debit',
  d: 'debit',
  dr: 'debit',
  dbit: 'debit',
};

function kindOf(
  values: Values,
  amount: bigint,
  { negative }: CsvMapping,
): 'credit' | 'debit' | undefined {
  if (values.kind !== undefined) {
    return amount < 0n ? undefined : kindNames[values.kind.toLowerCase()];
  }
  if (negative === undefined) return undefined;
  return amount < 0n === (negative === 'debit') ? 'debit' : 'credit';
}

/** Minor units, exactly: undefined rather than rounded. */
function amountOf(text: string, currency: Currency, mapping: CsvMapping): bigint | undefined {
  const { decimalSign, groupSign, isMinorUnits } = mapping;
  const sign = text.startsWith('-') ? -1n : 1n;
  const size = /^[+-]/.test(text) ? text.slice(1) : text;
  const [whole = '', fraction, ...more] = isMinorUnits ? [size] : size.split(decimalSign);
  const decimals = isMinorUnits ? 0 : minorUnitsOf(currency);
  const digits = groupSign === undefined ? whole : ungrouped(whole, groupSign);
  if (more.length > 0 || digits === undefined || !/^[0-9]+$/.test(digits)) return undefined;
  if (fraction !== undefined && !/^[0-9]+$/.test(fraction)) return undefined;
  if ((fraction?.length ?? 0) > decimals) return undefined;
  const all = `${digits}${(fraction ?? '').padEnd(decimals, '0')}`.replace(/^0+(?=.)/, '');
  return all.length > AMOUNT_DIGITS_MAX ? undefined : sign * BigInt(all);
}

function ungrouped(whole: string, groupSign: string): string | undefined {
  const [first = '', ...groups] = whole.split(groupSign);
  if (groups.length === 0) return whole;
  const isGrouped = first.length >= 1 && first.length <= 3 && groups.every((g) => g.length === 3);
  return isGrouped ? first + groups.join('') : undefined;
}

/** Where year, month and day stand in the digits of each form. */
const datePatterns: Readonly<Record<CsvDateForm, { pattern: RegExp; order: string }>> = {
  'YYYY-MM-DD': { pattern: /^(\d{4})-(\d{2})-(\d{2})$/, order: 'YMD' },
  YYYYMMDD: { pattern: /^(\d{4})(\d{2})(\d{2})$/, order: 'YMD' },
  'DD.MM.YYYY': { pattern: /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/, order: 'DMY' },
  'DD/MM/YYYY': { pattern: /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/, order: 'DMY' },
  'MM/DD/YYYY': { pattern: /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/, order: 'MDY' },
};

function dateOf(text: string | undefined, form: CsvDateForm): string | undefined {
  if (text === undefined) return undefined;
  const { pattern, order } = datePatterns[form];
  const parts = pattern.exec(text);
  if (parts === null) return 'invalid';
  const part = (name: string): string => parts[order.indexOf(name) + 1] ?? '';
  const date = `${part('Y')}-${part('M').padStart(2, '0')}-${part('D').padStart(2, '0')}`;
  return parseDate(date) === undefined ? 'invalid' : date;
}
