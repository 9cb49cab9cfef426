// What payments are screened by, changed through the doors as in production: who may, what two
// people do, and that nothing is in force before the second has said so.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadConfig } from '#config';
import { paymentFeatures as features, registryRefusals, registryRoutes } from '#fraud';
import { accessRefusals, approvalRoutes, openApprovals, type Route } from '#gateway';
import { peopleRefusals } from '#identity';
import { openLogger } from '#platform';
import { openTestRegistry, ruleSetText } from '../fraud/testing/registry.ts';
import { openTestEdge, type TestEdge } from '../gateway/access/access-testing.ts';

const { limits } = loadConfig({});

let edge: TestEdge;
const at = '/v1/fraud';

before(async () => {
  edge = await openTestEdge('fraud registry second person', {
    routes: () => [],
    gateway({ database, clock }) {
      const approvals = openApprovals({
        database,
        clock,
        logger: openLogger({ level: 'silent' }),
        limits,
      });
      const routes: readonly Route[] = [
        ...registryRoutes({ database, clock, features }),
        ...approvalRoutes({ database, clock, approvals }),
      ];
      const problemTables = [accessRefusals, peopleRefusals, registryRefusals];
      return { routes, approvals, problemTables, isAnswerChecked: true };
    },
  });
});

after(() => edge.close());

const operator = (sub: string): Promise<string> =>
  edge.token({ sub, roles: ['operator'], sid: `grant-${sub}` });
const approver = (sub: string): Promise<string> =>
  edge.token({ sub, roles: ['approver'], sid: `grant-${sub}` });

async function ask(sub: string, path: string, body: object) {
  const reply = await edge.ask('POST', `${at}${path}`, await operator(sub), body);
  return { status: reply.status, body: reply.body, id: String(reply.body['id']) };
}

async function approve(id: string): Promise<unknown> {
  const path = `/v1/approvals/${id}/approve`;
  const reply = await edge.ask('POST', path, await approver('usr_second'), {});
  return reply.body['answer_status'] ?? reply.body['code'];
}

test('a rule set is in force once a second person has approved, and not before', async () => {
  const { registry } = openTestRegistry(edge.log.database);
  await registry.load('main');
  const created = await ask('usr_one', '/rule-sets', { source: ruleSetText(1) });
  assert.equal(created.status, 201, JSON.stringify(created.body));
  const proposed = await ask('usr_one', `/rule-sets/${created.id}/activate`, { instead_of: 0 });
  assert.equal(proposed.status, 202, JSON.stringify(proposed.body));
  await registry.refresh();
  assert.equal(registry.configOf('main')?.ruleSet?.version, 0);
  assert.equal(await approve(proposed.id), 200);
  await registry.refresh();
  assert.equal(registry.configOf('main')?.ruleSet?.version, 1);
});

test('of two activations approved on the same grounds, the second is refused', async () => {
  const ids = [];
  for (const version of [2, 3]) {
    const created = await ask('usr_one', '/rule-sets', { source: ruleSetText(version) });
    const path = `/rule-sets/${created.id}/activate`;
    ids.push((await ask(`usr_${version}`, path, { instead_of: 1 })).id);
  }
  const answers = await Promise.all(ids.map((id) => approve(id)));
  assert.deepEqual(answers.map(String).toSorted(), ['200', '409']);
});

test('whom the rules let pass is for two to say, whom they stop for one', async () => {
  const entries = [{ kind: 'device', value: 'device-of-nobody' }];
  const statuses = [];
  for (const path of ['allow/entries', 'block/entries', 'block/entries/take', 'watch/entries']) {
    statuses.push((await ask('usr_one', `/lists/${path}`, { entries })).status);
  }
  assert.deepEqual(statuses, [202, 200, 202, 200]);
});

test('who may read what is in force may not change it', async () => {
  const auditor = await edge.token({ sub: 'usr_auditor', roles: ['auditor'], sid: 'grant-a' });
  const read = await edge.ask('GET', `${at}/configuration`, auditor);
  assert.equal(read.status, 200, JSON.stringify(read.body));
  const policy = { product: null, is_screened: false, on_failure: 'open', deadline_us: 1 };
  for (const [path, body] of [
    ['/policies', policy],
    ['/rule-sets', { source: ruleSetText(9) }],
    ['/models', { content: '{}' }],
  ] as const) {
    assert.equal((await edge.ask('POST', `${at}${path}`, auditor, body)).status, 403, path);
  }
});

test('each tenant sees and changes its own', async () => {
  const token = await edge.token({ sub: 'usr_o', roles: ['operator'], tenant: 'other', sid: 'o' });
  const { body } = await edge.ask('GET', `${at}/configuration`, token);
  assert.deepEqual([body['revision'], body['rule_set']], [0, null]);
});
