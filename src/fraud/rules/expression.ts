// Owns how a condition is read from JSON: every expression gets a type before anything is
// evaluated, so that no comparison of unlike values can be compiled. Depth and size are bounded
// while reading.

import { limits } from '#config';
import { parseInstant } from '#kernel';
import { at, type Faults, shown } from './faults.ts';
import { isOperator, operators } from './operators.ts';
import {
  type Expression,
  type ListPurpose,
  listPurposes,
  type OperatorName,
  type ValueType,
} from './rule-set.ts';

export interface Reader {
  readonly faults: Faults;
  /** The place of each feature in a row. */
  readonly places: ReadonlyMap<string, number>;
  /** Expressions read so far, of this rule and of the whole set. */
  ruleNodes: number;
  setNodes: number;
}

type Read = Expression | undefined;

export function readExpression(reader: Reader, json: unknown, path: string, depth = 1): Read {
  if (!isWithinBounds(reader, path, depth)) return undefined;
  if (typeof json === 'number') {
    if (Number.isFinite(json)) return { op: 'number', type: 'number', value: json };
    return reader.faults.add(path, 'out_of_range', 'expected a number that a double can hold');
  }
  if (typeof json === 'boolean') return { op: 'boolean', type: 'boolean', value: json };
  if (typeof json === 'string') {
    const value = readText(reader, json, path);
    return value === undefined ? undefined : { op: 'text', type: 'text', value };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    const expected = 'a number, a text, true, false or an object with one operator';
    return reader.faults.add(path, 'type_wrong', `expected ${expected}, found ${shown(json)}`);
  }
  const members: readonly [string, unknown][] = Object.entries(json);
  const [only] = members;
  if (only === undefined || members.length > 1) {
    const message = `expected an object with one operator, found ${members.length} members`;
    return reader.faults.add(path, 'type_wrong', message);
  }
  const [name, argument] = only;
  return readNamed(reader, { name, argument, path: at(path, name), depth });
}

function isWithinBounds(reader: Reader, path: string, depth: number): boolean {
  reader.ruleNodes += 1;
  reader.setNodes += 1;
  const { ruleDepthMax, ruleNodesMax, ruleSetNodesMax } = limits;
  if (depth > ruleDepthMax.value) {
    const message = `expected at most ${ruleDepthMax.value} levels of expressions`;
    reader.faults.add(path, 'too_deep', message);
    return false;
  }
  // Said once, where the bound is passed; what lies beyond is not looked at.
  if (reader.ruleNodes === ruleNodesMax.value + 1) {
    const message = `expected at most ${ruleNodesMax.value} expressions in one rule`;
    reader.faults.add(path, 'too_many', message);
  } else if (reader.setNodes === ruleSetNodesMax.value + 1) {
    const message = `expected at most ${ruleSetNodesMax.value} expressions in a rule set`;
    reader.faults.add(path, 'too_many', message);
  }
  return reader.ruleNodes <= ruleNodesMax.value && reader.setNodes <= ruleSetNodesMax.value;
}

interface Named {
  readonly name: string;
  readonly argument: unknown;
  readonly path: string;
  readonly depth: number;
}

function readNamed(reader: Reader, named: Named): Read {
  const { name, argument, path } = named;
  switch (name) {
    case 'feature':
      return readFeature(reader, argument, path);
    case 'event':
      return readField(reader, argument, path);
    case 'score':
      return readWord(reader, argument, path, ['model']) && { op: 'score', type: 'number' };
    case 'clock':
      return readWord(reader, argument, path, ['now']) && { op: 'now', type: 'instant' };
    case 'key': {
      const kind = readText(reader, argument, path);
      return kind === undefined ? undefined : { op: 'key', type: 'text', kind };
    }
    case 'instant':
      return readInstant(reader, argument, path);
    case 'listed':
      return readListed(reader, argument, path);
    case 'in':
      return readChoice(reader, named);
    default:
      if (isOperator(name)) return readOperation(reader, name, named);
      return reader.faults.add(path, 'operator_unknown', unknownOperator(name));
  }
}

function unknownOperator(name: string): string {
  const readings = ['feature', 'event', 'score', 'clock', 'key', 'instant', 'listed', 'in'];
  const known = [...readings, ...Object.keys(operators)].join(', ');
  return `expected one of ${known}; found ${shown(name)}`;
}

function readFeature({ faults, places }: Reader, json: unknown, path: string): Read {
  if (typeof json !== 'string') {
    const message = `expected the name of a feature, found ${shown(json)}`;
    return faults.add(path, 'type_wrong', message);
  }
  const place = places.get(json);
  if (place !== undefined) return { op: 'feature', type: 'number', name: json, place };
  const message = `expected a feature of this set, which has ${places.size}; found ${shown(json)}`;
  return faults.add(path, 'feature_unknown', message);
}

function readField(reader: Reader, json: unknown, path: string): Read {
  const field = readWord(reader, json, path, ['amount', 'at', 'id']);
  if (field === undefined) return undefined;
  if (field === 'amount') return { op: 'amount', type: 'number' };
  return field === 'at' ? { op: 'at', type: 'instant' } : { op: 'id', type: 'text' };
}

function readInstant({ faults }: Reader, json: unknown, path: string): Read {
  const value = typeof json === 'string' ? parseInstant(json) : undefined;
  if (value !== undefined) return { op: 'instant', type: 'instant', value };
  const expected = 'an instant as in RFC 3339 ("2026-01-31T12:00:00Z")';
  return faults.add(path, 'instant_malformed', `expected ${expected}, found ${shown(json)}`);
}

