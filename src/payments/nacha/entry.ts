// Owns one entry that is being read, with its addenda: whether it keeps the rules of its class, and
// what it is as a payment of a file.

import type { FileEntry, FileEntryKind, FileParty } from '../files/format.ts';
import { checkAddenda, readAddenda, remittanceOf, type AddendaFacts } from './addenda-check.ts';
import { detailNameOf, iatOriginator, iatReceiver, returnAddenda } from './standard/addenda.ts';
import { isReversal, type OpenBatch } from './batch.ts';
import {
  cardTransactionTypes,
  checkDigitOf,
  serviceClasses,
  transactionOf,
} from './standard/codes.ts';
import type { Direction, Transaction } from './standard/codes.ts';
import { entryDetail, type AnyEntryDetail, type Field } from './standard/layouts.ts';
import type { RecordLine } from './lines.ts';
import { numberOf, rawOf, textOf } from './standard/record.ts';
import type { Place, Sink } from './sink.ts';
import { addHash } from './totals.ts';

export interface OpenEntry {
  readonly index: number;
  readonly record: number;
  readonly line: string;
  readonly addenda: RecordLine[];
  /** Also of those too many to keep. */
  addendaCount: number;
}

interface Facts extends AddendaFacts {
  readonly line: string;
  readonly layout: AnyEntryDetail;
  readonly fields: Readonly<Record<string, Field | undefined>>;
  readonly transactionCode: string;
  readonly transaction: Transaction | undefined;
  readonly amount: bigint | undefined;
  readonly trace: string;
}

/** Judges an entry, counts it, and hands it on if it can be told what it is. */
export function closeEntry(sink: Sink, batch: OpenBatch, entry: OpenEntry): void {
  const place: Place = {
    scope: 'entry',
    record: entry.record,
    batch: batch.index,
    entry: entry.index,
  };
  const { line } = entry;
  const layout = batch.entryClass?.layout ?? entryDetail;
  const { transactionCode, receivingDfi, amount } = layout.fields;
  sink.check(place, layout, line);
  const trace = line.slice(79);
  const code = textOf(line, transactionCode);
  const facts: Facts = {
    ...readAddenda(sink, place, entry.addenda, trace),
    line,
    layout,
    fields: layout.fields,
    transactionCode: code,
    transaction: transactionOf(code),
    amount: numberOf(line, amount),
    trace,
  };
  checkTransaction(sink, place, batch, facts);
  checkRouting(sink, place, facts);
  checkTrace(sink, place, batch, facts);
  checkIndicator(sink, place, facts);
  checkAddenda(sink, place, batch, facts);
  checkAmount(sink, place, batch, facts);
  checkClass(sink, place, batch, facts);
  checkCategory(sink, place, batch, facts);
  count(batch, facts, { records: 1 + entry.addendaCount, dfi: numberOf(line, receivingDfi) });
  if (facts.transaction !== undefined && facts.amount !== undefined) {
    const found = fileEntryOf(batch, entry, facts, facts.transaction.direction);
    batch.sums.entries += 1;
    batch.sums[facts.transaction.direction === 'debit' ? 'debits' : 'credits'] += found.amount;
    sink.put({ kind: 'entry', entry: found });
  }
}

function count(
  { sums }: OpenBatch,
  facts: Facts,
  { records, dfi }: { readonly records: number; readonly dfi: bigint | undefined },
): void {
  sums.control.entryAddendaCount += BigInt(records);
  addHash(sums.control, dfi ?? 0n);
  if (facts.transaction?.direction === 'debit') {
    sums.control.totalDebits += facts.amount ?? 0n;
  } else if (facts.transaction?.direction === 'credit') {
    sums.control.totalCredits += facts.amount ?? 0n;
  }
}

/** Zero-dollar entries carry remittance information, and only these classes have any. */
const zeroDollarClasses: readonly string[] = ['ACK', 'ATX', 'CCD', 'CTX', 'IAT'];

