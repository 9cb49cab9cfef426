// florin audit export: records as JSON lines, as CSV, or as a bundle that anybody can verify. A
// file appears under its name when it is complete, and never replaces another.

import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import {
  archivedLeaves,
  auditActions,
  describeForLog,
  exportRecords,
  openBundle,
  type RecordFilter,
} from '#audit';
import { explain } from '../failure.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseStrictly,
  UsageError,
  type Environment,
} from '../usage.ts';
import { filterOptions, parseFilter, parseLeafIndex } from './filters.ts';
import { openLog, type OpenedLog } from './open.ts';
import { LOG_TARGET, recordRead } from './reads.ts';

const formats = ['jsonl', 'csv', 'bundle'] as const;

interface Request {
  readonly filter: RecordFilter;
  readonly format: (typeof formats)[number];
  /** "-" for standard output. */
  readonly file: string;
  readonly sinceSize: number | undefined;
}

export async function runExport(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  try {
    return await exportLog(request, env);
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return EXIT_UNUSABLE;
  }
}

function parseRequest(args: string[]): Request {
  const { values, positionals } = parseStrictly({
    args,
    options: { ...filterOptions, format: { type: 'string' }, since: { type: 'string' } },
    allowPositionals: true,
  });
  const [file, ...others] = positionals;
  const format = formats.find((each) => each === values.format);
  if (format === undefined) throw new UsageError(`--format must be one of ${formats.join(', ')}.`);
  if (file === undefined || others.length > 0) {
    throw new UsageError('audit export takes one FILE, or - for standard output.');
  }
  if (values.since !== undefined && format !== 'bundle') {
    throw new UsageError('--since is for bundles: other formats prove nothing.');
  }
  const sinceSize = values.since === undefined ? undefined : parseLeafIndex(values.since, 'since');
  return { filter: parseFilter(values), format, file, sinceSize };
}

async function exportLog(request: Request, env: Environment): Promise<number> {
  const { filter, format, file } = request;
  if (file !== '-') await requireAbsent(file);
  const log = await openLog(env);
  try {
    const tally = { records: 0, unreadable: 0 };
    const text = await textOf(request, log, tally);
    if (typeof text === 'string') {
      process.stderr.write(`florin: ${text}\n`);
      return EXIT_FAILED;
    }
    await recordRead(log, {
      action: auditActions['audit.records.exported'],
      target: LOG_TARGET,
      after: { filter: describeForLog(filter), format },
    });
    await write(text, file);
    const where = file === '-' ? '' : ` to ${file}`;
    process.stderr.write(`${tally.records} records were exported${where}.\n`);
    if (tally.unreadable === 0) return EXIT_DONE;
    process.stderr.write(
      `${tally.unreadable} bundles that may hold more are gone or damaged; ` +
        '"florin audit verify" says what is wrong.\n',
    );
    return EXIT_FAILED;
  } finally {
    await log.close();
  }
}

/** The text to write, or why there is none. */
async function textOf(
  { filter, format, sinceSize }: Request,
  { database, objects }: OpenedLog,
  tally: { records: number; unreadable: number },
): Promise<AsyncIterable<string> | string> {
  const options = {
    archive: archivedLeaves(database, objects),
    onRecords: (count: number) => {
      tally.records += count;
    },
    onUnreadable: () => {
      tally.unreadable += 1;
    },
  };
  if (format !== 'bundle') return exportRecords(database, filter, format, options);
  const bundle = await openBundle(database, filter, { ...options, sinceSize });
  return bundle.ok ? bundle.value.text() : bundle.refusal.message;
}

async function requireAbsent(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) throw new UsageError(`${file} exists; an export replaces no file.`);
}

async function write(text: AsyncIterable<string>, file: string): Promise<void> {
  const source = Readable.from(text, { objectMode: true });
  if (file === '-') {
    await pipeline(source, process.stdout, { end: false });
    return;
  }
  const draft = `${file}.part`;
  const target = createWriteStream(draft);
  try {
    if (file.endsWith('.gz')) await pipeline(source, createGzip(), target);
    else if (/\.zstd?$/.test(file)) await pipeline(source, createZstdCompress(), target);
    else await pipeline(source, target);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
