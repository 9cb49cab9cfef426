// Prints the whole published table with our own figures beside it, what the weeks before say of
// each candidate, and the ablation on the test weeks:  node conformance/fraud-table.ts --seed 1

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cardMatrix } from '../src/fraud/cards/features.ts';
import { readColumns, type Transactions } from '../src/fraud/cards/transactions.ts';
import { ablate, chooseParameters } from '../src/fraud/evaluate/ablation.ts';
import { cardPrecisionCeiling, cardsPerDay } from '../src/fraud/evaluate/metrics.ts';
import { type History, judgedRows } from '../src/fraud/evaluate/prequential.ts';
import { reprintBaseline, reprintPrequential } from '../src/fraud/evaluate/reprint.ts';
import {
  choicePlans,
  rowsOfPlans,
  splitBy,
  type SplitPlan,
  testPlans,
} from '../src/fraud/evaluate/splits.ts';
import { formatTable, type TableRow } from '../src/fraud/evaluate/table.ts';

const root = path.dirname(import.meta.dirname);
const shared = process.env['FLORIN_SHARED_DATA'] ?? path.join(root, '../shared/data');

export function readPublished(): Transactions {
  const read = readColumns(
    readFileSync(path.join(shared, 'card-fraud/card_transactions.col.bin.gz')),
  );
  assert.ok(read.ok, 'the published transactions can be read');
  return read.value;
}

/** The features of the rows that the plans can touch. */
export function historyFor(
  transactions: Transactions,
  set: 'handbook' | 'wider',
  plans: readonly SplitPlan[],
): History {
  const range = rowsOfPlans(transactions, plans);
  return { transactions, matrix: cardMatrix(transactions, set, range), firstRow: range.from };
}

export function ceilingOf(transactions: Transactions, plan: SplitPlan): number {
  const { test: rows } = splitBy(transactions, plan);
  const judged = judgedRows(transactions, rows, new Float64Array(rows.length));
  return cardPrecisionCeiling(cardsPerDay, judged);
}

/** What a model that knew every label would reach on the test weeks. */
export function perfectRow(transactions: Transactions): TableRow {
  const ceilings = testPlans.map((plan) => ceilingOf(transactions, plan));
  const cardPrecision = ceilings.reduce((sum, ceiling) => sum + ceiling, 0) / ceilings.length;
  return { model: 'all labels known', metrics: { aucRoc: 1, averagePrecision: 1, cardPrecision } };
}

function printTables(seed: number): void {
  const transactions = readPublished();
  const handbook = historyFor(transactions, 'handbook', testPlans);
  print(formatTable('chapter 3, one week', reprintBaseline(handbook, { seed })));
  print(formatTable('chapter 5, four weeks', reprintPrequential(handbook, { seed })));
  const wider = historyFor(transactions, 'wider', [...choicePlans, ...testPlans]);
  const { chosen, rows } = chooseParameters(wider, { seed });
  print(formatTable('eight weeks before the test weeks: trees/rate/depth', rows));
  const title = `test weeks with ${chosen.name}; published is the best of all models`;
  const ablation = ablate(wider, chosen.parameters, { seed });
  print(formatTable(title, [...ablation, perfectRow(transactions)]));
}

function print(table: string): void {
  process.stdout.write(`${table}\n\n`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
  const seed = Number(values.seed);
  assert.ok(Number.isSafeInteger(seed) && seed >= 0, `not a seed: ${values.seed}`);
  printTables(seed);
}
