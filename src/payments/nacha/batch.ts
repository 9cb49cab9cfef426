// Owns a batch that is being read: what its header says and asks, and whether its control agrees
// with its entries.

import type { FileItem } from '../files/format.ts';
import { currencyOf } from '#kernel';
import { entryClasses, type EntryClass } from './standard/classes.ts';
import { countries, serviceClasses, type Direction } from './standard/codes.ts';
import * as layouts from './standard/layouts.ts';
import { numberOf, textOf, type Values } from './standard/record.ts';
import type { RecordLine } from './lines.ts';
import type { Place, Sink } from './sink.ts';
import { checkSums, noSums, totalsOf, type Sums } from './totals.ts';

export interface OpenBatch {
  readonly index: number;
  readonly record: number;
  readonly isIat: boolean;
  /** Absent where the header names none that the standard has. */
  readonly entryClass: EntryClass | undefined;
  readonly header: Pick<
    Values<typeof layouts.batchHeader>,
    | 'serviceClassCode'
    | 'companyIdentification'
    | 'companyEntryDescription'
    | 'originatorStatusCode'
    | 'originatingDfi'
    | 'batchNumber'
  >;
  /** Who originated its entries; of IAT, addenda records say it. */
  readonly companyName: string;
  readonly requestedOn: string | undefined;
  readonly sums: Sums;
  lastTrace: string;
  /** What the first entry was, by which the others are measured. */
  kind: string | undefined;
}

function isIatHeader(line: string): boolean {
  const { standardEntryClassCode, companyName } = layouts.batchHeader.fields;
  return textOf(line, standardEntryClassCode) === 'IAT' || textOf(line, companyName) === 'IATCOR';
}

export function openBatch(
  sink: Sink,
  { text: line, number: record }: RecordLine,
  { index, requestedOn }: { index: number; requestedOn: (text: string) => string | undefined },
): OpenBatch {
  const isIat = isIatHeader(line);
  const layout = isIat ? layouts.iatBatchHeader : layouts.batchHeader;
  const fields = layouts.batchHeader.fields;
  const place: Place = { scope: 'batch', record, batch: index };
  sink.check(place, layout, line);
  const code = textOf(line, fields.standardEntryClassCode);
  const batch: OpenBatch = {
    index,
    record,
    isIat,
    entryClass: isIat && code === 'COR' ? entryClasses.get('IAT') : entryClasses.get(code),
    header: {
      serviceClassCode: textOf(line, fields.serviceClassCode),
      companyIdentification: textOf(line, fields.companyIdentification),
      companyEntryDescription: textOf(line, fields.companyEntryDescription),
      originatorStatusCode: textOf(line, fields.originatorStatusCode),
      originatingDfi: textOf(line, fields.originatingDfi),
      batchNumber: textOf(line, fields.batchNumber),
    },
    companyName: isIat ? '' : textOf(line, fields.companyName),
    requestedOn: requestedOn(textOf(line, fields.effectiveEntryDate)),
    sums: noSums(),
    lastTrace: '',
    kind: undefined,
  };
  checkHeader(sink, place, batch, code);
  if (isIat) {
    checkIatHeader(sink, place, line);
  }
  sink.put({ kind: 'batch', batch: index, record, details: detailsOf(layout, line) });
  return batch;
}

/** Whether only the direction is in the batch that its entry class does not have. */
function isOtherDirectionOnly({ header }: OpenBatch, direction: Direction | undefined): boolean {
  const other = { debit: serviceClasses.credits, credit: serviceClasses.debits };
  return (
    direction !== undefined &&
    header.serviceClassCode === other[direction] &&
    !isReversal(header.companyEntryDescription)
  );
}

/** Reversing entries go the other way than the class they reverse. */
export function isReversal(companyEntryDescription: string): boolean {
  return companyEntryDescription === 'REVERSAL';
}

function checkHeader(sink: Sink, place: Place, batch: OpenBatch, code: string): void {
  const { serviceClassCode, originatorStatusCode, companyEntryDescription } = batch.header;
  const fields = layouts.batchHeader.fields;
  const { entryClass } = batch;
  const isAdvice = code === 'ADV';
  const known: readonly string[] = Object.values(serviceClasses);
  if (!known.includes(serviceClassCode)) {
    const problem = 'no service class has this code';
    sink.fault(place, 'nacha_service_class_unknown', problem, fields.serviceClassCode);
  } else if (
    entryClass !== undefined &&
    (serviceClassCode === serviceClasses.advices) !== isAdvice
  ) {
    const problem = '280 is the service class of ADV, and of ADV alone';
    sink.fault(place, 'nacha_service_class_not_allowed', problem, fields.serviceClassCode);
  } else if (isOtherDirectionOnly(batch, entryClass?.direction)) {
    const problem = `${code} has ${entryClass?.direction ?? 'no'}s only`;
    sink.fault(place, 'nacha_service_class_not_allowed', problem, fields.serviceClassCode);
  }
  if (entryClass === undefined) {
    const problem = 'no standard entry class has this code';
    sink.fault(place, 'nacha_entry_class_unknown', problem, fields.standardEntryClassCode);
  }
  const isStatusRight = isAdvice
    ? originatorStatusCode === '0'
    : originatorStatusCode === '1' ||
      originatorStatusCode === '2' ||
      (batch.isIat && originatorStatusCode === '0');
  if (!isStatusRight) {
    const problem = 'expected 1 or 2 (0 is of ADV)';
    sink.fault(place, 'nacha_originator_status_wrong', problem, fields.originatorStatusCode);
  }
  const description = entryClass?.companyEntryDescription;
  if (description !== undefined && companyEntryDescription !== description) {
    const problem = `${code} says ${description} there`;
    sink.fault(place, 'nacha_company_entry_description_wrong', problem);
  }
}

