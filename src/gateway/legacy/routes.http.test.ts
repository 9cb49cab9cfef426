import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { msOf, newId } from '#kernel';
import { systemClock } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { openTestGateway } from '../testing.ts';
import type { TestGateway } from '../testing.ts';
import { insertDifference } from './difference-store.ts';
import { legacyRefusals } from './refusals.ts';
import { legacyRoutes } from './routes.ts';

const clock = systemClock();
let database: TestDatabase;
let gateway: TestGateway;
let refreshed = 0;

before(async () => {
  database = await testDatabase('legacy routes');
  const legacy = {
    refresh: () => {
      refreshed += 1;
      return Promise.resolve();
    },
  };
  gateway = await openTestGateway({
    routes: legacyRoutes({
      database: database.database,
      clock,
      limits: { legacyRulesMax: 10 },
      legacy,
    }),
    problemTables: [legacyRefusals],
  });
});
after(async () => {
  await gateway.close();
  await database.drop();
});

interface Rule {
  readonly id: string;
  readonly revision: number;
  readonly mode: string;
  readonly answered_by: string;
  readonly percent: number;
  readonly tenant: string | null;
  readonly method: string | null;
  readonly code?: string;
}

async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) {
  const url = `/v1/access/legacy${path}`;
  const request = payload === undefined ? { method, url } : { method, url, payload };
  const answer = await gateway.inject(request);
  const text = answer.payload === '' ? '{}' : answer.payload;
  return { status: answer.statusCode, body: JSON.parse(text) as Rule & { readonly data: Rule[] } };
}

test('a rule is made, moved over and back, and removed', async () => {
  const terms = { position: 10, path: '/v1/cards/*', mode: 'shadow', tenant: 'main', percent: 5 };
  const added = await ask('POST', '/rules', terms);
  assert.equal(added.status, 201, JSON.stringify(added.body));
  assert.equal(added.body.answered_by, 'legacy');
  assert.equal(added.body.method, null);
  const { id } = added.body;
  const heard = await ask('PATCH', `/rules/${id}`, { answered_by: 'here', revision: 1 });
  assert.equal(heard.body.answered_by, 'here');
  const wider = await ask('PATCH', `/rules/${id}`, { percent: 50, tenant: null });
  assert.equal(wider.body.answered_by, 'here', 'what is not given stays');
  assert.deepEqual([wider.body.percent, wider.body.tenant, wider.body.revision], [50, null, 3]);
  const over = await ask('PATCH', `/rules/${id}`, { mode: 'here' });
  assert.deepEqual([over.body.mode, over.body.answered_by], ['here', 'here']);
  const stale = await ask('PATCH', `/rules/${id}`, { mode: 'legacy', revision: 1 });
  assert.deepEqual([stale.status, stale.body.code], [409, 'legacy_rule_changed']);
  const listed = await ask('GET', '/rules');
  assert.deepEqual(
    listed.body.data.map((rule) => rule.id),
    [id],
  );
  assert.equal(refreshed, 4, 'each change is in force here at once');
  assert.equal((await ask('DELETE', `/rules/${id}`)).status, 204);
  assert.equal((await ask('DELETE', `/rules/${id}`)).body.code, 'legacy_rule_unknown');
});

test('a rule that makes no sense is refused', async () => {
  const refused = async (terms: object): Promise<string | undefined> =>
    (await ask('POST', '/rules', { position: 1, path: '/v1/x', mode: 'legacy', ...terms })).body
      .code;
  assert.equal(await refused({ path: '/v1/*/x' }), 'legacy_rule_invalid');
  assert.equal(await refused({ path: 'v1' }), 'field_invalid');
  assert.equal(await refused({ mode: 'there' }), 'field_invalid');
  assert.equal(await refused({ percent: 0 }), 'field_invalid');
  assert.equal(await refused({ target: 'http://evil.example' }), 'field_unknown');
});

test('samples of differences are listed page by page, without what differed', async () => {
  const ruleId = newId('lgr', 1);
  for (let count = 0; count < 5; count += 1) {
    const at = clock.now();
    await insertDifference(database.database, {
      id: newId('lgd', msOf(at)),
      ruleId,
      method: 'GET',
      path: `/v1/things/${count}`,
      requestId: `r-${count}`,
      findings: [{ place: '/balance', kind: 'value' }],
      wrappedValues: Buffer.from('wrapped'),
      at,
    });
  }
  const paths: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`;
    const answer = await gateway.inject({ url: `/v1/access/legacy/differences?limit=2${cursor}` });
    const page: { data: { path: string }[]; next_cursor: string | null } = answer.json();
    paths.push(...page.data.map(({ path }) => path));
    assert.ok(!answer.payload.includes('wrapped'));
    next = page.next_cursor;
  }
  assert.deepEqual(
    paths,
    [4, 3, 2, 1, 0].map((count) => `/v1/things/${count}`),
  );
  const foreign = Buffer.from('["legacy.differences",1,"x"]').toString('base64url');
  const url = `/v1/access/legacy/differences?cursor=${foreign}`;
  assert.equal((await gateway.inject({ url })).statusCode, 400);
});
