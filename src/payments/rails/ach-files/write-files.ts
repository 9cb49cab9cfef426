// Writes what waits for ACH into files: one transaction takes the payments, gives their trace
// numbers, keeps the file and says so, so that whatever dies in between, no payment is in two files
// and none is lost. What cannot be written is rejected with its reason, and its money goes back.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { limits } from '#config';
import {
  assert,
  Fault,
  formatDate,
  formatInstant,
  idOf,
  msOf,
  newUuid,
  nextBusinessDay,
  startOfDay,
  type Uuid,
} from '#kernel';
import { withLedger } from '#ledger';
import { emit, type Database, type Transaction, type TransactionContext } from '#platform';
import { changePayments } from '../../change.ts';
import { fileActions } from '../../files/audit-actions.ts';
import { newFileKey, removeParts, storePart, type Vault } from '../../files/content.ts';
import type { FileId } from '../../files/file.ts';
import { fileHeaderOf, originatedBatch, type Institution } from '../../nacha/writing/originate.ts';
import { writeNacha } from '../../nacha/writing/write.ts';
import type { Payment } from '../../payment.ts';
import { takeForAch, waitingForAch } from '../ach.ts';
import { originatorsOf } from '../originators.ts';
import { achBatchesOf, achFlawOf, originationOf, traceOf, type AchBatch } from './entries.ts';
import {
  insertOutgoingFile,
  lockNumbers,
  selectWaitingTenants,
  takeNumbers,
} from './outgoing-file-store.ts';
import { dayFilesMax, modifierOf, type OutgoingFile } from './outgoing-file.ts';

/** The two sides of the files; the routing number of each has nine digits. */
export interface AchIdentity {
  readonly origin: Institution;
  readonly destination: Institution;
}

export interface AchFilesOptions extends Vault {
  /** Ours and the operator's; without them nothing is written. */
  readonly identity: AchIdentity | undefined;
}

/** Answers how many files were written, of all tenants. */
export async function writeAchFiles(
  database: Database,
  context: TransactionContext,
  { identity, objects, keys }: AchFilesOptions,
): Promise<number> {
  if (identity === undefined) return 0;
  let files = 0;
  for (const tenant of await selectWaitingTenants(database)) {
    const desk = { identity, objects, keys };
    for (;;) {
      const outcome = await writeNext(database, { ...context, tenant }, desk);
      if (outcome === 'written') files += 1;
      if (outcome === 'nothing to write') break;
    }
  }
  return files;
}

type Outcome = 'written' | 'all rejected' | 'nothing to write';

interface Desk extends Vault {
  readonly identity: AchIdentity;
}

/** What an attempt has stored, which means nothing unless its transaction is committed. */
type Stored = Pick<OutgoingFile, 'id' | 'objectId'>;

async function writeNext(
  database: Database,
  context: TransactionContext,
  desk: Desk,
): Promise<Outcome> {
  const stored: Stored[] = [];
  let isKept = false;
  try {
    const outcome = await withLedger(database, context, (tx) => writeOne(tx, desk, stored));
    isKept = outcome === 'written';
    return outcome;
  } catch (error) {
    isKept = error instanceof Fault && error.code === 'commit_unknown';
    throw error;
  } finally {
    const left = isKept ? stored.slice(0, -1) : stored;
    for (const { id, objectId } of left) await removeParts(desk, id, [{ objectId }], context.now);
  }
}

async function writeOne(tx: Transaction, desk: Desk, stored: Stored[]): Promise<Outcome> {
  const numbers = await numbersOf(tx, desk.identity);
  if (numbers === undefined) return 'nothing to write';
  const countMax = limits.achFileEntriesMax.value;
  const waiting = await waitingForAch(tx, { countMax });
  if (waiting.length === 0) return 'nothing to write';
  const writable = await rejectUnwritable(tx, waiting);
  const batches = await take(tx, writable, numbers);
  if (batches.length === 0) return 'all rejected';
  await keep(tx, await store(tx, { desk, numbers, batches }, stored));
  return 'written';
}

interface Numbers {
  readonly identity: AchIdentity;
  /** The first eight digits of our routing number. */
  readonly originatingDfi: string;
  readonly createdOn: string;
  readonly effectiveOn: string;
  /** Files that the day has already. */
  readonly files: number;
}

/** Undefined where no file can be written now: another writes one, or the day has no more. */
async function numbersOf(tx: Transaction, identity: AchIdentity): Promise<Numbers | undefined> {
  const originatingDfi = identity.origin.routingNumber.slice(0, 8);
  const createdOn = formatDate(tx.now);
  const files = await lockNumbers(tx, originatingDfi, createdOn);
  if (files === undefined || files >= dayFilesMax) return undefined;
  const effectiveOn = formatDate(nextBusinessDay('us_fed', startOfDay(tx.now)));
  return { identity, originatingDfi, createdOn, effectiveOn, files };
}

