import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { payment as transferOf } from '../../../ledger/testing/bank.ts';
import { EUR, openPayBank, type PayBank } from '../../testing/bank.ts';
import { openEdge, type TestEdge } from '../../testing/edge.ts';
import { reconciliationRefusals } from '../refusals.ts';
import { reconciliationRoutes } from './routes.ts';

let bank: PayBank;
let edge: TestEdge;
let nostro: string;
let accountId: Awaited<ReturnType<PayBank['customer']>>;

const at = '/v1/reconciliation';

before(async () => {
  bank = await openPayBank('reconciliation over http');
  const { database, clock } = bank;
  edge = await openEdge(reconciliationRoutes({ database, clock }), [reconciliationRefusals]);
  const asset = { currency: EUR, normalSide: 'debit' } as const;
  accountId = await bank.open({ ...asset, path: 'assets:nostro' });
  const losses = await bank.open({ ...asset, path: 'expenses:differences' });
  const added = await edge.post(`${at}/nostros`, {
    number: 'DE89370400440532013000',
    account_id: accountId,
    currency: EUR,
    write_off_account_id: losses,
  });
  assert.equal(added.status, 201, added.text);
  nostro = added.body.id;
  await bank.post(transferOf(accountId, await bank.customer(0n), 5_000n, { externalId: 'INV-7' }));
});

after(async () => {
  await edge.close();
  await bank.checkBooks();
  await bank.drop();
});

interface Line {
  readonly amount: string;
  readonly side: 'CRDT' | 'DBIT';
  readonly name: string;
}

function message(id: string, closing: string, lines: readonly Line[]): string {
  const balance = (code: string, amount: string): string =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">${amount}</Amt>` +
    '<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-03-01</Dt></Dt></Bal>';
  const entries = lines.map(
    ({ amount, side, name }, index) =>
      `<Ntry><NtryRef>${index}</NtryRef><Amt Ccy="EUR">${amount}</Amt><CdtDbtInd>${side}` +
      '</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-01</Dt></BookgDt>' +
      '<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>' +
      `${name}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>`,
  );
  return (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">' +
    `<BkToCstmrStmt><GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-03-02T01:00:00</CreDtTm></GrpHdr>` +
    `<Stmt><Id>${id}</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>` +
    `${balance('OPBD', '0.00')}${balance('CLBD', closing)}${entries.join('')}</Stmt>` +
    '</BkToCstmrStmt></Document>'
  );
}

const lines: readonly Line[] = [
  { amount: '50.00', side: 'CRDT', name: 'INV-7' },
  { amount: '1.50', side: 'DBIT', name: 'CHARGES' },
];

test('a statement is taken, matched and told of, and refused the second time', async () => {
  const content = message('S1', '48.50', lines);
  const taken = await edge.post(`${at}/statements`, { content });
  assert.equal(taken.status, 201, taken.text);
  const [{ matched, breaks, statement }] = taken.body['data'] as [
    { matched: number; breaks: number; statement: { id: string; closing_balance: string } },
  ];
  assert.deepEqual([matched, breaks, statement.closing_balance], [1, 1, '4850']);
  const again = await edge.post(`${at}/statements`, { content });
  assert.deepEqual([again.status, again.body['code']], [409, 'statement_exists']);
  assert.equal((await edge.get(`${at}/statements/${statement.id}`)).body['entries'], 2);
  const listed = await edge.get(`${at}/statements?nostro_id=${nostro}`);
  assert.equal((listed.body['data'] as object[]).length, 1);
});

test('a statement that does not add up, or is none, leaves nothing behind', async () => {
  const wrong = await edge.post(`${at}/statements`, { content: message('S2', '48.51', lines) });
  assert.deepEqual([wrong.status, wrong.body['code']], [422, 'statement_does_not_add_up']);
  const none = await edge.post(`${at}/statements`, { content: '<a/>' });
  assert.deepEqual([none.status, none.body['code']], [422, 'statement_unreadable']);
  const listed = await edge.get(`${at}/statements`);
  assert.equal((listed.body['data'] as object[]).length, 1);
});

test('a break is worked through: assigned, left waiting, written off; then both sides close', async () => {
  const listed = await edge.get(`${at}/breaks?nostro_id=${nostro}`);
  const [found, ...others] = listed.body['data'] as { id: string; kind: string; amount: string }[];
  assert.ok(found !== undefined && others.length === 0);
  assert.deepEqual([found.kind, found.amount], ['statement_only', '-150']);
  const path = `${at}/breaks/${found.id}`;
  const asked = [
    [{ action: 'assign', assignee: 'people/7' }, 'assigned'],
    [{ action: 'wait', until: '2026-03-20', note: 'asked the other bank' }, 'waiting'],
    [{ action: 'write_off', note: 'charges of the other bank' }, 'resolved'],
  ] as const;
  for (const [body, state] of asked) {
    const reply = await edge.post(`${path}/resolve`, body);
    assert.deepEqual([reply.status, reply.body['state']], [200, state], reply.text);
  }
  const again = await edge.post(`${path}/resolve`, { action: 'accept', note: 'no' });
  assert.deepEqual([again.status, again.body['code']], [409, 'break_resolved']);
  const { body } = await edge.get(`${at}/nostros/${nostro}`);
  assert.deepEqual(
    [body['books'], body['statement'], body['unexplained'], body['breaks']],
    ['4850', '4850', '0', []],
  );
  assert.equal(await bank.balance(accountId), 4_850n);
  assert.equal((await edge.get(path)).body['resolution'], 'written_off');
});

test('the rules of a nostro account are changed as a whole', async () => {
  const rules = [{ kind: 'reference_and_amount', days: 3, items_max: 1 }];
  const change = { rules, write_off_account_id: null };
  const changed = await edge.patch(`${at}/nostros/${nostro}`, change);
  assert.deepEqual(changed.body['rules'], rules, changed.text);
  const unknown = await edge.get(`${at}/nostros/nos_01980a3e-4c00-7000-8000-000000000001`);
  assert.deepEqual([unknown.status, unknown.body['code']], [404, 'nostro_unknown']);
  assert.equal(((await edge.get(`${at}/nostros`)).body['data'] as object[]).length, 1);
});
