import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { edgeProblems } from '../problems.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestGateway } from '../testing.ts';
import { openApiOf } from './openapi.ts';

type Json = Record<string, unknown>;

const gateway = await openTestGateway();
const document: Json = (await gateway.inject({ url: '/openapi.json' })).json();
await gateway.close();

const operations = Object.entries(
  document['paths'] as Record<string, Record<string, Json>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

function everyNode(node: unknown, visit: (node: Json) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node as Json);
  for (const child of Object.values(node)) everyNode(child, visit);
}

test('the document is OpenAPI 3.1 with its required members', () => {
  assert.equal(document['openapi'], '3.1.0');
  assert.deepEqual(Object.keys(document['info'] as Json).slice(0, 3), [
    'title',
    'version',
    'description',
  ]);
  assert.ok(operations.length >= 8);
});

test('every operation has a unique id, a summary, tags and a described answer', () => {
  const ids = operations.map(({ operation }) => operation['operationId']);
  assert.equal(new Set(ids).size, ids.length);
  for (const { operation } of operations) {
    assert.match(String(operation['operationId']), /^[a-z][A-Za-z]*$/);
    assert.ok(String(operation['summary']).length > 0);
    assert.ok((operation['tags'] as unknown[]).length > 0);
    const responses = operation['responses'] as Record<string, Json>;
    assert.ok(Object.keys(responses).some((status) => /^2\d\d$/.test(status)));
    for (const response of Object.values(responses)) assert.ok(String(response['description']));
  }
});

test('every parameter of a path is described, and no other', () => {
  for (const { path, operation } of operations) {
    const named = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
    const parameters = operation['parameters'] as { name: string; in: string; required: boolean }[];
    const inPath = parameters.filter((parameter) => parameter.in === 'path');
    assert.deepEqual(inPath.map(({ name }) => name).toSorted(), named.map(String).toSorted(), path);
    assert.ok(inPath.every(({ required }) => required));
  }
});

test('every reference leads somewhere', () => {
  const components = document['components'] as Record<string, Json>;
  everyNode(document, ({ $ref }) => {
    if (typeof $ref !== 'string') return;
    const [, room = '', name = ''] = /^#\/components\/(\w+)\/(\w+)$/.exec($ref) ?? [];
    assert.ok(name in (components[room] ?? {}), $ref);
  });
  const { schemas = {} } = components;
  assert.ok('Problem' in schemas && 'Thing' in schemas);
});

interface Media {
  readonly content?: Json;
  readonly $ref?: string;
}

test('problems are documented as problem documents, by status', () => {
  const { responses: shared } = document['components'] as { responses: Record<string, Media> };
  for (const { operation } of operations) {
    const responses = operation['responses'] as Record<string, Media>;
    for (const [status, { content: own, $ref }] of Object.entries(responses)) {
      if (status.startsWith('2')) continue;
      const content = own ?? shared[$ref?.replace('#/components/responses/', '') ?? '']?.content;
      assert.deepEqual(Object.keys(content ?? {}), ['application/problem+json']);
    }
    assert.ok('default' in responses);
  }
});

test('every operation says what proves its caller, and a change wants a key', () => {
  for (const { operation } of operations) {
    const isPublic = operation['x-permission'] === 'public';
    assert.equal((operation['security'] as Json[]).length === 0, isPublic);
    assert.equal('401' in (operation['responses'] as Json), !isPublic);
  }
  const wanting = (id: string): boolean => {
    const found = operations.find(({ operation }) => operation['operationId'] === id);
    const parameters = found?.operation['parameters'] as { name: string; required: boolean }[];
    return parameters.some(({ name, required }) => name === 'Idempotency-Key' && required);
  };
  assert.ok(wanting('addThing'));
  assert.ok(!wanting('readThing'));
});

test('a query field with a default is optional, and NDJSON is a second form of the body', () => {
  const read = operations.find(({ operation }) => operation['operationId'] === 'readThing');
  const parameters = read?.operation['parameters'] as { name: string; required: boolean }[];
  assert.equal(parameters.find(({ name }) => name === 'limit')?.required, false);
  const many = operations.find(({ operation }) => operation['operationId'] === 'manyThings');
  assert.ok(many !== undefined);
  const { content } = many.operation['requestBody'] as { content: Record<string, Json> };
  assert.deepEqual(Object.keys(content), ['application/json', 'application/x-ndjson']);
  assert.equal(
    content['application/x-ndjson']?.['example'],
    '{"name":"first"}\n{"name":"second"}\n',
  );
});

function build(changes: Partial<Operation>, again: Partial<Operation> = {}): Json {
  const operation: Operation = {
    operationId: 'one',
    summary: 'One',
    tags: ['x'],
    schema: { response: { 200: { description: 'Fine.' } } },
    handler: () => Promise.reject(new Error('never asked')),
    ...changes,
  };
  const route: Route = { method: 'GET', path: '/one', permission: 'x', operation };
  const second = { ...operation, operationId: 'two', ...again };
  return openApiOf({
    about: { title: 'T', version: '1', description: 'D' },
    routes: [route, { ...route, path: '/two', operation: second }],
    codes: new Map(Object.entries(edgeProblems)),
  });
}

test('operations that contradict each other are bugs found at start', () => {
  assert.throws(() => build({}, { operationId: 'one' }), /described twice/);
  assert.throws(() => build({ refusals: ['unheard_of'] }), /unknown refusal/);
  const titled = (length: number): Operation['schema'] => ({
    body: schema.object({ name: schema.text(length) }, { title: 'Same' }),
    response: { 200: { description: 'Fine.', body: Type.String() } },
  });
  assert.throws(() => build({ schema: titled(1) }, { schema: titled(2) }), /titled Same/);
  assert.doesNotThrow(() => build({ schema: titled(1) }));
});
