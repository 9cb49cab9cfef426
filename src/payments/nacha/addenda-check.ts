// Owns the judgement of the addenda records of one entry: their types, numbers, sequence and codes,
// and what they make of the entry: a return, a notification of change, or neither.

import { addendaLayoutOf, paymentAddenda, terminalAddenda } from './standard/addenda.ts';
import type { OpenBatch } from './batch.ts';
import {
  changeReasonKind,
  iatTransactionTypes,
  returnReasonKind,
  states,
} from './standard/codes.ts';
import { isDayOfMonth, textOf } from './standard/record.ts';
import type { Field, Layout } from './standard/layouts.ts';
import type { RecordLine } from './lines.ts';
import type { Place, Sink } from './sink.ts';

export interface Addendum {
  readonly type: string;
  readonly layout: Layout;
  readonly line: string;
  readonly record: number;
}

export type Category = 'forward' | 'return' | 'dishonored' | 'contested' | 'change' | 'refused';

export interface AddendaFacts {
  readonly addenda: readonly Addendum[];
  readonly category: Category;
  readonly reason: string | undefined;
}

/** What the addenda records are; those of no known type are faulted and left out. */
export function readAddenda(
  sink: Sink,
  place: Place,
  lines: readonly RecordLine[],
  trace: string,
): AddendaFacts {
  const addenda: Addendum[] = [];
  let category: Category = 'forward';
  let reason: string | undefined;
  const last = new Map<string, string>();
  for (const { text: line, number: record } of lines) {
    const here = { ...place, record };
    const layout = addendaLayoutOf(line);
    const type = line.slice(1, 3);
    if (layout === undefined) {
      sink.fault(here, 'nacha_addenda_type_unknown', 'no addenda record has this type code');
      continue;
    }
    sink.check(here, layout, line);
    checkSequence(sink, here, { type, layout, line, record }, { trace, last });
    if (type === '98' || type === '99') {
      reason = line.slice(3, 6);
      category = categoryOf(type, reason);
      checkReason(sink, here, { type, layout, line, record }, reason);
    }
    addenda.push({ type, layout, line, record });
  }
  return { addenda, category, reason };
}

function categoryOf(type: string, reason: string): Category {
  return type === '98'
    ? (changeReasonKind(reason) ?? 'change')
    : (returnReasonKind(reason) ?? 'return');
}

function checkReason(sink: Sink, place: Place, addendum: Addendum, reason: string): void {
  const fields: Readonly<Record<string, Field | undefined>> = addendum.layout.fields;
  if (addendum.type === '99') {
    const isKnown = returnReasonKind(reason) !== undefined;
    if (!isKnown && !sink.strictness.isLenient('any_return_reason')) {
      const problem = 'no return reason has this code';
      sink.fault(place, 'nacha_return_reason_unknown', problem, fields['reasonCode']);
    }
    return;
  }
  if (changeReasonKind(reason) === undefined) {
    const problem = 'no change reason has this code';
    sink.fault(place, 'nacha_change_reason_unknown', problem, fields['reasonCode']);
  }
  const { changeCode } = fields;
  if (
    changeCode !== undefined &&
    changeReasonKind(textOf(addendum.line, changeCode)) === undefined
  ) {
    const problem = 'no change reason has this code';
    sink.fault(place, 'nacha_change_reason_unknown', problem, changeCode);
  }
}

interface Sequence {
  readonly trace: string;
  /** The last sequence number, by type. */
  readonly last: Map<string, string>;
}

function checkSequence(
  sink: Sink,
  place: Place,
  { type, layout, line }: Addendum,
  { trace, last }: Sequence,
): void {
  if (sink.strictness.isLenient('any_trace_numbers')) {
    return;
  }
  const fields: Readonly<Record<string, Field | undefined>> = layout.fields;
  const { entryDetailSequenceNumber, sequenceNumber } = fields;
  if (
    entryDetailSequenceNumber !== undefined &&
    textOf(line, entryDetailSequenceNumber) !== trace.slice(8)
  ) {
    const problem = 'expected the last seven digits of the trace number of its entry';
    sink.fault(place, 'nacha_addenda_not_of_entry', problem, entryDetailSequenceNumber);
  }
  if (sequenceNumber !== undefined) {
    const text = textOf(line, sequenceNumber);
    if (text < (last.get(type) ?? '')) {
      const problem = 'addenda should not be in descending order';
      sink.fault(place, 'nacha_addenda_order_wrong', problem, sequenceNumber);
    }
    last.set(type, text);
  }
}

