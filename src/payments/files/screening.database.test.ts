import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { currencyOf, type Currency } from '#kernel';
import { product } from '../../accounts/testing/bank.ts';
import { CHALLENGED_ABOVE, openTestScreening, type TestScreening } from '../testing/screened.ts';
import { readContent } from './content.ts';
import type { PaymentFile } from './file.ts';
import { findAnswer } from './store/entry-store.ts';
import { csvOf, openFilesBank, ROUTING, type FilesBank, type Line } from './testing/bank.ts';
import { achOf, pain001Of } from './testing/messages.ts';

let bank: FilesBank;
let screening: TestScreening;

before(async () => {
  bank = await openFilesBank('files screened');
  await bank.addProducts(product());
  screening = openTestScreening(bank.database, bank.clock);
  bank.screenBy(screening.screener);
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

async function answerOf(file: PaymentFile): Promise<string> {
  const answer = await findAnswer(bank.database, file.id);
  assert.ok(answer !== undefined);
  const parts = answer.parts.map((objectId) => ({ objectId }));
  const pieces: Buffer[] = [];
  for await (const piece of readContent(bank.world, file, parts)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

test('entries that are stopped come back with their reason, and their neighbours are paid', async () => {
  const payer = await bank.openDollars(1_000_000n);
  const from = payer.accountNumber;
  await screening.list('block', `${ROUTING} 666`);
  const terms = { sender: 'employer', role: 'outgoing', settlementAccount: payer.id } as const;
  const agreement = await bank.agree(terms);
  const lines: Line[] = [
    { amount: 100n, from, to: '111' },
    { amount: 100n, from, to: '666' },
    { amount: CHALLENGED_ABOVE + 1n, from, to: '222' },
    { amount: 100n, from, to: '333' },
  ];
  const file = await bank.finish(await bank.upload(agreement, csvOf(lines)));
  assert.equal(file.state, 'completed');
  assert.equal(await bank.sumOf(payer.id), 999_800n);
  assert.deepEqual(await bank.reasons(file), [
    [1, 'returned', 'FRAD'],
    [2, 'returned', 'DS0A'],
  ]);
  const outcomes = (await screening.decisions(payer.id)).map(([outcome]) => outcome);
  assert.deepEqual(outcomes, ['approve', 'decline', 'challenge', 'approve']);
});

test('a pain.002 names the code of what was stopped', async () => {
  const payer = await bank.openOne();
  await bank.pay(payer.id, 1_000_000n);
  const agreement = await bank.agree({
    sender: 'company',
    format: 'pain.001',
    role: 'outgoing',
    rail: 'sct_inst',
    currency: currencyOf('CZK') as Currency,
    settlementAccount: payer.id,
    mapping: undefined,
  });
  const iban = 'DE89370400440532013000';
  const lines = [
    { amount: '10.00', iban },
    { amount: '600.00', iban },
    { amount: '6000.00', iban },
  ];
  const bytes = pain001Of(payer.iban ?? '', lines, 'MSG1');
  const report = await answerOf(await bank.finish(await bank.upload(agreement, bytes)));
  assert.match(report, /<GrpSts>PART<.*MSG1-1<.*<Cd>DS0A<.*MSG1-2<.*<Cd>FRAD</s);
});

test('what a network sends is posted, whatever is said of it, and judged once', async () => {
  const anna = await bank.openDollars(100n);
  await screening.list('block', anna.id);
  const agreement = await bank.agree({ sender: 'fed', format: 'nacha', mapping: undefined });
  const account = anna.accountNumber;
  const bytes = achOf([
    { direction: 'credit', account, amount: 1_000n },
    { direction: 'debit', account, amount: 50n },
    { direction: 'debit', account, amount: 5_000n },
  ]);
  const file = await bank.finish(await bank.upload(agreement, bytes));
  assert.equal(await bank.sumOf(anna.id), 1_050n);
  assert.deepEqual(await bank.reasons(file), [[2, 'returned', 'R01']]);
  const decisions = await screening.decisions(anna.id);
  assert.deepEqual(
    decisions.map(([outcome, , paymentId]) => [outcome, paymentId !== undefined]),
    [
      ['decline', true],
      ['decline', true],
      ['decline', false],
    ],
  );
});