function checkTransaction(sink: Sink, place: Place, batch: OpenBatch, facts: Facts): void {
  const { transaction, transactionCode: code, layout, category } = facts;
  const field = layout.fields.transactionCode;
  const { entryClass, header } = batch;
  if (transaction === undefined) {
    const problem = 'no transaction has this code';
    sink.fault(place, 'nacha_transaction_code_unknown', problem, field);
    return;
  }
  const { direction, purpose } = transaction;
  // Published files of IAT keep no such rule; the money moves as the transaction code says.
  const isDirectionAllowed =
    batch.isIat ||
    (header.serviceClassCode === serviceClasses.credits
      ? direction === 'credit'
      : header.serviceClassCode !== serviceClasses.debits || direction === 'debit');
  if (!isDirectionAllowed) {
    const problem = `a ${direction} in a batch of service class ${header.serviceClassCode}`;
    sink.fault(place, 'nacha_transaction_code_not_of_service_class', problem, field);
  }
  if (entryClass === undefined) {
    return;
  }
  const isForward = category === 'forward';
  const isOfClass =
    (purpose === 'advice') === (entryClass.code === 'ADV') &&
    (entryClass.direction === undefined ||
      entryClass.direction === direction ||
      isReversal(header.companyEntryDescription)) &&
    (purpose !== 'zero_dollar' || zeroDollarClasses.includes(entryClass.code)) &&
    (!isForward || entryClass.transactionCodes?.has(code) !== false) &&
    ((category !== 'change' && category !== 'refused') || purpose === 'return');
  if (!isOfClass) {
    const problem = `an entry of ${entryClass.code} has no such transaction code`;
    sink.fault(place, 'nacha_transaction_code_not_allowed', problem, field);
  } else if (isForward && purpose === 'return' && entryClass.transactionCodes === undefined) {
    const problem = 'the transaction code is of a return, which addenda 99 should explain';
    sink.fault(place, 'nacha_return_addenda_missing', problem, field);
  }
}

function checkRouting(sink: Sink, place: Place, { line, layout }: Facts): void {
  const { receivingDfi, checkDigit } = layout.fields;
  if (numberOf(line, receivingDfi) === undefined || sink.strictness.isLenient('any_check_digit')) {
    return;
  }
  if (checkDigitOf(rawOf(line, receivingDfi)) !== rawOf(line, checkDigit)) {
    const problem = 'expected the check digit of the routing number before it';
    sink.fault(place, 'nacha_check_digit_wrong', problem, checkDigit);
  }
}

function checkTrace(sink: Sink, place: Place, batch: OpenBatch, { trace, fields }: Facts): void {
  const { strictness } = sink;
  const { traceNumber } = fields;
  if (traceNumber === undefined || strictness.isLenient('any_trace_numbers')) {
    return;
  }
  if (trace <= batch.lastTrace) {
    const problem = 'trace numbers should ascend within a batch';
    sink.fault(place, 'nacha_trace_order_wrong', problem, traceNumber);
  }
  batch.lastTrace = trace;
  if (!trace.startsWith(batch.header.originatingDfi) && !strictness.isLenient('any_origin')) {
    const problem = 'a trace number should begin with the ODFI of its batch';
    sink.fault(place, 'nacha_trace_not_of_odfi', problem, traceNumber);
  }
}

function checkIndicator(sink: Sink, place: Place, { line, fields, addenda }: Facts): void {
  const { addendaRecordIndicator, numberOfAddenda } = fields;
  if (addendaRecordIndicator === undefined) {
    return;
  }
  const expected = addenda.length > 0 ? '1' : '0';
  if (rawOf(line, addendaRecordIndicator) !== expected) {
    const problem = `expected ${expected}, as ${addenda.length} addenda records follow`;
    sink.fault(place, 'nacha_addenda_indicator_wrong', problem, addendaRecordIndicator);
  }
  // Writers of IAT count there what they like; what follows is checked by type instead.
  if (numberOfAddenda === undefined || numberOfAddenda.from === 13) {
    return;
  }
  const stated = numberOf(line, numberOfAddenda);
  const payments = addenda.filter(({ type }) => type === '05').length;
  if (stated !== BigInt(payments) && stated !== BigInt(addenda.length)) {
    const problem = `expected the number of addenda records, ${payments}`;
    sink.fault(place, 'nacha_addenda_count_wrong', problem, numberOfAddenda);
  }
}

function checkAmount(sink: Sink, place: Place, batch: OpenBatch, facts: Facts): void {
  const { amount, transaction, category, layout } = facts;
  const { entryClass, header } = batch;
  if (amount === undefined || transaction === undefined || entryClass === undefined) {
    return;
  }
  const field = layout.fields.amount;
  if (entryClass.amountMax !== undefined && amount > entryClass.amountMax) {
    const problem = `an entry of ${entryClass.code} is of ${entryClass.amountMax} cents at most`;
    sink.fault(place, 'nacha_amount_too_large', problem, field);
  }
  const isReturn = category === 'return' || category === 'dishonored' || category === 'contested';
  // A prenotification is returned with its amount of zero, so a return may have any.
  if (isReturn || entryClass.code === 'ADV' || sink.strictness.isLenient('any_amount')) {
    return;
  }
  const isZero =
    category !== 'forward' ||
    entryClass.isAmountZero === true ||
    transaction.purpose === 'prenotification' ||
    transaction.purpose === 'zero_dollar' ||
    header.companyEntryDescription.toUpperCase() === 'PRENOTE';
  const isRequired = sink.strictness.options.isAmountRequired === true;
  if (isZero ? amount !== 0n : amount === 0n && isRequired) {
    const problem = isZero ? 'expected no amount in this entry' : 'expected an amount';
    sink.fault(place, 'nacha_amount_not_allowed', problem, field);
  }
}

