// Owns writing messages of a rail, each in the version that SEPA's rule books of 2025 and CBPR+
// name. What is written is valid by its schema and read back the same.
import { assertNever } from '#kernel';
import type { XmlWriter } from '#platform';
import { DecimalSum, writeAmount } from '../amounts.ts';
import type {
  CancellationAnswer,
  CancellationRequest,
  CreditTransfer,
  OriginalPayment,
  PaymentReturn,
  RailMessage,
  StatusEnquiry,
  StatusReport,
  Transfer,
} from './message.ts';
import {
  closeMessage,
  isCode,
  openMessage,
  writeAccount,
  writeAgent,
  writeAgents,
  writeAssignment,
  writeHead,
  writeMoney,
  writeOriginalGroup,
  writeOriginalIds,
  writeOriginalSettlement,
  writeParty,
  writeReasons,
  writeRemittance,
} from './parts.ts';

/** The version in which each message is written. */
export const writtenVersions = {
  credit_transfer: 'pacs.008.001.08',
  status_report: 'pacs.002.001.10',
  payment_return: 'pacs.004.001.09',
  status_enquiry: 'pacs.028.001.03',
  cancellation_request: 'camt.056.001.08',
  cancellation_answer: 'camt.029.001.09',
} as const satisfies Record<RailMessage['kind'], string>;

export function writeRailMessage(message: RailMessage): string {
  switch (message.kind) {
    case 'credit_transfer':
      return writeCreditTransfer(message);
    case 'status_report':
      return writeStatusReport(message);
    case 'payment_return':
      return writePaymentReturn(message);
    case 'status_enquiry':
      return writeStatusEnquiry(message);
    case 'cancellation_request':
      return writeCancellationRequest(message);
    case 'cancellation_answer':
      return writeCancellationAnswer(message);
    default:
      return assertNever(message);
  }
}

function writeCreditTransfer(message: CreditTransfer): string {
  const writer = openMessage(writtenVersions.credit_transfer, 'FIToFICstmrCdtTrf').open('GrpHdr');
  const sum = new DecimalSum();
  for (const { amount, currency } of message.transfers) sum.add(writeAmount(amount, currency));
  writeHead(writer, message);
  writer.leaf('NbOfTxs', String(message.transfers.length)).leaf('CtrlSum', sum.toString());
  writer.leaf('IntrBkSttlmDt', message.settledOn);
  writer.open('SttlmInf').leaf('SttlmMtd', 'CLRG').close();
  writeAgents(writer, message);
  writer.close();
  for (const transfer of message.transfers) writeTransfer(writer, transfer);
  return closeMessage(writer);
}

function writeTransfer(writer: XmlWriter, transfer: Transfer): void {
  writer.open('CdtTrfTxInf').open('PmtId');
  writer.leaf('InstrId', transfer.instructionId).leaf('EndToEndId', transfer.endToEndId);
  writer.leaf('TxId', transfer.transactionId).leaf('UETR', transfer.uetr).close();
  writeServiceLevel(writer, transfer.localInstrument);
  writeMoney(writer, 'IntrBkSttlmAmt', transfer);
  writer.leaf('AccptncDtTm', transfer.acceptedAt).leaf('ChrgBr', 'SLEV');
  writeParty(writer, 'Dbtr', transfer.debtor);
  writeAccount(writer, 'DbtrAcct', transfer.debtor);
  writeAgent(writer, 'DbtrAgt', transfer.debtor.agent);
  writeAgent(writer, 'CdtrAgt', transfer.creditor.agent);
  writeParty(writer, 'Cdtr', transfer.creditor);
  writeAccount(writer, 'CdtrAcct', transfer.creditor);
  if (transfer.purpose !== undefined) {
    writer
      .open('Purp')
      .leaf(isCode(transfer.purpose) ? 'Cd' : 'Prtry', transfer.purpose)
      .close();
  }
  writeRemittance(writer, transfer.remittance);
  writer.close();
}

function writeServiceLevel(writer: XmlWriter, localInstrument: string | undefined): void {
  if (localInstrument === undefined) return;
  writer.open('PmtTpInf').open('SvcLvl').leaf('Cd', 'SEPA').close();
  writer.open('LclInstrm').leaf('Cd', localInstrument).close().close();
}

