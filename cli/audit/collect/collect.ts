// florin audit collect: brings logs of other systems in, a file or a stream at a time, and verifies
// what CloudTrail delivered by its digests. Exit codes: 0 all of it was read, 1 some was malformed
// or is not sound, 2 nothing could be done, 3 it ended early and goes on where it was when started
// again.

import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  collect,
  innerFormats,
  logFormats,
  readAccounts,
  readBadList,
  readOwnRanges,
  type Collected,
  type CollectOptions,
  type EnrichmentLists,
  type ListFile,
  type LogFormat,
  type LogInput,
} from '#audit';
import { Fault, type Result } from '#kernel';
import { explain } from '../../failure.ts';
import { createProgress, silentProgress, type Progress } from '../../progress.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseStrictly,
  UsageError,
  type Environment,
} from '../../usage.ts';
import { runDigests } from './digests.ts';
import { openLog, type OpenedLog } from '../open.ts';

/** Ended before all was read: starting again goes on from there. */
const EXIT_UNFINISHED = 3;
const STREAM = '-';
const READ_BYTES = 262_144;
const SOURCE_LENGTH_MAX = 255;

interface Request {
  readonly format: LogFormat;
  readonly files: readonly string[];
  readonly source: string | undefined;
  readonly accounts: string | undefined;
  readonly ownRanges: string | undefined;
  readonly knownBad: readonly string[];
  readonly formatLine: string | undefined;
  readonly fields: string | undefined;
  readonly inner: CollectOptions['inner'];
  readonly isArchived: boolean;
  readonly isJson: boolean;
}

export async function runCollect(args: string[], env: Environment): Promise<number> {
  if (args[0] === 'digests') return await runDigests(args.slice(1), env);
  const request = parseRequest(args);
  try {
    const options = await optionsOf(request);
    const log = await openLog(env);
    try {
      return await collectAll(log, request, options);
    } finally {
      await log.close();
    }
  } catch (error) {
    process.stderr.write(`${explain(error, env)}\n`);
    return error instanceof Fault ? EXIT_UNFINISHED : EXIT_UNUSABLE;
  }
}

function parseRequest(args: string[]): Request {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      source: { type: 'string' },
      accounts: { type: 'string' },
      'own-ranges': { type: 'string' },
      'known-bad': { type: 'string', multiple: true, default: [] },
      'format-line': { type: 'string' },
      fields: { type: 'string' },
      messages: { type: 'string' },
      'no-archive': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [word, ...files] = positionals;
  const format = logFormats.find((name) => name === word);
  if (format === undefined || files.length === 0) {
    const names = [...logFormats, 'digests'].join(', ');
    throw new UsageError(`audit collect takes a FORMAT (${names}) and FILES, or - for a stream.`);
  }
  const inner = innerFormats.find((name) => name === values.messages);
  if (values.messages !== undefined && inner === undefined) {
    throw new UsageError(`--messages must be one of ${innerFormats.join(', ')}.`);
  }
  if (values.source === '' || (values.source?.length ?? 0) > SOURCE_LENGTH_MAX) {
    throw new UsageError(`--source must have 1 to ${SOURCE_LENGTH_MAX} characters.`);
  }
  return {
    format,
    files,
    inner,
    source: values.source,
    accounts: values.accounts,
    ownRanges: values['own-ranges'],
    knownBad: values['known-bad'],
    formatLine: values['format-line'],
    fields: values.fields,
    isArchived: !values['no-archive'],
    isJson: values.json,
  };
}

type Options = Omit<CollectOptions, 'source' | 'retainDays' | 'onRead'>;

/** Reads the files that say what is known, before anything is opened. */
async function optionsOf(request: Request): Promise<Options> {
  const { format, formatLine, inner, isArchived } = request;
  const given = request.fields === undefined ? undefined : await textOf(request.fields);
  let fields: CollectOptions['fields'];
  try {
    fields = given === undefined ? undefined : (JSON.parse(given) as CollectOptions['fields']);
  } catch {
    throw new UsageError(`${request.fields} is no JSON: give names of fields by their meaning.`);
  }
  return { format, formatLine, inner, isArchived, fields, lists: await listsOf(request) };
}