function checkClass(sink: Sink, place: Place, batch: OpenBatch, facts: Facts): void {
  const { line, fields, category, transactionCode } = facts;
  const { entryClass, header } = batch;
  if (entryClass === undefined || category !== 'forward') {
    return;
  }
  const { individualIdentification, discretionaryData, cardExpirationDate } = fields;
  if (entryClass.isIdentified && /^[ 0]*$/.test(line.slice(39, 76))) {
    const problem = `an entry of ${entryClass.code} is identified there`;
    sink.fault(place, 'nacha_identification_missing', problem, individualIdentification);
  }
  if (entryClass.isCard && discretionaryData !== undefined) {
    if (!cardTransactionTypes.has(rawOf(line, discretionaryData))) {
      const problem = 'no card transaction has this type';
      sink.fault(place, 'nacha_card_transaction_unknown', problem, discretionaryData);
    }
  }
  if (
    cardExpirationDate !== undefined &&
    !/^(?:0[1-9]|1[0-2])\d\d$/.test(rawOf(line, cardExpirationDate))
  ) {
    const problem = 'expected the month a card expires as MMYY';
    sink.fault(place, 'nacha_card_expiration_invalid', problem, cardExpirationDate);
  }
  const { julianDay, sequenceNumber } = fields;
  if (julianDay !== undefined && sequenceNumber !== undefined) {
    const day = numberOf(line, julianDay) ?? 1n;
    if (day < 1n || day > 366n) {
      sink.fault(place, 'nacha_date_invalid', 'expected the day of the year', julianDay);
    }
    if (numberOf(line, sequenceNumber) === 0n) {
      const problem = 'advices are numbered from 1';
      sink.fault(place, 'nacha_trace_order_wrong', problem, sequenceNumber);
    }
  }
  const isDeathNotice = entryClass.code === 'DNE' && /^[23]3$/.test(transactionCode);
  if (isDeathNotice && header.originatorStatusCode !== '2') {
    const problem = 'only an agency of the government, with originator status 2, sends DNE';
    sink.fault(place, 'nacha_originator_status_wrong', problem);
  }
}

/** What offsets a batch's debits or credits is of no category of its own. */
const offsetName = 'OFFSET';

function checkCategory(sink: Sink, place: Place, batch: OpenBatch, facts: Facts): void {
  const { category, line, fields } = facts;
  const { individualName } = fields;
  const isChange = category === 'change' || category === 'refused';
  if (isChange && batch.entryClass !== undefined && !batch.isIat) {
    if (batch.entryClass.code !== 'COR') {
      const problem = 'a notification of change stands in a batch of COR';
      sink.fault(place, 'nacha_notification_of_change_not_allowed', problem);
    }
  }
  if (individualName !== undefined && textOf(line, individualName) === offsetName) {
    return;
  }
  const kind = isChange ? 'change' : category;
  batch.kind ??= kind;
  if (kind !== batch.kind && !isChange) {
    const problem = 'forward entries and returns should not share a batch';
    sink.fault(place, 'nacha_batch_mixed', problem);
  }
}

const kinds = {
  return: 'return',
  dishonored: 'dishonored_return',
  contested: 'dishonored_return',
  change: 'notification_of_change',
  refused: 'notification_of_change',
} as const satisfies Record<Exclude<AddendaFacts['category'], 'forward'>, FileEntryKind>;

function kindOf(batch: OpenBatch, { category, transaction, amount }: Facts): FileEntryKind {
  if (category !== 'forward') {
    return kinds[category];
  }
  switch (batch.entryClass?.code) {
    case 'ACK':
    case 'ATX':
      return 'acknowledgement';
    case 'ADV':
    case 'DNE':
    case 'ENR':
      return 'advice';
    default:
      break;
  }
  switch (transaction?.purpose) {
    case 'prenotification':
      return 'prenotification';
    case 'live':
      // A payment of nothing moves nothing, so it is no more than what it says.
      return amount === 0n ? 'advice' : transaction.direction;
    default:
      return 'advice';
  }
}

const moving: ReadonlySet<FileEntryKind> = new Set<FileEntryKind>([
  'credit',
  'debit',
  'return',
  'dishonored_return',
]);

