// Makes the batches by which the bank answers entries it received: returns, dishonored and
// contested returns, notifications of change and their refusal (NACHA Operating Rules, Appendices
// Four and Five). An answer names the entry it answers by that entry's trace number.

import { assert } from '#kernel';
import type { FileEntry } from '../../files/format.ts';
import { addendaLayoutOf, detailNameOf, iatMandatoryAddenda } from '../standard/addenda.ts';
import {
  changeReasonKind,
  returnReasonKind,
  returnTransactionCodeOf,
  serviceClasses,
} from '../standard/codes.ts';
import * as layouts from '../standard/layouts.ts';
import { shortDateOf } from '../standard/record.ts';
import { entryLayoutOf, type NachaBatch, type NachaEntry, type RecordValues } from './model.ts';
import { digits, fitted, routingValues } from './originate.ts';

export interface Answer {
  /** The details of the batch in which the entry was received. */
  readonly batch: RecordValues;
  readonly entry: FileEntry;
  /** R01 and so on returns it; C01 asks for a change; C61 refuses one. */
  readonly reason: string;
  /** What is right, of a notification of change. */
  readonly correctedData?: string;
  readonly information?: string;
  /** Of returns R14 and R15: `2026-11-21`. */
  readonly dateOfDeath?: string;
  /** Of a contested return: the day the entry was returned. */
  readonly returnedOn?: string;
}

export interface AnswerNumbers {
  /** The routing number of the bank that answers, as in a file header or without its zero. */
  readonly routingNumber: string;
  /** The last seven digits of the first trace number. */
  readonly firstSequence: number;
  readonly firstBatch: number;
}

/** One batch for all answers to entries of one batch, in the order of the first of each. */
export function answerBatches(answers: readonly Answer[], numbers: AnswerNumbers): NachaBatch[] {
  const groups = new Map<string, Answer[]>();
  for (const answer of answers) {
    const key = JSON.stringify([isChange(answer), Object.entries(answer.batch)]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [answer]);
    } else {
      group.push(answer);
    }
  }
  let sequence = numbers.firstSequence;
  const originatingDfi = dfiOf(numbers.routingNumber);
  return [...groups.values()].map((group, index) => {
    const header = headerOf(group, originatingDfi, numbers.firstBatch + index);
    const entries = group.map((answer): NachaEntry => {
      const trace = originatingDfi + digits(sequence, 7);
      sequence += 1;
      return entryOf(answer, header, trace);
    });
    return { header, entries };
  });
}

/** The first eight digits of a routing number; a file header may have a zero before it. */
function dfiOf(routingNumber: string): string {
  const nine = /^0\d{9}$/.test(routingNumber) ? routingNumber.slice(1) : routingNumber;
  assert(/^\d{9}$/.test(nine), 'the bank that answers has a routing number');
  return nine.slice(0, 8);
}

function isChange({ reason }: Answer): boolean {
  const kind = changeReasonKind(reason);
  assert(
    kind !== undefined || returnReasonKind(reason) !== undefined,
    `${reason} is a reason to return an entry or to change it`,
  );
  return kind !== undefined;
}

function headerOf(group: readonly Answer[], originatingDfi: string, number: number): RecordValues {
  const [first] = group;
  assert(first !== undefined, 'a group has an answer');
  const isIat = first.batch['standardEntryClassCode'] === 'IAT';
  const directions = new Set(group.map(directionOf));
  const values: Record<string, string> = {
    ...first.batch,
    serviceClassCode:
      directions.size > 1
        ? serviceClasses.mixed
        : directions.has('credit')
          ? serviceClasses.credits
          : serviceClasses.debits,
    settlementDate: '',
    originatorStatusCode: '1',
    originatingDfi,
    batchNumber: digits(number, 7),
  };
  if (isChange(first)) {
    values['standardEntryClassCode'] = 'COR';
    values['iatIndicator'] = isIat ? 'IATCOR' : '';
  }
  return fitted(isIat ? layouts.iatBatchHeader : layouts.batchHeader, values);
}

function directionOf({ entry }: Answer): 'credit' | 'debit' {
  const code = returnTransactionCodeOf(entry.details['transactionCode'] ?? '');
  return code.endsWith('1') ? 'credit' : 'debit';
}

