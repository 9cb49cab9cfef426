import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { owner } from '../../../accounts/testing/bank.ts';
import { createCustomers } from '#accounts';
import { DAY_US, MILLISECOND_US, parseInstant, type AccountId, type Instant } from '#kernel';
import { withLedger } from '#ledger';
import { openSession, type Objects } from '#platform';
import { readContent } from '../../files/content.ts';
import type { FileItem } from '../../files/format.ts';
import { openFilesBank, ROUTING, type FilesBank } from '../../files/testing/bank.ts';
import { returnsOf, sourceOf } from '../../files/testing/messages.ts';
import { nachaFormat } from '../../nacha/read.ts';
import type { NewPayment, Payment } from '../../payment.ts';
import { sendPayments } from '../../send.ts';
import { selectPayments } from '../../store/payment-store.ts';
import { changePayments } from '../../change.ts';
import { settleAch } from '../ach.ts';
import { selectOutgoingFiles } from './outgoing-file-store.ts';
import type { OutgoingFile } from './outgoing-file.ts';
import { writeAchFiles } from './write-files.ts';

const OTHER_BANK = '091000019';
const identity = {
  origin: { routingNumber: ROUTING, name: 'Florin Bank' },
  destination: { routingNumber: '021001208', name: 'Federal Reserve Bank' },
};

let bank: FilesBank;

before(async () => {
  bank = await openFilesBank('ach files');
  // A Friday.
  bank.clock.set(parseInstant('2026-03-06T15:04:00Z') as Instant);
});

after(async () => {
  await bank.checkBooks();
  await bank.drop();
});

function asked(accountId: AccountId, part: Partial<NewPayment> = {}): NewPayment {
  const party = { name: 'Ada Example', account: '12345678', agent: OTHER_BANK };
  const plain = { kind: 'credit_out', rail: 'ach', currency: 'USD' } as const;
  return { ...plain, accountId, amount: 100n, party, ...part };
}

/** One after the other: what is paid later is later in the file. */
async function pay(...payments: NewPayment[]): Promise<Payment[]> {
  const made: Payment[] = [];
  for (const payment of payments) {
    bank.clock.advance(MILLISECOND_US);
    const [result] = await withLedger(bank.database, bank.context(), (tx) =>
      sendPayments(tx, [payment], { screener: undefined }),
    );
    assert.ok(result?.ok === true, result?.ok === false ? result.refusal.code : '');
    made.push(result.value);
  }
  return made;
}

async function write(objects: Objects = bank.world.objects): Promise<number> {
  const { keys } = bank.database;
  bank.clock.advance(MILLISECOND_US);
  return await writeAchFiles(bank.database, bank.context(), { identity, objects, keys });
}

async function now(...payments: readonly Payment[]): Promise<Payment[]> {
  const found = await selectPayments(
    bank.database,
    payments.map(({ id }) => id),
  );
  assert.equal(found.length, payments.length);
  return payments.flatMap(({ id }) => found.find((each) => each.id === id) ?? []);
}

async function statuses(...payments: readonly Payment[]): Promise<string[]> {
  return (await now(...payments)).map(({ status, reason }) => [status, reason].join(' ').trim());
}

async function newestFile(): Promise<OutgoingFile> {
  const page = { before: undefined, limit: 1, state: undefined };
  const [file] = await selectOutgoingFiles(bank.database, page);
  assert.ok(file !== undefined);
  return file;
}

async function itemsOf(file: OutgoingFile): Promise<FileItem[]> {
  const pieces: Buffer[] = [];
  for await (const piece of readContent(bank.world, file, [file])) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  assert.equal(bytes.length, file.bytes);
  const items: FileItem[] = [];
  for await (const item of nachaFormat.read(sourceOf(bytes))) items.push(item);
  return items;
}

async function entriesOf(file: OutgoingFile) {
  return (await itemsOf(file)).flatMap((item) => (item.kind === 'entry' ? [item.entry] : []));
}

async function storedObjects(): Promise<number> {
  let count = 0;
  for await (const facts of bank.world.objects.list('payment-files/')) {
    if (facts.bytes > 0) count += 1;
  }
  return count;
}

async function openCompany(amount: bigint): Promise<AccountId> {
  const particulars = { name: 'Müller & Co Incorporated' };
  const [made] = await bank.database.transaction(bank.context(), (tx) =>
    createCustomers(tx, [{ kind: 'company', particulars }]),
  );
  assert.ok(made?.ok === true);
  const opened = await bank.openOne({ product: 'dollars', owners: [owner(made.value.id)] });
  const cash = await bank.open({ path: 'assets:cash', currency: 'USD', normalSide: 'debit' });
  await bank.post({
    kind: 'transfer',
    legs: [
      { accountId: cash, side: 'debit', amount },
      { accountId: opened.id, side: 'credit', amount },
    ],
  });
  return opened.id;
}

