// florin fraud score: writes the score of each card transaction as a line of CSV, in the order of
// time. The same model and transactions write the same file.

import { formatInstant, SECOND_US, type Instant } from '#kernel';
import type { FraudModel, Transactions } from '#fraud';
import { createProgress } from '../progress.ts';
import { grouped } from '../rules-report.ts';
import { EXIT_DONE, parseStrictly } from '../usage.ts';
import { readTransactions, requireFree, sourceOptions, writeWhole } from './files.ts';
import { loadModel, matrixFor, probabilityOf, type LoadedModel } from './model.ts';
import { print } from './print.ts';
import { requireOne, requireOption, rowSince } from './words.ts';

const USAGE = 'fraud score takes one SOURCE, --model FILE and --out FILE.';
const HEAD = 'transaction,at,customer,terminal,amount_minor,score,probability\n';
const PIECE_ROWS = 10_000;

export async function runScore(args: string[]): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      ...sourceOptions,
      model: { type: 'string' },
      out: { type: 'string' },
      since: { type: 'string' },
      force: { type: 'boolean', default: false },
    },
  });
  const source = requireOne(positionals, USAGE);
  const target = { file: requireOption(values.out, USAGE), replaces: values.force };
  const loaded = loadModel(requireOption(values.model, USAGE));
  requireFree(target);
  const transactions = await readTransactions(source, values);
  const from = values.since === undefined ? 0 : rowSince(values.since, transactions);
  writeWhole(target, linesOf(transactions, from, loaded));
  print([`${target.file}: ${grouped(transactions.count - from)} scores`]);
  return EXIT_DONE;
}

function* linesOf(
  transactions: Transactions,
  from: number,
  { model, features }: LoadedModel,
): Generator<string> {
  const { count } = transactions;
  const total = count - from;
  const progress = createProgress(process.stderr);
  progress.start('features', { total, unit: 'transactions' });
  const matrix = matrixFor(features, transactions, { from, to: count });
  progress.advance(total);
  progress.start('scoring', { total, unit: 'transactions' });
  const values = new Float64Array(matrix.columns.length);
  let piece = HEAD;
  for (let index = 0; index < total; index += 1) {
    for (let column = 0; column < values.length; column += 1) {
      values[column] = matrix.columns[column]?.[index] ?? NaN;
    }
    piece += lineOf(transactions, from + index, model, model.trees.score(values));
    if ((index + 1) % PIECE_ROWS !== 0 && index + 1 < total) continue;
    yield piece;
    piece = '';
    progress.advance((index % PIECE_ROWS) + 1);
  }
  progress.finish();
}

function lineOf(transactions: Transactions, row: number, model: FraudModel, score: number): string {
  const { customers, terminals, amounts } = transactions;
  const cells = [
    row,
    timeOf(transactions, row),
    customers[row],
    terminals[row],
    amounts[row],
    score,
    probabilityOf(model, score) ?? '',
  ];
  return `${cells.join(',')}\n`;
}

export function timeOf({ start, seconds }: Transactions, row: number): string {
  return formatInstant((start + (seconds[row] ?? 0) * SECOND_US) as Instant);
}
