// A bank for the tests of files: accounts in dollars that a network can reach, agreements, files
// made of CSV records, and a worker that the test lets run.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { currencyOf, type AccountId, type Currency } from '#kernel';
import type { BankAccount } from '#accounts';
import { openFolderObjects, type TransactionContext } from '#platform';
import { openAccountsBank, product } from '../../../accounts/testing/bank.ts';
import type { CsvMapping } from '../../csv/mapping.ts';
import { answerWriters, fileFormats } from '../answers/writers.ts';
import { makeAgreement } from '../agree.ts';
import type { Agreement, AgreementTerms } from '../agreement.ts';
import type { FileProgress, PaymentFile } from '../file.ts';
import { runFiles, type RunReport } from '../pipeline/run.ts';
import type { FilesWorld } from '../pipeline/world.ts';
import { announceFile, takePart, type AnnouncedFile } from '../receive.ts';
import type { PaymentScreener } from '../../screening.ts';
import { noProgress, progressOf, selectEntries } from '../store/entry-store.ts';
import { findFile } from '../store/file-store.ts';

export const ROUTING = '021000021';

export const mapping: CsvMapping = {
  delimiter: ',',
  quote: '"',
  hasHeader: true,
  encoding: 'utf-8',
  columns: {
    kind: 'kind',
    amount: 'amount',
    debtor_account: 'from',
    creditor_account: 'to',
    end_to_end_id: 'id',
  },
  constants: { currency: 'USD', debtor_agent: ROUTING, creditor_agent: ROUTING },
  decimalSign: '.',
  groupSign: undefined,
  isMinorUnits: true,
  negative: undefined,
  dateForm: 'YYYY-MM-DD',
};

export interface Line {
  readonly kind?: 'credit' | 'debit';
  readonly amount: bigint | string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A file of these records. */
export function csvOf(lines: readonly Line[], salt = ''): Buffer {
  const rows = lines.map(({ kind = 'credit', amount, from = '999', to = '999' }, index) => {
    return `${kind},${amount},${from},${to},${salt}${index}\n`;
  });
  return Buffer.from(`kind,amount,from,to,id\n${rows.join('')}`);
}

const dollarsProduct = product(
  { code: 'dollars', currency: currencyOf('USD') as Currency },
  { numbering: { scheme: 'us', routing_number: ROUTING } },
);

export type FilesBank = Awaited<ReturnType<typeof openFilesBank>>;

export async function openFilesBank(name: string) {
  const bank = await openAccountsBank(name);
  await bank.addProducts(dollarsProduct);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'florin-files-'));
  const { database, clock } = bank;
  const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
  const standards = { formats: fileFormats, answers: answerWriters };
  const { keys } = database;
  const world: FilesWorld = { database, clock, objects, keys, screener: undefined, ...standards };
  const context = (): TransactionContext => ({ ...bank.context(), tenant: 'main' });

  const sending = sendingOf(world, context);
  const reading = readingOf(world);

  async function balance(id: AccountId): Promise<bigint> {
    const { posted_credits: credits, posted_debits: debits } = await bank.balance(id);
    return credits - debits;
  }

  async function openDollars(amount = 0n): Promise<BankAccount & { accountNumber: string }> {
    const opened = await bank.openOne({ product: 'dollars' });
    if (amount > 0n) await fund(opened.id, amount);
    assert.ok(opened.accountNumber !== undefined);
    return { ...opened, accountNumber: opened.accountNumber };
  }

  const dollars = await bank.open({ path: 'assets:cash', currency: 'USD', normalSide: 'debit' });

  async function fund(id: AccountId, amount: bigint): Promise<void> {
    await bank.post({
      kind: 'transfer',
      legs: [
        { accountId: dollars, side: 'debit', amount },
        { accountId: id, side: 'credit', amount },
      ],
    });
  }

  return {
    ...bank,
    world,
    context,
    ...sending,
    ...workingOf(world, bank.context, reading.read),
    ...reading,
    sumOf: balance,
    openDollars,
    async drop() {
      await bank.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Working on files, which is what production does by itself. */
function workingOf(
  world: FilesWorld,
  context: () => TransactionContext,
  read: (id: PaymentFile['id']) => Promise<PaymentFile>,
) {
  let screener: PaymentScreener;

  async function work(): Promise<RunReport> {
    return await runFiles({ ...world, screener }, context());
  }

  /** The file after all there was to do. */
  async function finish({ id }: PaymentFile): Promise<PaymentFile> {
    const { failure } = await work();
    if (failure !== undefined) throw failure;
    return await read(id);
  }

  /** From now on entries are judged by this one. */
  const screenBy = (next: PaymentScreener): void => void (screener = next);

  return { work, finish, screenBy };
}

/** Agreements, and files sent under them. */
function sendingOf(world: FilesWorld, context: () => TransactionContext) {
  const { database } = world;

  async function agree(part: Partial<AgreementTerms> = {}): Promise<Agreement> {
    const terms: AgreementTerms = {
      sender: 'network',
      format: 'csv',
      role: 'incoming',
      acceptance: 'partial',
      rail: 'ach',
      currency: currencyOf('USD') as Currency,
      settlementAccount: undefined,
      areDebitsAllowed: true,
      entryMax: undefined,
      fileMax: undefined,
      mapping,
      ...part,
    };
    const made = await database.transaction(context(), (tx) => makeAgreement(tx, terms));
    assert.ok(made.ok, made.ok ? '' : made.refusal.message);
    return made.value;
  }

  async function announce(agreement: Agreement, bytes: Buffer, part: Partial<AnnouncedFile> = {}) {
    const asked: AnnouncedFile = {
      agreementId: agreement.id,
      name: 'test.csv',
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      source: 'upload',
      ...part,
    };
    return await database.transaction(context(), (tx) => announceFile(tx, asked));
  }

  /** Sends a whole file, in parts of this size. */
  async function upload(
    agreement: Agreement,
    bytes: Buffer,
    partBytes = 1_000_000,
  ): Promise<PaymentFile> {
    const announced = await announce(agreement, bytes);
    assert.ok(announced.ok, announced.ok ? '' : announced.refusal.code);
    let { file } = announced.value;
    for (let offset = 0; offset < bytes.length; offset += partBytes) {
      const part = { fileId: file.id, offset, bytes: bytes.subarray(offset, offset + partBytes) };
      const taken = await takePart(world, context(), part);
      assert.ok(taken.ok, taken.ok ? '' : taken.refusal.message);
      file = taken.value;
    }
    return file;
  }

  return { agree, announce, upload };
}

/** What has become of files. */
function readingOf({ database }: FilesWorld) {
  async function read(id: PaymentFile['id']): Promise<PaymentFile> {
    const file = await findFile(database, id);
    assert.ok(file !== undefined);
    return file;
  }

  async function progress({ id }: PaymentFile): Promise<FileProgress> {
    return (await progressOf(database, [id])).get(id) ?? noProgress;
  }

  async function reasons({ id }: PaymentFile): Promise<(readonly [number, string, string])[]> {
    const page = { after: -1, limit: 100, isNotedLeftOut: false };
    const entries = await selectEntries(database, id, page);
    return entries.map(({ entry, outcome, reason }) => [entry, outcome, reason ?? '']);
  }

  return { read, progress, reasons };
}
