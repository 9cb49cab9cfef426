import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { EdgeRefusal } from '../problems.ts';
import * as schema from '../schema.ts';
import { compileCheck } from './validation.ts';
import type { Check } from './validation.ts';

const leg = schema.object({ account: schema.idText('acc'), amount: schema.amountText() });
const plain = schema.object({
  kind: Type.Literal('plain'),
  legs: Type.Array(leg, { minItems: 2, maxItems: 3 }),
});
const capture = schema.object({ kind: Type.Literal('capture'), hold: schema.idText('trf') });
const body = compileCheck(
  schema.object({
    name: Type.Optional(schema.text(5)),
    side: Type.Optional(schema.choice(['debit', 'credit'])),
    money: Type.Optional(schema.money()),
    floor: Type.Optional(schema.orNull(schema.signedAmountText())),
    at: Type.Optional(schema.instantText()),
    metadata: Type.Optional(schema.metadata()),
    item: Type.Optional(Type.Union([plain, capture])),
    items: Type.Optional(Type.Array(Type.Union([plain, capture]), { maxItems: 20_000 })),
  }),
  'body',
);

function refusal(check: Check, value: unknown): EdgeRefusal {
  try {
    check(value);
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal, String(error));
    return error;
  }
  assert.fail(`not refused: ${JSON.stringify(value)}`);
}

function said(check: Check, value: unknown): string {
  const { code, message } = refusal(check, value);
  return `${code}: ${message}`;
}

const account = 'acc_019abcde-1234-7abc-8def-0123456789ab';
const hold = 'trf_019abcde-1234-7abc-8def-0123456789ab';
const legs = [
  { account, amount: '1' },
  { account, amount: '2' },
];

test('a value of the right shape passes unchanged', () => {
  const value = {
    name: '12345',
    side: 'debit',
    money: { amount: '1050', currency: 'CZK' },
    floor: null,
    at: '2026-11-21T20:00:00.123456Z',
    metadata: { 'order.id': '1' },
    item: { kind: 'plain', legs },
    items: [{ kind: 'capture', hold }],
  };
  assert.equal(body(value), value);
});

test('each wrong value is refused with its path and a sentence', () => {
  const amounts = 'must be minor units as text: 1 to 18 digits, more than zero.';
  const cases: readonly [unknown, string][] = [
    [null, 'field_invalid: body must be an object, not null.'],
    [[], 'field_invalid: body must be an object, not an array.'],
    ['x', 'field_invalid: body must be an object, not a text.'],
    [undefined, 'body_required: This request needs a JSON body.'],
    [{ nmae: 'x' }, 'field_unknown: nmae is not a field of this request.'],
    [{ name: 5 }, 'field_invalid: name must be a text (JSON string), not a number.'],
    [{ name: '' }, 'field_invalid: name must not have fewer than 1 characters.'],
    [{ name: '123456' }, 'field_invalid: name must not have more than 5 characters.'],
    [{ side: 'both' }, 'field_invalid: side must be one of debit, credit.'],
    [{ money: { amount: '0', currency: 'CZK' } }, `field_invalid: money.amount ${amounts}`],
    [{ money: { amount: '-5', currency: 'CZK' } }, `field_invalid: money.amount ${amounts}`],
    [{ money: { amount: '1.5', currency: 'CZK' } }, `field_invalid: money.amount ${amounts}`],
    [
      { money: { amount: '9'.repeat(19), currency: 'CZK' } },
      `field_invalid: money.amount ${amounts}`,
    ],
    [
      { money: { amount: 1050, currency: 'CZK' } },
      'field_invalid: money.amount must be a text (JSON string), not a number.',
    ],
    [
      { money: { amount: '1', currency: 'XXX' } },
      'field_invalid: money.currency must be an alphabetic code of ISO 4217.',
    ],
    [{ money: { amount: '1' } }, 'field_missing: money.currency is required.'],
    [
      { floor: '1.5' },
      'field_invalid: floor must be minor units as text, negative with a minus sign.',
    ],
    [
      { at: '2026-11-21' },
      'field_invalid: at must be a time of RFC 3339 such as 2026-11-21T20:00:00Z.',
    ],
    [
      { metadata: { 'a b': '1' } },
      'field_unknown: metadata["a b"] is not a field of this request.',
    ],
    [
      { metadata: { a: 1 } },
      'field_invalid: metadata.a must be a text (JSON string), not a number.',
    ],
  ];
  for (const [value, expected] of cases) assert.equal(said(body, value), expected);
});