test('what waits becomes a file without faults, in batches of one class, way and payer', async () => {
  const anna = await bank.openDollars(10_000n);
  const company = await openCompany(10_000n);
  const payments = await pay(
    asked(anna.id, { amount: 150n, endToEndId: 'RENT', remittance: ' Rent for März ' }),
    asked(company, { amount: 250n, endToEndId: 'a name that is longer than its field' }),
    asked(anna.id, { kind: 'debit_out', amount: 350n, party: { account: '9', agent: OTHER_BANK } }),
    asked(anna.id, { amount: 450n, party: { account: 'ab-1 2', agent: OTHER_BANK } }),
  );
  assert.equal(await write(), 1);
  const file = await newestFile();
  const items = await itemsOf(file);
  assert.deepEqual(
    items.filter(({ kind }) => kind === 'fault'),
    [],
  );
  const batches = items.flatMap((item) => (item.kind === 'batch' ? [item.details] : []));
  assert.deepEqual(
    batches.map((each) => [
      each['standardEntryClassCode'],
      each['serviceClassCode'],
      each['companyName'],
      each['effectiveEntryDate'],
    ]),
    [
      ['PPD', '220', 'Anna Novakova', '260309'],
      ['CCD', '220', 'Muller & Co Inco', '260309'],
      ['PPD', '225', 'Anna Novakova', '260309'],
    ],
  );
  const entries = await entriesOf(file);
  assert.deepEqual(
    entries.map(({ kind, amount }) => [kind, amount]),
    [
      ['credit', 150n],
      ['credit', 450n],
      ['credit', 250n],
      ['debit', 350n],
    ],
  );
  const submitted = await now(...payments);
  assert.deepEqual(
    submitted.map(({ status, transactionId }) => [status, transactionId]),
    [
      ['submitted', '021000020000001'],
      ['submitted', '021000020000003'],
      ['submitted', '021000020000004'],
      ['submitted', '021000020000002'],
    ],
  );
  const { createdOn, modifier, effectiveOn, debits, credits, firstTrace, lastTrace } = file;
  assert.deepEqual([createdOn, modifier, effectiveOn], ['2026-03-06', 'A', '2026-03-09']);
  assert.deepEqual([debits, credits, file.entries, file.batches], [350n, 850n, 4, 3]);
  assert.deepEqual([firstTrace, lastTrace], ['021000020000001', '021000020000004']);
  assert.equal(await write(), 0);
});

test('what cannot be written is rejected with its reason, and the money is back', async () => {
  const anna = await bank.openDollars(20_000_000_000n);
  const good = asked(anna.id);
  const payments = await pay(
    { ...good, party: { account: '1', agent: '091000018' } },
    { ...good, party: { account: '123456789012345678', agent: OTHER_BANK } },
    { ...good, party: { iban: 'DE89370400440532013000' } },
    { ...good, amount: 9_999_999_999n + 1n },
    good,
  );
  assert.equal(await write(), 1);
  assert.deepEqual(await statuses(...payments), [
    'rejected RC01',
    'rejected AC01',
    'rejected RC01',
    'rejected AM02',
    'submitted',
  ]);
  assert.equal(await bank.sumOf(anna.id), 20_000_000_000n - 100n);
  const [lone] = await pay({ ...good, party: { iban: 'DE89370400440532013000' } });
  assert.ok(lone !== undefined);
  assert.equal(await write(), 0);
  assert.deepEqual(await statuses(lone), ['rejected RC01']);
});

test('processes that write at once put each payment into one file', async () => {
  const anna = await bank.openDollars(10_000n);
  const payments = await pay(...Array.from({ length: 20 }, () => asked(anna.id)));
  const written = await Promise.all([write(), write(), write()]);
  assert.equal(
    written.reduce((sum, files) => sum + files, 0),
    1,
  );
  const traces = (await now(...payments)).map(({ transactionId }) => transactionId);
  assert.equal(new Set(traces).size, 20);
  assert.equal((await newestFile()).entries, 20);
});

test('a run that dies after it has stored its file leaves the payments to the next', async () => {
  const anna = await bank.openDollars(10_000n);
  const payments = await pay(asked(anna.id), asked(anna.id));
  const { objects } = bank.world;
  const before = await storedObjects();
  const last = await newestFile();
  const dying: Objects = {
    ...objects,
    put: async (...given) => {
      await objects.put(...given);
      throw new Error('died');
    },
  };
  await assert.rejects(write(dying), /died/);
  assert.deepEqual(await statuses(...payments), ['accepted', 'accepted']);
  assert.equal((await newestFile()).id, last.id);
  assert.equal(await write(), 1);
  const file = await newestFile();
  assert.deepEqual([file.entries, file.credits], [2, 200n]);
  // The object of the run that died is known to nobody.
  assert.equal(await storedObjects(), before + 2);
  assert.equal(await bank.sumOf(anna.id), 10_000n - 200n);
});

