// The second step of an accepted file: its entries become payments, run by run, each run in one
// transaction that holds the payments, their postings, records and events, and the row that says
// the run is done. So a file that is taken up again goes on exactly where it stopped.

import { record } from '#audit';
import { limits } from '#config';
import { withLedger } from '#ledger';
import { emit, type Transaction } from '#platform';
import type { PaymentScreener } from '../../screening.ts';
import { sendPayments, type PaymentResult } from '../../send.ts';
import type { NewPayment, Payment } from '../../payment.ts';
import { fileActions } from '../audit-actions.ts';
import { readContent } from '../content.ts';
import type { FileEntry } from '../format.ts';
import {
  insertChunk,
  noProgress,
  selectChunks,
  selectFaults,
  type Chunk,
  type EntryOutcome,
} from '../store/entry-store.ts';
import { renewLease, selectParts, takeStep } from '../store/file-store.ts';
import { matchOriginals } from './match.ts';
import { planEntries, reasonListOf, type Ground, type PlannedEntry } from './plan.ts';
import { reasonFor, reasonOfCode, type ReasonList } from './reasons.ts';
import { contextFor, leaseUntil, requireLease, type Work } from './world.ts';

interface Run {
  readonly firstEntry: number;
  readonly entries: readonly FileEntry[];
}

export async function postFile(work: Work): Promise<void> {
  const { world, lease } = work;
  const ground = await groundOf(work);
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const run of runsOf(work)) {
    const posting: Promise<void> = postRun(work, ground, run)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => underWay.delete(posting));
    underWay.add(posting);
    if (underWay.size >= limits.fileChunksInFlightMax.value) await Promise.race(underWay);
    if (failures.length > 0) break;
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  await world.database.transaction(contextFor(work), async (tx) => {
    requireLease(await takeStep(tx, lease, { from: 'accepted', to: 'posted' }));
  });
}

async function groundOf({ world, file, agreement }: Work): Promise<Ground> {
  const limit = limits.fileFaultsKeptMax.value;
  const faults = await selectFaults(world.database, file.id, { after: -1, limit });
  const faultyBatches = new Set<number>();
  const faultyEntries = new Set<number>();
  for (const { scope, batch, entry } of faults) {
    if (scope === 'batch' && batch !== undefined) faultyBatches.add(batch);
    if (scope === 'entry' && entry !== undefined) faultyEntries.add(entry);
  }
  return { id: file.id, agreement, faultyBatches, faultyEntries };
}

/** The runs of the file that are not done, in its order. A run is a range of entry numbers. */
async function* runsOf({ world, file, format }: Work): AsyncGenerator<Run> {
  const done = await selectChunks(world.database, file.id);
  const parts = await selectParts(world.database, file.id);
  const size = limits.fileChunkEntries.value;
  let firstEntry = 0;
  let entries: FileEntry[] = [];
  for await (const item of format.read(readContent(world, file, parts))) {
    if (item.kind !== 'entry') continue;
    const { entry } = item;
    if (entry.index >= firstEntry + size) {
      if (entries.length > 0) yield { firstEntry, entries };
      entries = [];
      firstEntry = entry.index - (entry.index % size);
    }
    if (!done.has(firstEntry)) entries.push(entry);
  }
  if (entries.length > 0) yield { firstEntry, entries };
}

async function postRun(work: Work, ground: Ground, run: Run): Promise<void> {
  const { world, file, lease } = work;
  const planned = await planEntries(world.database.within(file.tenant), ground, run.entries);
  await withLedger(world.database, contextFor(work), async (tx) => {
    const matched = await matchOriginals(tx, work.agreement, planned);
    const { screener } = world;
    const chunk = await postPlanned(tx, ground, { ...run, planned: matched, screener });
    await keepChunk(tx, work, chunk);
    requireLease(await renewLease(tx, lease, leaseUntil(tx.now)));
  });
}

interface PlannedRun extends Run {
  readonly planned: readonly PlannedEntry[];
  readonly screener: PaymentScreener;
}