function writeStatusReport(message: StatusReport): string {
  const writer = openMessage(writtenVersions.status_report, 'FIToFIPmtStsRpt').open('GrpHdr');
  writeHead(writer, message);
  writeAgents(writer, message);
  writer.close();
  for (const { original, status, reasons, acceptedAt } of message.payments) {
    writer.open('TxInfAndSts');
    writeOriginalGroup(writer, 'OrgnlGrpInf', original);
    writeOriginalIds(writer, original);
    writer.leaf('TxSts', status);
    writeReasons(writer, 'StsRsnInf', reasons);
    writer.leaf('AccptncDtTm', acceptedAt);
    writeReference(writer, original);
    writer.close();
  }
  return closeMessage(writer);
}

/** What the original moved and when, where a message has no places of their own for it. */
function writeReference(writer: XmlWriter, { amount, settledOn }: OriginalPayment): void {
  if (amount === undefined && settledOn === undefined) return;
  writer.open('OrgnlTxRef');
  writeMoney(writer, 'IntrBkSttlmAmt', amount);
  writer.leaf('IntrBkSttlmDt', settledOn).close();
}

function writePaymentReturn(message: PaymentReturn): string {
  const writer = openMessage(writtenVersions.payment_return, 'PmtRtr').open('GrpHdr');
  writeHead(writer, message);
  writer.leaf('NbOfTxs', String(message.returns.length));
  writer.leaf('IntrBkSttlmDt', message.settledOn);
  writer.open('SttlmInf').leaf('SttlmMtd', 'CLRG').close();
  writeAgents(writer, message);
  writer.close();
  for (const one of message.returns) {
    writer.open('TxInf').leaf('RtrId', one.returnId);
    writeOriginalGroup(writer, 'OrgnlGrpInf', one.original);
    writeOriginalIds(writer, one.original);
    writeOriginalSettlement(writer, one.original);
    writeMoney(writer, 'RtrdIntrBkSttlmAmt', one);
    writeReasons(writer, 'RtrRsnInf', one.reasons);
    writer.close();
  }
  return closeMessage(writer);
}

function writeStatusEnquiry(message: StatusEnquiry): string {
  const writer = openMessage(writtenVersions.status_enquiry, 'FIToFIPmtStsReq').open('GrpHdr');
  writeHead(writer, message);
  writeAgents(writer, message);
  writer.close();
  for (const { enquiryId, original } of message.enquiries) {
    writer.open('TxInf').leaf('StsReqId', enquiryId);
    writeOriginalGroup(writer, 'OrgnlGrpInf', original);
    writeOriginalIds(writer, original);
    writeReference(writer, original);
    writer.close();
  }
  return closeMessage(writer);
}

function writeCancellationRequest(message: CancellationRequest): string {
  const writer = openMessage(writtenVersions.cancellation_request, 'FIToFIPmtCxlReq');
  writeAssignment(writer, message);
  writer.open('CtrlData').leaf('NbOfTxs', String(message.requests.length)).close();
  writer.open('Undrlyg');
  for (const { cancellationId, original, reasons } of message.requests) {
    writer.open('TxInf').leaf('CxlId', cancellationId);
    writeOriginalGroup(writer, 'OrgnlGrpInf', original);
    writeOriginalIds(writer, original);
    writeOriginalSettlement(writer, original);
    writeReasons(writer, 'CxlRsnInf', reasons);
    writer.close();
  }
  writer.close();
  return closeMessage(writer);
}

function writeCancellationAnswer(message: CancellationAnswer): string {
  const writer = openMessage(writtenVersions.cancellation_answer, 'RsltnOfInvstgtn');
  writeAssignment(writer, message);
  writer.open('Sts').leaf('Conf', message.confirmation).close().open('CxlDtls');
  for (const { outcomeId, status, original, reasons } of message.answers) {
    writer.open('TxInfAndSts').leaf('CxlStsId', outcomeId);
    writeOriginalGroup(writer, 'OrgnlGrpInf', original);
    writeOriginalIds(writer, original);
    writer.leaf('TxCxlSts', status);
    writeReasons(writer, 'CxlStsRsnInf', reasons);
    writeOriginalSettlement(writer, original);
    writer.close();
  }
  writer.close();
  return closeMessage(writer);
}
