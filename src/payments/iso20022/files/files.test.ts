import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileItem } from '../../files/format.ts';
import { pain001Format, pain008Format } from './formats.ts';

const creditVersions = ['03', '04', '05', '06', '07', '08', '09', '10', '11'];
const debitVersions = ['02', '03', '04', '05', '06', '07', '08', '09', '10', '11'];

const agent = (version: number, from: number) => (version >= from ? 'BICFI' : 'BIC');

interface Written {
  readonly count?: string;
  readonly sum?: string;
  readonly amount?: string;
  readonly iban?: string;
  readonly method?: string;
}

const head = (root: string, { count = '2', sum = '21.00' }: Written) =>
  `<${root}><GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-21T10:00:00</CreDtTm>` +
  `<NbOfTxs>${count}</NbOfTxs><CtrlSum>${sum}</CtrlSum><InitgPty><Nm>Sender</Nm></InitgPty>` +
  '</GrpHdr>';

const account = (iban: string) => `<Id><IBAN>${iban}</IBAN></Id>`;
const OURS = 'CZ6508000000192000145399';
const THEIRS = 'DE89370400440532013000';

function creditText(version: string, written: Written = {}): string {
  const { amount = '10.50', iban = THEIRS, method = 'TRF' } = written;
  const bic = agent(Number(version), 4);
  const day = Number(version) >= 8 ? '<Dt>2026-11-23</Dt>' : '2026-11-23';
  const transaction = (id: number) =>
    `<CdtTrfTxInf>\n<PmtId><EndToEndId>E-${id}</EndToEndId></PmtId>` +
    `<Amt><InstdAmt Ccy="EUR">${amount}</InstdAmt></Amt>` +
    `<CdtrAgt><FinInstnId><${bic}>DEUTDEFF</${bic}></FinInstnId></CdtrAgt>` +
    '<Cdtr><Nm>Payee</Nm></Cdtr>' +
    `<CdtrAcct>${account(iban)}</CdtrAcct><RmtInf><Ustrd>Invoice</Ustrd></RmtInf></CdtTrfTxInf>`;
  return (
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.${version}">` +
    `${head('CstmrCdtTrfInitn', written)}<PmtInf><PmtInfId>P-1</PmtInfId>` +
    `<PmtMtd>${method}</PmtMtd>` +
    `<NbOfTxs>2</NbOfTxs><ReqdExctnDt>${day}</ReqdExctnDt><Dbtr><Nm>Payer</Nm></Dbtr>` +
    `<DbtrAcct>${account(OURS)}</DbtrAcct>` +
    `<DbtrAgt><FinInstnId><${bic}>GIBACZPX</${bic}></FinInstnId></DbtrAgt>` +
    `${transaction(1)}${transaction(2)}</PmtInf></CstmrCdtTrfInitn></Document>`
  );
}

function debitText(version: string): string {
  const bic = agent(Number(version), 3);
  const transaction = (id: number) =>
    `<DrctDbtTxInf><PmtId><EndToEndId>E-${id}</EndToEndId></PmtId>` +
    '<InstdAmt Ccy="EUR">10.50</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>MND</MndtId>' +
    '<DtOfSgntr>2026-01-02</DtOfSgntr></MndtRltdInf></DrctDbtTx>' +
    `<DbtrAgt><FinInstnId><${bic}>DEUTDEFF</${bic}></FinInstnId></DbtrAgt>` +
    '<Dbtr><Nm>Payer</Nm></Dbtr>' +
    `<DbtrAcct>${account(THEIRS)}</DbtrAcct></DrctDbtTxInf>`;
  return (
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.${version}">` +
    `${head('CstmrDrctDbtInitn', {})}<PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>DD</PmtMtd>` +
    '<ReqdColltnDt>2026-11-23</ReqdColltnDt><Cdtr><Nm>Payee</Nm></Cdtr>' +
    `<CdtrAcct>${account(OURS)}</CdtrAcct>` +
    `<CdtrAgt><FinInstnId><${bic}>GIBACZPX</${bic}></FinInstnId></CdtrAgt>` +
    `${transaction(1)}${transaction(2)}</PmtInf></CstmrDrctDbtInitn></Document>`
  );
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += 100) {
    yield await Promise.resolve(Buffer.from(text.slice(at, at + 100)));
  }
}

