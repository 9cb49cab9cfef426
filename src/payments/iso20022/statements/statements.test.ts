import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BankStatement } from '../statement.ts';
import { readStatements } from './read.ts';

interface Written {
  readonly version?: string;
  readonly closing?: string;
  readonly entries?: string;
  readonly more?: string;
}

function statementText({ version = '08', closing = '90.00', entries = '', more = '' }: Written) {
  const isNew = version === '08';
  const balance = (code: string, amount: string) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">${amount}</Amt>` +
    '<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>';
  const sepa =
    '<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly>' +
    '</Domn></BkTxCd>';
  const status = (code: string) => (isNew ? `<Sts><Cd>${code}</Cd></Sts>` : `<Sts>${code}</Sts>`);
  const entry = (amount: string, sign: string, code: string, details: string) =>
    `<Ntry><NtryRef>N</NtryRef><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${sign}</CdtDbtInd>` +
    `${status(code)}<BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><DtTm>2026-11-21T00:00:00</DtTm>` +
    `</ValDt><AcctSvcrRef>S-1</AcctSvcrRef>${sepa}${details}</Ntry>`;
  const details =
    '<NtryDtls><TxDtls><Refs><EndToEndId>E-1</EndToEndId><TxId>T-1</TxId></Refs>' +
    (version === '02' ? '' : '<Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>') +
    '<RltdPties><DbtrAcct><Id><IBAN>CZ6508000000192000145399</IBAN></Id></DbtrAcct></RltdPties>' +
    '<RmtInf><Ustrd>Invoice</Ustrd><Ustrd>42</Ustrd></RmtInf></TxDtls></NtryDtls>';
  return (
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt>` +
    '<GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-21T01:00:00</CreDtTm></GrpHdr>' +
    '<Stmt><Id>S-1</Id><ElctrncSeqNb>7</ElctrncSeqNb><CreDtTm>2026-11-21T01:00:00</CreDtTm>' +
    '<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>' +
    `${balance('OPBD', '100.00')}${balance('CLBD', closing)}${more}` +
    `${entry('5.00', 'CRDT', 'BOOK', details)}${entry('15.00', 'DBIT', 'BOOK', '')}` +
    `${entry('999.00', 'CRDT', 'PDNG', '')}${entries}</Stmt></BkToCstmrStmt></Document>`
  );
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

async function readOne(written: Written): Promise<BankStatement> {
  const read = await readStatements(bytesOf(statementText(written)));
  assert.ok(read.isRead, read.isRead ? '' : read.faults.map(({ message }) => message).join('\n'));
  const [statement] = read.statements;
  assert.ok(statement !== undefined && read.statements.length === 1);
  return statement;
}

for (const version of ['02', '04', '08']) {
  test(`a statement of version ${version} is read with its entries, credits positive`, async () => {
    const statement = await readOne({ version });
    assert.equal(statement.kind, 'statement');
    assert.equal(statement.messageId, 'M-1');
    assert.equal(statement.sequence, '7');
    assert.equal(statement.account.iban, 'DE89370400440532013000');
    assert.deepEqual(
      statement.entries.map(({ amount, status }) => [amount, status]),
      [
        [500n, 'BOOK'],
        [-1_500n, 'BOOK'],
        [99_900n, 'PDNG'],
      ],
    );
    const [entry] = statement.entries;
    assert.equal(entry?.valueOn, '2026-11-21');
    assert.equal(entry.transactionCode, 'PMNT/RCDT/ESCT');
    const [detail] = entry.details;
    assert.equal(detail?.references.endToEnd, 'E-1');
    assert.equal(detail.debtorAccount, 'CZ6508000000192000145399');
    assert.equal(detail.remittance, 'Invoice 42');
    assert.deepEqual(statement.faults, []);
  });
}

test('a statement that does not add up is read and says so, with the line of its closing', async () => {
  const { faults } = await readOne({ closing: '90.01' });
  assert.deepEqual(
    faults.map(({ rule }) => rule),
    ['iso_balance_wrong'],
  );
  assert.match(faults[0]?.message ?? '', /100\.00 .* -10\.00 .* 90\.01/);
});

test('a summary of other entries than there are is a fault', async () => {
  const more =
    '<TxsSummry><TtlNtries><NbOfNtries>4</NbOfNtries><Sum>1019.00</Sum></TtlNtries>' +
    '<TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>15.01</Sum></TtlDbtNtries></TxsSummry>';
  const { faults } = await readOne({ more });
  assert.deepEqual(
    faults.map(({ message }) => message),
    [
      'TtlNtries states 4 entries, and there are 3.',
      'TtlDbtNtries states the sum 15.01, and it is 15.',
    ],
  );
});

test('an amount that its currency cannot hold refuses the whole message', async () => {
  const read = await readStatements(bytesOf(statementText({ closing: '90.001' })));
  assert.ok(!read.isRead);
  assert.deepEqual(
    read.faults.map(({ rule }) => rule),
    ['iso_amount_decimals'],
  );
});

test('a message that is no statement is refused', async () => {
  const text = statementText({}).replaceAll('camt.053.001.08', 'camt.099.001.01');
  const read = await readStatements(bytesOf(text));
  assert.ok(!read.isRead);
  assert.deepEqual(
    read.faults.map(({ rule }) => rule),
    ['iso_message_unknown'],
  );
});
