// A back-test of a change of twenty rules over half a year of card transactions, on one core: the
// features are computed before, the replay alone is timed, and every replay must count the same.

import {
  backTestCards,
  cardMatrix,
  columnsStart,
  formatBackTest,
  generateTransactions,
  openLists,
  parseRuleSet,
  type BackTestReport,
  type BackTestSets,
  type CardHistory,
  type RuleSet,
  type Transactions,
} from '#fraud';
import { medianRun, type Run } from '../measure.ts';
import { benchRuleSets } from './rule-sets.ts';

export interface BackTestScale {
  readonly runs: number;
  /** Without them, as many days of the generator's. */
  readonly transactions?: Transactions | undefined;
  readonly days: number;
}

export interface BackTestBench {
  /** Events a second, each under both sets; the times are those of a whole replay. */
  readonly replayed: Run;
  readonly events: number;
  /** The report of the last replay, for a person. */
  readonly text: string;
  /** Of one evaluation of the new set. */
  readonly evaluationP50Us: number;
  readonly evaluationP99Us: number;
}

const CUSTOMERS = 5_000;
const TERMINALS = 10_000;

export function benchBackTest(scale: BackTestScale, log: (line: string) => void): BackTestBench {
  const transactions = scale.transactions ?? generated(scale.days, log);
  log(`computing the features of ${transactions.count.toLocaleString('en')} transactions`);
  const matrix = cardMatrix(transactions, 'generic');
  // A score that follows from the row stands for the model, which is measured elsewhere.
  const scores = Float64Array.from(transactions.amounts, (amount) => (amount % 1_000) / 1_050);
  const history = { transactions, matrix, scores };
  const sets = setsOver(matrix.names);
  const replays: { run: Run; report: BackTestReport }[] = [];
  for (let run = 1; run <= scale.runs; run += 1) {
    const replay = timed(history, sets);
    log(`back-test, run ${run}: ${Math.round(replay.run.p50Ms)} ms`);
    replays.push(replay);
  }
  const [first] = replays;
  const last = replays.at(-1);
  if (first === undefined || last === undefined) throw new Error('a benchmark needs a run');
  if (formatBackTest(first.report, false) !== formatBackTest(last.report, false)) {
    throw new Error('two replays of one history counted differently');
  }
  const { latency } = last.report.after;
  return {
    replayed: medianRun(replays.map(({ run }) => run)),
    events: transactions.count,
    text: formatBackTest(last.report),
    evaluationP50Us: latency.p50Us,
    evaluationP99Us: latency.p99Us,
  };
}

function generated(days: number, log: (line: string) => void): Transactions {
  log(`generating ${days} days of transactions`);
  const population = { customers: CUSTOMERS, terminals: TERMINALS };
  return generateTransactions({ seed: 1, days, start: columnsStart, ...population });
}

function timed(history: CardHistory, sets: BackTestSets): { run: Run; report: BackTestReport } {
  const startMs = performance.now();
  const report = backTestCards(history, sets);
  const elapsedMs = performance.now() - startMs;
  if (!report.ok) throw new Error(report.refusal.message);
  const ratePerSecond = (history.matrix.rows / elapsedMs) * 1_000;
  return { run: { ratePerSecond, p50Ms: elapsedMs, p99Ms: elapsedMs }, report: report.value };
}

function setsOver(names: readonly string[]): BackTestSets {
  const lists = openLists();
  if (!lists.ok) throw new Error(lists.refusal.message);
  const read = (text: string): RuleSet => {
    const parsed = parseRuleSet(text, names);
    if (!parsed.ok) throw new Error(parsed.refusal.message);
    return parsed.value;
  };
  return {
    before: read(benchRuleSets.before),
    after: read(benchRuleSets.after),
    lists: lists.value,
  };
}
