// Writes the return file that answers a NACHA file: each entry that could not be posted goes back
// to the bank it came from, with its reason. The returns are held until all of them are known,
// about a kilobyte each, since a batch holds the returns of one batch.

import { formatInstant } from '#kernel';
import { answerBatches, type Answer } from '../../nacha/writing/answer.ts';
import { fileHeaderOf } from '../../nacha/writing/originate.ts';
import { nachaRecords } from '../../nacha/writing/write.ts';
import type { FileId } from '../file.ts';
import type { AnsweredItem, Answering, AnswerWriter } from '../pipeline/world.ts';

type Details = Readonly<Record<string, string>>;

/** NACHA Rules, Appendix Four: file record edit criteria, for what is at fault in itself. */
const FAULTY = 'R17';
const MODIFIERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const RECORDS_TOGETHER = 1_000;

export const nachaReturns: AnswerWriter = {
  extension: 'ach',
  write: (answering) => {
    const isAnswered = answering.refusal === undefined && answering.returned > 0;
    return isAnswered ? write(answering) : undefined;
  },
};

async function* write({ file, now, items }: Answering): AsyncGenerator<Buffer> {
  const { header, answers } = await collect(items());
  const ours = (header['immediateDestination'] ?? '').trim();
  const theirs = (header['immediateOrigin'] ?? '').trim();
  const identity = fileHeaderOf({
    destination: { routingNumber: theirs, name: header['immediateOriginName'] ?? '' },
    origin: { routingNumber: ours, name: header['immediateDestinationName'] ?? '' },
    createdAt: formatInstant(now),
    modifier: modifierOf(file.id),
  });
  const numbers = { routingNumber: ours, firstSequence: 1, firstBatch: 1 };
  const returns = { header: identity, batches: answerBatches(answers, numbers) };
  let lines: string[] = [];
  for (const line of nachaRecords(returns)) {
    lines.push(`${line}\n`);
    if (lines.length < RECORDS_TOGETHER) continue;
    yield Buffer.from(lines.join(''), 'latin1');
    lines = [];
  }
  yield Buffer.from(lines.join(''), 'latin1');
}

async function collect(
  items: AsyncGenerator<AnsweredItem>,
): Promise<{ header: Details; answers: Answer[] }> {
  let header: Details = {};
  let batch: Details = {};
  const answers: Answer[] = [];
  for await (const { item, outcome } of items) {
    if (item.kind === 'file') header = item.details;
    if (item.kind === 'batch') batch = item.details;
    if (item.kind !== 'entry' || outcome === undefined || outcome.outcome === 'noted') continue;
    const reason = outcome.outcome === 'returned' ? (outcome.reason ?? FAULTY) : FAULTY;
    answers.push({ batch, entry: item.entry, reason });
  }
  return { header, answers };
}

/** Tells return files of one minute apart, as far as one character can. */
function modifierOf(id: FileId): string {
  const place = Number.parseInt(id.slice(-6), 16) % MODIFIERS.length;
  return MODIFIERS[place] ?? 'A';
}
