// Owns reading messages of a rail in any version the bank speaks. A message that breaks its schema,
// states wrong totals or moves an amount that cannot be kept exactly is refused as a whole: nothing
// of it may be acted on.
import { limits } from '#config';
import { elementAt, elementsAt, firstTextAt, textAt, type MessageElement } from '../element.ts';
import { partyOf, remittanceOf } from '../files/parties.ts';
import { StatedTotals } from '../files/totals.ts';
import { readMessageText, type MessageFault } from '../read-message.ts';
import type {
  CancellationOutcome,
  OriginalPayment,
  PaymentStatusAnswer,
  RailMessage,
  Return,
  Transfer,
} from './message.ts';
import { readAssignment, readHead, readMoney, readOriginal, readReasons } from './parts.ts';

export type ReadRailMessage =
  | {
      readonly isRead: true;
      readonly message: RailMessage;
      /** `pacs.008.001.08`: an answer names it. */
      readonly version: string;
    }
  | {
      readonly isRead: false;
      readonly faults: readonly MessageFault[];
      /** By which a refusal can still name it, where that could be read. */
      readonly messageId?: string | undefined;
    };

type Refuse = (rule: string, message: string, from: MessageElement) => void;
type Reader = (pieces: readonly MessageElement[], refuse: Refuse) => RailMessage;

const readers: Readonly<Record<string, Reader>> = {
  'pacs.008': readCreditTransfer,
  'pacs.002': readStatusReport,
  'pacs.004': readPaymentReturn,
  'pacs.028': readStatusEnquiry,
  'camt.056': readCancellationRequest,
  'camt.029': readCancellationAnswer,
};

export function readRailMessage(text: string): ReadRailMessage {
  const faults: MessageFault[] = [];
  const pieces: MessageElement[] = [];
  let version = '';
  for (const part of readMessageText(text)) {
    if (part.kind === 'fault') faults.push(part.fault);
    else if (part.kind === 'piece') pieces.push(part.element);
    else if (part.kind === 'message') version = part.schema === 'none' ? '' : part.message;
  }
  const reader = readers[version.slice(0, 8)];
  const head = named(pieces, 'GrpHdr') ?? named(pieces, 'Assgnmt');
  const messageId = textAt(head, 'MsgId') ?? textAt(head, 'Id');
  if (reader === undefined && faults.length === 0) {
    const message = 'The message is none that a rail of the bank carries.';
    faults.push({ rule: 'iso_message_unknown', message, line: 1 });
  }
  if (reader === undefined || faults.length > 0) return { isRead: false, faults, messageId };
  const message = reader(pieces, (rule, reason, { line, name }) => {
    faults.push({ rule, message: reason, line, field: name });
  });
  return faults.length > 0
    ? { isRead: false, faults, messageId }
    : { isRead: true, message, version };
}

function named(pieces: readonly MessageElement[], name: string): MessageElement | undefined {
  return pieces.find((piece) => piece.name === name);
}

function allNamed(
  pieces: readonly MessageElement[],
  name: string,
  refuse: Refuse,
): MessageElement[] {
  const found = pieces.filter((piece) => piece.name === name);
  const most = limits.isoRailMessageTransfersMax.value;
  const beyond = found[most];
  if (beyond !== undefined) {
    refuse('iso_payments_too_many', `A message holds at most ${most} payments here.`, beyond);
  }
  return found.slice(0, most);
}

function readCreditTransfer(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const header = named(pieces, 'GrpHdr');
  const elements = allNamed(pieces, 'CdtTrfTxInf', refuse);
  checkTotals(header, elements, 'IntrBkSttlmAmt', refuse);
  return {
    kind: 'credit_transfer',
    ...readHead(header),
    settledOn: firstTextAt(header, ['IntrBkSttlmDt']) ?? textAt(elements[0], 'IntrBkSttlmDt'),
    transfers: elements.flatMap((element) => readTransfer(element, refuse)),
  };
}

function readTransfer(element: MessageElement, refuse: Refuse): Transfer[] {
  const money = requireMoney(element, 'IntrBkSttlmAmt', refuse);
  if (money === undefined) return [];
  return [
    {
      ...money,
      instructionId: textAt(element, 'PmtId/InstrId'),
      endToEndId: textAt(element, 'PmtId/EndToEndId') ?? '',
      transactionId: textAt(element, 'PmtId/TxId'),
      uetr: textAt(element, 'PmtId/UETR'),
      localInstrument: textAt(element, 'PmtTpInf/LclInstrm/Cd'),
      acceptedAt: textAt(element, 'AccptncDtTm'),
      debtor: partyOf(element, 'Dbtr'),
      creditor: partyOf(element, 'Cdtr'),
      purpose: firstTextAt(element, ['Purp/Cd', 'Purp/Prtry']),
      remittance: remittanceOf(element),
    },
  ];
}

function readStatusReport(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const group = named(pieces, 'OrgnlGrpInfAndSts');
  const elements = allNamed(pieces, 'TxInfAndSts', refuse);
  const payments = elements.map((element) => readAnswer(element, group));
  // A status of the whole group stands for payments that the report does not list.
  if (payments.length === 0 && group !== undefined) payments.push(readAnswer(group, group));
  return { kind: 'status_report', ...readHead(named(pieces, 'GrpHdr')), payments };
}