async function rejectUnwritable(
  tx: Transaction,
  waiting: readonly Payment[],
): Promise<readonly Payment[]> {
  const flaws = waiting.flatMap((payment) => {
    const reason = achFlawOf(payment);
    return reason === undefined ? [] : [{ paymentId: payment.id, reason }];
  });
  if (flaws.length === 0) return waiting;
  const results = await changePayments(
    tx,
    flaws.map((flaw) => ({ ...flaw, to: 'rejected', from: ['accepted'] })),
  );
  // Only one that was cancelled meanwhile is refused: it waits no longer either.
  assert(results.length === flaws.length, 'each payment has one result');
  const flawed = new Set(flaws.map(({ paymentId }) => paymentId));
  return waiting.filter(({ id }) => !flawed.has(id));
}

/** The batches of those that could be taken, each payment with its trace. */
async function take(
  tx: Transaction,
  payments: readonly Payment[],
  { identity, originatingDfi, createdOn, files }: Numbers,
): Promise<AchBatch[]> {
  if (payments.length === 0) return [];
  const originators = await originatorsOf(
    tx,
    payments.map(({ accountId }) => accountId),
  );
  const planned = achBatchesOf(payments, originators, identity.origin.name);
  const count = payments.length;
  const numbers = { origin: originatingDfi, day: createdOn, files: files + 1, count };
  const first = await takeNumbers(tx, numbers);
  const ordered = planned.flatMap((batch) => batch.payments);
  const taken = await takeForAch(
    tx,
    ordered.map(({ id }, place) => ({
      paymentId: id,
      trace: traceOf(originatingDfi, first + place),
    })),
  );
  let place = 0;
  return planned.flatMap((batch) => {
    const own = taken
      .slice(place, place + batch.payments.length)
      .filter((each) => each !== undefined);
    place += batch.payments.length;
    return own.length === 0 ? [] : [{ ...batch, payments: own }];
  });
}

interface Writing {
  readonly desk: Desk;
  readonly numbers: Numbers;
  readonly batches: readonly AchBatch[];
}

async function store(
  tx: Transaction,
  { desk, numbers, batches }: Writing,
  stored: Stored[],
): Promise<OutgoingFile> {
  const { identity, createdOn, effectiveOn } = numbers;
  const { origin, destination } = identity;
  const modifier = modifierOf(numbers.files);
  const bytes = bytesOf(tx, { desk, numbers, batches }, modifier);
  const nowMs = msOf(tx.now);
  const id: FileId = idOf('fil', newUuid(nowMs));
  const sealedKey = await newFileKey(desk.keys, id);
  const objectId: Uuid = await storePart(desk, { id, sealedKey }, { bytes, nowMs });
  stored.push({ id, objectId });
  const payments = batches.flatMap((batch) => batch.payments);
  return {
    id,
    tenant: tenantOf(tx),
    format: 'nacha',
    state: 'written',
    origin: origin.routingNumber,
    destination: destination.routingNumber,
    createdOn,
    modifier,
    effectiveOn,
    firstTrace: payments[0]?.transactionId ?? '',
    lastTrace: payments.at(-1)?.transactionId ?? '',
    batches: batches.length,
    entries: payments.length,
    debits: sumOf(batches, 'debit'),
    credits: sumOf(batches, 'credit'),
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sealedKey,
    objectId,
    writtenAt: tx.now,
    sentAt: undefined,
  };
}

function bytesOf(tx: Transaction, { numbers, batches }: Writing, modifier: string): Buffer {
  const { identity, effectiveOn } = numbers;
  const { routingNumber } = identity.origin;
  return writeNacha({
    header: fileHeaderOf({ ...identity, createdAt: formatInstant(tx.now), modifier }),
    batches: batches.map((batch, index) =>
      originatedBatch(originationOf(batch, { routingNumber, batchNumber: index + 1, effectiveOn })),
    ),
  });
}

function sumOf(batches: readonly AchBatch[], direction: AchBatch['direction']): bigint {
  const own = batches.filter((batch) => batch.direction === direction);
  return own.flatMap((batch) => batch.payments).reduce((sum, { amount }) => sum + amount, 0n);
}

function tenantOf({ tenant }: Transaction): string {
  assert(tenant !== undefined, 'a file is written for one tenant');
  return tenant;
}

async function keep(tx: Transaction, file: OutgoingFile): Promise<void> {
  await insertOutgoingFile(tx, file);
  const after = {
    batches: file.batches,
    credits: file.credits.toString(),
    debits: file.debits.toString(),
    entries: file.entries,
    first_trace: file.firstTrace,
    last_trace: file.lastTrace,
    modifier: file.modifier,
    sha256: file.sha256,
  };
  const action = fileActions['payments.outgoing_file.write'];
  await record(tx, [{ action, target: file.id, after }]);
  const data = { ...after, created_on: file.createdOn, effective_on: file.effectiveOn };
  await emit(tx, [{ type: 'ach_file.written', subject: file.id, data }]);
}
