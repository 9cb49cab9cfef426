// Owns writing pain.002: what became of the payments a customer sent, of each payment information
// and of the whole. Written piece by piece, so that a report of any length needs little memory.
// The version answers the one that was sent: pain.002.001.03 to the older, 10 to the newer ones.
import type { XmlWriter } from '#platform';
import type { GroupStatus, TransactionStatus } from '../codes.ts';
import type { MessageReason } from './message.ts';
import { closeMessage, fitting, openMessage, writeReasons } from './parts.ts';

export interface CustomerReport {
  readonly messageId: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Name of the bank that reports. */
  readonly sender?: string | undefined;
  readonly original: OriginalMessage;
  readonly status?: GroupStatus | undefined;
  readonly reasons: readonly MessageReason[];
}

/** The message that is answered, with what it states of itself. */
export interface OriginalMessage {
  readonly messageId: string;
  /** `pain.001.001.09`. */
  readonly message: string;
  readonly transactions?: string | undefined;
  readonly controlSum?: string | undefined;
}

/** One payment information, and those of its payments that are reported one by one. */
export interface BatchReport {
  readonly id: string;
  readonly transactions?: string | undefined;
  readonly controlSum?: string | undefined;
  readonly status?: GroupStatus | undefined;
  readonly reasons: readonly MessageReason[];
  readonly payments: readonly PaymentReport[];
}

export interface PaymentReport {
  readonly instructionId?: string | undefined;
  readonly endToEndId?: string | undefined;
  readonly uetr?: string | undefined;
  readonly status: TransactionStatus;
  readonly reasons: readonly MessageReason[];
}

/** Versions of pain.001 and pain.008 from which on the newer report is the answer. */
const NEWER_FROM: Readonly<Record<string, number>> = { 'pain.001': 9, 'pain.008': 8 };

/** The version of the report that answers a message. */
export function reportVersionOf(message: string): string {
  const from = NEWER_FROM[message.slice(0, 8)] ?? 0;
  return Number(message.slice(-2)) >= from ? 'pain.002.001.10' : 'pain.002.001.03';
}

/** The text of the report, in pieces. */
export async function* writeCustomerReport(
  report: CustomerReport,
  batches: AsyncIterable<BatchReport> | Iterable<BatchReport>,
): AsyncGenerator<string> {
  const version = reportVersionOf(report.original.message);
  const writer = openMessage(version, 'CstmrPmtStsRpt').open('GrpHdr');
  writer.leaf('MsgId', report.messageId).leaf('CreDtTm', report.createdAt);
  if (report.sender !== undefined) {
    writer.open('InitgPty').leaf('Nm', fitting(report.sender, 140)).close();
  }
  writer.close();
  writeOriginal(writer, report);
  yield writer.take();
  for await (const batch of batches) {
    writeBatch(writer, batch, version);
    yield writer.take();
  }
  yield closeMessage(writer);
}

function writeOriginal(writer: XmlWriter, { original, status, reasons }: CustomerReport): void {
  writer.open('OrgnlGrpInfAndSts');
  writer.leaf('OrgnlMsgId', original.messageId).leaf('OrgnlMsgNmId', original.message);
  writer.leaf('OrgnlNbOfTxs', original.transactions).leaf('OrgnlCtrlSum', original.controlSum);
  writer.leaf('GrpSts', status);
  writeReasons(writer, 'StsRsnInf', reasons);
  writer.close();
}

function writeBatch(writer: XmlWriter, batch: BatchReport, version: string): void {
  const hasUetr = !version.endsWith('.03');
  writer.open('OrgnlPmtInfAndSts').leaf('OrgnlPmtInfId', batch.id);
  writer.leaf('OrgnlNbOfTxs', batch.transactions).leaf('OrgnlCtrlSum', batch.controlSum);
  writer.leaf('PmtInfSts', batch.status);
  writeReasons(writer, 'StsRsnInf', batch.reasons);
  for (const payment of batch.payments) {
    writer.open('TxInfAndSts').leaf('OrgnlInstrId', payment.instructionId);
    writer.leaf('OrgnlEndToEndId', payment.endToEndId);
    if (hasUetr) writer.leaf('OrgnlUETR', payment.uetr);
    writer.leaf('TxSts', hasUetr ? payment.status : olderStatus(payment.status));
    writeReasons(writer, 'StsRsnInf', payment.reasons);
    writer.close();
  }
  writer.close();
}

const olderStatuses = new Set(['ACTC', 'RJCT', 'PDNG', 'ACCP', 'ACSP', 'ACSC', 'ACWC']);

/** The codes of a payment that version 03 has: what did not go on counts there as rejected. */
function olderStatus(status: TransactionStatus): string {
  if (olderStatuses.has(status)) return status;
  if (status === 'CANC' || status === 'BLCK') return 'RJCT';
  return status === 'ACCC' ? 'ACSC' : 'PDNG';
}
