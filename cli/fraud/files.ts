// Owns the files that fraud detection's commands read and write. What cannot be read is said with
// the file's name and why; what is written appears whole or not at all, and replaces nothing unless
// that was asked for.

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { addDays, parseDate, type Instant } from '#kernel';
import { openFolderObjects, systemClock, type Objects } from '#platform';
import { readColumns, readLakeTransactions, type Transactions } from '#fraud';
import { UsageError } from '../usage.ts';

/** The options of whatever reads transactions. */
export const sourceOptions = {
  from: { type: 'string' },
  until: { type: 'string' },
} as const;

export interface Days {
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

/** A file of columns, or the days of a lake. */
export async function readTransactions(source: string, days: Days): Promise<Transactions> {
  if (isFolder(source)) return await readFolder(source, days);
  if (days.from !== undefined || days.until !== undefined) {
    throw new UsageError('--from and --until choose days of a lake; a file is read whole.');
  }
  const read = readColumns(readBytes(source));
  if (!read.ok) throw new UsageError(`${source} cannot be read: ${read.refusal.message}.`);
  return read.value;
}

async function readFolder(folder: string, days: Days): Promise<Transactions> {
  const { from, until } = rangeOf(days);
  const objects = await openLake(folder);
  const read = await readLakeTransactions(objects, {
    from,
    until,
    knownUntil: addDays(until, 366),
  });
  if (!read.ok) throw new UsageError(`${folder} cannot be read: ${read.refusal.message}`);
  const { transactions } = read.value;
  if (transactions.count > 0) return transactions;
  throw new UsageError(`${folder} has no transactions from ${days.from} until ${days.until}.`);
}

/** Both days are part of it. */
export function rangeOf(days: Days): { readonly from: Instant; readonly until: Instant } {
  const from = requireDay(days.from, 'from');
  const until = addDays(requireDay(days.until, 'until'), 1);
  if (until <= from) throw new UsageError('--until must not be before --from.');
  return { from, until };
}

function requireDay(text: string | undefined, name: string): Instant {
  const date = text === undefined ? undefined : parseDate(text);
  if (date !== undefined) return date;
  throw new UsageError(`A lake is read with --${name} DATE, as in --${name} 2018-04-01.`);
}

export async function openLake(folder: string): Promise<Objects> {
  return await openFolderObjects({ folder, clock: systemClock() });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : String(code);
    throw new UsageError(`${file} cannot be read: ${why}.`);
  }
}

export interface Target {
  readonly file: string;
  readonly replaces: boolean;
}

/** Asked before long work, so that it is not lost to a name. */
export function requireFree({ file, replaces }: Target): void {
  if (replaces || !existsSync(file)) return;
  throw new UsageError(`${file} is there already; --force replaces it.`);
}

/** Written beside, and given its name when it is whole. */
export function writeWhole(target: Target, pieces: Iterable<string | Uint8Array>): void {
  requireFree(target);
  const part = `${target.file}.part`;
  const descriptor = openSync(part, 'w');
  try {
    for (const piece of pieces) writeAll(descriptor, Buffer.from(piece));
    fsyncSync(descriptor);
    renameSync(part, target.file);
  } finally {
    closeSync(descriptor);
    rmSync(part, { force: true });
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}
