// A whole ACH file, from the last byte received to everything posted and answered: checked, posted
// entry by entry as payments with their postings, audit records and events, in a real database with
// fsync on. Uploading comes before the clock starts. Memory is what this process grew by.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { addProduct, createCustomers, openBankAccounts, readTerms } from '#accounts';
import { limits } from '#config';
import { currencyOf, type Currency } from '#kernel';
import {
  announceFile,
  answerWriters,
  fileFormats,
  findFile,
  makeAgreement,
  progressOf,
  runFiles,
  takePart,
  type Agreement,
  type FileId,
  type FilesWorld,
} from '#payments';
import { openFolderObjects, systemClock, type TransactionContext } from '#platform';
import { withWorld, type World } from '../ledger-world.ts';
import { medianRun, type Run } from '../measure.ts';
import { writeAchFile, type AchTarget } from './ach-writer.ts';

export interface AchFileScale {
  readonly entries: number;
  readonly accounts: number;
  readonly runs: number;
}

export interface AchFileBench {
  /** Entries a second; p50 and p99 are of the whole file. */
  readonly run: Run;
  readonly memoryGrowthMib: number;
}

const ROUTING = '021000021';
const USD = currencyOf('USD') as Currency;
const MIB = 1_048_576;
const SAMPLE_MS = 50;

export async function benchAchFile(
  scale: AchFileScale,
  log: (line: string) => void,
): Promise<AchFileBench> {
  return await withWorld(0, async (world) => {
    const { database, folder } = world;
    const clock = systemClock();
    const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
    const keys = database.keys;
    const shared = { formats: fileFormats, answers: answerWriters };
    const files: FilesWorld = { database, clock, objects, keys, screener: undefined, ...shared };
    const targets = await openTargets(world, scale.accounts);
    const agreement = await agree(world);
    const runs: Run[] = [];
    let memoryGrowthMib = 0;
    // The first, smaller file warms up what the measured ones use.
    for (let round = 0; round <= scale.runs; round += 1) {
      const entries = round === 0 ? Math.min(20_000, scale.entries) : scale.entries;
      const modifier = String.fromCharCode(65 + round);
      const file = path.join(folder, `round-${round}.ach`);
      await writeAchFile({ path: file, entries, targets, modifier });
      const id = await upload(files, contextOf(world), { agreement, file });
      const measured = await measure(files, contextOf(world), { id, entries });
      if (round === 0) continue;
      runs.push(measured.run);
      memoryGrowthMib = Math.max(memoryGrowthMib, measured.memoryGrowthMib);
      const rate = Math.round(measured.run.ratePerSecond);
      log(`ach_file, run ${round}: ${rate} entries a second, ${measured.memoryGrowthMib} MiB more`);
    }
    return { run: medianRun(runs), memoryGrowthMib };
  });
}

function contextOf({ context }: World): TransactionContext {
  return { ...context(), tenant: 'main' };
}

async function openTargets(world: World, count: number): Promise<AchTarget[]> {
  const { database } = world;
  const terms = readTerms({
    overdraft_max: '0',
    balance_max: null,
    numbering: { scheme: 'us', routing_number: ROUTING },
    interest: null,
    fees: [],
    dormancy: null,
  });
  if (terms === undefined) throw new Error('the terms of the product cannot be read');
  const context = contextOf(world);
  const product = { code: 'dollars', name: 'Dollars', kind: 'current', currency: USD } as const;
  const owner = await database.transaction(context, async (tx) => {
    await addProduct(tx, { ...product, effectiveFrom: tx.now, terms });
    const particulars = { name: 'Bench' };
    const [made] = await createCustomers(tx, [{ kind: 'person', particulars }]);
    if (made?.ok !== true) throw new Error('the customer could not be made');
    return made.value.id;
  });
  const targets: AchTarget[] = [];
  const asked = { product: 'dollars', owners: [{ customer: owner, role: 'owner' }] } as const;
  while (targets.length < count) {
    const size = Math.min(1_000, count - targets.length);
    const opened = await database.transaction(contextOf(world), (tx) =>
      openBankAccounts(tx, Array<typeof asked>(size).fill(asked)),
    );
    for (const each of opened) {
      if (!each.ok) throw new Error(each.refusal.message);
      targets.push({ routing: ROUTING, account: each.value.accountNumber ?? '' });
    }
  }
  return targets;
}

async function agree(world: World): Promise<Agreement> {
  const made = await world.database.transaction(contextOf(world), (tx) =>
    makeAgreement(tx, {
      sender: 'network',
      format: 'nacha',
      role: 'incoming',
      acceptance: 'whole',
      rail: 'ach',
      currency: USD,
      settlementAccount: undefined,
      areDebitsAllowed: false,
      entryMax: undefined,
      fileMax: undefined,
      mapping: undefined,
    }),
  );
  if (!made.ok) throw new Error(made.refusal.message);
  return made.value;
}

interface Upload {
  readonly agreement: Agreement;
  readonly file: string;
}

async function upload(
  files: FilesWorld,
  context: TransactionContext,
  { agreement, file }: Upload,
): Promise<FileId> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  const announced = await files.database.transaction(context, async (tx) =>
    announceFile(tx, {
      agreementId: agreement.id,
      name: path.basename(file),
      bytes: (await stat(file)).size,
      sha256: hash.digest('hex'),
      source: 'upload',
    }),
  );
  if (!announced.ok) throw new Error(announced.refusal.message);
  const { id: fileId, bytes } = announced.value.file;
  const handle = await open(file);
  try {
    const size = limits.filePartBytesMax.value;
    for (let offset = 0; offset < bytes; offset += size) {
      const part = Buffer.alloc(Math.min(size, bytes - offset));
      await handle.read(part, 0, part.length, offset);
      const taken = await takePart(files, context, { fileId, offset, bytes: part });
      if (!taken.ok) throw new Error(taken.refusal.message);
    }
  } finally {
    await handle.close();
  }
  return fileId;
}

async function measure(
  files: FilesWorld,
  context: TransactionContext,
  { id, entries }: { readonly id: FileId; readonly entries: number },
): Promise<AchFileBench> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const startMs = performance.now();
  const { failure } = await runFiles(files, context);
  const elapsedMs = performance.now() - startMs;
  clearInterval(sampling);
  if (failure !== undefined) throw failure;
  const file = await findFile(files.database, id);
  const progress = await progressOf(files.database, [id]);
  const posted = progress.get(id)?.posted ?? 0;
  if (file?.state !== 'completed' || posted !== entries) {
    throw new Error(`the file is ${file?.state} (${file?.reason}), ${posted} entries posted`);
  }
  const run = { ratePerSecond: entries / (elapsedMs / 1_000), p50Ms: elapsedMs, p99Ms: elapsedMs };
  return { run, memoryGrowthMib: Math.round((peak - before) / MIB) };
}
