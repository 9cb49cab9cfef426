// Owns how conditions become functions: once per rule set, so that evaluating one is calls and
// comparisons of numbers, without allocation. A value that is not known is NaN or undefined, and
// what is concluded from it is known only where no value of it could change the conclusion.

import { assert } from '#kernel';
import { numberOf, type NumberFunction } from './number.ts';
import type { Choice, Expression, Operation } from './rule-set.ts';
import { keyOf, type Screened } from './screened.ts';

export const FALSE = 0;
export const TRUE = 1;
export const MISSING = 2;
export type Truth = typeof FALSE | typeof TRUE | typeof MISSING;

export type TruthFunction = (screened: Screened) => Truth;
export type TextFunction = (screened: Screened) => string | undefined;

export function truthOf(expression: Expression): TruthFunction {
  switch (expression.op) {
    case 'boolean': {
      const value = expression.value ? TRUE : FALSE;
      return () => value;
    }
    case 'listed': {
      const { purpose, kind } = expression;
      return ({ event, lists, now }) => {
        const value = keyOf(event, kind);
        if (value === undefined) return MISSING;
        return lists.has(purpose, kind, value, now) ? TRUE : FALSE;
      };
    }
    case 'in':
      return truthOfChoice(expression);
    default:
      assert('operands' in expression, 'an expression that is true or false has operands');
      return truthOfOperation(expression);
  }
}

function truthOfChoice({ operand, values }: Choice): TruthFunction {
  if (operand.type === 'text') {
    const text = textOf(operand);
    const texts = new Set<unknown>(values);
    return (screened) => {
      const value = text(screened);
      if (value === undefined) return MISSING;
      return texts.has(value) ? TRUE : FALSE;
    };
  }
  const number = numberOf(operand);
  const numbers = new Set<unknown>(values);
  return (screened) => {
    const value = number(screened);
    if (Number.isNaN(value)) return MISSING;
    return numbers.has(value) ? TRUE : FALSE;
  };
}

function truthOfOperation({ op, operands }: Operation): TruthFunction {
  const [first, second, third] = operands;
  assert(first !== undefined, 'an operator has an operand');
  if (op === 'present') return presenceOf(first);
  if (op === 'not') {
    const truth = truthOf(first);
    return (screened) => opposite(truth(screened));
  }
  assert(second !== undefined, 'an operator of truths has two operands');
  if (op === 'and') return both(operands.map(truthOf));
  if (op === 'or') return either(operands.map(truthOf));
  if (op === 'or_else') return otherwise(truthOf(first), truthOf(second));
  if (op === 'eq' || op === 'ne') {
    const equal = equality(first, second);
    return op === 'eq' ? equal : (screened) => opposite(equal(screened));
  }
  if (op === 'starts_with') return prefix(textOf(first), textOf(second));
  if (op === 'between') {
    assert(third !== undefined, '"between" has three operands');
    const value = numberOf(first);
    return both([atMost(numberOf(second), value), atMost(value, numberOf(third))]);
  }
  return orderOf(op, first, second);
}

function opposite(truth: Truth): Truth {
  if (truth === MISSING) return MISSING;
  return truth === TRUE ? FALSE : TRUE;
}

function both([first, ...rest]: readonly TruthFunction[]): TruthFunction {
  assert(first !== undefined, '"and" has an operand');
  if (rest.length === 0) return first;
  const other = both(rest);
  return (screened) => {
    const truth = first(screened);
    if (truth === FALSE) return FALSE;
    const then = other(screened);
    return truth === TRUE || then === FALSE ? then : MISSING;
  };
}

function either([first, ...rest]: readonly TruthFunction[]): TruthFunction {
  assert(first !== undefined, '"or" has an operand');
  if (rest.length === 0) return first;
  const other = either(rest);
  return (screened) => {
    const truth = first(screened);
    if (truth === TRUE) return TRUE;
    const then = other(screened);
    return truth === FALSE || then === TRUE ? then : MISSING;
  };
}

function otherwise(truth: TruthFunction, fallback: TruthFunction): TruthFunction {
  return (screened) => {
    const known = truth(screened);
    return known === MISSING ? fallback(screened) : known;
  };
}

