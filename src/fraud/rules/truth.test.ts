import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decide, engineOf, type Given } from './testing.ts';

/** True, false, or undefined where it is missing. */
function truthOf(when: unknown, given: Given = {}): boolean | undefined {
  const [reason] = decide(engineOf({ when }), given).reasons;
  if (reason === undefined) return false;
  return reason.code === 'feature_missing' ? undefined : true;
}

const first = { feature: 'first' };
const second = { feature: 'second' };
const missing = { gt: [{ feature: 'third' }, 0] };
const row = [6, 2, NaN];

/** Whether a number comes out, however it was computed. */
function yields(expression: unknown, expected: number, given: Given = {}): void {
  assert.equal(truthOf({ eq: [expression, expected] }, { row, ...given }), true);
}

function isMissing(expression: unknown, given: Given = {}): void {
  assert.equal(truthOf({ eq: [expression, expression] }, { row, ...given }), undefined);
}

test('"and", "or" and "not" follow from what is known and are missing only where it matters', () => {
  const values = [true, false, undefined] as const;
  const conditions = new Map<boolean | undefined, unknown>([
    [true, true],
    [false, false],
    [undefined, missing],
  ]);
  for (const a of values) {
    const one = conditions.get(a);
    assert.equal(truthOf({ not: one }, { row }), a === undefined ? undefined : !a);
    for (const b of values) {
      const other = conditions.get(b);
      const some = a === true || b === true ? true : a === false && b === false ? false : undefined;
      const all = a === false || b === false ? false : a === true && b === true ? true : undefined;
      assert.equal(truthOf({ and: [one, other] }, { row }), all, `${a} and ${b}`);
      assert.equal(truthOf({ or: [one, other] }, { row }), some, `${a} or ${b}`);
    }
  }
});

test('comparisons hold at their bound as they say', () => {
  const at = (op: string, left: number): unknown =>
    truthOf({ [op]: [first, 6] }, { row: [left, 0, 0] });
  const told = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'].map((op) =>
    [5, 6, 7].map((left) => at(op, left)),
  );
  assert.deepEqual(told, [
    [true, false, false],
    [true, true, false],
    [false, false, true],
    [false, true, true],
    [false, true, false],
    [true, false, true],
  ]);
});

test('every comparison with a missing value is missing, on either side', () => {
  for (const op of ['lt', 'le', 'gt', 'ge', 'eq', 'ne']) {
    assert.equal(truthOf({ [op]: [{ feature: 'third' }, 6] }, { row }), undefined);
    assert.equal(truthOf({ [op]: [6, { feature: 'third' }] }, { row }), undefined);
  }
});

test('a feature or score that is infinite is missing', () => {
  for (const value of [Infinity, -Infinity, NaN]) {
    assert.equal(truthOf({ gt: [first, 1] }, { row: [value, 0, 0] }), undefined);
    assert.equal(truthOf({ gt: [{ score: 'model' }, 1] }, { score: value }), undefined);
  }
});

test('"between" includes both bounds, and knows more than a missing bound tells', () => {
  const between = (value: number): unknown =>
    truthOf({ between: [first, 2, 5] }, { row: [value, 0, 0] });
  assert.deepEqual([1, 2, 5, 6].map(between), [false, true, true, false]);
  const bounded = { between: [first, 7, { feature: 'third' }] };
  assert.equal(truthOf(bounded, { row }), false);
  assert.equal(truthOf(bounded, { row: [8, 0, NaN] }), undefined);
});

test('arithmetic is that of doubles', () => {
  yields({ add: [first, second, 1] }, 9);
  yields({ subtract: [first, second] }, 4);
  yields({ multiply: [first, second, 2] }, 24);
  yields({ divide: [first, second] }, 3);
  yields({ min: [first, second, 9] }, 2);
  yields({ max: [first, second, 1] }, 6);
  yields({ abs: { subtract: [second, first] } }, 4);
  yields({ abs: [-3] }, 3);
});

test('arithmetic with a missing number, by zero or beyond the doubles is missing', () => {
  const third = { feature: 'third' };
  for (const op of ['add', 'subtract', 'multiply', 'divide', 'min', 'max']) {
    isMissing({ [op]: [first, third] });
    isMissing({ [op]: [third, first] });
  }
  isMissing({ abs: third });
  isMissing({ divide: [first, 0] });
  isMissing({ divide: [0, 0] });
  isMissing({ multiply: [1e308, 10] });
  isMissing({ add: [1e308, 1e308] });
});

test('"present" and "or_else" say what a missing value means, and are never missing themselves', () => {
  const third = { feature: 'third' };
  assert.equal(truthOf({ present: third }, { row }), false);
  assert.equal(truthOf({ present: first }, { row }), true);
  assert.equal(truthOf({ present: missing }, { row }), false);
  assert.equal(truthOf({ present: { key: 'device' } }), false);
  assert.equal(truthOf({ present: [{ key: 'terminal' }] }), true);
  yields({ or_else: [third, 5] }, 5);
  yields({ or_else: [first, 5] }, 6);
  assert.equal(truthOf({ or_else: [missing, true] }, { row }), true);
  assert.equal(truthOf({ eq: [{ or_else: [{ key: 'device' }, 'none'] }, 'none'] }), true);
});

