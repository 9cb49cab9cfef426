import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Type } from 'typebox';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestGateway } from '../testing.ts';

function row(path: string, operationId: string, names: readonly string[]): Route {
  const properties = Object.fromEntries(names.map((name) => [name, schema.text(100)]));
  return {
    method: 'GET',
    path,
    permission: 'public',
    operation: defineOperation({
      operationId,
      summary: 'Read',
      tags: ['things'],
      schema: {
        params: schema.object(properties),
        response: {
          200: {
            description: 'It.',
            body: schema.object({ operationId: Type.String(), ...properties }),
            otherForms: { 'application/octet-stream': schema.bytes() },
          },
        },
      },
      handler: ({ params }) => Promise.resolve(answer(200, { operationId, ...params })),
    }),
  };
}

const routes = [
  row('/tile/{level}/{index*}', 'readTile', ['level', 'index']),
  row('/tile/entries/{index*}', 'readEntries', ['index']),
];
const gateway = await openTestGateway({ routes });
const { url } = await gateway.listen();
after(() => gateway.close());

async function get(path: string): Promise<[status: number, body: unknown]> {
  const response = await fetch(`${url}${path}`);
  return [response.status, await response.json()];
}

test('a parameter with a star takes the rest of the path, slashes and all', async () => {
  assert.deepEqual(await get('/tile/0/x001/x234/067.p/12'), [
    200,
    { operationId: 'readTile', level: '0', index: 'x001/x234/067.p/12' },
  ]);
  assert.deepEqual(await get('/tile/entries/x001/067'), [
    200,
    { operationId: 'readEntries', index: 'x001/067' },
  ]);
  const [, decoded] = await get('/tile/1/a%2Fb');
  assert.deepEqual(decoded, { operationId: 'readTile', level: '1', index: 'a/b' });
});

test('the rest of a path may not be empty or too long', async () => {
  const codeOf = async (path: string): Promise<unknown> => {
    const [status, body] = await get(path);
    return [status, (body as { code: string }).code, (body as { param?: string }).param];
  };
  assert.deepEqual(await codeOf('/tile/0/'), [400, 'field_invalid', 'index']);
  assert.deepEqual(await codeOf(`/tile/0/${'x'.repeat(101)}`), [400, 'field_invalid', 'index']);
  assert.deepEqual(await codeOf('/tile/0'), [404, 'path_not_found', 'path']);
});

test('another method on such a path is told the methods allowed', async () => {
  const response = await fetch(`${url}/tile/0/x001/067`, { method: 'DELETE' });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
  await response.arrayBuffer();
});

test('the document writes such a path without its star, and every form of an answer', async () => {
  const [, document] = await get('/openapi.json');
  const { paths } = document as { paths: Record<string, { get: Record<string, unknown> }> };
  const responses = paths['/tile/{level}/{index}']?.get['responses'];
  const { content } = (responses as Record<string, { content: object }>)['200'] ?? {};
  assert.deepEqual(Object.keys(content ?? {}), ['application/json', 'application/octet-stream']);
});

test('only the last parameter of a path may take the rest', async () => {
  const bad = row('/tile/{index*}/size', 'bad', ['index']);
  await assert.rejects(openTestGateway({ routes: [bad] }), /only the last parameter/);
});