function checkIatHeader(sink: Sink, place: Place, line: string): void {
  const fields = layouts.iatBatchHeader.fields;
  const isCorrection = textOf(line, fields.iatIndicator) === 'IATCOR';
  if (isCorrection !== (textOf(line, fields.standardEntryClassCode) === 'COR')) {
    const problem = 'a notification of change of IAT is IATCOR and COR, both';
    sink.fault(place, 'nacha_iat_indicator_wrong', problem, fields.iatIndicator);
  }
  if (!/^(?:FV|VF|FF)$/.test(textOf(line, fields.foreignExchangeIndicator))) {
    const field = fields.foreignExchangeIndicator;
    sink.fault(place, 'nacha_foreign_exchange_indicator_wrong', 'expected FV, VF or FF', field);
  }
  if (!/^[123]$/.test(textOf(line, fields.foreignExchangeReferenceIndicator))) {
    const field = fields.foreignExchangeReferenceIndicator;
    sink.fault(place, 'nacha_foreign_exchange_reference_wrong', 'expected 1, 2 or 3', field);
  }
  if (!countries.has(textOf(line, fields.isoDestinationCountryCode))) {
    const problem = 'no country has this code (ISO 3166)';
    sink.fault(place, 'nacha_country_unknown', problem, fields.isoDestinationCountryCode);
  }
  for (const field of [fields.isoOriginatingCurrencyCode, fields.isoDestinationCurrencyCode]) {
    if (currencyOf(textOf(line, field)) === undefined) {
      sink.fault(place, 'nacha_currency_unknown', 'no currency has this code (ISO 4217)', field);
    }
  }
}

/** The whole header, as the standard names its fields, and what its codes say. */
function detailsOf(layout: layouts.Layout, line: string): Readonly<Record<string, string>> {
  const details: Record<string, string> = {};
  for (const field of layout.list) {
    const text = textOf(line, field);
    if (field.kind !== 'constant' && text !== '') {
      details[field.name] = text;
    }
  }
  // The agreed form of asking for settlement on the same day, with its deadline: SD1300.
  const deadline = /^SD([01]\d|2[0-3])([0-5]\d)$/.exec(details['companyDescriptiveDate'] ?? '');
  if (deadline !== null) {
    details['sameDayDeadline'] = `${deadline[1]}:${deadline[2]}`;
  }
  return details;
}

export function closeBatch(
  sink: Sink,
  batch: OpenBatch,
  { text: line, number: record }: RecordLine,
): void {
  const { strictness } = sink;
  const place: Place = { scope: 'batch', record, batch: batch.index };
  const isAdvice = batch.entryClass?.code === 'ADV';
  const layout = isAdvice ? layouts.advBatchControl : layouts.batchControl;
  sink.check(place, layout, line);
  checkSums(sink, place, batch.sums.control, { layout, line });

  const { fields } = layout;
  const same: [keyof OpenBatch['header'], layouts.Field][] = [
    ['originatingDfi', fields.originatingDfi],
    ['batchNumber', fields.batchNumber],
  ];
  if (!strictness.isLenient('any_service_class_in_control')) {
    same.push(['serviceClassCode', fields.serviceClassCode]);
  }
  if (!isAdvice && !batch.isIat && !strictness.isLenient('any_company_in_control')) {
    same.push(['companyIdentification', layouts.batchControl.fields.companyIdentification]);
  }
  for (const [name, field] of same) {
    if (textOf(line, field) !== batch.header[name]) {
      sink.fault(place, 'nacha_control_differs', 'expected what the batch header says', field);
    }
  }
  const { totalDebits, totalCredits } = batch.sums.control;
  if (strictness.options.isBalanceRequired === true && totalDebits !== totalCredits) {
    sink.fault(place, 'nacha_batch_not_balanced', 'debits and credits should be equal');
  }
  endBatch(sink, batch, place);
}

/** Ends a batch, with its control or without. */
export function endBatch(sink: Sink, batch: OpenBatch, place: Place): void {
  if (batch.sums.control.entryAddendaCount === 0n) {
    sink.fault(place, 'nacha_batch_empty', 'a batch should have entries');
  }
  const end: FileItem = { kind: 'batch_end', batch: batch.index, totals: totalsOf(batch.sums, 1) };
  sink.put(end);
}

/** The number that puts batches in their order. */
export function batchNumberOf(line: string): bigint | undefined {
  return numberOf(line, layouts.batchHeader.fields.batchNumber);
}
