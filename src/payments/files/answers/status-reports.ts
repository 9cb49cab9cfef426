// Writes the pain.002 that answers a file of a customer: the status of the whole message, of each
// payment information in it, and of each payment that was rejected.

import { formatInstant, uuidOf } from '#kernel';
import { statusReasons, type GroupStatus } from '../../iso20022/codes.ts';
import {
  writeCustomerReport,
  type BatchReport,
  type CustomerReport,
  type PaymentReport,
} from '../../iso20022/messages/customer-report.ts';
import type { MessageReason } from '../../iso20022/messages/message.ts';
import type { FileEntry, FileItem } from '../format.ts';
import type { AnsweredItem, Answering, AnswerWriter } from '../pipeline/world.ts';

type Header = Extract<FileItem, { kind: 'file' }>;

/** ISO 20022: narrative. */
const NARRATIVE = 'NARR';
const DUPLICATE = 'DUPL';

export const statusReports: AnswerWriter = { extension: 'xml', write };

async function* write(answering: Answering): AsyncGenerator<Buffer> {
  const items = answering.items();
  const header = await headerOf(items);
  // What has no header cannot be answered by name.
  if (header === undefined) return;
  const report = reportOf(answering, header);
  const batches = answering.refusal === undefined ? batchesOf(items) : [];
  for await (const piece of writeCustomerReport(report, batches)) yield Buffer.from(piece);
  await items.return(undefined);
}

async function headerOf(items: AsyncGenerator<AnsweredItem>): Promise<Header | undefined> {
  for (;;) {
    const next = await items.next();
    if (next.done === true) return undefined;
    if (next.value.item.kind === 'file') return next.value.item;
  }
}

function reportOf(answering: Answering, header: Header): CustomerReport {
  const { file, now, refusal } = answering;
  return {
    messageId: uuidOf(file.id).replaceAll('-', ''),
    createdAt: formatInstant(now),
    original: {
      messageId: header.messageId,
      message: header.format,
      transactions: header.details['NbOfTxs'],
      controlSum: header.details['CtrlSum'],
    },
    status: refusal === undefined ? statusOf(answering) : 'RJCT',
    reasons: refusal === undefined ? [] : [reasonOfRefusal(refusal)],
  };
}

function reasonOfRefusal(refusal: string): MessageReason {
  const isDuplicate = refusal === 'file_message_duplicate';
  return { code: isDuplicate ? DUPLICATE : NARRATIVE, text: refusal };
}

function statusOf({ posted, returned }: { posted: number; returned: number }): GroupStatus {
  if (returned === 0) return 'ACSP';
  return posted === 0 ? 'RJCT' : 'PART';
}

interface Building {
  readonly id: string;
  readonly details: Readonly<Record<string, string>>;
  readonly payments: PaymentReport[];
  posted: number;
}

// A payment information is reported when the next one begins: its own status comes first.
async function* batchesOf(items: AsyncGenerator<AnsweredItem>): AsyncGenerator<BatchReport> {
  let batch: Building | undefined;
  for await (const { item, outcome } of items) {
    if (item.kind === 'batch') {
      if (batch !== undefined) yield batchReportOf(batch);
      const { details } = item;
      batch = { id: details['PmtInfId'] ?? '', details, payments: [], posted: 0 };
    }
    if (item.kind !== 'entry' || batch === undefined) continue;
    if (outcome === undefined) batch.posted += 1;
    else batch.payments.push(paymentReportOf(item.entry, outcome.reason));
  }
  if (batch !== undefined) yield batchReportOf(batch);
}

function batchReportOf({ id, details, payments, posted }: Building): BatchReport {
  return {
    id,
    transactions: details['NbOfTxs'],
    controlSum: details['CtrlSum'],
    status: statusOf({ posted, returned: payments.length }),
    reasons: [],
    payments,
  };
}

function paymentReportOf(entry: FileEntry, reason = NARRATIVE): PaymentReport {
  const isCode = Object.hasOwn(statusReasons, reason);
  return {
    instructionId: entry.details['InstrId'],
    endToEndId: entry.endToEndId,
    uetr: entry.details['UETR'],
    status: 'RJCT',
    reasons: [isCode ? { code: reason } : { code: NARRATIVE, text: reason }],
  };
}
