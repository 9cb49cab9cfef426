// florin audit archive: does now what the schedule does in time: moves months that are no longer at
// hand to the archive, and gives up what is over its retention. With --dry-run it only tells.

import {
  archiveMonth,
  dueMonths,
  expireArchives,
  formatMonth,
  parseMonth,
  removeMonth,
  runArchive as archiveAll,
  settleHolds,
  type ArchiveReport,
} from '#audit';
import { EXIT_DONE, EXIT_FAILED, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { withLog, type OpenedLog } from './open.ts';

interface Request {
  readonly month: number | undefined;
  readonly isDryRun: boolean;
}

export async function runArchive(args: string[], env: Environment): Promise<number> {
  const request = parseRequest(args);
  return await withLog(env, (log) => archive(log, request));
}

function parseRequest(args: string[]): Request {
  const { values } = parseStrictly({
    args,
    options: { month: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
  });
  return {
    month: values.month === undefined ? undefined : requireMonth(values.month, 'month'),
    isDryRun: values['dry-run'],
  };
}

/** A month as --from, --to and --month take it. */
export function requireMonth(text: string, option: string): number {
  const month = parseMonth(text);
  if (month !== undefined) return month;
  throw new UsageError(`--${option} is ${JSON.stringify(text)} but must be a month like 2026-08.`);
}

async function archive(log: OpenedLog, { month, isDryRun }: Request): Promise<number> {
  if (isDryRun) return await tellDue(log, month);
  if (month !== undefined) return await archiveOne(log, month);
  const report = await archiveAll(log.database, log.objects, log.context());
  for (const line of linesOf(report)) process.stdout.write(`${line}\n`);
  return report.waiting.length === 0 ? EXIT_DONE : EXIT_FAILED;
}

async function tellDue(log: OpenedLog, wanted: number | undefined): Promise<number> {
  const due = await dueMonths(log.database, log.context());
  const shown = due.filter(({ month }) => wanted === undefined || month === wanted);
  for (const { month, placed, archived, isWaiting } of shown) {
    const waiting = isWaiting ? '; some wait for their place in the log' : '';
    process.stdout.write(
      `${formatMonth(month)}: ${placed} records, ${archived} of them archived${waiting}\n`,
    );
  }
  if (shown.length === 0) process.stdout.write('No month is due.\n');
  return EXIT_DONE;
}

async function archiveOne(log: OpenedLog, month: number): Promise<number> {
  const { database, objects } = log;
  await settleHolds(database, objects, log.context());
  const stored = await archiveMonth(database, objects, log.context(), month);
  if (!stored.ok) return refused(stored.refusal.message);
  const removed = await removeMonth(database, objects, log.context(), month);
  if (!removed.ok) return refused(removed.refusal.message);
  await expireArchives(database, objects, log.context());
  const done = removed.value.isNew
    ? `${removed.value.leaves} records are in the archive, and left the database.`
    : 'nothing of it is in the database.';
  process.stdout.write(`${formatMonth(month)}: ${done}\n`);
  return EXIT_DONE;
}

function refused(message: string): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}

function linesOf({ archived, removed, waiting, expired }: ArchiveReport): string[] {
  const lines = archived.map((month) => `${formatMonth(month)}: archived`);
  lines.push(...removed.map((month) => `${formatMonth(month)}: left the database`));
  lines.push(...waiting.map(({ month, message }) => `${formatMonth(month)} waits: ${message}`));
  if (expired.objects > 0) {
    lines.push(`${expired.leaves} records in ${expired.objects} objects are over their retention`);
  }
  if (expired.keptByStore > 0) {
    lines.push(`${expired.keptByStore} objects are still kept by the store of objects`);
  }
  return lines.length === 0 ? ['Nothing is due.'] : lines;
}