test('of a union, the variant that was meant is the one explained', () => {
  const cases: readonly [unknown, string][] = [
    [{ item: { kind: 'capture' } }, 'field_missing: item.hold is required.'],
    [
      { item: { kind: 'plain', legs: [{ account, amount: 1 }, legs[1]] } },
      'field_invalid: item.legs[0].amount must be a text (JSON string), not a number.',
    ],
    [
      { item: { kind: 'plain', legs, hold } },
      'field_unknown: item.hold is not a field of this request.',
    ],
    [{ item: { kind: 'other' } }, 'field_invalid: item.kind must be one of plain, capture.'],
    [{ item: 7 }, 'field_invalid: item must be an object.'],
    [
      {
        items: [
          { kind: 'capture', hold },
          { kind: 'capture', hold: 'x' },
        ],
      },
      'field_invalid: items[1].hold must be an id that begins with trf_.',
    ],
  ];
  for (const [value, expected] of cases) assert.equal(said(body, value), expected);
});

test('several wrong fields are all listed, the first as the headline', () => {
  const error = refusal(body, { nmae: 1, side: 'x', name: 2 });
  assert.equal(error.param, error.errors?.[0]?.param);
  assert.deepEqual(error.errors?.map(({ param }) => param).toSorted(), ['name', 'nmae', 'side']);
});

test('a wrong item among thousands is named, quickly, wherever the list is', () => {
  const many = Array.from({ length: 10_000 }, (): unknown => ({ kind: 'capture', hold }));
  many[9_000] = { kind: 'capture', hold: 7 };
  many[9_500] = { kind: 'capture', hold, x: 1 };
  const item = Type.Union([plain, capture]);
  const list = compileCheck(Type.Array(item, { maxItems: 10_000 }), 'body');
  // Of the processor, because what others do on the machine is no cost of this.
  const started = process.cpuUsage();
  const params = ({ errors }: EdgeRefusal): unknown => errors?.map(({ param }) => param);
  assert.deepEqual(params(refusal(list, many)), ['[9000].hold', '[9500].x']);
  assert.deepEqual(params(refusal(body, { items: many, nmae: 1 })), [
    'items[9000].hold',
    'items[9500].x',
    'nmae',
  ]);
  const wrong = Array.from({ length: 10_000 }, () => ({ kind: 'plain', x: 1 }));
  assert.ok((refusal(list, wrong).errors?.length ?? 0) <= 10);
  assert.equal(
    said(list, [...many, many[0]]),
    'field_invalid: body must not have more than 10000 items.',
  );
  assert.ok(process.cpuUsage(started).user < 500_000);
});

const query = compileCheck(
  schema.object({
    ...schema.pageQuery,
    verbose: Type.Optional(Type.Boolean()),
    effective_at: Type.Optional(schema.instantOrDateText()),
  }),
  'query',
);

test('a query string is read exactly, with its defaults', () => {
  assert.deepEqual(query({}), { limit: 25 });
  assert.deepEqual(query({ limit: '100', verbose: 'false', effective_at: '1995-03-24' }), {
    limit: 100,
    verbose: false,
    effective_at: '1995-03-24',
  });
  assert.deepEqual(query(undefined), { limit: 25 });
});

test('a query string that is nearly right is refused', () => {
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ limit: '0' }, 'field_invalid'],
    [{ limit: '101' }, 'field_invalid'],
    [{ limit: '5.5' }, 'field_invalid'],
    [{ limit: '0x10' }, 'field_invalid'],
    [{ limit: '1e1' }, 'field_invalid'],
    [{ limit: ' 5' }, 'field_invalid'],
    [{ limit: '' }, 'field_invalid'],
    [{ verbose: '1' }, 'field_invalid'],
    [{ limit: ['1', '2'] }, 'field_duplicate'],
    [{ limti: '1' }, 'field_unknown'],
    [{ cursor: 'a\0' }, 'field_unstorable'],
    [{ effective_at: 'yesterday' }, 'field_invalid'],
    [JSON.parse('{"__proto__":"1"}') as Record<string, unknown>, 'field_forbidden'],
  ];
  for (const [given, code] of cases) assert.equal(refusal(query, given).code, code);
});

test('a request schema that lets unknown fields pass is a bug found at start', () => {
  const open = Type.Object(
    { a: Type.Object({ b: Type.String() }) },
    { additionalProperties: false },
  );
  assert.throws(() => compileCheck(open, 'body'), /body\.a lets unknown fields pass/);
});