async function postPlanned(tx: Transaction, ground: Ground, run: PlannedRun): Promise<Chunk> {
  const asked = run.planned.flatMap(({ payment }) => payment ?? []);
  const { screener } = run;
  const results = await sendPayments(tx, asked, { screener });
  const again = refusedAgain(ground, asked, results);
  // What came from a network is never forgotten: a payment that was refused is kept as rejected.
  const rejected = again.length === 0 ? [] : await sendPayments(tx, again, { screener });
  return chunkOf(ground, run, { results, rejected });
}

/** Payments of a network that the ledger refused, as rejected ones. */
function refusedAgain(
  { agreement }: Ground,
  asked: readonly NewPayment[],
  results: readonly PaymentResult[],
): NewPayment[] {
  if (agreement.role !== 'incoming') return [];
  const list = reasonListOf(agreement);
  return asked.flatMap((payment, index) => {
    const result = results[index];
    if (result === undefined || result.ok) return [];
    return { ...payment, rejection: reasonOfCode(result.refusal.code, list) };
  });
}

interface Outcomes {
  readonly results: readonly PaymentResult[];
  readonly rejected: readonly PaymentResult[];
}

function chunkOf(
  { agreement }: Ground,
  { firstEntry, planned }: PlannedRun,
  { results, rejected }: Outcomes,
): Chunk {
  const list = reasonListOf(agreement);
  const unposted: EntryOutcome[] = [];
  const sums = { posted: 0, debits: 0n, credits: 0n };
  let next = 0;
  let nextRejected = 0;
  for (const { entry, payment, unposted: outcome } of planned) {
    if (payment === undefined) {
      unposted.push(outcome);
      continue;
    }
    const first = results[next++];
    const isAgain = first?.ok === false && agreement.role === 'incoming';
    const result = isAgain ? rejected[nextRejected++] : first;
    if (result?.ok === true && isUnderWay(result.value.status)) {
      sums.posted += 1;
      if (entry.kind === 'debit') sums.debits += entry.amount;
      else sums.credits += entry.amount;
      continue;
    }
    const code = first?.ok === false ? reasonOfCode(first.refusal.code, list) : undefined;
    unposted.push({
      entry: entry.index,
      record: entry.record,
      outcome: 'returned',
      reason: code ?? (result?.ok === true ? reasonOf(result.value, list) : undefined),
      accountId: payment.accountId,
      paymentId: result?.ok === true ? result.value.id : undefined,
      trace: entry.trace?.slice(0, 100),
    });
  }
  const count = (wanted: EntryOutcome['outcome']): number =>
    unposted.filter(({ outcome }) => outcome === wanted).length;
  return {
    ...noProgress,
    ...sums,
    returned: count('returned'),
    noted: count('noted'),
    leftOut: count('left_out'),
    firstEntry,
    entries: planned.length,
    unposted,
  };
}

/** Why it was rejected by the list of its rail, or declined by us: ISO 20022, whatever the list. */
function reasonOf({ status, reason }: Payment, list: ReasonList): string | undefined {
  return status === 'declined' && list === 'nacha' ? reasonFor('other', list) : reason;
}

function isUnderWay(status: string): boolean {
  return status !== 'rejected' && status !== 'declined';
}

async function keepChunk(tx: Transaction, { file }: Work, chunk: Chunk): Promise<void> {
  await insertChunk(tx, file.id, chunk);
  const facts = {
    credits: chunk.credits.toString(),
    debits: chunk.debits.toString(),
    entries: chunk.entries,
    first_entry: chunk.firstEntry,
    left_out: chunk.leftOut,
    noted: chunk.noted,
    posted: chunk.posted,
    returned: chunk.returned,
  };
  const action = fileActions['payments.file_chunk.post'];
  await record(tx, [{ action, target: file.id, after: facts }]);
  await emit(tx, [{ type: 'file.progressed', subject: file.id, data: facts }]);
}
