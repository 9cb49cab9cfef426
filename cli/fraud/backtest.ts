// florin fraud backtest: what another set of rules would have done to the transactions of the past:
// frauds caught and missed, false alarms, value, and which rule did it.

import {
  backTestCards,
  formatBackTest,
  genericFeatures,
  openLists,
  parseRuleSet,
  type RuleSet,
} from '#fraud';
import { createProgress } from '../progress.ts';
import { EXIT_DONE, parseStrictly, UsageError } from '../usage.ts';
import { readBytes, readTransactions, sourceOptions } from './files.ts';
import { loadModel, matrixFor, type LoadedModel } from './model.ts';
import { print } from './print.ts';
import { rowSince } from './words.ts';

const USAGE = 'fraud backtest takes a SOURCE, the rules BEFORE and the rules AFTER.';

export async function runBackTest(args: string[]): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      ...sourceOptions,
      model: { type: 'string' },
      since: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
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
  const lists = openLists();
  if (!lists.ok) throw new UsageError(`${lists.refusal.message}.`);
  progress.start('replaying', { total, unit: 'transactions' });
  let done = 0;
  const history = { transactions, matrix, firstRow: from, scores };
  const report = backTestCards(history, { before, after, lists: lists.value }, (share) => {
    const now = Math.round(share * total);
    progress.advance(now - done);
    done = now;
  });
  progress.finish();
  if (!report.ok) throw new UsageError(`${report.refusal.message}.`);
  print([values.json ? JSON.stringify(report.value) : formatBackTest(report.value).trimEnd()]);
  return EXIT_DONE;
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