/** Who the answer goes to: the bank whose entry it answers. */
function routingOfSender(entry: FileEntry, direction: 'credit' | 'debit'): string {
  const originator = direction === 'credit' ? entry.debtor : entry.creditor;
  const receiver = direction === 'credit' ? entry.creditor : entry.debtor;
  const isFromReceiver = entry.kind === 'return' || entry.kind === 'notification_of_change';
  const agent = isFromReceiver ? receiver.agent : originator.agent;
  assert(agent !== undefined, 'an entry that is answered names the bank it is from');
  return agent;
}

function entryOf(answer: Answer, header: RecordValues, trace: string): NachaEntry {
  const { entry } = answer;
  const direction = directionOf(answer);
  const receiver = direction === 'credit' ? entry.creditor : entry.debtor;
  const isIat = header['foreignExchangeIndicator'] !== undefined;
  const addenda = [
    ...(isIat && !isChange(answer) ? iatAddendaOf(entry, trace) : []),
    addendaOf(answer, { receivingBank: receiver.agent, isIat }, trace),
  ];
  const detail = fitted(entryLayoutOf(header), {
    ...entry.details,
    transactionCode: returnTransactionCodeOf(entry.details['transactionCode'] ?? ''),
    ...routingValues(routingOfSender(entry, direction)),
    dfiAccountNumber: receiver.account ?? '',
    amount: digits(isChange(answer) ? 0n : entry.amount, 10),
    individualIdentification: entry.endToEndId ?? '',
    individualName: receiver.name ?? '',
    numberOfAddenda: digits(addenda.length, 4),
    addendaRecordIndicator: '1',
    traceNumber: trace,
  });
  return { detail, addenda };
}

/** A return of IAT repeats who paid whom through which banks. */
function iatAddendaOf({ details }: FileEntry, trace: string): RecordValues[] {
  return iatMandatoryAddenda.map((layout) => {
    const type = layout.fields.typeCode.constant;
    const values: Record<string, string> = {};
    for (const { name } of layout.list) {
      values[name] = details[detailNameOf(type, name)] ?? '';
    }
    return fitted(layout, { ...values, entryDetailSequenceNumber: trace.slice(8) });
  });
}

function addendaOf(
  answer: Answer,
  { receivingBank, isIat }: { receivingBank: string | undefined; isIat: boolean },
  trace: string,
): RecordValues {
  const { batch, entry, reason } = answer;
  const { details } = entry;
  const layout = addendaLayoutOf(`7${isChange(answer) ? '98' : '99'}${reason}`);
  assert(layout !== undefined, 'an answer has addenda of its reason');
  const isSecond = entry.kind !== 'return' && entry.kind !== 'dishonored_return';
  const returned =
    entry.kind === 'dishonored_return'
      ? {
          originalTraceNumber: details['originalTraceNumber'] ?? '',
          returnTraceNumber: details['returnTraceNumber'] ?? '',
          returnSettlementDate: details['returnSettlementDate'] ?? '',
          returnReasonCode: details['returnReasonCode'] ?? '',
          dishonoredReturnTraceNumber: entry.trace ?? '',
          dishonoredReturnSettlementDate: batch['settlementDate'] ?? '',
          dishonoredReturnReasonCode: (entry.reason ?? '').slice(1),
        }
      : {
          originalTraceNumber: details['originalTraceNumber'] ?? '',
          returnTraceNumber: entry.trace ?? '',
          returnSettlementDate: batch['settlementDate'] ?? '',
          returnReasonCode: (entry.reason ?? '').slice(1),
        };
  return fitted(layout, {
    reasonCode: reason,
    originalTraceNumber: entry.trace ?? '',
    ...(isSecond ? {} : returned),
    ...(entry.kind === 'notification_of_change' ? refusedValues(entry) : {}),
    originalReceivingDfi: (receivingBank ?? '').slice(0, 8),
    dateOfDeath: answer.dateOfDeath === undefined ? '' : shortDateOf(answer.dateOfDeath),
    dateOriginalEntryReturned:
      answer.returnedOn === undefined ? '' : shortDateOf(answer.returnedOn),
    // Of IAT, the amount of the entry that is returned comes first.
    addendaInformation: (isIat ? digits(entry.amount, 10) : '') + (answer.information ?? ''),
    ...(answer.correctedData === undefined ? {} : { correctedData: answer.correctedData }),
    traceNumber: trace,
  });
}

/** A refusal says again what the notification said. */
function refusedValues({ details, reason, trace }: FileEntry): RecordValues {
  return {
    originalTraceNumber: details['originalTraceNumber'] ?? '',
    correctedData: details['correctedData'] ?? '',
    changeCode: reason ?? '',
    traceSequenceNumber: (trace ?? '').slice(8),
  };
}
