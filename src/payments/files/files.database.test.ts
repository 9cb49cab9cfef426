import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits } from '#config';
import { SECOND_US } from '#kernel';
import { endAgreement } from './agree.ts';
import { abandonUploads, retryFile, takePart } from './receive.ts';
import { selectFaults } from './store/entry-store.ts';
import { csvOf, openFilesBank, type FilesBank, type Line } from './testing/bank.ts';

let bank: FilesBank;
let senders = 0;
const sender = () => `sender-${(senders += 1)}`;

before(async () => {
  bank = await openFilesBank('files');
});

after(async () => {
  await bank.drop();
});

test('a file of a network is paid to the accounts it names, and what cannot be is returned', async () => {
  const agreement = await bank.agree({ sender: sender() });
  const anna = await bank.openDollars();
  const ben = await bank.openDollars(500n);
  const lines: Line[] = [
    { amount: 1_000n, to: anna.accountNumber },
    { amount: 70n, to: '0000000000' },
    { kind: 'debit', amount: 300n, from: ben.accountNumber },
    { kind: 'debit', amount: 300n, from: ben.accountNumber },
    { amount: 5n, to: anna.accountNumber },
  ];
  const file = await bank.finish(await bank.upload(agreement, csvOf(lines), 50));
  assert.equal(file.state, 'completed');
  assert.deepEqual(file.totals, { entries: 5, batches: 1, debits: 600n, credits: 1_075n });
  assert.equal(await bank.sumOf(anna.id), 1_005n);
  assert.equal(await bank.sumOf(ben.id), 200n);
  assert.deepEqual(await bank.progress(file), {
    posted: 3,
    returned: 2,
    noted: 0,
    leftOut: 0,
    debits: 300n,
    credits: 1_005n,
  });
  assert.deepEqual(await bank.reasons(file), [
    [1, 'returned', 'AC01'],
    [3, 'returned', 'AM04'],
  ]);
});

test('a file of a customer pays from the account agreed, within the bank at once', async () => {
  const payer = await bank.openDollars(1_000n);
  const ours = await bank.openDollars();
  const terms = { sender: sender(), role: 'outgoing', settlementAccount: payer.id } as const;
  const agreement = await bank.agree(terms);
  const from = payer.accountNumber;
  const lines: Line[] = [
    { amount: 100n, from, to: ours.accountNumber },
    { amount: 200n, from, to: '12345' },
    { amount: 50n, from: ours.accountNumber, to: '12345' },
    { kind: 'debit', amount: 50n, from: ours.accountNumber, to: from },
    { amount: 701n, from, to: '12345' },
  ];
  const file = await bank.finish(await bank.upload(agreement, csvOf(lines)));
  assert.equal(file.state, 'completed');
  assert.equal(await bank.sumOf(payer.id), 700n);
  assert.equal(await bank.sumOf(ours.id), 100n);
  assert.deepEqual(await bank.reasons(file), [
    [2, 'returned', 'AC02'],
    [3, 'returned', 'MD01'],
    [4, 'returned', 'AM04'],
  ]);
});

test('a file with a fault is refused whole or taken in part, as was agreed', async () => {
  const anna = await bank.openDollars();
  const to = anna.accountNumber;
  const lines: Line[] = [
    { amount: 1n, to },
    { amount: 'x', to },
    { amount: 2n, to },
  ];
  const whole = await bank.agree({ sender: sender(), acceptance: 'whole' });
  const refused = await bank.finish(await bank.upload(whole, csvOf(lines)));
  assert.deepEqual([refused.state, refused.reason], ['refused', 'file_has_faults']);
  assert.equal(refused.faults, 1);
  const faults = await selectFaults(bank.database, refused.id, { after: -1, limit: 10 });
  assert.deepEqual(
    faults.map(({ rule, record, field, entry }) => [rule, record, field, entry]),
    [['csv_amount_invalid', 3, 'amount', 1]],
  );
  assert.equal(await bank.sumOf(anna.id), 0n);
  const partial = await bank.agree({ sender: sender() });
  const taken = await bank.finish(await bank.upload(partial, csvOf(lines)));
  assert.equal(taken.state, 'completed');
  assert.equal(await bank.sumOf(anna.id), 3n);
});

test('the same content of a sender is refused, but not what was refused before', async () => {
  const agreement = await bank.agree({ sender: sender(), entryMax: 10n });
  const anna = await bank.openDollars();
  const good = csvOf([{ amount: 10n, to: anna.accountNumber }]);
  const first = await bank.finish(await bank.upload(agreement, good));
  assert.equal(first.state, 'completed');
  const again = await bank.announce(agreement, good);
  assert.equal(again.ok ? '' : again.refusal.code, 'file_duplicate');
  const other = await bank.agree({ sender: sender() });
  assert.equal((await bank.announce(other, good)).ok, true);
  const large = csvOf([{ amount: 11n, to: anna.accountNumber }]);
  const refused = await bank.finish(await bank.upload(agreement, large));
  assert.equal(refused.reason, 'file_entry_over_limit');
  assert.equal((await bank.announce(agreement, large)).ok, true);
  assert.equal(await bank.sumOf(anna.id), 10n);
});

