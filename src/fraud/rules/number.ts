// Owns how expressions that yield a number or an instant become functions. What is not known, and
// what no finite number can say (a division by zero, an overflow), is NaN: one kind of missing.

import { assert, HOUR_US, SECOND_US, DAY_US } from '#kernel';
import type { Expression, Operation } from './rule-set.ts';
import type { Screened } from './screened.ts';

/** NaN where the number is missing; never infinite. */
export type NumberFunction = (screened: Screened) => number;

export function numberOf(expression: Expression): NumberFunction {
  switch (expression.op) {
    case 'number':
    case 'instant': {
      const { value } = expression;
      return () => value;
    }
    case 'feature': {
      const { place } = expression;
      return ({ row }) => finite(row[place] ?? NaN);
    }
    case 'score':
      return ({ score }) => finite(score);
    case 'amount':
      return ({ event }) => event.amount;
    case 'at':
      return ({ event }) => event.at;
    case 'now':
      return ({ now }) => now;
    default:
      assert('operands' in expression, `"${expression.op}" yields a number`);
      return numberOfOperation(expression);
  }
}

/** An infinite number less itself is not a number, and so compares with nothing. */
function finite(value: number): number {
  return value - value === 0 ? value : NaN;
}

function numberOfOperation({ op, operands }: Operation): NumberFunction {
  const [first, ...rest] = operands.map(numberOf);
  assert(first !== undefined, 'an operator has an operand');
  switch (op) {
    case 'add':
      return folded(first, rest, (a, b) => finite(a + b));
    case 'subtract':
      return folded(first, rest, (a, b) => finite(a - b));
    case 'multiply':
      return folded(first, rest, (a, b) => finite(a * b));
    case 'divide':
      return folded(first, rest, (a, b) => finite(a / b));
    case 'min':
      return folded(first, rest, (a, b) => Math.min(a, b));
    case 'max':
      return folded(first, rest, (a, b) => Math.max(a, b));
    case 'or_else':
      return folded(first, rest, (a, b) => (Number.isNaN(a) ? b : a));
    case 'seconds_between':
      return folded(first, rest, (a, b) => (b - a) / SECOND_US);
    case 'abs':
      return (screened) => Math.abs(first(screened));
    case 'hour_of':
      return (screened) => hourOf(first(screened));
    default:
      assert(op === 'weekday_of', `"${op}" yields a number`);
      return (screened) => weekdayOf(first(screened));
  }
}

function folded(
  first: NumberFunction,
  rest: readonly NumberFunction[],
  apply: (a: number, b: number) => number,
): NumberFunction {
  return rest.reduce<NumberFunction>(
    (left, right) => (screened) => apply(left(screened), right(screened)),
    first,
  );
}

/** 0 to 23, UTC. */
function hourOf(instant: number): number {
  return Math.floor(modulo(instant, DAY_US) / HOUR_US);
}

/** 1 for Monday to 7 for Sunday (ISO 8601), UTC; 1970-01-01 was a Thursday. */
function weekdayOf(instant: number): number {
  return modulo(Math.floor(instant / DAY_US) + 3, 7) + 1;
}

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}