function presenceOf(expression: Expression): TruthFunction {
  if (expression.type === 'text') {
    const text = textOf(expression);
    return (screened) => (text(screened) === undefined ? FALSE : TRUE);
  }
  if (expression.type === 'boolean') {
    const truth = truthOf(expression);
    return (screened) => (truth(screened) === MISSING ? FALSE : TRUE);
  }
  const number = numberOf(expression);
  return (screened) => (Number.isNaN(number(screened)) ? FALSE : TRUE);
}

function equality(first: Expression, second: Expression): TruthFunction {
  if (first.type === 'text') {
    const left = textOf(first);
    const right = textOf(second);
    return (screened) => {
      const one = left(screened);
      const other = right(screened);
      if (one === undefined || other === undefined) return MISSING;
      return one === other ? TRUE : FALSE;
    };
  }
  if (first.type === 'boolean') {
    const left = truthOf(first);
    const right = truthOf(second);
    return (screened) => {
      const one = left(screened);
      const other = right(screened);
      if (one === MISSING || other === MISSING) return MISSING;
      return one === other ? TRUE : FALSE;
    };
  }
  const left = numberOf(first);
  const right = numberOf(second);
  return (screened) => {
    const one = left(screened);
    const other = right(screened);
    if (one === other) return TRUE;
    return Number.isNaN(one) || Number.isNaN(other) ? MISSING : FALSE;
  };
}

function prefix(text: TextFunction, start: TextFunction): TruthFunction {
  return (screened) => {
    const value = text(screened);
    const wanted = start(screened);
    if (value === undefined || wanted === undefined) return MISSING;
    return value.startsWith(wanted) ? TRUE : FALSE;
  };
}

function orderOf(op: Operation['op'], first: Expression, second: Expression): TruthFunction {
  const left = numberOf(first);
  const right = numberOf(second);
  switch (op) {
    case 'lt':
      return lessThan(left, right);
    case 'le':
      return atMost(left, right);
    case 'gt':
      if (second.op !== 'number') return lessThan(right, left);
      if (first.op === 'feature') return featureMoreThan(first.place, second.value);
      return moreThan(left, second.value);
    default:
      assert(op === 'ge', `"${op}" is an operator of truths`);
      return atMost(right, left);
  }
}

// A comparison with NaN is false either way round, so that neither branch is taken.
function lessThan(left: NumberFunction, right: NumberFunction): TruthFunction {
  return (screened) => {
    const one = left(screened);
    const other = right(screened);
    if (one < other) return TRUE;
    return one >= other ? FALSE : MISSING;
  };
}

function atMost(left: NumberFunction, right: NumberFunction): TruthFunction {
  return (screened) => {
    const one = left(screened);
    const other = right(screened);
    if (one <= other) return TRUE;
    return one > other ? FALSE : MISSING;
  };
}

/** The most frequent condition by far, without a call: a fraction handed back is an object. */
function featureMoreThan(place: number, bound: number): TruthFunction {
  return ({ row }) => {
    const value = row[place] ?? NaN;
    if (value > bound) return value < Infinity ? TRUE : MISSING;
    return value <= bound && value > -Infinity ? FALSE : MISSING;
  };
}

/** Without a call for the constant. */
function moreThan(left: NumberFunction, bound: number): TruthFunction {
  return (screened) => {
    const value = left(screened);
    if (value > bound) return TRUE;
    return value <= bound ? FALSE : MISSING;
  };
}

function textOf(expression: Expression): TextFunction {
  if (expression.op === 'text') {
    const { value } = expression;
    return () => value;
  }
  if (expression.op === 'id') return ({ event }) => event.id;
  if (expression.op === 'key') {
    const { kind } = expression;
    return ({ event }) => keyOf(event, kind);
  }
  assert(expression.op === 'or_else', `"${expression.op}" yields a text`);
  const [first, second] = expression.operands;
  assert(first !== undefined && second !== undefined, '"or_else" has two operands');
  const text = textOf(first);
  const fallback = textOf(second);
  return (screened) => text(screened) ?? fallback(screened);
}
