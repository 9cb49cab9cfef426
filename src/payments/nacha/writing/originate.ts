// Makes the header, batches and entries of a file that the bank originates. Names and texts are
// fitted to their fields; numbers are not: one that does not fit is a mistake of the caller.

import { assert } from '#kernel';
import { entryClasses } from '../standard/classes.ts';
import { checkDigitOf, serviceClasses, type Direction } from '../standard/codes.ts';
import { paymentAddenda } from '../standard/addenda.ts';
import { shortDateOf } from '../standard/record.ts';
import * as layouts from '../standard/layouts.ts';
import type { Field, Layout } from '../standard/layouts.ts';
import type { NachaBatch, NachaEntry, RecordValues } from './model.ts';

/** The largest amount of one entry, in cents: ten digits. */
export const nachaAmountMax = 9_999_999_999n;

export interface Institution {
  /** Nine digits; or, of a file's sender alone, ten characters agreed with the operator. */
  readonly routingNumber: string;
  readonly name: string;
}

export interface FileIdentity {
  readonly destination: Institution;
  readonly origin: Institution;
  /** `2026-11-21T13:05`, in the time of the bank. */
  readonly createdAt: string;
  /** Tells files of one minute apart: A to Z, then 0 to 9. */
  readonly modifier: string;
  readonly reference?: string;
}

export function fileHeaderOf({
  destination,
  origin,
  createdAt,
  modifier,
  reference,
}: FileIdentity): RecordValues {
  return fitted(layouts.fileHeader, {
    immediateDestination: destination.routingNumber.padStart(10),
    immediateOrigin: origin.routingNumber.padStart(10),
    fileCreationDate: shortDateOf(createdAt),
    fileCreationTime: createdAt.slice(11, 13) + createdAt.slice(14, 16),
    fileIdModifier: modifier,
    immediateDestinationName: destination.name,
    immediateOriginName: origin.name,
    referenceCode: reference ?? '',
  });
}

export interface Origination {
  readonly direction: Direction;
  readonly account: 'demand' | 'savings' | 'general_ledger' | 'loan';
  readonly purpose: 'live' | 'prenotification' | 'zero_dollar';
  readonly routingNumber: string;
  readonly accountNumber: string;
  /** In cents. */
  readonly amount: bigint;
  readonly name: string;
  readonly identification?: string | undefined;
  readonly discretionaryData?: string | undefined;
  /** Fills as many addenda records as its class allows. */
  readonly remittance?: string | undefined;
  /** The last seven digits of the trace number; ascending within a batch. */
  readonly sequence: number;
}

export interface OriginatedBatch {
  readonly companyName: string;
  readonly companyIdentification: string;
  readonly companyEntryDescription: string;
  readonly companyDiscretionaryData?: string;
  /** For the receiver to see; `SD1300` asks for settlement on the same day. */
  readonly companyDescriptiveDate?: string;
  readonly standardEntryClassCode: string;
  /** The day it should settle on. */
  readonly effectiveOn: string;
  /** The routing number of the bank that originates. */
  readonly originatingRoutingNumber: string;
  readonly batchNumber: number;
  readonly entries: readonly Origination[];
}

export function originatedBatch(batch: OriginatedBatch): NachaBatch {
  const directions = new Set(batch.entries.map(({ direction }) => direction));
  const only = directions.size === 1 ? [...directions][0] : undefined;
  const originatingDfi = batch.originatingRoutingNumber.slice(0, 8);
  return {
    header: fitted(layouts.batchHeader, {
      serviceClassCode: only === undefined ? serviceClasses.mixed : serviceClasses[`${only}s`],
      companyName: batch.companyName,
      companyDiscretionaryData: batch.companyDiscretionaryData ?? '',
      companyIdentification: batch.companyIdentification,
      standardEntryClassCode: batch.standardEntryClassCode,
      companyEntryDescription: batch.companyEntryDescription,
      companyDescriptiveDate: batch.companyDescriptiveDate ?? '',
      effectiveEntryDate: shortDateOf(batch.effectiveOn),
      originatorStatusCode: '1',
      originatingDfi,
      batchNumber: digits(batch.batchNumber, 7),
    }),
    entries: batch.entries.map((entry) =>
      originatedEntry(entry, batch.standardEntryClassCode, originatingDfi),
    ),
  };
}

