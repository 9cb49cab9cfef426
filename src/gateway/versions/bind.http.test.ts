import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { EdgeRefusal } from '../problems.ts';
import { bindVersions } from './bind.ts';
import { openVersions } from './version.ts';

interface Body {
  readonly name?: string;
  readonly title?: string;
  readonly code?: string;
}

async function open() {
  const server = Fastify({ logger: false });
  bindVersions(
    server,
    openVersions('2026-11-21', [
      {
        version: '2026-11-22',
        summary: 'name is called title.',
        operations: {
          write: {
            request: ({ query, body }) => ({ query, body: { title: (body as Body).name } }),
            answer: ({ status, body }) => ({ status, body: { name: (body as Body).title } }),
          },
        },
      },
    ]),
  );
  server.setErrorHandler((error, _request, reply) => {
    const code = error instanceof EdgeRefusal ? error.code : 'internal_error';
    reply.code(code === 'internal_error' ? 500 : 400).send({ code });
  });
  server.post('/things', { config: { operationId: 'write' } }, (request, reply) => {
    const { title } = request.body as Body;
    if (title === 'no') throw new EdgeRefusal('field_invalid', 'No.');
    reply.type('application/json').send(JSON.stringify({ title }));
  });
  await server.ready();
  return async (version: string | undefined, payload: Body) => {
    const headers = version === undefined ? {} : { 'florin-version': version };
    const answer = await server.inject({ method: 'POST', url: '/things', headers, payload });
    const told = answer.headers['florin-version'];
    return { status: answer.statusCode, version: told, body: answer.json<Body>(), answer };
  };
}

test('a client of an old version is answered in its words, whole and of the right length', async () => {
  const ask = await open();
  const old = await ask('2026-11-21', { name: 'čaj' });
  assert.deepEqual(old.body, { name: 'čaj' });
  assert.equal(old.version, '2026-11-21');
  assert.equal(old.answer.headers['content-length'], String(Buffer.byteLength('{"name":"čaj"}')));
  for (const version of [undefined, '2026-11-22']) {
    const { body, version: told } = await ask(version, { title: 'čaj' });
    assert.deepEqual(body, { title: 'čaj' });
    assert.equal(told, '2026-11-22');
  }
});

test('a problem document is the same in all versions', async () => {
  const ask = await open();
  const { status, body } = await ask('2026-11-21', { name: 'no' });
  assert.equal(status, 400);
  assert.deepEqual(body, { code: 'field_invalid' });
});

test('an unknown version is refused before anything is done', async () => {
  const ask = await open();
  const { status, body } = await ask('2020-01-01', { title: 'x' });
  assert.equal(status, 400);
  assert.equal(body.code, 'version_unknown');
});
