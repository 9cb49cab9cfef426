// florin fraud explain: why a transaction has its score. Each feature's contribution is its exact
// Shapley value, and base and contributions add up to the margin that the score is made of.

import {
  explainExactly,
  openReasonTeller,
  reasons,
  type FraudModel,
  type Matrix,
  type ReasonShare,
  type Transactions,
} from '#fraud';
import { EXIT_DONE, parseStrictly, UsageError } from '../usage.ts';
import { readTransactions, sourceOptions } from './files.ts';
import { loadModel, matrixFor, probabilityOf } from './model.ts';
import { decimal, print, tableOf } from './print.ts';
import { timeOf } from './score.ts';
import { requireOne, requireOption } from './words.ts';

const USAGE = 'fraud explain takes one SOURCE, --model FILE and --transaction NUMBER.';
const REASONS_MAX = 4;

export async function runExplain(args: string[]): Promise<number> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      ...sourceOptions,
      model: { type: 'string' },
      transaction: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const source = requireOne(positionals, USAGE);
  const loaded = loadModel(requireOption(values.model, USAGE));
  const asked = requireOption(values.transaction, USAGE);
  const transactions = await readTransactions(source, values);
  const row = rowOf(asked, transactions);
  const matrix = matrixFor(loaded.features, transactions, { from: row, to: row + 1 });
  const explained = explain(loaded.model, matrix);
  if (values.json) print([JSON.stringify({ transaction: row, ...explained })]);
  else print(linesOf(transactions, row, explained));
  return EXIT_DONE;
}

function rowOf(text: string, { count }: Transactions): number {
  const row = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (row < count) return row;
  throw new UsageError(
    `--transaction is ${JSON.stringify(text)} but must be a whole number from 0 to ${count - 1}.`,
  );
}

interface Explained {
  readonly model: string | undefined;
  readonly score: number;
  readonly probability: number | undefined;
  readonly margin: number;
  readonly base: number;
  readonly contributions: readonly Contribution[];
  readonly reasons: readonly ReasonShare[];
}

interface Contribution {
  readonly feature: string;
  /** Null where it is not known. */
  readonly value: number | null;
  readonly contribution: number;
}

function explain(model: FraudModel, matrix: Matrix): Explained {
  const row = Float64Array.from(matrix.columns, (column) => column[0] ?? NaN);
  const parts = new Float64Array(row.length);
  const base = explainExactly(model.trees, row, parts);
  const score = model.trees.score(row);
  const contributions = matrix.names.map((feature, at) => {
    const value = row[at] ?? NaN;
    return { feature, value: Number.isNaN(value) ? null : value, contribution: parts[at] ?? 0 };
  });
  return {
    model: model.card?.model,
    score,
    probability: probabilityOf(model, score),
    margin: model.trees.margin(row),
    base,
    contributions: contributions.toSorted(
      (one, other) => Math.abs(other.contribution) - Math.abs(one.contribution),
    ),
    reasons: openReasonTeller(matrix.names)(parts, REASONS_MAX),
  };
}

function linesOf(transactions: Transactions, row: number, explained: Explained): string[] {
  const { customers, terminals, amounts } = transactions;
  const { score, probability, margin, base, contributions } = explained;
  const rows = contributions
    .filter(({ contribution }) => contribution !== 0)
    .map(({ feature, value, contribution }) => [
      feature,
      value === null ? 'not known' : decimal(value, 3),
      signed(contribution),
    ]);
  const told = explained.reasons.map(
    ({ code, contribution }) => `  ${code} (${signed(contribution)}): ${reasons[code].says}`,
  );
  return [
    `Transaction ${row} at ${timeOf(transactions, row)}: customer ${customers[row] ?? 0}, ` +
      `terminal ${terminals[row] ?? 0}, ${decimal((amounts[row] ?? 0) / 100, 2)}.`,
    `Score ${decimal(score, 4)}` +
      (probability === undefined ? '.' : `, probability of fraud ${decimal(probability, 4)}.`),
    '',
    ...tableOf(
      ['feature', 'value', 'contribution'],
      [['(base)', '', signed(base)], ...rows, ['(margin)', '', signed(margin)]],
    ),
    '',
    told.length === 0 ? 'Nothing speaks for fraud.' : 'What speaks for fraud:',
    ...told,
  ];
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${decimal(value, 3)}`;
}