test('a return of a written entry undoes the payment: before it is settled, and after', async () => {
  const anna = await bank.openDollars(1_000n);
  const [first, second] = await pay(
    asked(anna.id, { amount: 300n }),
    asked(anna.id, { amount: 200n }),
  );
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(await write(), 1);
  assert.equal(await bank.sumOf(anna.id), 500n);
  const [one, two] = await entriesOf(await newestFile());
  assert.deepEqual([one?.amount, two?.amount], [300n, 200n]);
  const agreement = await bank.agree({ sender: 'fed', format: 'nacha', mapping: undefined });
  const back = async (payment: Payment, reason: string): Promise<void> => {
    const [{ transactionId: trace = '', amount } = payment] = await now(payment);
    const bytes = await returnsOf([{ trace, account: '12345678', amount, reason }]);
    const done = await bank.finish(await bank.upload(agreement, bytes));
    assert.deepEqual([done.state, done.reason], ['completed', undefined]);
  };
  await back(first, 'R01');
  assert.deepEqual(await statuses(first, second), ['rejected R01', 'submitted']);
  assert.equal(await bank.sumOf(anna.id), 800n);
  bank.clock.advance(4 * DAY_US);
  await settleAch(bank.database, bank.context());
  assert.deepEqual(await statuses(second), ['settled']);
  const other = await bank.agree({ sender: 'fed-2', format: 'nacha', mapping: undefined });
  const [{ transactionId: trace = '' } = second] = await now(second);
  const bytes = await returnsOf([{ trace, account: '12345678', amount: 200n, reason: 'R03' }]);
  await bank.finish(await bank.upload(other, bytes));
  assert.deepEqual(await statuses(second), ['returned R03']);
  assert.equal(await bank.sumOf(anna.id), 1_000n);
});

test('every tenant has files of its own, and the network still tells all of them apart', async () => {
  const anna = await bank.openDollars(1_000n);
  await pay(asked(anna.id));
  const context = { ...bank.context(), tenant: 'other' };
  // What is collected moves no money yet, so the account needs not be one of the tenant.
  const [collected] = await withLedger(bank.database, context, (tx) =>
    sendPayments(tx, [asked(anna.id, { kind: 'debit_out', amount: 7n })], { screener: undefined }),
  );
  assert.ok(collected?.ok === true);
  assert.equal(await write(), 2);
  const page = { before: undefined, limit: 2, state: undefined };
  const both = await selectOutgoingFiles(bank.database, page);
  assert.deepEqual(both.map(({ tenant }) => tenant).toSorted(), ['main', 'other']);
  assert.equal(new Set(both.map(({ modifier }) => modifier)).size, 2);
  assert.equal(new Set(both.map(({ firstTrace }) => firstTrace)).size, 2);
  const own = await selectOutgoingFiles(bank.database.within('other'), page);
  assert.deepEqual(
    own.map(({ debits, credits }) => [debits, credits]),
    [[7n, 0n]],
  );
});

test('a cancelled payment is in no file, and without its settings the job does nothing', async () => {
  const anna = await bank.openDollars(1_000n);
  const [payment, kept] = await pay(asked(anna.id), asked(anna.id));
  assert.ok(payment !== undefined && kept !== undefined);
  await withLedger(bank.database, bank.context(), (tx) =>
    changePayments(tx, [{ paymentId: payment.id, to: 'cancelled' }]),
  );
  const { objects, keys } = bank.world;
  const nothing = { identity: undefined, objects, keys };
  assert.equal(await writeAchFiles(bank.database, bank.context(), nothing), 0);
  assert.equal(await write(), 1);
  assert.deepEqual(await statuses(payment, kept), ['cancelled', 'submitted']);
});

test('a day has 36 files, and trace numbers begin again after the last', async () => {
  const anna = await bank.openDollars(1_000n);
  await pay(asked(anna.id));
  const owned = await openSession(bank.url);
  const counters = async (text: string): Promise<void> => {
    await owned.query({ text: `update payments.ach_counters set ${text}` });
  };
  await counters('files = 35, last_sequence = 9999998');
  assert.equal(await write(), 1);
  assert.deepEqual(
    [(await newestFile()).modifier, (await newestFile()).firstTrace],
    ['9', '021000029999999'],
  );
  const [waiting] = await pay(asked(anna.id));
  assert.ok(waiting !== undefined);
  assert.equal(await write(), 0);
  assert.deepEqual(await statuses(waiting), ['accepted']);
  bank.clock.advance(DAY_US);
  assert.equal(await write(), 1);
  assert.deepEqual(
    [(await newestFile()).modifier, (await newestFile()).firstTrace],
    ['A', '021000020000001'],
  );
  await owned.close();
});
