// Owns the replay of card transactions held as columns under two rule sets. One row and one event
// are filled again for each transaction, so that a replay of any length allocates next to nothing.

import { accept, assert, instantOf, type Instant, refuse, type Result, SECOND_US } from '#kernel';
import type { Transactions } from '../../cards/transactions.ts';
import type { Matrix } from '../../matrix.ts';
import {
  type BackTestRefusal,
  type BackTestReport,
  type BackTestSets,
  openBackTest,
} from '../back-test.ts';
import type { Expression } from '../rule-set.ts';

export interface CardHistory {
  readonly transactions: Transactions;
  /** The features of some or all transactions, one after another. */
  readonly matrix: Matrix;
  /** The transaction that the first row of the matrix belongs to; the first if not given. */
  readonly firstRow?: number | undefined;
  /** A score for each row of the matrix; without them every score is missing. */
  readonly scores?: Float64Array | undefined;
}

const PROGRESS_ROWS = 65_536;
const ID_DIGITS = 12;

export function backTestCards(
  history: CardHistory,
  sets: BackTestSets,
  onProgress?: (share: number) => void,
): Result<BackTestReport, BackTestRefusal> {
  const refusal = mismatchOf(history, sets);
  if (refusal !== undefined) return refuse(refusal);
  const backTest = openBackTest(sets);
  if (!backTest.ok) return backTest;
  const { transactions, matrix, firstRow = 0, scores } = history;
  const leaves = [...sets.before.rules, ...sets.after.rules].flatMap(({ condition }) =>
    leavesOf(condition),
  );
  const fill = openFiller(matrix, leaves);
  const hasIds = leaves.some(({ op }) => op === 'id');
  const moving = openEvent(transactions, hasIds);
  for (let index = 0; index < matrix.rows; index += 1) {
    const row = firstRow + index;
    const features = fill(index);
    moving.move(row);
    const isFraud = transactions.patterns[row] !== 0;
    backTest.value.observe(features, moving.event, scores?.[index] ?? NaN, isFraud);
    if (index % PROGRESS_ROWS === 0) onProgress?.(index / matrix.rows);
  }
  onProgress?.(1);
  return accept(backTest.value.report());
}

function mismatchOf(
  { transactions, matrix, firstRow = 0, scores }: CardHistory,
  { before }: BackTestSets,
): BackTestRefusal | undefined {
  const { rows, names } = matrix;
  if (firstRow + rows > transactions.count) {
    const found = `${rows} rows of features from transaction ${firstRow} on`;
    const message = `${found}, but there are only ${transactions.count} transactions`;
    return { code: 'history_rows_differ', message };
  }
  if (scores !== undefined && scores.length !== rows) {
    const message = `${rows} rows of features, but ${scores.length} scores`;
    return { code: 'history_rows_differ', message };
  }
  const place = before.features.findIndex((name, at) => name !== names[at]);
  if (place < 0 && names.length === before.features.length) return undefined;
  const at = place < 0 ? before.features.length : place;
  const expected = before.features[at] ?? 'no more';
  const found = names[at] ?? 'no more';
  const message = `feature ${at}: the rules expect ${expected}, the history has ${found}`;
  return { code: 'history_features_differ', message };
}

/** Copies only the columns that a rule reads; nobody sees the others. */
function openFiller(
  matrix: Matrix,
  leaves: readonly Expression[],
): (index: number) => Float64Array {
  const read = new Set(leaves.flatMap((leaf) => (leaf.op === 'feature' ? [leaf.place] : [])));
  const places = Uint32Array.from([...read].sort((a, b) => a - b));
  const columns = Array.from(places, (place) => {
    const column = matrix.columns[place];
    assert(column !== undefined, 'a matrix has a column for each of its names');
    return column;
  });
  const features = new Float64Array(matrix.names.length).fill(NaN);
  return (index) => {
    for (let at = 0; at < columns.length; at += 1) {
      features[places[at] ?? 0] = columns[at]?.[index] ?? NaN;
    }
    return features;
  };
}

function leavesOf(expression: Expression): Expression[] {
  if (expression.op === 'in') return leavesOf(expression.operand);
  return 'operands' in expression ? expression.operands.flatMap(leavesOf) : [expression];
}

interface MovingEvent {
  id: string;
  at: Instant;
  amount: number;
  readonly keys: { customer: string; terminal: string };
}

/** The event is the same object, another transaction after each move; ids are made only if read. */
function openEvent(
  transactions: Transactions,
  hasIds: boolean,
): {
  event: Readonly<MovingEvent>;
  move(row: number): void;
} {
  const { start, customers, terminals, amounts, seconds } = transactions;
  const event: MovingEvent = { id: '', at: start, amount: 0, keys: { customer: '', terminal: '' } };
  const customerTexts = new Map<number, string>();
  const terminalTexts = new Map<number, string>();
  return {
    event,
    move(row) {
      event.id = hasIds ? `card-${String(row).padStart(ID_DIGITS, '0')}` : '';
      event.amount = amounts[row] ?? 0;
      event.at = instantAfter(start, seconds[row] ?? 0);
      event.keys.customer = textOf(customerTexts, 'customer', customers[row] ?? 0);
      event.keys.terminal = textOf(terminalTexts, 'terminal', terminals[row] ?? 0);
    },
  };
}

function instantAfter(start: Instant, seconds: number): Instant {
  const at = instantOf(start + seconds * SECOND_US);
  assert(at !== undefined, 'the time of a transaction is an instant');
  return at;
}

/** Each key is made a text once. */
function textOf(texts: Map<number, string>, kind: string, key: number): string {
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = `${kind}-${key}`;
  texts.set(key, text);
  return text;
}