test('an upload goes on where it stopped, and a part that comes twice counts once', async () => {
  const agreement = await bank.agree({ sender: sender() });
  const anna = await bank.openDollars();
  const bytes = csvOf([{ amount: 10n, to: anna.accountNumber }]);
  const announced = await bank.announce(agreement, bytes);
  assert.ok(announced.ok);
  const { id: fileId } = announced.value.file;
  const take = async (from: number, to: number) => {
    const part = { fileId, offset: from, bytes: bytes.subarray(from, to) };
    const taken = await takePart(bank.world, bank.context(), part);
    return taken.ok ? taken.value.receivedBytes : taken.refusal.code;
  };
  assert.equal(await take(0, 10), 10);
  assert.equal(await take(0, 10), 10);
  assert.equal(await take(5, 15), 'file_offset_wrong');
  assert.equal(await take(20, 30), 'file_offset_wrong');
  const resumed = await bank.announce(agreement, bytes);
  assert.ok(resumed.ok && resumed.value.isReplay);
  assert.equal(resumed.value.file.receivedBytes, 10);
  const taken = await Promise.all([take(10, bytes.length), take(10, bytes.length)]);
  assert.deepEqual(taken, [bytes.length, bytes.length]);
  assert.equal(await take(bytes.length, bytes.length + 1), 'file_part_invalid');
  assert.equal((await bank.finish(await bank.read(fileId))).state, 'completed');
  assert.equal(await bank.sumOf(anna.id), 10n);
});

test('content that is not what was announced moves no money', async () => {
  const agreement = await bank.agree({ sender: sender() });
  const anna = await bank.openDollars();
  const bytes = csvOf([{ amount: 10n, to: anna.accountNumber }]);
  const announced = await bank.announce(agreement, bytes, { sha256: 'ab'.repeat(32) });
  assert.ok(announced.ok);
  const { file } = announced.value;
  await takePart(bank.world, bank.context(), { fileId: file.id, offset: 0, bytes });
  const refused = await bank.finish(file);
  assert.deepEqual([refused.state, refused.reason], ['refused', 'file_digest_wrong']);
  assert.equal(await bank.sumOf(anna.id), 0n);
});

test('what was not agreed refuses the file', async () => {
  const anna = await bank.openDollars(100n);
  const from = anna.accountNumber;
  const debits = csvOf([{ kind: 'debit', amount: 10n, from }]);
  const noDebits = await bank.agree({ sender: sender(), areDebitsAllowed: false });
  const refused = await bank.finish(await bank.upload(noDebits, debits));
  assert.equal(refused.reason, 'file_debits_not_allowed');
  const small = await bank.agree({ sender: sender(), fileMax: 9n });
  const over = await bank.finish(await bank.upload(small, debits));
  assert.equal(over.reason, 'file_sum_over_limit');
  const empty = await bank.finish(await bank.upload(small, csvOf([])));
  assert.equal(empty.reason, 'file_empty');
  const ending = await bank.agree({ sender: sender() });
  const file = await bank.upload(ending, debits);
  await bank.database.transaction(bank.context(), (tx) => endAgreement(tx, ending.id));
  assert.equal((await bank.finish(file)).reason, 'file_agreement_ended');
  const late = await bank.announce(ending, csvOf([{ amount: 1n }]));
  assert.equal(late.ok ? '' : late.refusal.code, 'file_agreement_ended');
  assert.equal(await bank.sumOf(anna.id), 100n);
});

test('an upload that nobody goes on with is given up', async () => {
  const agreement = await bank.agree({ sender: sender() });
  const bytes = csvOf([{ amount: 1n }]);
  const announced = await bank.announce(agreement, bytes);
  assert.ok(announced.ok);
  const { id: fileId } = announced.value.file;
  const part = { fileId, offset: 0, bytes: bytes.subarray(0, 5) };
  await takePart(bank.world, bank.context(), part);
  bank.clock.advance((limits.fileUploadMaxMs.value + 1) * 1_000);
  assert.ok((await abandonUploads(bank.world, bank.context())) >= 1);
  assert.equal((await bank.read(fileId)).state, 'abandoned');
  assert.ok((await bank.announce(agreement, bytes)).ok);
});

test('many runs of one file are posted each once, and the books are sound', async () => {
  const agreement = await bank.agree({ sender: sender() });
  const accounts = [await bank.openDollars(), await bank.openDollars()];
  const count = limits.fileChunkEntries.value * 2 + 17;
  const lines = Array.from({ length: count }, (_, index): Line => {
    return { amount: 1n, to: accounts[index % 2]?.accountNumber };
  });
  const file = await bank.finish(await bank.upload(agreement, csvOf(lines), 10_000));
  assert.equal(file.state, 'completed');
  assert.equal((await bank.progress(file)).posted, count);
  const sums = await Promise.all(accounts.map(({ id }) => bank.sumOf(id)));
  assert.deepEqual(sums, [BigInt(Math.ceil(count / 2)), BigInt(Math.floor(count / 2))]);
  await bank.checkBooks();
});

test('a file that cannot be worked on holds up no other, and can be taken up again', async () => {
  const agreement = await bank.agree({
    sender: sender(),
    format: 'unheard_of',
    mapping: undefined,
  });
  const stuck = await bank.upload(agreement, csvOf([{ amount: 1n }]));
  const anna = await bank.openDollars();
  const good = await bank.agree({ sender: sender() });
  const other = await bank.upload(good, csvOf([{ amount: 4n, to: anna.accountNumber }], 'b'));
  for (let attempt = 0; attempt < limits.fileAttemptsMax.value; attempt += 1) {
    await bank.work();
    await bank.work();
    bank.clock.advance(600 * SECOND_US);
  }
  assert.equal((await bank.read(other.id)).state, 'completed');
  const failed = await bank.read(stuck.id);
  assert.deepEqual([failed.state, failed.reason], ['failed', 'file_format_unknown']);
  assert.deepEqual(await bank.work(), { steps: 0 });
  const retried = await bank.database.transaction(bank.context(), (tx) => retryFile(tx, stuck.id));
  assert.ok(retried.ok && retried.value.state === 'received');
});
