// Files of the standards for tests: ACH files from the bank's own writer, and a pain.001.

import { nachaFormat } from '../../nacha/read.ts';
import { answerBatches, type Answer } from '../../nacha/writing/answer.ts';
import { fileHeaderOf, originatedBatch } from '../../nacha/writing/originate.ts';
import { writeNacha } from '../../nacha/writing/write.ts';
import { ROUTING } from './bank.ts';

const OTHER_BANK = '091000019';

export interface AchLine {
  readonly direction: 'credit' | 'debit';
  readonly account: string;
  readonly amount: bigint;
  readonly isPrenotification?: boolean;
}

/** What another bank sends us about accounts of ours. */
export function achOf(lines: readonly AchLine[], modifier = 'A'): Buffer {
  const header = fileHeaderOf({
    destination: { routingNumber: ROUTING, name: 'FLORIN' },
    origin: { routingNumber: OTHER_BANK, name: 'OTHER BANK' },
    createdAt: '2026-03-01T10:00',
    modifier,
  });
  const batch = originatedBatch({
    companyName: 'COMPANY',
    companyIdentification: '1234567890',
    companyEntryDescription: 'PAYROLL',
    standardEntryClassCode: 'PPD',
    effectiveOn: '2026-03-02',
    originatingRoutingNumber: OTHER_BANK,
    batchNumber: 1,
    entries: lines.map(({ direction, account, amount, isPrenotification }, index) => ({
      direction,
      amount,
      account: 'demand',
      purpose: isPrenotification === true ? 'prenotification' : 'live',
      routingNumber: ROUTING,
      accountNumber: account,
      name: 'RECEIVER',
      sequence: index + 1,
    })),
  });
  return writeNacha({ header, batches: [batch] });
}

export interface AchReturn {
  /** The trace of the payment that comes back. */
  readonly trace: string;
  readonly account: string;
  readonly amount: bigint;
  readonly reason: string;
}

/** What another bank could not post of what we sent it. */
export async function returnsOf(returned: readonly AchReturn[]): Promise<Buffer> {
  const sent = originatedBatch({
    companyName: 'FLORIN',
    companyIdentification: '1234567890',
    companyEntryDescription: 'PAYROLL',
    standardEntryClassCode: 'PPD',
    effectiveOn: '2026-03-02',
    originatingRoutingNumber: ROUTING,
    batchNumber: 1,
    entries: returned.map(({ account, amount, trace }) => ({
      direction: 'credit',
      amount,
      account: 'demand',
      purpose: 'live',
      routingNumber: OTHER_BANK,
      accountNumber: account,
      name: 'RECEIVER',
      sequence: Number(trace.slice(8)),
    })),
  });
  const ours = { routingNumber: ROUTING, name: 'FLORIN' };
  const theirs = { routingNumber: OTHER_BANK, name: 'OTHER BANK' };
  const createdAt = '2026-03-01T10:00';
  const header = fileHeaderOf({ destination: theirs, origin: ours, createdAt, modifier: 'A' });
  const answers: Answer[] = [];
  let batch: Readonly<Record<string, string>> = {};
  for await (const item of nachaFormat.read(sourceOf(writeNacha({ header, batches: [sent] })))) {
    if (item.kind === 'batch') batch = item.details;
    if (item.kind !== 'entry') continue;
    const { reason = 'R03' } = returned[item.entry.index] ?? {};
    answers.push({ batch, entry: item.entry, reason });
  }
  const numbers = { routingNumber: OTHER_BANK, firstSequence: 1, firstBatch: 1 };
  const back = fileHeaderOf({ destination: ours, origin: theirs, createdAt, modifier: 'R' });
  return writeNacha({ header: back, batches: answerBatches(answers, numbers) });
}

export async function* sourceOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

export interface PainLine {
  readonly amount: string;
  readonly iban: string;
}

/** A customer's credit transfers from one account. */
export function pain001Of(from: string, lines: readonly PainLine[], messageId: string): Buffer {
  const cents = lines.reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n);
  const text = cents.toString().padStart(3, '0');
  const sum = `${text.slice(0, -2)}.${text.slice(-2)}`;
  const counts = `<NbOfTxs>${lines.length}</NbOfTxs><CtrlSum>${sum}</CtrlSum>`;
  const payments = lines.map(
    ({ amount, iban }, index) =>
      `<CdtTrfTxInf><PmtId><EndToEndId>${messageId}-${index}</EndToEndId></PmtId>` +
      `<Amt><InstdAmt Ccy="CZK">${amount}</InstdAmt></Amt>` +
      `<CdtrAgt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></CdtrAgt>` +
      `<Cdtr><Nm>Ada</Nm></Cdtr><CdtrAcct><Id><IBAN>${iban}</IBAN></Id></CdtrAcct></CdtTrfTxInf>`,
  );
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>` +
      `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>` +
      `<GrpHdr><MsgId>${messageId}</MsgId><CreDtTm>2026-03-01T10:00:00Z</CreDtTm>${counts}` +
      `<InitgPty><Nm>Customer</Nm></InitgPty></GrpHdr>` +
      `<PmtInf><PmtInfId>${messageId}-P</PmtInfId><PmtMtd>TRF</PmtMtd>${counts}` +
      `<ReqdExctnDt><Dt>2026-03-02</Dt></ReqdExctnDt><Dbtr><Nm>Customer</Nm></Dbtr>` +
      `<DbtrAcct><Id><IBAN>${from}</IBAN></Id></DbtrAcct>` +
      `<DbtrAgt><FinInstnId><BICFI>FLORCZPPXXX</BICFI></FinInstnId></DbtrAgt>` +
      `${payments.join('')}</PmtInf></CstmrCdtTrfInitn></Document>`,
  );
}