/** Whether these are the addenda records that the entry class asks for. */
export function checkAddenda(
  sink: Sink,
  place: Place,
  batch: OpenBatch,
  { addenda, category }: AddendaFacts,
): void {
  const { entryClass } = batch;
  if (entryClass === undefined) {
    return;
  }
  if (batch.isIat) {
    checkIatAddenda(sink, place, { addenda, category });
    return;
  }
  const { type: wanted, min, max } = entryClass.addenda;
  const isForward = category === 'forward';
  let count = 0;
  for (const { type, record } of addenda) {
    const isAllowed = isForward
      ? type === wanted
      : type === '98' ||
        (type === '99' && entryClass.code !== 'COR') ||
        (type === wanted && entryClass.code === 'CTX');
    if (!isAllowed) {
      const problem = `an entry of ${entryClass.code} has no addenda ${type} here`;
      sink.fault({ ...place, record }, 'nacha_addenda_not_allowed', problem);
    }
    count += type === wanted ? 1 : 0;
  }
  const isCounted = isForward || wanted === '98';
  if (isCounted && (count < min || count > max)) {
    const problem = `${entryClass.code} has ${min} to ${max} addenda ${wanted}, not ${count}`;
    sink.fault(place, 'nacha_addenda_count_not_allowed', problem);
  }
  if (isForward && wanted === '02') {
    for (const addendum of addenda) {
      checkTerminal(sink, { ...place, record: addendum.record }, addendum);
    }
  }
}

function checkTerminal(sink: Sink, place: Place, { type, line }: Addendum): void {
  if (type !== '02') {
    return;
  }
  const { transactionDate, terminalState } = terminalAddenda.fields;
  if (!isDayOfMonth(2000, textOf(line, transactionDate))) {
    sink.fault(place, 'nacha_date_invalid', 'expected a day as MMDD', transactionDate);
  }
  if (!states.has(textOf(line, terminalState).toUpperCase())) {
    const problem = 'no state or territory has this code';
    sink.fault(place, 'nacha_state_unknown', problem, terminalState);
  }
}

const iatMandatory = ['10', '11', '12', '13', '14', '15', '16'];
const iatMax: Readonly<Record<string, number>> = { '17': 2, '18': 5, '98': 1, '99': 1 };

function checkIatAddenda(
  sink: Sink,
  place: Place,
  { addenda, category }: Pick<AddendaFacts, 'addenda' | 'category'>,
): void {
  const counts = new Map<string, number>();
  for (const { type } of addenda) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const isChange = category === 'change' || category === 'refused';
  for (const type of iatMandatory) {
    const count = counts.get(type) ?? 0;
    if (count > 1 || (count === 0 && !isChange)) {
      const problem = `an entry of IAT has one addenda ${type}, not ${count}`;
      sink.fault(place, 'nacha_addenda_count_not_allowed', problem);
    }
  }
  for (const [type, count] of counts) {
    const max = iatMandatory.includes(type) ? 1 : (iatMax[type] ?? 0);
    if (count > max && !iatMandatory.includes(type)) {
      const problem = `an entry of IAT has ${max} addenda ${type} at most, not ${count}`;
      sink.fault(place, 'nacha_addenda_count_not_allowed', problem);
    }
  }
  for (const { type, line, record } of addenda) {
    const text = line.slice(3, 6);
    if (type === '10' && !iatTransactionTypes.has(text.trim())) {
      const problem = 'no type of transaction has this code';
      sink.fault({ ...place, record }, 'nacha_transaction_type_unknown', problem);
    }
  }
}

/** What the addenda tell the receiver. */
export function remittanceOf(addenda: readonly Addendum[]): string | undefined {
  const { from, to } = paymentAddenda.fields.paymentRelatedInformation;
  const parts = addenda
    .filter(({ type }) => type === '05' || type === '17')
    .map(({ line }) => line.slice(from - 1, to));
  const text = parts.join('').trim();
  return text === '' ? undefined : text;
}
