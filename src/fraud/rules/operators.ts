// TABLE  the operators of the rule language: how many operands each takes, of which types, and the
// type of what it yields. What they do with missing values is for the compiler and the manual.

import type { OperatorName, ValueType } from './rule-set.ts';

export interface Operator {
  readonly operandsMin: number;
  /** Undefined: as many as the limits permit. */
  readonly operandsMax?: number;
  /** The types that an operand may have. All operands of one operator are of one type. */
  readonly takes: readonly ValueType[];
  /** "same": the type of its operands. */
  readonly yields: ValueType | 'same';
}

const every: readonly ValueType[] = ['number', 'boolean', 'text', 'instant'];
const ordered: readonly ValueType[] = ['number', 'instant'];

const truths: Operator = { operandsMin: 2, takes: ['boolean'], yields: 'boolean' };
const equality: Operator = { operandsMin: 2, operandsMax: 2, takes: every, yields: 'boolean' };
const order: Operator = { operandsMin: 2, operandsMax: 2, takes: ordered, yields: 'boolean' };
const many: Operator = { operandsMin: 2, takes: ['number'], yields: 'number' };
const two: Operator = { ...many, operandsMax: 2 };
const calendar: Operator = { operandsMin: 1, operandsMax: 1, takes: ['instant'], yields: 'number' };

export const operators: Readonly<Record<OperatorName, Operator>> = {
  and: truths,
  or: truths,
  not: { operandsMin: 1, operandsMax: 1, takes: ['boolean'], yields: 'boolean' },
  eq: equality,
  ne: equality,
  lt: order,
  le: order,
  gt: order,
  ge: order,
  between: { operandsMin: 3, operandsMax: 3, takes: ordered, yields: 'boolean' },
  add: many,
  subtract: two,
  multiply: many,
  divide: two,
  min: many,
  max: many,
  abs: { operandsMin: 1, operandsMax: 1, takes: ['number'], yields: 'number' },
  seconds_between: { operandsMin: 2, operandsMax: 2, takes: ['instant'], yields: 'number' },
  hour_of: calendar,
  weekday_of: calendar,
  starts_with: { operandsMin: 2, operandsMax: 2, takes: ['text'], yields: 'boolean' },
  present: { operandsMin: 1, operandsMax: 1, takes: every, yields: 'boolean' },
  or_else: { operandsMin: 2, operandsMax: 2, takes: every, yields: 'same' },
};

export function isOperator(name: string): name is OperatorName {
  return Object.hasOwn(operators, name);
}