/** `["block", "terminal"]`: whether the event's terminal is on the list of those to block. */
function readListed(reader: Reader, json: unknown, path: string): Read {
  const parts: readonly unknown[] = Array.isArray(json) ? json : [];
  if (parts.length !== 2) {
    const expected = 'a list of two: the purpose of the list and the kind of the key';
    return reader.faults.add(path, 'operands_wrong', `expected ${expected}, found ${shown(json)}`);
  }
  const [first, second] = parts;
  const purpose = readWord<ListPurpose>(reader, first, at(path, 0), listPurposes);
  const kind = readText(reader, second, at(path, 1));
  if (purpose === undefined || kind === undefined) return undefined;
  return { op: 'listed', type: 'boolean', purpose, kind };
}

function readWord<Word extends string>(
  { faults }: Reader,
  json: unknown,
  path: string,
  words: readonly Word[],
): Word | undefined {
  const word = words.find((one) => one === json);
  if (word !== undefined) return word;
  const known = words.map((one) => shown(one)).join(' or ');
  return faults.add(path, 'value_unknown', `expected ${known}, found ${shown(json)}`);
}

export function readText({ faults }: Reader, json: unknown, path: string): string | undefined {
  const max = limits.ruleTextLengthMax.value;
  if (typeof json !== 'string') {
    return faults.add(path, 'type_wrong', `expected a text, found ${shown(json)}`);
  }
  if (json.length > 0 && json.length <= max) return json;
  const message = `expected 1 to ${max} characters, found ${json.length}`;
  return faults.add(path, 'out_of_range', message);
}

/** `[expression, [values]]`: whether a number or a text is one of those. */
function readChoice(reader: Reader, { argument, path, depth }: Named): Read {
  const { faults } = reader;
  const parts: readonly unknown[] = Array.isArray(argument) ? argument : [];
  const [first, choices] = parts;
  if (parts.length !== 2 || !Array.isArray(choices) || choices.length === 0) {
    const message = 'expected a list of two: an expression, and the list of values it may have';
    return faults.add(path, 'operands_wrong', message);
  }
  const max = limits.ruleChoicesMax.value;
  if (choices.length > max) {
    const message = `expected at most ${max} values, found ${choices.length}`;
    return faults.add(at(path, 1), 'too_many', message);
  }
  const operand = readExpression(reader, first, at(path, 0), depth + 1);
  if (operand === undefined) return undefined;
  if (operand.type !== 'number' && operand.type !== 'text') {
    return faults.add(at(path, 0), 'operand_type_wrong', mismatch('number or text', operand));
  }
  const wanted = operand.type === 'text' ? 'string' : 'number';
  const values: (string | number)[] = [];
  for (const [place, choice] of choices.entries()) {
    const value: unknown = choice;
    if (typeof value === wanted && (typeof value === 'string' || typeof value === 'number')) {
      values.push(value);
    } else {
      const message = `expected a ${operand.type} as the operand is, found ${shown(value)}`;
      faults.add(at(at(path, 1), place), 'operand_type_wrong', message);
    }
  }
  return values.length < choices.length
    ? undefined
    : { op: 'in', type: 'boolean', operand, values };
}

function readOperation(reader: Reader, op: OperatorName, { argument, path, depth }: Named): Read {
  const { operandsMin, operandsMax = limits.ruleOperandsMax.value } = operators[op];
  const { faults } = reader;
  // An operator of one operand may be given it without a list around it.
  const isBare = operandsMax === 1 && !Array.isArray(argument);
  const given: readonly unknown[] = Array.isArray(argument) ? argument : isBare ? [argument] : [];
  if (given.length < operandsMin || given.length > operandsMax) {
    const wanted =
      operandsMin === operandsMax ? `${operandsMin}` : `${operandsMin} to ${operandsMax}`;
    const message = `expected a list of ${wanted} operands, found ${shown(argument)}`;
    return faults.add(path, 'operands_wrong', message);
  }
  const operands: Expression[] = [];
  let isSound = true;
  for (const [place, json] of given.entries()) {
    if (faults.isFull()) return undefined;
    const where = isBare ? path : at(path, place);
    const operand = readExpression(reader, json, where, depth + 1);
    const fits = operand !== undefined && isFitting(faults, operand, where, wantedOf(op, operands));
    isSound &&= fits;
    if (fits) operands.push(operand);
  }
  const [first] = operands;
  if (!isSound || first === undefined) return undefined;
  const { yields } = operators[op];
  return { op, type: yields === 'same' ? first.type : yields, operands };
}

/** What the next operand may be: of the type of those before it. */
function wantedOf(op: OperatorName, before: readonly Expression[]): readonly ValueType[] {
  const [first] = before;
  return first === undefined ? operators[op].takes : [first.type];
}

function isFitting(
  faults: Faults,
  operand: Expression,
  path: string,
  wanted: readonly ValueType[],
): boolean {
  if (wanted.includes(operand.type)) return true;
  faults.add(path, 'operand_type_wrong', mismatch(wanted.join(' or '), operand));
  return false;
}

function mismatch(expected: string, { type, op }: Expression): string {
  return `expected ${expected}, found ${type} (of "${op}")`;
}
