// Takes files that senders left in an inbox: each is announced under the sender's agreement for its
// format and received like an upload. A file that was received but not yet put away when the
// process died is recognised by its content, so nothing is taken twice.

import { createHash } from 'node:crypto';
import { limits } from '#config';
import { accept, type Result } from '#kernel';
import type { TransactionContext } from '#platform';
import type { Agreement } from '../agreement.ts';
import type { PaymentFile } from '../file.ts';
import { formatOf, type FilesWorld } from '../pipeline/world.ts';
import { announceFile, takePart } from '../receive.ts';
import { no, type FileRefusal } from '../refusals.ts';
import { agreementsWith } from '../store/agreement-store.ts';
import { findByContent } from '../store/file-store.ts';
import type { Disposal, Inbox, WaitingFile } from './port.ts';

const HEAD_BYTES = 65_536;

/** How many files were put away. */
export async function takeFromInbox(
  world: FilesWorld,
  inbox: Inbox,
  context: TransactionContext,
): Promise<number> {
  const waiting = await inbox.waiting(limits.fileInboxBatchMax.value);
  for (const file of waiting) {
    const taken = await take(world, inbox, { file, context });
    await inbox.putAway(file, await disposalOf(inbox, file, taken));
  }
  return waiting.length;
}

interface Taking {
  readonly file: WaitingFile;
  readonly context: TransactionContext;
}

type Taken = Result<{ readonly file: PaymentFile; readonly isKnown: boolean }, FileRefusal>;

async function disposalOf(inbox: Inbox, file: WaitingFile, taken: Taken): Promise<Disposal> {
  if (!taken.ok) return { as: 'failed', reason: taken.refusal.message };
  const { id } = taken.value.file;
  const isTwice = taken.value.isKnown && (await inbox.isDone(file, id));
  if (!isTwice) return { as: 'done', id };
  return { as: 'failed', reason: `the same content was taken before, as ${id}` };
}

async function take(world: FilesWorld, inbox: Inbox, { file, context }: Taking): Promise<Taken> {
  const { sender, name, bytes } = file;
  if (bytes === 0) return no('file_part_invalid', 'the file is empty');
  const { head, sha256 } = await lookInto(inbox, file);
  const agreement = await agreementFor(world, sender, head);
  if (agreement === undefined) {
    return no('file_agreement_unknown', `${sender} has no agreement for a file like this`);
  }
  const within = { ...context, now: world.clock.now(), tenant: agreement.tenant };
  const { id: agreementId } = agreement;
  const asked = { agreementId, name, bytes, sha256, source: 'folder' } as const;
  const announced = await world.database.transaction(within, (tx) => announceFile(tx, asked));
  if (!announced.ok) {
    if (announced.refusal.code !== 'file_duplicate') return announced;
    const rows = world.database.within(agreement.tenant);
    const known = await findByContent(rows, { sender, sha256 });
    const isOurs = known?.source === 'folder' && known.name === name;
    return isOurs ? accept({ file: known, isKnown: true }) : announced;
  }
  const received = await receive(world, inbox, { file, context: within }, announced.value.file);
  return received.ok ? accept({ file: received.value, isKnown: false }) : received;
}

async function lookInto(
  inbox: Inbox,
  file: WaitingFile,
): Promise<{ readonly head: Buffer; readonly sha256: string }> {
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  for await (const piece of inbox.read(file)) {
    hash.update(piece);
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, piece]);
  }
  return { head: head.subarray(0, HEAD_BYTES), sha256: hash.digest('hex') };
}

async function agreementFor(
  world: FilesWorld,
  sender: string,
  head: Buffer,
): Promise<Agreement | undefined> {
  const agreements = await agreementsWith(world.database, sender);
  return agreements.find((each) => formatOf(world, each)?.isLikely(head) === true);
}

/** Sends what has not arrived yet. */
async function receive(
  world: FilesWorld,
  inbox: Inbox,
  { file, context }: Taking,
  announced: PaymentFile,
): Promise<Result<PaymentFile, FileRefusal>> {
  let known: Result<PaymentFile, FileRefusal> = accept(announced);
  let offset = 0;
  for await (const bytes of partsOf(inbox.read(file))) {
    const end = offset + bytes.length;
    if (end > announced.receivedBytes) {
      const from = Math.max(offset, announced.receivedBytes);
      const part = { fileId: announced.id, offset: from, bytes: bytes.subarray(from - offset) };
      known = await takePart(world, context, part);
      if (!known.ok) return known;
    }
    offset = end;
  }
  return known;
}

async function* partsOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const size = limits.filePartBytesMax.value;
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    for (let from = 0; from < piece.length;) {
      const taken = piece.subarray(from, from + size - bytes);
      pieces.push(taken);
      bytes += taken.length;
      from += taken.length;
      if (bytes < size) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}