function fileEntryOf(
  batch: OpenBatch,
  entry: OpenEntry,
  facts: Facts,
  direction: Direction,
): FileEntry {
  const { line, fields } = facts;
  const kind = kindOf(batch, facts);
  const amount = facts.amount ?? 0n;
  const details = detailsOf(facts);
  if (!moving.has(kind) && amount !== 0n) {
    details['amount'] = String(amount);
  }
  const { receiver, originator } = partiesOf(batch, facts);
  const { individualIdentification } = fields;
  const identification =
    individualIdentification === undefined ? '' : textOf(line, individualIdentification);
  return {
    index: entry.index,
    batch: batch.index,
    record: entry.record,
    kind,
    amount: moving.has(kind) ? amount : 0n,
    currency: 'USD',
    debtor: direction === 'debit' ? receiver : originator,
    creditor: direction === 'debit' ? originator : receiver,
    endToEndId: identification === '' ? undefined : identification,
    trace: facts.trace,
    requestedOn: batch.requestedOn,
    remittance: facts.addenda.length === 0 ? undefined : remittanceOf(facts.addenda),
    reason: facts.reason,
    details,
  };
}

/** What travels back names the bank of the account in its addenda, and is routed to the other. */
const backwards: ReadonlySet<AddendaFacts['category']> = new Set<AddendaFacts['category']>([
  'return',
  'contested',
  'change',
]);

interface Parties {
  readonly receiver: FileParty;
  readonly originator: FileParty;
}

function partiesOf(batch: OpenBatch, facts: Facts): Parties {
  const { line, layout, category, addenda } = facts;
  const routed = rawOf(line, layout.fields.receivingDfi) + rawOf(line, layout.fields.checkDigit);
  const odfi = routingOf(batch.header.originatingDfi);
  let agents = { receiver: routed, originator: odfi };
  if (backwards.has(category)) {
    const back = addenda.findLast(({ type }) => type === '98' || type === '99');
    const field = returnAddenda.fields.originalReceivingDfi;
    const rdfi = back === undefined ? undefined : routingOf(textOf(back.line, field));
    agents = { receiver: rdfi ?? odfi ?? '', originator: routed };
  }
  const iat = addenda.find(({ type }) => type === '11');
  const company =
    iat === undefined ? batch.companyName : textOf(iat.line, iatOriginator.fields.originatorName);
  const { dfiAccountNumber } = layout.fields;
  return {
    receiver: {
      name: nameOf(facts),
      account: textOf(line, dfiAccountNumber),
      agent: agents.receiver === '' ? undefined : agents.receiver,
    },
    originator: { name: company === '' ? undefined : company, agent: agents.originator },
  };
}

/** The whole routing number of its first eight digits. */
function routingOf(firstEight: string): string | undefined {
  return /^\d{8}$/.test(firstEight) ? firstEight + checkDigitOf(firstEight) : undefined;
}

function nameOf({ line, fields, addenda }: Facts): string | undefined {
  const receiver = addenda.find(({ type }) => type === '10');
  const text =
    receiver !== undefined
      ? textOf(receiver.line, iatReceiver.fields.receiverName)
      : fields['individualName'] === undefined
        ? ''
        : textOf(line, fields['individualName']);
  return text === '' ? undefined : text;
}

/** What every entry has a place for, or what only says how it is written. */
const known: ReadonlySet<string> = new Set([
  'transactionCode',
  'receivingDfi',
  'checkDigit',
  'dfiAccountNumber',
  'amount',
  'individualIdentification',
  'individualName',
  'numberOfAddenda',
  'addendaRecordIndicator',
  'traceNumber',
]);

const extraFields = new WeakMap<AnyEntryDetail, readonly Field[]>();

function extraFieldsOf(layout: AnyEntryDetail): readonly Field[] {
  const found =
    extraFields.get(layout) ??
    layout.list.filter(
      ({ name, kind }) => kind !== 'constant' && kind !== 'reserved' && !known.has(name),
    );
  extraFields.set(layout, found);
  return found;
}

/** What other records of the entry say, and the fields that no payment has a place for. */
function detailsOf({ line, layout, transactionCode, addenda }: Facts): Record<string, string> {
  const details: Record<string, string> = { transactionCode };
  for (const field of extraFieldsOf(layout)) {
    const text = textOf(line, field);
    if (text !== '') {
      details[field.name] = text;
    }
  }
  for (const addendum of addenda) {
    if (addendum.type === '05' || addendum.type === '17') {
      continue;
    }
    for (const field of addendum.layout.list) {
      const text = field.from < 4 || field.kind === 'reserved' ? '' : textOf(addendum.line, field);
      if (text !== '' && field.name !== 'traceNumber' && field.from !== 88) {
        details[detailNameOf(addendum.type, field.name)] = text;
      }
    }
  }
  return details;
}
