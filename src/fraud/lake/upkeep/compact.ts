// Makes the many small files of a day that is over into few. The new ones are there before the old
// ones go: a reader that sees both reads each row once, and one that misses a file looks again.

import { startOfDay, type Instant } from '#kernel';
import {
  lakeTableNames,
  partsOfDay,
  type LakeObjects,
  type LakePart,
  type LakeTableName,
} from '../layout.ts';
import { daysOf, type LakeRange } from '../read.ts';
import { rewriteDay } from './rewrite.ts';

export interface CompactReport {
  /** Days of tables whose files were made fewer. */
  readonly days: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
}

/** The days of a range that are over. A day again only if more was written to it since. */
export async function compactLake(
  lake: LakeObjects,
  range: LakeRange,
  now: Instant,
): Promise<CompactReport> {
  const reports: CompactReport[] = [];
  const { until } = range;
  const today = startOfDay(now);
  for (const { from } of daysOf({ ...range, until: until < today ? until : today })) {
    const day = startOfDay(from);
    for (const name of lakeTableNames) reports.push(await compactDay(lake, name, day, now));
  }
  return sumOf(reports);
}

export function sumOf(reports: readonly CompactReport[]): CompactReport {
  const sum = (figure: keyof CompactReport): number =>
    reports.reduce((total, report) => total + report[figure], 0);
  return { days: sum('days'), filesBefore: sum('filesBefore'), filesAfter: sum('filesAfter') };
}

async function compactDay(
  lake: LakeObjects,
  name: LakeTableName,
  day: Instant,
  now: Instant,
): Promise<CompactReport> {
  const parts = await partsOfDay(lake, name, day);
  if (!canBeFewer(parts)) return { days: 0, filesBefore: 0, filesAfter: 0 };
  const kept = new Set(await rewriteDay({ from: lake, to: lake }, name, day));
  for (const { key } of parts) if (!kept.has(key)) await lake.remove(key, now);
  return { days: 1, filesBefore: parts.length, filesAfter: kept.size };
}

/** Also where two processes made the day whole at once, and one of them saw more of it. */
function canBeFewer(parts: readonly LakePart[]): boolean {
  if (parts.length < 2) return false;
  if (parts.some(({ kind }) => kind === 'part')) return true;
  return parts.some(({ first }, at) => first < (parts[at - 1]?.last ?? -Infinity));
}