test('instants are compared and taken apart in UTC', () => {
  const instant = (text: string): object => ({ instant: text });
  yields({ hour_of: instant('2026-01-31T23:59:59.999999Z') }, 23);
  yields({ hour_of: instant('2026-01-31T00:30:00+02:00') }, 22);
  yields({ hour_of: instant('1969-12-31T05:00:00Z') }, 5);
  yields({ weekday_of: instant('2018-04-01T00:00:00Z') }, 7);
  yields({ weekday_of: instant('2018-04-02T00:00:00Z') }, 1);
  yields({ weekday_of: instant('1969-12-31T05:00:00Z') }, 3);
  const day = [instant('2026-01-01T00:00:00Z'), instant('2026-01-02T00:00:00.5Z')];
  yields({ seconds_between: day }, 86_400.5);
  yields({ seconds_between: day.toReversed() }, -86_400.5);
  assert.equal(truthOf({ eq: [{ event: 'at' }, instant('2026-01-01T00:00:00Z')] }), true);
  assert.equal(truthOf({ le: [{ event: 'at' }, { clock: 'now' }] }), true);
});

test('texts are compared whole, by their start, or with a list', () => {
  const customer = { key: 'customer' };
  assert.equal(truthOf({ eq: [customer, 'c1'] }), true);
  assert.equal(truthOf({ ne: [customer, 'c1'] }), false);
  assert.equal(truthOf({ starts_with: [{ event: 'id' }, 'event-'] }), true);
  assert.equal(truthOf({ starts_with: [customer, 'd'] }), false);
  assert.equal(truthOf({ in: [customer, ['c0', 'c1']] }), true);
  assert.equal(truthOf({ in: [customer, ['c0']] }), false);
  assert.equal(truthOf({ in: [first, [6, 7]] }, { row }), true);
});

test('an event without a key of the kind is missing wherever the key is read', () => {
  const device = { key: 'device' };
  assert.equal(truthOf({ eq: [device, 'd1'] }), undefined);
  assert.equal(truthOf({ in: [device, ['d1']] }), undefined);
  assert.equal(truthOf({ starts_with: [device, 'd'] }), undefined);
  assert.equal(truthOf({ listed: ['block', 'device'] }), undefined);
  assert.equal(truthOf({ present: { key: 'constructor' } }), false);
});

test('truths are compared as truths', () => {
  assert.equal(truthOf({ eq: [{ gt: [first, 1] }, true] }, { row }), true);
  assert.equal(truthOf({ ne: [{ gt: [first, 1] }, false] }, { row }), true);
  assert.equal(truthOf({ eq: [missing, false] }, { row }), undefined);
});

// A second reading of the language, tree by tree, that the compiled functions must agree with.
interface Sample {
  readonly json: unknown;
  readonly value: number | boolean | undefined;
}

const literal = fc.integer({ min: -3, max: 3 }).map((value): Sample => ({ json: value, value }));
const feature = fc.constantFrom<Sample>(
  { json: first, value: 2 },
  { json: second, value: -1 },
  { json: { feature: 'third' }, value: undefined },
);

const { condition } = fc.letrec<{ number: Sample; condition: Sample }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 3 },
    feature,
    literal,
    fc
      .tuple(fc.constantFrom('add', 'subtract', 'multiply'), tie('number'), tie('number'))
      .map(([op, a, b]) => ({ json: { [op]: [a.json, b.json] }, value: computed(op, a, b) })),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    fc
      .tuple(fc.constantFrom('lt', 'ge', 'eq'), tie('number'), tie('number'))
      .map(([op, a, b]) => ({ json: { [op]: [a.json, b.json] }, value: compared(op, a, b) })),
    fc
      .tuple(fc.constantFrom('and', 'or'), tie('condition'), tie('condition'))
      .map(([op, a, b]) => ({ json: { [op]: [a.json, b.json] }, value: joined(op, a, b) })),
    tie('condition').map(({ json, value }) => ({
      json: { not: json },
      value: value === undefined ? undefined : value !== true,
    })),
  ),
}));

function computed(op: string, { value: a }: Sample, { value: b }: Sample): number | undefined {
  if (typeof a !== 'number' || typeof b !== 'number') return undefined;
  return op === 'add' ? a + b : op === 'subtract' ? a - b : a * b;
}

function compared(op: string, { value: a }: Sample, { value: b }: Sample): boolean | undefined {
  if (typeof a !== 'number' || typeof b !== 'number') return undefined;
  return op === 'lt' ? a < b : op === 'ge' ? a >= b : a === b;
}

function joined(op: string, { value: a }: Sample, { value: b }: Sample): boolean | undefined {
  const decisive = op === 'or';
  if (a === decisive || b === decisive) return decisive;
  return a === undefined || b === undefined ? undefined : !decisive;
}

test('compiled conditions agree with a plain reading of the language', () => {
  fc.assert(
    fc.property(condition, ({ json, value }) => {
      assert.equal(truthOf(json, { row: [2, -1, NaN] }), value);
    }),
    { numRuns: 300 },
  );
});
