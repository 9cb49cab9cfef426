import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { currencyOf, type Currency } from '#kernel';
import { withLedger } from '#ledger';
import { product } from '../../../accounts/testing/bank.ts';
import { takeForAch, waitingForAch } from '../../rails/ach.ts';
import { nachaFormat } from '../../nacha/read.ts';
import { readContent } from '../content.ts';
import type { PaymentFile } from '../file.ts';
import type { FileItem } from '../format.ts';
import { findAnswer } from '../store/entry-store.ts';
import { csvOf, mapping, openFilesBank, type FilesBank } from '../testing/bank.ts';
import { achOf, pain001Of, returnsOf, sourceOf } from '../testing/messages.ts';

let bank: FilesBank;

before(async () => {
  bank = await openFilesBank('file answers');
  await bank.addProducts(product());
});

after(async () => {
  await bank.drop();
});

async function answerOf(file: PaymentFile): Promise<string | undefined> {
  const answer = await findAnswer(bank.database, file.id);
  if (answer === undefined) return undefined;
  const parts = answer.parts.map((objectId) => ({ objectId }));
  const pieces: Buffer[] = [];
  for await (const piece of readContent(bank.world, file, parts)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

test('what a network sent and we cannot post goes back in a return file with its reasons', async () => {
  const agreement = await bank.agree({ sender: 'fed', format: 'nacha', mapping: undefined });
  const anna = await bank.openDollars(100n);
  const account = anna.accountNumber;
  const bytes = achOf([
    { direction: 'credit', account, amount: 1_000n },
    { direction: 'credit', account: '404', amount: 2_000n },
    { direction: 'debit', account, amount: 5_000n },
    { direction: 'debit', account, amount: 50n },
    { direction: 'credit', account, amount: 0n, isPrenotification: true },
    { direction: 'credit', account: '405', amount: 0n, isPrenotification: true },
  ]);
  const file = await bank.finish(await bank.upload(agreement, bytes));
  assert.deepEqual([file.state, file.reason], ['completed', undefined]);
  assert.equal(await bank.sumOf(anna.id), 1_050n);
  assert.deepEqual(await bank.reasons(file), [
    [1, 'returned', 'R03'],
    [2, 'returned', 'R01'],
    [4, 'noted', ''],
    [5, 'returned', 'R03'],
  ]);
  const text = await answerOf(file);
  assert.ok(text !== undefined);
  const items: FileItem[] = [];
  const source = sourceOf(Buffer.from(text, 'latin1'));
  for await (const item of nachaFormat.read(source)) items.push(item);
  const faults = items.filter(({ kind }) => kind === 'fault');
  assert.deepEqual(faults, []);
  const returned = items.flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
  assert.deepEqual(
    returned.map(({ kind, reason, amount }) => [kind, reason, amount]),
    [
      ['return', 'R03', 2_000n],
      ['return', 'R01', 5_000n],
      ['return', 'R03', 0n],
    ],
  );
});

test('a file of which everything was posted needs no return file, and cannot come again', async () => {
  const agreement = await bank.agree({ sender: 'fed-2', format: 'nacha', mapping: undefined });
  const { accountNumber: account } = await bank.openDollars();
  const line = { direction: 'credit', account, amount: 1n } as const;
  const file = await bank.finish(await bank.upload(agreement, achOf([line])));
  assert.equal(file.state, 'completed');
  assert.equal(await answerOf(file), undefined);
  // Another content under the same name of the message: the second one is refused.
  const again = await bank.finish(await bank.upload(agreement, achOf([line, line])));
  assert.deepEqual([again.state, again.reason], ['refused', 'file_message_duplicate']);
  const next = await bank.finish(await bank.upload(agreement, achOf([line, line], 'B')));
  assert.equal(next.state, 'completed');
});

test('a pain.001 is answered by a pain.002 that names what was rejected', async () => {
  const payer = await bank.openOne();
  const payee = await bank.openOne();
  await bank.pay(payer.id, 10_000n);
  const agreement = await bank.agree({
    sender: 'company',
    format: 'pain.001',
    role: 'outgoing',
    rail: 'sct_inst',
    currency: currencyOf('CZK') as Currency,
    settlementAccount: payer.id,
    mapping: undefined,
  });
  const lines = [
    { amount: '10.00', iban: payee.iban ?? '' },
    { amount: '20.00', iban: 'DE89370400440532013000' },
    { amount: '90.00', iban: 'DE89370400440532013000' },
  ];
  const bytes = pain001Of(payer.iban ?? '', lines, 'MSG1');
  const file = await bank.finish(await bank.upload(agreement, bytes));
  assert.deepEqual([file.state, file.reason], ['completed', undefined]);
  assert.equal(await bank.sumOf(payer.id), 7_000n);
  assert.equal(await bank.sumOf(payee.id), 1_000n);
  const report = await answerOf(file);
  assert.match(report ?? '', /<OrgnlMsgId>MSG1<.*<GrpSts>PART</s);
  assert.match(report ?? '', /<OrgnlEndToEndId>MSG1-2<.*<TxSts>RJCT<.*<Cd>AM04</s);
  const refusedBytes = Buffer.from(bytes.toString().replace('<CtrlSum>120.00', '<CtrlSum>121.00'));
  const refused = await bank.finish(await bank.upload(agreement, refusedBytes));
  assert.equal(refused.state, 'refused');
  assert.match((await answerOf(refused)) ?? '', /<GrpSts>RJCT</);
});

test('a return gives the money back to the customer whose payment it was, once', async () => {
  const payer = await bank.openDollars(1_000n);
  const lines = [
    { amount: 300n, from: payer.accountNumber, to: '777' },
    { amount: 200n, from: payer.accountNumber, to: '778' },
  ];
  const mappingToOthers = {
    ...mapping,
    constants: { ...mapping.constants, creditor_agent: '091000019' },
  };
  const outgoing = await bank.agree({
    sender: 'employer-2',
    role: 'outgoing',
    settlementAccount: payer.id,
    mapping: mappingToOthers,
  });
  await bank.finish(await bank.upload(outgoing, csvOf(lines)));
  assert.equal(await bank.sumOf(payer.id), 500n);
  const traces = ['021000020000001', '021000020000002'] as const;
  const waiting = await waitingForAch(bank.database, { currency: 'USD', countMax: 10 });
  const ours = waiting.filter(({ accountId }) => accountId === payer.id);
  assert.equal(ours.length, 2);
  await withLedger(bank.database, bank.context(), (tx) =>
    takeForAch(
      tx,
      ours.map(({ id }, index) => ({ paymentId: id, trace: traces[index] ?? '' })),
    ),
  );
  const [first] = ours;
  assert.ok(first !== undefined);
  const back = { trace: traces[0], account: '777', amount: first.amount, reason: 'R03' };
  const unknown = { trace: '021000020000009', account: '779', amount: 5n, reason: 'R02' };
  const network = await bank.agree({ sender: 'fed-3', format: 'nacha', mapping: undefined });
  const file = await bank.upload(network, await returnsOf([back, unknown]));
  const done = await bank.finish(file);
  assert.deepEqual([done.state, done.reason], ['completed', undefined]);
  assert.equal(await bank.sumOf(payer.id), 500n + first.amount);
  assert.deepEqual(await bank.reasons(done), [
    [0, 'noted', 'R03'],
    [1, 'noted', 'original_unknown'],
  ]);
});
