// florin file VERB: sends files of payments into the bank, watches how far they are, lists them.
// What it sends is received as over HTTP: in parts, resumable, and recorded.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '#config';
import { formatInstant, isId } from '#kernel';
import {
  announceFile,
  findFile,
  noProgress,
  progressOf,
  selectFileAgreements,
  selectFiles,
  takePart,
  type FileId,
  type PaymentFile,
} from '#payments';
import { withLog, type OpenedLog } from '../audit/open.ts';
import { createProgress } from '../progress.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseCount,
  parseStrictly,
  UsageError,
  type Command,
  type Environment,
} from '../usage.ts';

const SHOWN_MAX = 1_000;

export const fileCommand: Command = {
  name: 'file',
  takes: 'send PATH --agreement ID | watch ID | list | agreements',
  summary: 'send files of payments, watch how far they are, list them',
  details: [
    'send PATH --agreement ID [--watch]',
    'watch ID',
    'list [--last N]',
    'agreements [--last N]',
    '',
    'A sending that was broken off goes on where it stopped when it is repeated. Watching ends',
    'with the work on the file; exit code 0 if it is completed, 1 if it was refused or has failed.',
  ].join('\n'),
  run: async (args, env) => await runFile(args, env),
};

async function runFile(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  if (name === 'send') return await runSend(rest, env);
  if (name === 'watch') {
    const id = requireId(parseStrictly({ args: rest, allowPositionals: true }).positionals);
    return await withLog(env, (log) => watch(log, id));
  }
  if (name === 'list') {
    const limit = lastOf(rest);
    return await withLog(env, (log) => list(log, limit));
  }
  if (name === 'agreements') {
    const limit = lastOf(rest);
    return await withLog(env, (log) => listAgreements(log, limit));
  }
  throw new UsageError('file is followed by send, watch, list or agreements.');
}

function lastOf(args: string[]): number {
  const options = { last: { type: 'string', default: '20' } } as const;
  const { values } = parseStrictly({ args, options });
  return parseCount(values.last, { name: 'last', min: 1, max: SHOWN_MAX });
}

function requireId([id, ...others]: readonly string[]): FileId {
  if (id === undefined || !isId('fil', id) || others.length > 0) {
    throw new UsageError('file watch takes one ID, as "florin file list" shows them.');
  }
  return id;
}

async function runSend(args: string[], env: Environment): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    options: { agreement: { type: 'string' }, watch: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [file, ...others] = positionals;
  const { agreement } = values;
  if (file === undefined || others.length > 0 || agreement === undefined) {
    throw new UsageError('file send takes one PATH and --agreement ID.');
  }
  if (!isId('fag', agreement)) {
    throw new UsageError('--agreement takes an ID, as "florin file agreements" shows them.');
  }
  return await withLog(env, async (log) => {
    const sha256 = await digestOf(file);
    const { size: bytes } = await stat(file);
    const name = path.basename(file);
    const asked = { agreementId: agreement, name, bytes, sha256, source: 'upload' } as const;
    const announced = await log.database.transaction(log.context(), (tx) =>
      announceFile(tx, asked),
    );
    if (!announced.ok) return refused(announced.refusal.message);
    const { file: announcedFile } = announced.value;
    const sent = await sendParts(log, file, announcedFile);
    if (sent !== undefined) return refused(sent);
    print(announcedFile.id);
    return values.watch === true ? await watch(log, announcedFile.id) : EXIT_DONE;
  });
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** The refusal's message, or undefined. */
async function sendParts(
  log: OpenedLog,
  file: string,
  { id: fileId, bytes, receivedBytes, tenant }: PaymentFile,
): Promise<string | undefined> {
  const world = { database: log.database, objects: log.objects, keys: log.database.keys };
  const progress = createProgress(process.stderr);
  progress.start('sending', { total: bytes, unit: 'bytes' });
  progress.advance(receivedBytes);
  let offset = receivedBytes;
  const highWaterMark = limits.filePartBytesMax.value;
  for await (const piece of createReadStream(file, { start: offset, highWaterMark })) {
    const part = { fileId, offset, bytes: piece as Buffer };
    const taken = await takePart(world, { ...log.context(), tenant }, part);
    if (!taken.ok) return taken.refusal.message;
    offset += part.bytes.length;
    progress.advance(part.bytes.length);
  }
  progress.finish();
  return undefined;
}

async function watch({ database }: OpenedLog, id: FileId): Promise<number> {
  const progress = createProgress(process.stderr);
  let stage = '';
  let done = 0;
  for (;;) {
    const file = await findFile(database, id);
    if (file === undefined) return refused(`There is no file ${id}.`);
    const found = (await progressOf(database, [id])).get(id) ?? noProgress;
    const entries = found.posted + found.returned + found.noted + found.leftOut;
    const isChecking = file.totals === undefined;
    const next = isChecking ? 'checking' : 'posting';
    if (next !== stage) {
      const total = file.totals?.entries ?? file.bytes;
      progress.start(next, { total, unit: isChecking ? 'bytes' : 'entries' });
      stage = next;
      done = 0;
    }
    const reached = isChecking ? file.checkedBytes : entries;
    progress.advance(reached - done);
    done = reached;
    if (['completed', 'refused', 'failed', 'abandoned'].includes(file.state)) {
      progress.finish();
      print(lineOf(file));
      return file.state === 'completed' ? EXIT_DONE : EXIT_FAILED;
    }
    await sleep(limits.fileProgressEveryMs.value);
  }
}

async function list({ database }: OpenedLog, limit: number): Promise<number> {
  const page = { before: undefined, limit, state: undefined, agreementId: undefined };
  const files = await selectFiles(database, page);
  return print(files.length === 0 ? 'There is no file.' : files.map(lineOf).join('\n'));
}

function lineOf(file: PaymentFile): string {
  const { id, createdAt, sender, format, name, state, reason, totals } = file;
  const entries = totals === undefined ? '' : `${totals.entries} entries`;
  const parts = [id, formatInstant(createdAt), sender, format, state, reason ?? '', entries, name];
  return parts.filter((part) => part !== '').join('  ');
}

async function listAgreements({ database }: OpenedLog, limit: number): Promise<number> {
  const found = await selectFileAgreements(database, { before: undefined, limit });
  if (found.length === 0) return print('There is no agreement about files.');
  const lines = found.map(({ id, sender, format, role, acceptance, state }) =>
    [id, sender, format, role, acceptance, state].join('  '),
  );
  return print(lines.join('\n'));
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_DONE;
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
