import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { refuse } from '#kernel';
import { defineOperation } from '../routes.ts';
import type { Answer, Outcome } from '../routes.ts';
import * as schema from '../schema.ts';
import { compileAllowList } from './allow-list.ts';

function allowing(body: TSchema | undefined, isChecked = false): (outcome: Outcome) => Outcome {
  const operation = defineOperation({
    operationId: 'act',
    summary: 'Act',
    tags: ['things'],
    schema: {
      response: {
        200: { description: 'Done.', ...(body === undefined ? {} : { body }) },
        204: { description: 'Nothing.' },
      },
    },
    handler: () => Promise.resolve({ status: 204 }),
  });
  return compileAllowList(operation, { isChecked });
}

function sent(body: TSchema, value: object): unknown {
  return (allowing(body)({ status: 200, body: value }) as Answer).body;
}

const person = schema.object({ name: Type.String(), age: Type.Optional(Type.Integer()) });

test('a member that the schema does not name never leaves', () => {
  assert.deepEqual(sent(person, { name: 'a', password: 'x', age: 1 }), { name: 'a', age: 1 });
  assert.deepEqual(sent(person, JSON.parse('{"name":"a","__proto__":{"x":1}}') as object), {
    name: 'a',
  });
});

test('nor does one further down: in members, lists, maps, and whatever may be null', () => {
  const nested = schema.object({
    owner: person,
    others: Type.Array(person),
    byName: Type.Record(Type.String({ pattern: '^[a-z]+$' }), person, {
      additionalProperties: false,
    }),
    spare: schema.orNull(person),
    none: schema.orNull(person),
  });
  const leaky = { name: 'a', secret: 1 };
  const value = {
    owner: leaky,
    others: [{ name: 'b' }, leaky],
    byName: { x: leaky, X9: leaky },
    spare: leaky,
    none: null,
  };
  assert.deepEqual(sent(nested, value), {
    owner: { name: 'a' },
    others: [{ name: 'b' }, { name: 'a' }],
    byName: { x: { name: 'a' } },
    spare: { name: 'a' },
    none: null,
  });
});

test('of several forms the one that the value has decides what may leave', () => {
  const either = schema.object({
    it: Type.Union([
      schema.object({ kind: Type.Literal('card'), last4: Type.String() }),
      schema.object({ kind: Type.Literal('account'), iban: Type.String() }),
    ]),
  });
  const both = { last4: '1111', iban: 'CZ00' };
  assert.deepEqual(sent(either, { it: { kind: 'account', ...both } }), {
    it: { kind: 'account', iban: 'CZ00' },
  });
  assert.throws(() => sent(either, { it: { kind: 'other', ...both } }), /none of the forms/);
});

test('the order of members stays, and an answer with nothing else is passed on as it is', () => {
  const value = { age: 1, name: 'a' };
  assert.equal(sent(person, value), value);
  const stripped = sent(person, { age: 1, secret: 2, name: 'a' }) as object;
  assert.deepEqual(Object.keys(stripped), ['age', 'name']);
});

test('what the schema leaves open is passed on', () => {
  const open = schema.object({ figures: Type.Record(Type.String(), Type.Unknown()) });
  const value = { figures: { a: { b: 1 } } };
  assert.equal(sent(open, value), value);
});

test('an object without a schema is not sent at all', () => {
  assert.throws(() => allowing(undefined)({ status: 200, body: {} }), /has no schema/);
  assert.throws(() => allowing(person)({ status: 201, body: { name: 'a' } }), /201, which has no/);
});

test('refusals, texts and answers without a body pass', () => {
  const refused = refuse({ code: 'no', message: 'No.' });
  const allow = allowing(person);
  for (const outcome of [refused, { status: 204 }, { status: 200, body: '{"x":1}' }]) {
    assert.equal(allow(outcome), outcome);
  }
});

test('where answers are checked, one that is off its schema is a bug, text or not', () => {
  const allow = allowing(person, true);
  allow({ status: 200, body: '{"name":"a"}' });
  for (const body of ['{"name":"a","secret":1}', '{"name":1}', { name: 'a', secret: 1 }]) {
    assert.throws(() => allow({ status: 200, body }), /off its schema/);
  }
  const headers = { 'content-type': 'application/x-ndjson' };
  allow({ status: 200, body: '{}\n{}', headers });
});