async function listsOf({ accounts, ownRanges, knownBad }: Request): Promise<EnrichmentLists> {
  const badLists = await Promise.all(knownBad.map((file) => listOf(file, readBadList)));
  return {
    accounts: accounts === undefined ? new Map() : await listOf(accounts, readAccounts),
    ownRanges: await listOf(ownRanges, readOwnRanges),
    badLists,
  };
}

async function listOf<Value>(
  file: string | undefined,
  read: (list: ListFile) => Result<Value>,
): Promise<Value> {
  const text = file === undefined ? '' : await textOf(file);
  const list = read({ name: path.basename(file ?? ''), text });
  if (list.ok) return list.value;
  throw new UsageError(list.refusal.message);
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8');
}

/** A file after another; the worst of them is the exit code. */
async function collectAll(log: OpenedLog, request: Request, options: Options): Promise<number> {
  const progress = request.isJson ? silentProgress : createProgress(process.stderr);
  let code = EXIT_DONE;
  const rows: string[][] = [];
  for (const file of request.files) {
    const answer = await collect(log, await inputOf(file), {
      ...options,
      source: request.source ?? sourceOf(file),
      retainDays: log.config.audit.collectedRetentionDays,
      onRead: await startProgress(progress, file),
    });
    progress.finish();
    if (!answer.ok) {
      process.stderr.write(`florin: ${answer.refusal.message}\n`);
      code = EXIT_UNUSABLE;
      continue;
    }
    const { counts, problem } = answer.value;
    if (counts.malformed > 0 || problem !== undefined) code = Math.max(code, EXIT_FAILED);
    if (request.isJson) process.stdout.write(`${jsonOf(file, answer.value)}\n`);
    else rows.push(rowOf(file, answer.value));
  }
  if (rows.length > 0) process.stdout.write(`${tableOf(rows)}\n`);
  return code;
}

/** The folder that a file is in: the files of one system usually lie together. */
function sourceOf(file: string): string {
  const folder = path.basename(path.dirname(path.resolve(file)));
  return file === STREAM || folder === '' ? 'unnamed' : folder;
}

async function inputOf(file: string): Promise<LogInput> {
  if (file === STREAM) {
    return { name: STREAM, isRepeatable: false, open: () => process.stdin };
  }
  // What is no plain file, a pipe by name, can be read once only.
  const isRepeatable = (await stat(file)).isFile();
  const open = (): AsyncIterable<Buffer> => createReadStream(file, { highWaterMark: READ_BYTES });
  return { name: file, isRepeatable, open };
}

async function startProgress(
  progress: Progress,
  file: string,
): Promise<((bytes: number) => void) | undefined> {
  if (file === STREAM) return undefined;
  const { size } = await stat(file);
  if (size === 0) return undefined;
  progress.start(path.basename(file), { total: size, unit: 'bytes' });
  return (bytes) => {
    progress.advance(bytes);
  };
}

function jsonOf(file: string, { outcome, id, ...rest }: Collected): string {
  const { counts, sha256, inputBytes, segments, problem } = rest;
  return JSON.stringify({
    file,
    outcome,
    collection: id,
    sha256,
    input_bytes: inputBytes,
    segments,
    ...counts,
    ...(problem === undefined ? {} : { problem }),
  });
}

const head = [
  'file',
  'outcome',
  'read',
  'kept',
  'duplicate',
  'malformed',
  'skipped',
  'known bad',
  'collection',
];

function rowOf(file: string, { outcome, counts, id, problem }: Collected): string[] {
  const { read, kept, duplicate, malformed, skipped, bad } = counts;
  const name = file === STREAM ? STREAM : path.basename(file);
  return [
    problem === undefined ? name : `${name} (${problem})`,
    outcome,
    ...[read, kept, duplicate, malformed, skipped, bad].map(grouped),
    id,
  ];
}

function tableOf(rows: readonly string[][]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column > 1 && column < head.length - 1;
  const lines = all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

function grouped(count: number): string {
  return count.toLocaleString('en-GB');
}