async function itemsOf(text: string, format = pain001Format): Promise<FileItem[]> {
  const items: FileItem[] = [];
  for await (const item of format.read(bytesOf(text))) items.push(item);
  return items;
}

const rulesOf = (items: readonly FileItem[]) =>
  items.flatMap((item) =>
    item.kind === 'fault' ? [`${item.fault.scope} ${item.fault.rule}`] : [],
  );

for (const version of creditVersions) {
  test(`credit transfers of version ${version} are read`, async () => {
    const items = await itemsOf(creditText(version));
    assert.deepEqual(rulesOf(items), []);
    assert.equal(items.map(({ kind }) => kind).join(' '), 'file batch entry entry batch_end end');
    const entry = items.find((item) => item.kind === 'entry')?.entry;
    assert.equal(entry?.kind, 'credit');
    assert.equal(entry.amount, 1_050n);
    assert.equal(entry.requestedOn, '2026-11-23');
    const payer = { name: 'Payer', iban: OURS, account: undefined, agent: 'GIBACZPX' };
    assert.deepEqual(entry.debtor, payer);
    assert.equal(entry.creditor.agent, 'DEUTDEFF');
    assert.equal(entry.details['PmtInfId'], 'P-1');
    const totals = { entries: 2, batches: 1, debits: 0n, credits: 2_100n };
    assert.deepEqual(items.at(-1), { kind: 'end', totals });
  });
}

for (const version of debitVersions) {
  test(`direct debits of version ${version} are read`, async () => {
    const items = await itemsOf(debitText(version), pain008Format);
    assert.deepEqual(rulesOf(items), []);
    const entry = items.find((item) => item.kind === 'entry')?.entry;
    assert.equal(entry?.kind, 'debit');
    assert.equal(entry.debtor.iban, THEIRS);
    assert.equal(entry.creditor.iban, OURS);
    assert.equal(entry.details['MndtId'], 'MND');
    const totals = { entries: 2, batches: 1, debits: 2_100n, credits: 0n };
    assert.deepEqual(items.at(-1), { kind: 'end', totals });
  });
}

const refusals: readonly (readonly [string, Written, readonly string[]])[] = [
  ['a wrong count', { count: '3' }, ['file iso_count_wrong']],
  ['a wrong control sum', { sum: '21.01' }, ['file iso_control_sum_wrong']],
  ['a wrong IBAN', { iban: 'DE89370400440532013001' }, Array(2).fill('entry iso_iban_wrong')],
  ['an amount of zero', { amount: '0.00', sum: '0' }, Array(2).fill('entry iso_amount_zero')],
  [
    'too many decimals',
    { amount: '10.505', sum: '21.01' },
    Array(2).fill('entry iso_amount_decimals'),
  ],
  ['a cheque', { method: 'CHK' }, ['batch iso_method_unsupported']],
];

for (const [name, written, rules] of refusals) {
  test(`${name} is named with its scope`, async () => {
    assert.deepEqual(rulesOf(await itemsOf(creditText('09', written))), rules);
  });
}

test('a message that breaks its schema gives no payments after the fault', async () => {
  const items = await itemsOf(creditText('09').replace('<Nm>Payer</Nm>', '<Name>Payer</Name>'));
  assert.ok(rulesOf(items).includes('file iso_element_unexpected'));
  assert.ok(items.every(({ kind }) => kind !== 'entry'));
  assert.equal(items.at(-1)?.kind, 'end');
});

test('a message that ends in the middle is refused with the line on which it ends', async () => {
  const text = creditText('09');
  const items = await itemsOf(text.slice(0, text.indexOf('E-2')));
  const [fault] = items.flatMap((item) => (item.kind === 'fault' ? [item.fault] : []));
  assert.equal(fault?.rule, 'xml_incomplete');
  assert.equal(fault.record, 3);
});

test('the Swiss form of a message is read like the message it restricts', async () => {
  const swiss = 'http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd';
  const text = creditText('03').replace('urn:iso:std:iso:20022:tech:xsd:pain.001.001.03', swiss);
  assert.deepEqual(rulesOf(await itemsOf(text)), []);
});

test('a format knows its files by their beginning', () => {
  const head001 = Buffer.from(creditText('09').slice(0, 200));
  assert.ok(pain001Format.isLikely(head001));
  assert.ok(!pain008Format.isLikely(head001));
});
