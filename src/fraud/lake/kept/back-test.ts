// Replays the decisions of a range under two rule sets, with the features and scores as they were:
// what the one and the other would have done, beside what became known since.

import { accept, type Result } from '#kernel';
import {
  openBackTest,
  type BackTestRefusal,
  type BackTestReport,
  type BackTestSets,
} from '../../rules/back-test.ts';
import { lakeDecisions, type LakeDecision } from '../decisions.ts';
import { isUsable, type HistoryFeatures } from './history.ts';
import { knownFrauds } from '../known.ts';
import type { LakeReading } from '../layout.ts';
import { daysOf, readLake } from '../read.ts';
import type { LakeTransactionsRange } from '../transactions.ts';

export interface LakeBackTest {
  readonly lake: LakeReading;
  readonly range: LakeTransactionsRange;
  readonly features: HistoryFeatures;
  /** Scores in place of those that were given at the time. */
  readonly score?: ((features: Float64Array) => number) | undefined;
  /** Told of each day that was replayed. */
  readonly onDay?: (() => void) | undefined;
}

export interface LakeBackTestReport {
  readonly report: BackTestReport;
  /** Decisions that were made without features, or with those of another version. */
  readonly skipped: number;
}

export async function backTestLake(
  { lake, range, features, score, onDay }: LakeBackTest,
  sets: BackTestSets,
): Promise<Result<LakeBackTestReport, BackTestRefusal>> {
  const backTest = openBackTest(sets);
  if (!backTest.ok) return backTest;
  const { from, until, knownUntil } = range;
  const frauds = await knownFrauds(lake, { from, until: knownUntil });
  const observe = ({ event, features: row, score: given }: LakeDecision): void => {
    const counted = score === undefined ? given : score(row);
    backTest.value.observe(row, event, counted ?? NaN, frauds.has(event.id));
  };
  let skipped = 0;
  for (const day of daysOf({ from, until })) {
    for await (const decisions of readLake(lake, lakeDecisions, day)) {
      const usable = decisions.filter((decision) => isUsable(decision, features));
      for (const decision of usable) observe(decision);
      skipped += decisions.length - usable.length;
    }
    onDay?.();
  }
  return accept({ report: backTest.value.report(), skipped });
}
