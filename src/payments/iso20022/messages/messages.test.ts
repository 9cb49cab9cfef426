import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreditTransfer, Transfer } from './message.ts';
import { readMessageText } from '../read-message.ts';
import { railMessages } from '../testing/samples.ts';
import { reportVersionOf, writeCustomerReport, type BatchReport } from './customer-report.ts';
import { readRailMessage } from './read.ts';
import { writeRailMessage, writtenVersions } from './write.ts';

for (const message of railMessages) {
  test(`a ${message.kind} reads back as it was written`, () => {
    const read = readRailMessage(writeRailMessage(message));
    assert.ok(read.isRead);
    assert.equal(read.version, writtenVersions[message.kind]);
    assert.deepEqual(present(read.message), present(message));
  });
}

test('a message whose sum is wrong is refused as a whole', () => {
  const [transfer] = railMessages;
  assert.ok(transfer !== undefined);
  const text = writeRailMessage(transfer).replace('<CtrlSum>10.5<', '<CtrlSum>10.51<');
  const read = readRailMessage(text);
  assert.ok(!read.isRead);
  assert.deepEqual(
    read.faults.map(({ rule }) => rule),
    ['iso_control_sum_wrong'],
  );
  assert.equal(read.messageId, 'MSG-2026-0001');
});

test('an amount with more decimals than its currency has is refused', () => {
  const [transfer] = railMessages;
  assert.ok(transfer !== undefined);
  const text = writeRailMessage(transfer).replaceAll('10.5', '10.505').replace('10.5050', '10.505');
  const read = readRailMessage(text);
  assert.ok(!read.isRead);
  assert.ok(read.faults.some(({ rule }) => rule === 'iso_amount_unreadable'));
});

test('a message within an envelope with a business header is read', () => {
  const [transfer] = railMessages;
  assert.ok(transfer !== undefined);
  const document = writeRailMessage(transfer).replace(/^<\?xml.*\n/, '');
  const header =
    '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02">' +
    '<BizMsgIdr>1</BizMsgIdr></AppHdr>';
  const read = readRailMessage(`<Envelope>${header}${document}</Envelope>`);
  assert.ok(read.isRead);
  assert.deepEqual(present(read.message), present(transfer));
  const twice = readRailMessage(`<Envelope>${document}${document}</Envelope>`);
  assert.ok(!twice.isRead);
  assert.equal(twice.faults[0]?.rule, 'iso_document_second');
});

test('a request to cancel a whole message names the message alone', () => {
  const request = railMessages.find(({ kind }) => kind === 'cancellation_request');
  assert.ok(request !== undefined);
  const whole =
    '<OrgnlGrpInfAndCxl><GrpCxlId>G-1</GrpCxlId><OrgnlMsgId>M-9</OrgnlMsgId>' +
    '<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInfAndCxl>';
  const read = readRailMessage(writeRailMessage(request).replace(/<TxInf>.*<\/TxInf>/, whole));
  assert.ok(read.isRead && read.message.kind === 'cancellation_request');
  const [only] = read.message.requests;
  assert.equal(only?.cancellationId, 'G-1');
  assert.equal(only.original.messageId, 'M-9');
  assert.equal(only.original.transactionId, undefined);
});

for (const message of railMessages) {
  test(`a ${message.kind} to a bank that is not known, of nobody named, is valid`, () => {
    const { from: _from, to: _to, ...head } = message;
    const bare = head.kind === 'credit_transfer' ? { ...head, transfers: [nobody(head)] } : head;
    const read = readRailMessage(writeRailMessage(bare));
    assert.ok(read.isRead);
    assert.deepEqual(present(read.message), present(bare));
  });
}

function nobody({ transfers }: Pick<CreditTransfer, 'transfers'>): Transfer {
  const [first] = transfers;
  assert.ok(first !== undefined);
  return { ...first, debtor: { account: '1' }, creditor: { account: '2', agent: '021000021' } };
}

test('controls that a customer typed become blanks, since XML has no character for them', () => {
  const [transfer] = railMessages;
  assert.ok(transfer?.kind === 'credit_transfer');
  const transfers = transfer.transfers.map((one) => ({ ...one, remittance: 'a\u0000b\nc' }));
  const read = readRailMessage(writeRailMessage({ ...transfer, transfers }));
  assert.ok(read.isRead && read.message.kind === 'credit_transfer');
  assert.equal(read.message.transfers[0]?.remittance, 'a b c');
});

test('a name longer than the schema allows is cut between two characters', () => {
  const [transfer] = railMessages;
  assert.ok(transfer?.kind === 'credit_transfer');
  const debtor = { name: '𝔘'.repeat(200), iban: 'CZ6508000000192000145399', agent: 'GIBACZPXXXX' };
  const transfers = transfer.transfers.map((one) => ({ ...one, debtor }));
  const read = readRailMessage(writeRailMessage({ ...transfer, transfers }));
  assert.ok(read.isRead && read.message.kind === 'credit_transfer');
  assert.equal(read.message.transfers[0]?.debtor.name, '𝔘'.repeat(140));
});

const batches: readonly BatchReport[] = [
  {
    id: 'PMT-1',
    transactions: '2',
    controlSum: '21.00',
    status: 'PART',
    reasons: [],
    payments: [
      { instructionId: 'I-1', endToEndId: 'E-1', status: 'ACSC', reasons: [] },
      {
        endToEndId: 'E-2',
        uetr: '7f9f2a3c-6f3b-4a53-9a4e-0d3b8f6a1c11',
        status: 'CANC',
        reasons: [{ code: 'AM04', text: 'x'.repeat(250) }, { code: 'own reason' }],
      },
    ],
  },
];

for (const message of [
  'pain.001.001.03',
  'pain.001.001.09',
  'pain.008.001.02',
  'pain.008.001.08',
]) {
  test(`the report on a ${message} is valid by its schema`, async () => {
    const original = { messageId: 'M-1', message, transactions: '2', controlSum: '21.00' };
    const head = { messageId: 'R-1', createdAt: '2026-11-21T10:15:30.000Z', sender: 'Florin' };
    const report = { ...head, original, status: 'PART' as const, reasons: [] };
    let text = '';
    for await (const piece of writeCustomerReport(report, batches)) text += piece;
    const parts = readMessageText(text);
    const [first] = parts;
    assert.ok(first?.kind === 'message');
    assert.equal(first.message, reportVersionOf(message));
    assert.deepEqual(
      parts.filter(({ kind }) => kind === 'fault'),
      [],
    );
  });
}

/** Without what is undefined, which is the same as absent. */
function present(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member,
  );
  return JSON.parse(text) as unknown;
}
