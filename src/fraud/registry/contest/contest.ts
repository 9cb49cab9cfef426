// Owns how champion and challenger are compared on what was decided: both scored the same payments
// at the same moment, and are judged week by week by what became known since. Only weeks that ended
// long enough ago count, because until then what is not labelled may yet be.

import { limits } from '#config';
import { accept, addDays, DAY_US, startOfDay, type Instant, type Result } from '#kernel';
import type { Queryable } from '#platform';
import type { Metrics } from '../../evaluate/metrics.ts';
import { judgePromotion, type Promotion, type Week } from '../../model/promotion.ts';
import { readInForce } from '../store/in-force.ts';
import { no, type RegistryRefusal } from '../refusals.ts';
import { contestRows, type ContestRow } from './contest-store.ts';
import { openWeekJudge, type ScoredWeek, type WeekJudge } from './judging.ts';

export interface ContestWeek {
  readonly from: Instant;
  readonly decisions: number;
  readonly frauds: number;
  readonly champion: Metrics;
  readonly challenger: Metrics;
}

export interface ContestReport {
  /** Versions. */
  readonly champion: string;
  readonly challenger: string;
  /** The earliest first; a week in which the two did not run side by side is left out. */
  readonly weeks: readonly ContestWeek[];
  readonly verdict: Promotion;
}

export interface ContestAsked {
  readonly tenant: string;
  readonly weeks: number;
  readonly now: Instant;
}

export interface Contests {
  /** Refused while there is another, or held after it where the caller cannot ask again. */
  hold(
    queryable: Queryable,
    asked: ContestAsked,
    canWait?: boolean,
  ): Promise<Result<ContestReport, RegistryRefusal>>;
}

/**
 * One contest at a time: each holds the decisions of a week in memory and keeps a processor busy,
 * and a process has payments to judge meanwhile.
 */
export function openContests(): Contests {
  let underWay: Promise<unknown> | undefined;
  return {
    async hold(queryable, asked, canWait = false) {
      if (underWay !== undefined && !canWait) {
        return no('contest_under_way', 'Two models are being compared: ask again after that.');
      }
      while (underWay !== undefined) await underWay.catch(() => undefined);
      const own = contestOf(queryable, asked).finally(() => {
        underWay = undefined;
      });
      underWay = own;
      return await own;
    },
  };
}

const DAYS = 7;
const PAGE_ROWS = 10_000;

export async function contestOf(
  queryable: Queryable,
  { tenant, weeks, now }: ContestAsked,
): Promise<Result<ContestReport, RegistryRefusal>> {
  const { champion, challenger } = await readInForce(queryable, tenant);
  if (champion === undefined || challenger === undefined) {
    return no('contest_missing', 'There are not both a champion and a challenger.');
  }
  const versions = { champion: champion.version, challenger: challenger.version };
  const end = addDays(startOfDay(now), -limits.fraudContestSettledDays.value);
  const judged: ContestWeek[] = [];
  await using threads = new AsyncDisposableStack();
  let judge: WeekJudge | undefined;
  let rows = 0;
  for (let week = weeks; week > 0; week -= 1) {
    const from = addDays(end, -week * DAYS);
    const span = { tenant, ...versions, from, until: addDays(from, DAYS) };
    const scored = openTally(from);
    for await (const page of contestRows(queryable, span, PAGE_ROWS)) {
      rows += page.length;
      if (rows > limits.fraudContestRowsMax.value) {
        const message = `There are more than ${limits.fraudContestRowsMax.value} decisions.`;
        return no('contest_too_large', `${message} Ask for fewer weeks.`, 'weeks');
      }
      for (const row of page) scored.add(row);
    }
    const rowsOfWeek = scored.week();
    if (rowsOfWeek === undefined) continue;
    judge ??= threads.use(openWeekJudge());
    const decisions = rowsOfWeek.labels.length;
    const frauds = rowsOfWeek.labels.reduce((sum, label) => sum + label, 0);
    judged.push({ from, decisions, frauds, ...(await judge.judge(rowsOfWeek)) });
  }
  return accept({ ...versions, weeks: judged, verdict: verdictOn(judged) });
}

function verdictOn(weeks: readonly ContestWeek[]): Promotion {
  const of = (side: 'champion' | 'challenger'): Week[] =>
    weeks.map(({ from, [side]: metrics }) => ({ trainFrom: from, metrics }));
  return judgePromotion({ champion: of('champion'), challenger: of('challenger') });
}

interface Tally {
  add(row: ContestRow): void;
  /** Undefined where nothing was added. */
  week(): ScoredWeek | undefined;
}

function openTally(from: Instant): Tally {
  const scores = { champion: [] as number[], challenger: [] as number[] };
  const labels: number[] = [];
  const customers: number[] = [];
  const days: number[] = [];
  const numbers = new Map<string, number>();
  return {
    add({ accountId, at, champion, challenger, isFraud }) {
      const number = numbers.get(accountId) ?? numbers.size;
      numbers.set(accountId, number);
      scores.champion.push(champion);
      scores.challenger.push(challenger);
      labels.push(isFraud ? 1 : 0);
      customers.push(number);
      // An id is of the millisecond its batch began in, which may be the one before midnight.
      days.push(Math.max(days.at(-1) ?? 0, Math.floor((at - from) / DAY_US)));
    },
    week() {
      if (labels.length === 0) return undefined;
      return {
        labels: Uint8Array.from(labels),
        customers: Uint32Array.from(customers),
        days: Uint32Array.from(days),
        champion: Float64Array.from(scores.champion),
        challenger: Float64Array.from(scores.challenger),
      };
    },
  };
}
