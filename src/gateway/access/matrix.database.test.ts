import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Principal } from '#identity';
import { BANK } from '../../identity/testing/tokens.ts';
import { EdgeRefusal } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestEdge } from './access-testing.ts';
import type { TestEdge } from './access-testing.ts';
import { claimsOf, matrixOf, sampleOf } from './matrix-testing.ts';
import type { MatrixCase } from './matrix-testing.ts';
import { permissionTable } from './roles.ts';

/** One route for each permission: with objects where customers and partners may use it. */
const things: readonly Route[] = Object.entries(permissionTable).map(
  ([permission, row], index) => ({
    method: 'GET',
    path: `/v1/things-${index}/{id}`,
    permission,
    operation: defineOperation({
      operationId: `readThing${index}`,
      summary: 'Read a thing',
      tags: ['things'],
      schema: {
        params: schema.object({ id: schema.idText('acc') }),
        response: { 200: { description: 'A thing.', body: schema.object({}) } },
      },
      ...(row.granted.length === 0 ? {} : { objects: () => [] }),
      handler: () => Promise.resolve(answer(200, {})),
    }),
  }),
);

const forgotten: Route = {
  method: 'GET',
  path: '/v1/forgotten',
  permission: 'nobody.thought.of.it',
  operation: defineOperation({
    operationId: 'forgotten',
    summary: 'A route whose permission is in no table',
    tags: ['things'],
    schema: { response: { 200: { description: 'Nothing.', body: schema.object({}) } } },
    handler: () => Promise.resolve(answer(200, {})),
  }),
};

const routes: readonly Route[] = [...things, forgotten];

let edge: TestEdge;
before(async () => {
  edge = await openTestEdge('access matrix', { routes: () => [] });
});
after(async () => {
  await edge.close();
});

/** The way of a request through the doors; the code of the one that stays shut. */
async function refusalOf({ route, bearer }: MatrixCase): Promise<string | undefined> {
  const { permission, operation } = route;
  const { method, path } = sampleOf(route);
  const token = bearer === undefined ? undefined : await edge.token(claimsOf(bearer));
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const presented = { method, url: `${BANK}${path}`, headers, certificate: undefined };
  let principal: Principal;
  try {
    principal = await edge.access.identify(presented);
  } catch (error) {
    assert.ok(error instanceof EdgeRefusal);
    return error.code;
  }
  const hasObjects = operation.objects !== undefined;
  const role = edge.access.authorise(principal, permission, hasObjects);
  if (!role.isAllowed) return role.code;
  if (!hasObjects) return undefined;
  const id = path.slice(path.lastIndexOf('/') + 1);
  const caller = { actor: principal.subject, correlationId: 'req-1' };
  const uses = [{ kind: 'account', id, act: 'read' }] as const;
  const object = await edge.access.permit(principal, uses, { permission, caller });
  return object.isAllowed ? undefined : object.code;
}

test('every route is closed to whom the table does not open it, and open to the others', async () => {
  const cases = matrixOf(routes);
  assert.ok(cases.length > routes.length * 8, `${cases.length} cases`);
  const wrong: string[] = [];
  for (const each of cases) {
    const { title, refusedWith } = each;
    const code = await refusalOf(each);
    const isRight = code === undefined ? refusedWith === undefined : refusedWith?.includes(code);
    if (isRight !== true) wrong.push(`${title}, but was answered ${code ?? 'yes'}`);
  }
  assert.deepEqual(wrong, []);
});

test('a sample fills the path, what the query requires, and the body', () => {
  const route: Route = {
    method: 'POST',
    path: '/v1/things/{id}/{rest*}',
    permission: 'things',
    operation: defineOperation({
      operationId: 'sample',
      summary: 'A sample',
      tags: ['things'],
      example: { name: 'first' },
      schema: {
        params: schema.object({ id: schema.idText('trf'), rest: schema.text(10) }),
        query: schema.object({ ...schema.pageQuery, from: schema.dateText() }),
        response: { 204: { description: 'Nothing.' } },
      },
      handler: () => Promise.resolve({ status: 204 }),
    }),
  };
  const { method, path, body } = sampleOf(route);
  assert.equal(method, 'POST');
  assert.match(path, /^\/v1\/things\/trf_[0-9a-f-]{36}\/x\?limit=1&from=2026-11-23$/);
  assert.deepEqual(body, { name: 'first' });
});
