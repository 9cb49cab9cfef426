import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createGateway, type Gateway, type Route } from '#gateway';
import { openLogger, openMetrics } from '#platform';
import { limits, unlocked } from '../../../gateway/testing.ts';
import { openAccountsBank, product, type AccountsBank } from '../../../accounts/testing/bank.ts';
import type { ModelCard } from '../../model/card.ts';
import { modelVersion, parseModel, serializeModel } from '../../model/trees/model-file.ts';
import { registryRefusals } from '../refusals.ts';
import { paymentFeatures as features } from '../../screening/payment-features.ts';
import { ruleSetText, smallModel } from '../../testing/registry.ts';
import { registryRoutes } from './routes.ts';

let bank: AccountsBank;
let gateway: Gateway;
let url: string;
let routes: readonly Route[];

const at = '/v1/fraud';

before(async () => {
  bank = await openAccountsBank('fraud registry over http');
  await bank.addProducts(product());
  const { database, clock } = bank;
  routes = registryRoutes({ database, clock, features });
  gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'The registry under test.' },
    routes,
    problemTables: [registryRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    host: '127.0.0.1',
    access: unlocked,
    port: 0,
    limits,
    isAnswerChecked: true,
  });
  ({ url } = await gateway.listen());
});

after(async () => {
  await gateway.close();
  await bank.drop();
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly body: { readonly id: string; readonly [name: string]: unknown };
}

async function ask(method: 'GET' | 'POST', path: string, sent?: object): Promise<Reply> {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(sent !== undefined && {
      body: JSON.stringify(sent),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text) as Reply['body'] };
}

const edge = {
  get: async (path: string): Promise<Reply> => await ask('GET', path),
  post: async (path: string, body?: object): Promise<Reply> => await ask('POST', path, body),
};

test('a tenant that has said nothing runs by the starter rules', async () => {
  const { body } = await edge.get(`${at}/configuration`);
  const { revision, rule_set: rules, champion, list_entries: entries } = body;
  assert.deepEqual([revision, rules, champion, entries], [0, null, null, 0]);
  assert.equal((body['features'] as string[])[0], 'amount');
  const { data } = (await edge.get(`${at}/policies`)).body;
  assert.deepEqual(data, [
    {
      id: null,
      product: null,
      is_screened: true,
      on_failure: 'open',
      deadline_us: 50_000,
      revision: 0,
      made_at: null,
      made_by: null,
    },
  ]);
});

test('a rule set is checked without being kept, and every fault is told', async () => {
  const source = JSON.stringify({ format: 1, name: 'n', version: 0, rules: [{}] });
  const checked = await edge.post(`${at}/rule-sets/check`, { source });
  assert.equal(checked.status, 200, checked.text);
  const faults = checked.body['faults'] as { path: string; code: string }[];
  assert.ok(faults.some(({ path, code }) => path === 'version' && code === 'out_of_range'));
  assert.ok(faults.length > 3);
  const sound = await edge.post(`${at}/rule-sets/check`, { source: ruleSetText(1) });
  assert.deepEqual(sound.body['faults'], []);
  assert.deepEqual((await edge.get(`${at}/rule-sets`)).body['data'], []);
});

test('a rule set is kept, read with its source, and put in force once', async () => {
  const refused = await edge.post(`${at}/rule-sets`, { source: '{"format":2}' });
  assert.deepEqual([refused.status, refused.body['code']], [422, 'rule_set_malformed']);
  const created = await edge.post(`${at}/rule-sets`, { source: ruleSetText(1) });
  assert.equal(created.status, 201, created.text);
  const { id } = created.body;
  assert.equal((await edge.get(`${at}/rule-sets/${id}`)).body['source'], ruleSetText(1));
  const listed = (await edge.get(`${at}/rule-sets`)).body['data'] as { id: string }[];
  assert.deepEqual(
    listed.map((each) => each.id),
    [id],
  );
  const path = `${at}/rule-sets/${id}/activate`;
  const wrong = await edge.post(path, { instead_of: 3 });
  assert.deepEqual([wrong.status, wrong.body['code']], [409, 'fraud_choice_changed']);
  const done = await edge.post(path, { instead_of: 0, note: 'the first' });
  assert.deepEqual([done.status, done.body['revision']], [200, 1], done.text);
  const again = await edge.post(path, { instead_of: 1 });
  assert.deepEqual([again.status, again.body['code']], [409, 'rule_set_in_force']);
  const { rule_set: inForce } = (await edge.get(`${at}/configuration`)).body;
  assert.equal((inForce as { id: string }).id, id);
});

test('what is outside the bank is listed by its HMAC, however it is spelled', async () => {
  const put = await edge.post(`${at}/lists/block/entries`, {
    entries: [
      { kind: 'counterparty', value: 'DE89 3704 0044 0532 0130 00', until: '2027-01-01T00:00:00Z' },
      { kind: 'payee', value: 'acc_01980a3e-4c00-7000-8000-000000000001', note: 'a mule' },
    ],
  });
  assert.deepEqual([put.status, put.body['put'], put.body['taken']], [200, 2, 0], put.text);
  const path = `${at}/lists/block/entries`;
  const found = await edge.get(`${path}?kind=counterparty&value=de89370400440532013000`);
  const [entry, ...others] = found.body['data'] as { value: string; until: string }[];
  assert.match(entry?.value ?? '', /^hmac_[0-9a-f]{32}$/);
  assert.equal(others.length, 0);
  assert.ok(!found.text.includes('DE89'));
  const all = (await edge.get(path)).body['data'] as { note: string | null }[];
  assert.deepEqual(
    all.map(({ note }) => note),
    ['a mule', null],
  );
  const first = await edge.get(`${path}?limit=1`);
  const next = await edge.get(`${path}?limit=1&cursor=${String(first.body['next_cursor'])}`);
  assert.deepEqual([...(first.body['data'] as []), ...(next.body['data'] as [])], all);
  const taken = await edge.post(`${path}/take`, {
    entries: [{ kind: 'counterparty', value: entry?.value ?? '' }],
  });
  assert.deepEqual([taken.body['put'], taken.body['taken']], [0, 1], taken.text);
  assert.equal(((await edge.get(path)).body['data'] as []).length, 1);
});

test('an entry of a kind that no event has is refused, so that no list is silently of no use', async () => {
  const entries = [{ kind: 'acount', value: 'acc_1' }];
  const refused = await edge.post(`${at}/lists/block/entries`, { entries });
  assert.equal(refused.status, 400, refused.text);
});

test('an entry for an account or a customer is for one that there is', async () => {
  const { id: bob, owners } = await bank.openOne();
  const put = async (...entries: readonly object[]) => {
    const { status, body } = await edge.post(`${at}/lists/watch/entries`, { entries });
    return [status, body['code'], body['errors']];
  };
  const nobody = 'acc_01980a3e-4c00-7000-8000-000000000001';
  const known = { kind: 'account', value: bob };
  const codes = await Promise.all(
    [
      { kind: 'account', value: 'DE89370400440532013000' },
      { kind: 'customer', value: bob },
      { kind: 'account', value: nobody },
      { kind: 'customer', value: nobody.replace('acc', 'cus') },
    ].map(async (entry) => (await put(known, entry)).slice(0, 2)),
  );
  assert.deepEqual(codes, [
    [422, 'list_value_malformed'],
    [422, 'list_value_malformed'],
    [422, 'list_subject_unknown'],
    [422, 'list_subject_unknown'],
  ]);
  const [status] = await put(known, { kind: 'customer', value: owners[0]?.customer });
  assert.equal(status, 200);
  // Who pays and who is paid may be anybody.
  assert.equal((await put({ kind: 'payee', value: nobody }))[0], 200);
});

test('a model is kept as it was written, challenges, and takes the empty place', async () => {
  const { content, drift } = smallModel(1);
  const added = await edge.post(`${at}/models`, { content: content.toString(), drift });
  assert.equal(added.status, 201, added.text);
  const { id, version, bytes, has_drift_reference: hasDrift } = added.body;
  assert.deepEqual([bytes, hasDrift], [content.length, true]);
  const challenged = await edge.post(`${at}/models/${id}/challenge`);
  assert.equal(challenged.status, 200, challenged.text);
  const missing = await edge.get(`${at}/models/contest`);
  assert.deepEqual([missing.status, missing.body['code']], [409, 'contest_missing']);
  const promoted = await edge.post(`${at}/models/${id}/promote`, { instead_of: null });
  assert.equal(promoted.status, 200, promoted.text);
  const configuration = (await edge.get(`${at}/configuration`)).body;
  assert.equal((configuration['champion'] as { version: string }).version, version);
  assert.equal(configuration['challenger'], null);
  const other = smallModel(2);
  const second = await edge.post(`${at}/models`, { content: other.content.toString() });
  await edge.post(`${at}/models/${second.body.id}/challenge`);
  const contest = await edge.get(`${at}/models/contest?weeks=2`);
  assert.deepEqual(
    [contest.status, contest.body['weeks'], contest.body['is_better']],
    [200, [], false],
  );
  const refused = await edge.post(`${at}/models/${second.body.id}/promote`, {
    instead_of: version,
  });
  assert.deepEqual([refused.status, refused.body['code']], [422, 'model_not_better']);
  const retired = await edge.post(`${at}/models/${id}/retire`, { note: 'scores drifted' });
  assert.equal(retired.status, 200, retired.text);
  assert.equal((await edge.get(`${at}/configuration`)).body['champion'], null);
});

test('a file that is no model is refused with why', async () => {
  const refused = await edge.post(`${at}/models`, { content: '{"format":"other"}' });
  assert.deepEqual([refused.status, refused.body['code']], [422, 'model_unreadable']);
});

test('a policy replaces the one of its product, and only within the bounds', async () => {
  const policy = { product: 'current', is_screened: true, on_failure: 'closed' };
  const put = await edge.post(`${at}/policies`, { ...policy, deadline_us: 500 });
  assert.equal(put.status, 200, put.text);
  await edge.post(`${at}/policies`, { ...policy, deadline_us: 900 });
  const { data } = (await edge.get(`${at}/policies`)).body;
  const told = (data as { product: string | null; deadline_us: number }[]).map((each) => {
    return [each.product, each.deadline_us];
  });
  assert.deepEqual(told, [
    ['current', 900],
    [null, 50_000],
  ]);
  const unknown = await edge.post(`${at}/policies`, {
    ...policy,
    product: 'curent',
    deadline_us: 500,
  });
  assert.deepEqual([unknown.status, unknown.body['code']], [422, 'policy_product_unknown']);
  const slow = await edge.post(`${at}/policies`, { ...policy, deadline_us: 2_000_000 });
  assert.equal(slow.status, 400);
});

test('activation, promotion, retirement and policies need a second person, and so does letting pass', () => {
  const principal = { kind: 'person', subject: 'one', customer: 'one' };
  const needs = (path: string, request: object): boolean => {
    const route = routes.find((each) => each.method === 'POST' && each.path === `${at}${path}`);
    assert.ok(route !== undefined, path);
    return route.operation.approval?.when({ principal, ...request } as never) ?? false;
  };
  const list = (purpose: string) => ({ params: { purpose }, body: { entries: [] } });
  assert.deepEqual(
    [
      needs('/rule-sets/{id}/activate', {}),
      needs('/models/{id}/promote', {}),
      needs('/models/{id}/retire', {}),
      needs('/policies', {}),
      needs('/lists/{purpose}/entries', list('allow')),
      needs('/lists/{purpose}/entries/take', list('block')),
    ],
    [true, true, true, true, true, true],
  );
  assert.deepEqual(
    [
      needs('/rule-sets', {}),
      needs('/models', {}),
      needs('/models/{id}/challenge', {}),
      needs('/lists/{purpose}/entries', list('block')),
      needs('/lists/{purpose}/entries/take', list('allow')),
      needs('/policies', { principal: { kind: 'local' } }),
    ],
    [false, false, false, false, false, false],
  );
});

test('who is to be allowed waits by name alone, and whoever approves knows the number again', async () => {
  const principal = { kind: 'person', subject: 'one', customer: 'one' };
  const iban = 'DE89 3704 0044 0532 0130 00';
  const entries = [
    { kind: 'payee', value: iban, note: 'a supplier' },
    { kind: 'account', value: 'acc_1' },
    { kind: 'device', value: '192.0.2.7' },
    { kind: 'payer', value: `hmac_${'a'.repeat(32)}` },
  ];
  for (const [path, purpose] of [
    ['/lists/{purpose}/entries', 'allow'],
    ['/lists/{purpose}/entries/take', 'block'],
  ]) {
    const found = routes.find((each) => each.method === 'POST' && each.path === `${at}${path}`);
    const rule = found?.operation.approval;
    assert.ok(rule?.kept !== undefined);
    const request = { principal, params: { purpose }, body: { entries } } as never;
    const kept = (await rule.kept(request)) as { entries: { value: string; note?: string }[] };
    assert.match(kept.entries[0]?.value ?? '', /^hmac_[0-9a-f]{32}$/);
    assert.equal(kept.entries[0]?.note, 'a supplier');
    assert.match(kept.entries[2]?.value ?? '', /^hmac_[0-9a-f]{32}$/);
    assert.deepEqual([kept.entries[1], kept.entries[3]], [entries[1], entries[3]]);
    const { summary } = rule.what(request);
    assert.match(summary, /^4 entries \(payee …3000, acc_1, device ….2.7 and 1 more\) would be /);
  }
});

test('whatever text is sent as rules, a model or drift, the answer tells what is wrong with it', async () => {
  const deep = '['.repeat(200_000);
  const nul = JSON.stringify({ format: 1, name: 'a\0b', version: 5, rules: [] });
  for (const source of [deep, nul, '"\\u0000"', '1e999', 'null']) {
    const refused = await edge.post(`${at}/rule-sets`, { source });
    assert.deepEqual([refused.status, refused.body['code']], [422, 'rule_set_malformed']);
  }
  for (const content of [deep, 'null', '"\\u0000"']) {
    assert.equal((await edge.post(`${at}/models`, { content })).status, 422);
  }
  const content = smallModel(3).content.toString();
  for (const drift of [deep, 'null', '{}']) {
    assert.equal((await edge.post(`${at}/models`, { content, drift })).status, 422, drift);
  }
});

test('a model whose card has characters that no table keeps is refused', async () => {
  const names = features.features.map(({ name }) => name);
  const read = parseModel(smallModel(4).content, { names, version: features.version });
  assert.ok(read.ok);
  const { trees } = read.value;
  const card: ModelCard = {
    model: modelVersion(trees),
    features: { version: features.version, names },
    trainedOn: { sha256: '0'.repeat(64), rows: 1, frauds: 0, seed: 1 },
    protocol: 'by hand\0',
    parameters: {},
    metrics: [],
    caveats: [],
  };
  const content = serializeModel({ trees, calibration: undefined, card }).toString();
  const refused = await edge.post(`${at}/models`, { content });
  assert.deepEqual([refused.status, refused.body['code']], [422, 'model_unreadable'], refused.text);
});