function readAnswer(
  element: MessageElement,
  group: MessageElement | undefined,
): PaymentStatusAnswer {
  const ownReasons = readReasons(element, 'StsRsnInf');
  const isSilent = ownReasons.length === 0 && group !== undefined;
  return {
    original: withReference(element, readOriginal(element, group)),
    status: textAt(element, 'TxSts') ?? textAt(group, 'GrpSts') ?? '',
    reasons: isSilent ? readReasons(group, 'StsRsnInf') : ownReasons,
    acceptedAt: textAt(element, 'AccptncDtTm'),
  };
}

function withReference(element: MessageElement, original: OriginalPayment): OriginalPayment {
  const reference = elementAt(element, 'OrgnlTxRef');
  if (reference === undefined) return original;
  return {
    ...original,
    amount: original.amount ?? readMoney(reference, 'IntrBkSttlmAmt'),
    settledOn: original.settledOn ?? textAt(reference, 'IntrBkSttlmDt'),
  };
}

function readPaymentReturn(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const header = named(pieces, 'GrpHdr');
  const group = named(pieces, 'OrgnlGrpInf');
  const elements = allNamed(pieces, 'TxInf', refuse);
  checkTotals(header, elements, 'RtrdIntrBkSttlmAmt', refuse);
  return {
    kind: 'payment_return',
    ...readHead(header),
    settledOn: textAt(header, 'IntrBkSttlmDt') ?? textAt(elements[0], 'IntrBkSttlmDt'),
    returns: elements.flatMap((element) => readReturn(element, group, refuse)),
  };
}

function readReturn(
  element: MessageElement,
  group: MessageElement | undefined,
  refuse: Refuse,
): Return[] {
  const money = requireMoney(element, 'RtrdIntrBkSttlmAmt', refuse);
  if (money === undefined) return [];
  const ownReasons = readReasons(element, 'RtrRsnInf');
  const isSilent = ownReasons.length === 0 && group !== undefined;
  return [
    {
      ...money,
      returnId: textAt(element, 'RtrId'),
      original: withReference(element, readOriginal(element, group)),
      reasons: isSilent ? readReasons(group, 'RtrRsnInf') : ownReasons,
    },
  ];
}

function readStatusEnquiry(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const group = named(pieces, 'OrgnlGrpInf');
  const enquiries = allNamed(pieces, 'TxInf', refuse).map((element) => ({
    enquiryId: textAt(element, 'StsReqId'),
    original: withReference(element, readOriginal(element, group)),
  }));
  return { kind: 'status_enquiry', ...readHead(named(pieces, 'GrpHdr')), enquiries };
}

function readCancellationRequest(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const underlying = allNamed(pieces, 'Undrlyg', refuse);
  const requests = underlying.flatMap((one) => {
    const group = elementAt(one, 'OrgnlGrpInfAndCxl');
    return listedOrWhole(one, 'TxInf', group).map((element) => ({
      cancellationId: firstTextAt(element, ['CxlId', 'GrpCxlId']),
      original: withReference(element, readOriginal(element, group)),
      reasons: readReasons(element, 'CxlRsnInf'),
    }));
  });
  const head = readAssignment(named(pieces, 'Assgnmt'));
  return { kind: 'cancellation_request', ...head, requests };
}

function readCancellationAnswer(pieces: readonly MessageElement[], refuse: Refuse): RailMessage {
  const details = allNamed(pieces, 'CxlDtls', refuse);
  const answers = details.flatMap((one): CancellationOutcome[] => {
    const group = elementAt(one, 'OrgnlGrpInfAndSts');
    return listedOrWhole(one, 'TxInfAndSts', group).map((element) => ({
      outcomeId: textAt(element, 'CxlStsId'),
      status: firstTextAt(element, ['TxCxlSts', 'GrpCxlSts']),
      original: withReference(element, readOriginal(element, group)),
      reasons: readReasons(element, 'CxlStsRsnInf'),
    }));
  });
  const confirmation = textAt(named(pieces, 'Sts'), 'Conf') ?? '';
  const head = readAssignment(named(pieces, 'Assgnmt'));
  return { kind: 'cancellation_answer', ...head, confirmation, answers };
}

/** The payments that are listed, or their message as a whole where none is. */
function listedOrWhole(
  from: MessageElement,
  name: string,
  group: MessageElement | undefined,
): readonly MessageElement[] {
  const listed = elementsAt(from, name);
  return listed.length === 0 && group !== undefined ? [group] : listed;
}

function requireMoney(element: MessageElement, name: string, refuse: Refuse) {
  const money = readMoney(element, name);
  if (money === undefined) {
    refuse('iso_amount_unreadable', 'The amount cannot be kept exactly in its currency.', element);
  } else if (money.amount <= 0n) {
    refuse('iso_amount_zero', 'A payment moves more than zero.', element);
  }
  return money;
}

function checkTotals(
  header: MessageElement | undefined,
  elements: readonly MessageElement[],
  amount: string,
  refuse: Refuse,
): void {
  const totals = new StatedTotals();
  totals.state(textAt(header, 'NbOfTxs'), textAt(header, 'CtrlSum'));
  for (const element of elements) totals.count(textAt(element, amount));
  if (header === undefined) return;
  for (const { rule, message } of totals.faults('GrpHdr', header.line)) {
    refuse(rule, message, header);
  }
}
