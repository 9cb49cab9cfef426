// florin fraud lake VERB: how the lake of the bank's decisions stands, a copy of it for other
// tools, and its files made fewer. The bank may be running meanwhile.

import { addDays, DAY_US, formatDate, type Instant } from '#kernel';
import {
  compactLake,
  copyOut,
  countBacklog,
  lakeOf,
  tableStates,
  type LakeObjects,
  type TableState,
} from '#fraud';
import { systemClock } from '#platform';
import { withLog } from '../../audit/open.ts';
import { createProgress } from '../../progress.ts';
import { grouped } from '../../rules-report.ts';
import { EXIT_DONE, parseStrictly, UsageError, type Environment } from '../../usage.ts';
import { rangeOf, type Days } from '../files.ts';
import { ownLake, tenantOf } from '../kept.ts';
import { print, tableOf } from '../print.ts';
import { openLakeFolder } from './folder.ts';

const options = {
  tenant: { type: 'string' },
  from: { type: 'string' },
  until: { type: 'string' },
} as const;

export async function runLake([name, ...rest]: string[], env: Environment): Promise<number> {
  if (name === 'status') return await tellStatus(rest, env);
  if (name === 'copy') return await copy(rest, env);
  if (name === 'compact') return await compact(rest, env);
  throw new UsageError('fraud lake is followed by status, copy or compact.');
}

async function tellStatus(args: string[], env: Environment): Promise<number> {
  const { values } = parseStrictly({ args, options: { tenant: { type: 'string' } } });
  const tenant = tenantOf(values.tenant);
  return await withLog(env, async ({ database, objects }) => {
    const states = await tableStates(lakeOf(objects, tenant));
    const backlog = await countBacklog(database);
    const rows = states.map(({ table, files, bytes, firstDay, lastDay, days }) => [
      table,
      grouped(files),
      grouped(bytes),
      grouped(days),
      dayOf(firstDay),
      dayOf(lastDay),
    ]);
    print([
      ...tableOf(['table', 'files', 'bytes', 'days', 'first day', 'last day'], rows),
      '',
      `${grouped(Number(backlog))} entries of the log wait to be written, of all tenants.`,
    ]);
    return EXIT_DONE;
  });
}

function dayOf(day: Instant | undefined): string {
  return day === undefined ? '-' : formatDate(day);
}

async function copy(args: string[], env: Environment): Promise<number> {
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const [folder, ...rest] = positionals;
  if (folder === undefined || rest.length > 0) {
    throw new UsageError('fraud lake copy takes one FOLDER.');
  }
  const lake = await ownLake(values.tenant, env);
  const range = await rangeIn(lake, values);
  const progress = createProgress(process.stderr);
  progress.start('copying', { total: range.days, unit: 'days' });
  const report = await copyOut(lake, openLakeFolder(folder), range, () => progress.advance(1));
  progress.finish();
  const { written, kept, removed, bytes } = report;
  print([
    `${folder}: ${grouped(written)} files written, ${grouped(bytes)} bytes; ${grouped(kept)} ` +
      `were there, ${grouped(removed)} went because others have their rows.`,
  ]);
  return EXIT_DONE;
}

async function compact(args: string[], env: Environment): Promise<number> {
  const { values } = parseStrictly({ args, options });
  const lake = await ownLake(values.tenant, env);
  const range = await rangeIn(lake, values);
  const report = await compactLake(lake, range, systemClock().now());
  const { days, filesBefore, filesAfter } = report;
  print([
    `${grouped(days)} days of tables: ${grouped(filesBefore)} files became ${grouped(filesAfter)}.`,
  ]);
  return EXIT_DONE;
}

interface DaysRange {
  readonly from: Instant;
  readonly until: Instant;
  readonly days: number;
}

/** The days that are asked for, or all that the lake has. */
async function rangeIn(lake: LakeObjects, asked: Days): Promise<DaysRange> {
  const states = await tableStates(lake);
  const isAll = asked.from === undefined && asked.until === undefined;
  const { from, until } = isAll ? spanOf(states) : rangeOf(asked);
  return { from, until, days: Math.round((until - from) / DAY_US) };
}

function spanOf(states: readonly TableState[]): Omit<DaysRange, 'days'> {
  const firsts = states.flatMap(({ firstDay }) => firstDay ?? []);
  const lasts = states.flatMap(({ lastDay }) => lastDay ?? []);
  const [from, last] = [firsts.toSorted(byTime)[0], lasts.toSorted(byTime).at(-1)];
  if (from !== undefined && last !== undefined) return { from, until: addDays(last, 1) };
  throw new UsageError('The lake is empty: nothing has been decided, or it was not fed yet.');
}

function byTime(one: Instant, other: Instant): number {
  return one - other;
}