const accountDigits = { demand: '2', savings: '3', general_ledger: '4', loan: '5' } as const;
const purposeDigits = { live: 2, prenotification: 3, zero_dollar: 4 } as const;

function transactionCodeOf({ direction, account, purpose }: Origination): string {
  if (account === 'loan' && direction === 'debit') {
    return '55';
  }
  const digit = purposeDigits[purpose] + (direction === 'debit' ? 5 : 0);
  return `${accountDigits[account]}${digit}`;
}

function originatedEntry(entry: Origination, code: string, originatingDfi: string): NachaEntry {
  const entryClass = entryClasses.get(code);
  assert(entryClass !== undefined, `${code} is a standard entry class`);
  assert(entry.amount >= 0n && entry.amount <= nachaAmountMax, 'an amount has ten digits at most');
  const trace = originatingDfi + digits(entry.sequence, 7);
  const { addenda } = entryClass;
  const remittances =
    addenda.type === '05' ? pieces(entry.remittance ?? '', 80).slice(0, addenda.max) : [];
  return {
    detail: fitted(entryClass.layout, {
      transactionCode: transactionCodeOf(entry),
      ...routingValues(entry.routingNumber),
      dfiAccountNumber: entry.accountNumber,
      amount: digits(entry.amount, 10),
      individualIdentification: entry.identification ?? '',
      individualName: entry.name,
      discretionaryData: entry.discretionaryData ?? '',
      numberOfAddenda: digits(remittances.length, 4),
      addendaRecordIndicator: remittances.length > 0 ? '1' : '0',
      traceNumber: trace,
    }),
    addenda: remittances.map((paymentRelatedInformation, index) =>
      fitted(paymentAddenda, {
        paymentRelatedInformation,
        sequenceNumber: digits(index + 1, 4),
        entryDetailSequenceNumber: trace.slice(8),
      }),
    ),
  };
}

/** The two fields of a routing number of nine digits. */
export function routingValues(routingNumber: string): {
  readonly receivingDfi: string;
  readonly checkDigit: string;
} {
  assert(/^\d{9}$/.test(routingNumber), 'a routing number has nine digits');
  const receivingDfi = routingNumber.slice(0, 8);
  const checkDigit = routingNumber.slice(8);
  assert(checkDigitOf(receivingDfi) === checkDigit, 'a routing number has a right check digit');
  return { receivingDfi, checkDigit };
}

export function digits(value: number | bigint, width: number): string {
  return String(value).padStart(width, '0');
}

function pieces(text: string, width: number): string[] {
  const ascii = asciiOf(text);
  const found: string[] = [];
  for (let start = 0; start < ascii.length; start += width) {
    found.push(ascii.slice(start, start + width).trimEnd());
  }
  return found;
}

/** Letters without their marks; what is no letter of ASCII becomes a full stop. Never longer. */
function asciiOf(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : Array.from(text, asciiLetterOf).join('');
}

function asciiLetterOf(letter: string): string {
  const base = letter.normalize('NFD').slice(0, 1);
  return base >= ' ' && base <= '~' ? base : '.';
}

/** Free texts, which may be cut to the width of their field. All others must fit it. */
const cut: ReadonlySet<string> = new Set([
  'companyName',
  'companyDiscretionaryData',
  'companyEntryDescription',
  'immediateDestinationName',
  'immediateOriginName',
  'individualName',
  'addendaInformation',
]);

/** The values of a record as reading it gives them. */
export function fitted(layout: Layout, values: RecordValues): RecordValues {
  return Object.fromEntries(
    layout.list.map((field) => [field.name, fit(field, values[field.name] ?? '')]),
  );
}

function fit(field: Field, value: string): string {
  if (field.kind === 'constant') {
    return field.constant;
  }
  const width = field.to - field.from + 1;
  const text = field.kind === 'text' ? asciiOf(value).trimEnd() : value;
  return cut.has(field.name) ? text.slice(0, width).trimEnd() : text;
}
