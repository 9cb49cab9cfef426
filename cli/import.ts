// The command "florin import": brings a published bank's history into the ledger and says how well
// the books agree with it. Exit codes: 0 every row agrees, 1 some do not or were refused, 2 nothing
// was imported, 3 it ended early and goes on where it was when started again.

import { loadConfig } from '#config';
import { Fault } from '#kernel';
import { openDatabase, systemClock } from '#platform';
import { listenForEnding } from '../src/ending.ts';
import { describeProblem } from './berka/dialect.ts';
import { BATCH_SIZE, importBank, type ImportRefusal } from './berka/import.ts';
import { formatReport, reportJson } from './berka/report.ts';
import { readBank, type UnreadableBank } from './berka/read.ts';
import type { ImportReport } from './berka/tally.ts';
import { explain } from './failure.ts';
import { createProgress } from './progress.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_UNUSABLE,
  parseCount,
  parseStrictly,
  UsageError,
  type Environment,
} from './usage.ts';

/** Ended before all was posted: starting again goes on from there. */
export const EXIT_UNFINISHED = 3;

const SOURCE = 'berka';
const BATCH_SIZE_MAX = 10_000;
/** As many lines as a person will read; each has the file, the line and the reason. */
const PROBLEMS_SHOWN_MAX = 20;

interface Request {
  readonly directory: string;
  readonly isJson: boolean;
  readonly batchSize: number;
}

export async function runImport(args: readonly string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  const startedMs = performance.now();
  const config = loadConfig(env);
  // Before the database is even started: a wrong folder changes nothing anywhere.
  const read = await readBank(request.directory);
  if (!read.ok) return refused(read.refusal, request);
  const opened = await openDatabase(config.database);
  let isStopped = false;
  const ending = listenForEnding({
    onAsked: () => {
      isStopped = true;
    },
    // To end at once loses nothing either.
    onAskedAgain: () => process.exit(EXIT_UNFINISHED),
  });
  try {
    const imported = await importBank({
      database: opened.database,
      clock: systemClock(),
      directory: request.directory,
      files: read.value,
      startedMs,
      source: SOURCE,
      progress: createProgress(process.stderr),
      batchSize: request.batchSize,
      isStopped: () => isStopped,
    });
    if (!imported.ok) return refused(imported.refusal, request);
    const { value: report } = imported;
    process.stdout.write(`${request.isJson ? reportJson(report) : formatReport(report)}\n`);
    return exitCodeOf(report);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    process.stderr.write(`${explain(error, env)}\n`);
    process.stderr.write('The import is not finished; start it again to go on where it was.\n');
    return EXIT_UNFINISHED;
  } finally {
    ending.close();
    await opened.close();
  }
}

function parseRequest(args: readonly string[]): Request {
  const { values, positionals } = parseStrictly({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, batch: { type: 'string' } },
  });
  const [format, directory, ...rest] = positionals;
  if (format !== SOURCE || directory === undefined || rest.length > 0) {
    throw new UsageError(
      'What to import is missing: florin import berka DIR [--json] [--batch N].',
    );
  }
  const bounds = { name: 'batch', min: 2, max: BATCH_SIZE_MAX };
  const batchSize = values.batch === undefined ? BATCH_SIZE : parseCount(values.batch, bounds);
  return { directory, isJson: values.json === true, batchSize };
}

function refused(refusal: UnreadableBank | ImportRefusal, { isJson }: Request): number {
  const problems = 'problems' in refusal ? refusal.problems : [];
  if (isJson) {
    const { code, message } = refusal;
    process.stdout.write(`${JSON.stringify({ outcome: code, message, problems }, null, 2)}\n`);
    return EXIT_UNUSABLE;
  }
  const lines = [`florin: ${refusal.message}`];
  for (const problem of problems.slice(0, PROBLEMS_SHOWN_MAX)) {
    lines.push(`  ${describeProblem(problem)}`);
  }
  if (problems.length > PROBLEMS_SHOWN_MAX) {
    lines.push(`  and ${problems.length - PROBLEMS_SHOWN_MAX} more; --json lists them all`);
  }
  if (refusal.code === 'malformed') lines.push('Nothing was imported.');
  process.stderr.write(`${lines.join('\n')}\n`);
  return EXIT_UNUSABLE;
}

function exitCodeOf({ outcome }: ImportReport): number {
  if (outcome === 'stopped') return EXIT_UNFINISHED;
  return outcome === 'complete' ? EXIT_DONE : EXIT_FAILED;
}
