// florin fraud backtest: what another set of rules would have done to the transactions of the past,
// or to the decisions that the bank has kept: frauds caught and missed, false alarms, value, and
// which rule did it.

import {
  backTestCards,
  backTestLake,
  formatBackTest,
  genericFeatures,
  openLists,
  parseRuleSet,
  type BackTestReport,
  type BackTestSets,
  type RuleSet,
} from '#fraud';
import { DAY_US } from '#kernel';
import { createProgress } from '../progress.ts';
import { grouped } from '../rules-report.ts';
import { EXIT_DONE, parseStrictly, UsageError, type Environment } from '../usage.ts';
import { readBytes, readTransactions, sourceOptions } from './files.ts';
import { keptFeatures, keptOptions, openKept } from './kept.ts';
import { loadModel, matrixFor, probabilityOf, type LoadedModel } from './model.ts';
import { print } from './print.ts';
import { rowSince } from './words.ts';

const USAGE = 'fraud backtest takes a SOURCE, the rules BEFORE and the rules AFTER.';
const USAGE_OF_KEPT =
  'fraud backtest --from-lake takes at most one FOLDER, the rules BEFORE and the rules AFTER.';

const options = {
  ...sourceOptions,
  ...keptOptions,
  model: { type: 'string' },
  since: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

type Given = ReturnType<
  typeof parseStrictly<{ args: string[]; options: typeof options }>
>['values'];

export async function runBackTest(args: string[], env: Environment): Promise<number> {
  const { values, positionals } = parseStrictly({ args, options, allowPositionals: true });
  if (values['from-lake']) return await backTestKept(positionals, values, env);
  const [source, beforeFile, afterFile, ...rest] = positionals;
  if (source === undefined || beforeFile === undefined || afterFile === undefined) {
    throw new UsageError(USAGE);
  }
  if (rest.length > 0) throw new UsageError(USAGE);
  const loaded = values.model === undefined ? undefined : loadModel(values.model);
  const names = loaded?.model.trees.names ?? genericFeatures.features.map(({ name }) => name);
  const before = readRules(beforeFile, names);
  const after = readRules(afterFile, names);
  const transactions = await readTransactions(source, values);
  const from = values.since === undefined ? 0 : rowSince(values.since, transactions);
  const total = transactions.count - from;
  const progress = createProgress(process.stderr);
  progress.start('features', { total, unit: 'transactions' });
  const matrix = matrixFor(loaded?.features ?? 'generic', transactions, {
    from,
    to: transactions.count,
  });
  progress.advance(total);
  const scores = scoresOf(loaded, matrix);
  progress.start('replaying', { total, unit: 'transactions' });
  let done = 0;
  const history = { transactions, matrix, firstRow: from, scores };
  const report = backTestCards(history, { before, after, lists: noLists() }, (share) => {
    const now = Math.round(share * total);
    progress.advance(now - done);
    done = now;
  });
  progress.finish();
  if (!report.ok) throw new UsageError(`${report.refusal.message}.`);
  print(linesOf(report.value, values));
  return EXIT_DONE;
}

async function backTestKept(
  positionals: readonly string[],
  values: Given,
  env: Environment,
): Promise<number> {
  const [afterFile, beforeFile, folder, ...rest] = positionals.toReversed();
  if (afterFile === undefined || beforeFile === undefined || rest.length > 0) {
    throw new UsageError(USAGE_OF_KEPT);
  }
  if (values.since !== undefined) throw new UsageError('--from-lake has --from, not --since.');
  const { from, until, tenant } = values;
  const before = readRules(beforeFile, keptFeatures.names);
  const after = readRules(afterFile, keptFeatures.names);
  const score = values.model === undefined ? undefined : scorerOf(values.model);
  const { lake, range } = await openKept({ from, until, tenant, folder }, env);
  const progress = createProgress(process.stderr);
  const total = Math.round((range.until - range.from) / DAY_US);
  progress.start('replaying', { total, unit: 'days' });
  const onDay = (): void => progress.advance(1);
  const sets = { before, after, lists: noLists() };
  const done = await backTestLake({ lake, range, features: keptFeatures, score, onDay }, sets);
  progress.finish();
  if (!done.ok) throw new UsageError(`${done.refusal.message}.`);
  const { report, skipped } = done.value;
  if (skipped > 0 && !values.json) {
    print([`${grouped(skipped)} decisions left out: made without features, or with others.`, '']);
  }
  print(linesOf(report, values));
  return EXIT_DONE;
}

/** As screening gives scores to rules: as a probability, where the model tells that. */
function scorerOf(file: string): (row: Float64Array) => number {
  const { model, features } = loadModel(file);
  if (features !== 'payments') throw new UsageError(`${file} is no model of payments.`);
  return (row) => {
    const score = model.trees.score(row);
    return probabilityOf(model, score) ?? score;
  };
}

function linesOf(report: BackTestReport, { json }: Pick<Given, 'json'>): string[] {
  return [json ? JSON.stringify(report) : formatBackTest(report).trimEnd()];
}

/** Lists are the bank's own and change daily: rules that look into one find nothing. */
function noLists(): BackTestSets['lists'] {
  const lists = openLists();
  if (!lists.ok) throw new UsageError(`${lists.refusal.message}.`);
  return lists.value;
}

type Scored = Parameters<LoadedModel['model']['trees']['scoreAll']>[0];

function scoresOf(loaded: LoadedModel | undefined, matrix: Scored): Float64Array | undefined {
  return loaded?.model.trees.scoreAll(matrix);
}

function readRules(file: string, names: readonly string[]): RuleSet {
  const read = parseRuleSet(readBytes(file).toString('utf8'), names);
  if (read.ok) return read.value;
  const faults = read.refusal.faults.map(
    ({ path, message }) => `\n  ${path || '(all)'}: ${message}`,
  );
  throw new UsageError(`${file} is no set of rules that can be used:${faults.join('')}`);
}
