// The last step of a file: what is to be sent back about it is written and kept (a return file, a
// status report), and the file is complete. The file is read once more for it, beside the entries
// that were not posted, so the memory needed does not grow with it.

import { createHash } from 'node:crypto';
import { record } from '#audit';
import { limits } from '#config';
import { msOf, type Uuid } from '#kernel';
import { emit, type Transaction } from '#platform';
import { fileActions } from '../audit-actions.ts';
import { readContent, storePart } from '../content.ts';
import type { FileProgress } from '../file.ts';
import {
  insertAnswer,
  noProgress,
  progressOf,
  selectEntries,
  type EntryOutcome,
  type FileAnswer,
} from '../store/entry-store.ts';
import { selectParts, takeStep, tellChecked } from '../store/file-store.ts';
import {
  contextFor,
  leaseUntil,
  requireLease,
  type AnsweredItem,
  type Answering,
  type AnswerWriter,
  type Work,
} from './world.ts';

const OUTCOMES_PAGE = 2_000;

export async function completeFile(work: Work): Promise<void> {
  const { world, file } = work;
  const all = await progressOf(world.database, [file.id]);
  const progress = all.get(file.id) ?? noProgress;
  const { posted, returned, leftOut } = progress;
  const answer = await writeAnswer(work, {
    refusal: undefined,
    posted,
    returned: returned + leftOut,
  });
  await world.database.transaction(contextFor(work), (tx) => conclude(tx, work, progress, answer));
}

/** Writes and stores what is sent back; the caller's transaction makes it the file's answer. */
export async function writeAnswer(
  work: Work,
  result: Pick<Answering, 'refusal' | 'posted' | 'returned'>,
): Promise<FileAnswer | undefined> {
  const { world, file } = work;
  const writer = world.answers.get(file.format);
  const now = world.clock.now();
  const pieces = writer?.write({ ...result, file, now, items: () => answeredItems(work) });
  if (writer === undefined || pieces === undefined) return undefined;
  return await storeAnswer(work, writer, pieces);
}

async function* answeredItems({ world, file, format }: Work): AsyncGenerator<AnsweredItem> {
  const parts = await selectParts(world.database, file.id);
  const outcomes = outcomesOf({ world, file });
  let next = await outcomes.next();
  for await (const item of format.read(readContent(world, file, parts))) {
    if (item.kind !== 'entry') {
      yield { item };
      continue;
    }
    const { index } = item.entry;
    while (next.done !== true && next.value.entry < index) next = await outcomes.next();
    const isHere = next.done !== true && next.value.entry === index;
    yield { item, outcome: isHere ? next.value : undefined };
  }
}

async function* outcomesOf({
  world,
  file,
}: Pick<Work, 'world' | 'file'>): AsyncGenerator<EntryOutcome, undefined> {
  let after = -1;
  for (;;) {
    const page = { after, limit: OUTCOMES_PAGE, isNotedLeftOut: false };
    const outcomes = await selectEntries(world.database, file.id, page);
    yield* outcomes;
    const last = outcomes.at(-1);
    if (last === undefined) return undefined;
    after = last.entry;
  }
}

async function storeAnswer(
  work: Work,
  { extension }: AnswerWriter,
  pieces: AsyncGenerator<Buffer>,
): Promise<FileAnswer | undefined> {
  const { world, file } = work;
  const hash = createHash('sha256');
  const parts: Uuid[] = [];
  let bytes = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const nowMs = msOf(world.clock.now());
    parts.push(await storePart(world, file, { bytes: Buffer.concat(waiting), nowMs }));
    waiting = [];
    waitingBytes = 0;
    const told = { bytes: file.bytes, until: leaseUntil(world.clock.now()) };
    requireLease(await tellChecked(world.database, work.lease, told));
  };
  for await (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
    waiting.push(piece);
    waitingBytes += piece.length;
    if (waitingBytes >= limits.filePartBytesMax.value) await flush();
  }
  if (bytes === 0) return undefined;
  if (waiting.length > 0) await flush();
  return { format: extension, bytes, sha256: hash.digest('hex'), parts };
}

async function conclude(
  tx: Transaction,
  { file, lease }: Work,
  progress: FileProgress,
  answer: FileAnswer | undefined,
): Promise<void> {
  requireLease(await takeStep(tx, lease, { from: 'posted', to: 'completed' }));
  if (answer !== undefined) await insertAnswer(tx, file.id, answer);
  const after = {
    answer: answer?.sha256,
    credits: progress.credits.toString(),
    debits: progress.debits.toString(),
    left_out: progress.leftOut,
    noted: progress.noted,
    posted: progress.posted,
    returned: progress.returned,
  };
  const action = fileActions['payments.file.complete'];
  await record(tx, [{ action, target: file.id, after }]);
  const data = { ...after, agreement_id: file.agreementId, answer: answer?.format ?? null };
  await emit(tx, [{ type: 'file.completed', subject: file.id, data }]);
}
