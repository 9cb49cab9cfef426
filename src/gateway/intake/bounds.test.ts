import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import * as schema from '../schema.ts';
import { assertBounded } from './bounds.ts';

const flaws: readonly (readonly [string, TSchema, RegExp])[] = [
  ['a text of any characters', Type.String({ maxLength: 10 }), /body\.it .*any characters/],
  ['a text of any length', Type.String({ pattern: '^[a-z]+$' }), /any length/],
  ['a text with an open count', Type.String({ pattern: '^[a-z]{2,}$' }), /any length/],
  ['a pattern without its ends', Type.String({ pattern: 'a' }), /around its pattern/],
  ['a list of any length', Type.Array(schema.text(10)), /number of items/],
  ['a map of any size', Type.Record(schema.text(10), schema.text(10)), /number of members/],
  ['an integer without an upper end', Type.Integer({ minimum: 0 }), /any number/],
  ['an item of a list', Type.Array(Type.String(), { maxItems: 2 }), /it\[\] .*any characters/],
  ['one form of several', schema.orNull(Type.String()), /it\.0 .*any characters/],
];

for (const [name, flawed, message] of flaws) {
  test(`a request schema with ${name} does not start`, () => {
    assert.throws(() => assertBounded(schema.object({ it: flawed }), 'body'), message);
  });
}

test('the building blocks of schemas all have an end', () => {
  const blocks = [
    schema.text(10),
    schema.prose(10),
    schema.choice(['a', 'b']),
    schema.idText('acc'),
    schema.amountText(),
    schema.amountOrZeroText(),
    schema.signedAmountText(),
    schema.currencyText(),
    schema.money(),
    schema.instantText(),
    schema.dateText(),
    schema.instantOrDateText(),
    schema.metadata(),
    schema.orNull(schema.text(10)),
    schema.object(schema.pageQuery),
    Type.String({ pattern: '^[*+]{1,3}\\+$' }),
    Type.Literal('a'),
    Type.Boolean(),
  ];
  for (const block of blocks) assertBounded(schema.object({ it: block }), 'body');
});
