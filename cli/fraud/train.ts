// florin fraud train: trains a model on card transactions and says how good it is on days that it
// has not seen, or on the decisions that the bank has kept. The same transactions, options and seed
// write the same model.

import { addDays, DAY_US, formatDate } from '#kernel';
import {
  fraudPatternNames,
  fraudPatterns,
  labelsAt,
  readLakeHistory,
  spreadOf,
  type FraudPattern,
  type Metrics,
  type Transactions,
} from '#fraud';
import { createProgress } from '../progress.ts';
import { grouped } from '../rules-report.ts';
import { EXIT_DONE, parseCount, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { readTransactions, requireFree, sourceOptions } from './files.ts';
import { linesOfFound } from './found.ts';
import { keptFeatures, keptOptions, openKept } from './kept.ts';
import { daysOf, probabilityOf, saveModel, testDaysOf } from './model.ts';
import { decimal, print, tableOf } from './print.ts';
import {
  daysNeeded,
  train,
  type FeatureChoice,
  type Trained,
  type TrainingPlan,
  type TrainingSource,
} from './training.ts';
import { dayOption, requireOne, requireOption, seedOf, shareOption } from './words.ts';

const TREES_MAX = 2_000;
const DEPTH_MAX = 12;
const SPAN_MAX_DAYS = 366;
const WEEKS_MAX = 26;
const USAGE = 'fraud train takes one SOURCE and --model FILE.';
const USAGE_OF_KEPT = 'fraud train --from-lake takes at most one FOLDER, and --model FILE.';

const options = {
  ...sourceOptions,
  ...keptOptions,
  model: { type: 'string' },
  features: { type: 'string' },
  seed: { type: 'string', default: '1' },
  trees: { type: 'string', default: '150' },
  depth: { type: 'string', default: '4' },
  rate: { type: 'string', default: '0.05' },
  'row-share': { type: 'string', default: '0.8' },
  'column-share': { type: 'string', default: '0.6' },
  'train-days': { type: 'string', default: '7' },
  'delay-days': { type: 'string', default: '7' },
  'test-days': { type: 'string', default: '7' },
  'test-from': { type: 'string' },
  weeks: { type: 'string', default: '1' },
  'hold-out': { type: 'string' },
  force: { type: 'boolean', default: false },
} as const;

type Given = ReturnType<
  typeof parseStrictly<{ args: string[]; options: typeof options }>
>['values'];

export async function runTrain(args: string[], env: Environment): Promise<number> {
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  const target = { file: requireOption(values.model, USAGE), replaces: values.force };
  const settled = settledOf(values);
  requireFree(target);
  const source = await sourceOf(positionals, values, env);
  const { transactions } = source;
  const plan = { ...settled, testFrom: testFromOf(transactions, settled, values['test-from']) };
  requireDays(transactions, plan);
  const trained = train(source, plan, createProgress(process.stderr));
  requireFrauds(trained, transactions);
  const version = saveModel(target, trained, plan);
  print([...linesOf(transactions, trained, plan), '', `${target.file}: model ${version}`]);
  return EXIT_DONE;
}

async function sourceOf(
  positionals: readonly string[],
  values: Given,
  env: Environment,
): Promise<TrainingSource> {
  if (values['from-lake']) return await readKept(positionals, values, env);
  return { transactions: await readTransactions(requireOne(positionals, USAGE), values) };
}

async function readKept(
  [folder, ...rest]: readonly string[],
  { from, until, tenant }: Given,
  env: Environment,
): Promise<TrainingSource> {
  if (rest.length > 0) throw new UsageError(USAGE_OF_KEPT);
  const { lake, range } = await openKept({ from, until, tenant, folder }, env);
  const read = await readLakeHistory(lake, range, keptFeatures);
  if (!read.ok) throw new UsageError(read.refusal.message);
  const { transactions, matrix, skipped } = read.value;
  if (skipped > 0) {
    print([`${grouped(skipped)} decisions left out: made without features, or with others.`, '']);
  }
  if (transactions.count > 0) return { transactions, matrix };
  throw new UsageError(`There are no decisions from ${from} until ${until} to learn from.`);
}

function featuresOf({ features, 'from-lake': isKept }: Given): FeatureChoice {
  if (isKept && features === undefined) return 'payments';
  if (isKept) throw new UsageError('--features is for card transactions, not for --from-lake.');
  if (features === undefined || features === 'generic') return 'generic';
  if (features === 'handbook' || features === 'wider') return features;
  throw new UsageError('--features is generic, handbook or wider.');
}

function settledOf(values: Given): Omit<TrainingPlan, 'testFrom'> {
  const features = featuresOf(values);
  const days = (name: 'train-days' | 'delay-days' | 'test-days', min: number): number =>
    parseCount(values[name], { name, min, max: SPAN_MAX_DAYS });
  return {
    features,
    seed: seedOf(values.seed),
    parameters: {
      trees: parseCount(values.trees, { name: 'trees', min: 1, max: TREES_MAX }),
      depthMax: parseCount(values.depth, { name: 'depth', min: 1, max: DEPTH_MAX }),
      learningRate: shareOption(values.rate, 'rate'),
      rowShare: shareOption(values['row-share'], 'row-share'),
      columnShare: shareOption(values['column-share'], 'column-share'),
    },
    trainDays: days('train-days', 1),
    delayDays: days('delay-days', 1),
    testDays: days('test-days', 1),
    weeks: parseCount(values.weeks, { name: 'weeks', min: 1, max: WEEKS_MAX }),
    heldOut: new Set((values['hold-out']?.split(',') ?? []).map(codeOf)),
  };
}

function codeOf(name: string): number {
  if (isPattern(name)) return fraudPatterns[name].code;
  const known = fraudPatternNames.join(', ');
  throw new UsageError(`There is no pattern "${name}"; the patterns are ${known}.`);
}

function isPattern(name: string): name is FraudPattern {
  return Object.hasOwn(fraudPatterns, name);
}

type Settled = Pick<TrainingPlan, 'testDays'>;

/** The last days of the history, unless others are asked for. */
function testFromOf(
  transactions: Transactions,
  { testDays }: Settled,
  asked: string | undefined,
): TrainingPlan['testFrom'] {
  const { start } = transactions;
  const days = daysIn(transactions);
  if (asked === undefined) return addDays(start, Math.max(0, days - testDays));
  const day = dayOption(asked, 'test-from', transactions);
  if (day + testDays <= days) return addDays(start, day);
  throw new UsageError(`--test-from leaves fewer than ${testDays} days to be judged on.`);
}

function requireDays(transactions: Transactions, plan: TrainingPlan): void {
  const needed = daysNeeded(plan);
  const has = (plan.testFrom - transactions.start) / DAY_US;
  if (has >= needed) return;
  throw new UsageError(
    `This training needs ${needed} days before ${formatDate(plan.testFrom)}, the first that is ` +
      `judged, but there are ${has}.`,
  );
}

function requireFrauds({ weeks }: Trained, transactions: Transactions): void {
  for (const { split } of weeks) {
    for (const rows of [split.train, split.test]) {
      if (labelsAt(transactions, rows).includes(1)) continue;
      const days = daysOf(split.plan.trainFrom, split.plan.trainDays);
      throw new UsageError(
        `There is no fraud in the days that are learnt from (${days}) or in those that are ` +
          `judged (${testDaysOf(split.plan)}): nothing can be learnt or said.`,
      );
    }
  }
}

function daysIn({ seconds }: Transactions): number {
  return 1 + Math.floor((seconds.at(-1) ?? 0) / 86_400);
}

function linesOf(transactions: Transactions, trained: Trained, plan: TrainingPlan): string[] {
  const { last, weeks } = trained;
  const { matrix, labels } = last.training;
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  const { mean, deviation } = spreadOf(weeks.map(({ metrics }) => metrics));
  const rows = weeks.map(({ split, metrics, ceiling }) => [
    testDaysOf(split.plan),
    ...figuresOf(metrics),
    decimal(ceiling, 3),
  ]);
  if (weeks.length > 1) {
    const ceiling = weeks.reduce((sum, week) => sum + week.ceiling, 0) / weeks.length;
    rows.push(['mean', ...figuresOf(mean), decimal(ceiling, 3)]);
    rows.push(['deviation', ...figuresOf(deviation), '']);
  }
  return [
    `Trained on ${daysOf(last.split.plan.trainFrom, plan.trainDays)}: ` +
      `${grouped(matrix.rows)} transactions, ${grouped(frauds)} of them fraud, ` +
      `${matrix.names.length} features, seed ${plan.seed}.`,
    '',
    ...tableOf(['judged on', 'AUC ROC', 'AP', 'CP@100', 'CP@100 at best'], rows),
    '',
    calibrationLine(transactions, trained),
    '',
    ...linesOfFound({
      transactions,
      rows: last.split.test,
      scores: last.scores,
      heldOut: plan.heldOut,
    }),
  ];
}

function figuresOf({ aucRoc, averagePrecision, cardPrecision }: Metrics): string[] {
  return [aucRoc, averagePrecision, cardPrecision].map((value) => decimal(value, 3));
}

/** Whether the probabilities add up to the frauds there were. */
function calibrationLine(transactions: Transactions, { last, calibration }: Trained): string {
  const model = { trees: last.trees, calibration, card: undefined };
  const expected = last.scores.reduce((sum, each) => sum + (probabilityOf(model, each) ?? 0), 0);
  const labels = labelsAt(transactions, last.split.test);
  const frauds = labels.reduce((sum, label) => sum + label, 0);
  return (
    `Calibrated: the probabilities say ${grouped(Math.round(expected))} frauds, ` +
    `there were ${grouped(frauds)}.`
  );
}
