import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '#kernel';
import type { Instant } from '#kernel';
import { compareAnswers } from './difference.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { bucketOf, compileRules } from './rule.ts';
import type { LegacyRule, Question } from './rule.ts';

let position = 0;

function ruleOf(changes: Partial<LegacyRule>): LegacyRule {
  position += 1;
  return {
    id: newId('lgr', position),
    position,
    method: undefined,
    path: '/v1/cards/*',
    tenant: undefined,
    percent: 100,
    mode: 'legacy',
    answeredBy: 'legacy',
    ignored: [],
    revision: 1,
    changedAt: 0 as Instant,
    ...changes,
  };
}

function core(rules: readonly LegacyRule[], changes: Partial<Question>): string {
  const question = { method: 'GET', path: '/v1/cards/c-1', tenant: 'main', customer: 'usr_1' };
  return compileRules(rules).of({ ...question, ...changes })?.mode ?? 'none';
}

test('a rule is met by its path, segment by segment', () => {
  const open = [ruleOf({ path: '/v1/cards/*' })];
  for (const path of ['/v1/cards', '/v1/cards/', '/v1/cards/c-1', '/v1/cards/c-1/pin']) {
    assert.equal(core(open, { path }), 'legacy', path);
  }
  for (const path of ['/v1/cardsx', '/v1', '/v2/cards/c-1', '/x/v1/cards/c-1']) {
    assert.equal(core(open, { path }), 'none', path);
  }
  const exact = [ruleOf({ path: '/v1/cards/{id}/pin.txt' })];
  assert.equal(core(exact, { path: '/v1/cards/c-1/pin.txt' }), 'legacy');
  for (const path of ['/v1/cards//pin.txt', '/v1/cards/c-1/pinxtxt', '/v1/cards/a/b/pin.txt']) {
    assert.equal(core(exact, { path }), 'none', path);
  }
});

test('to escape what needs no escape is no way around a rule', () => {
  const rules = [ruleOf({ path: '/v1/cards/{id}' })];
  assert.equal(core(rules, { path: '/v1/%63ards/c-1' }), 'legacy');
  assert.equal(core(rules, { path: '/v1/cards/a%2Fb' }), 'legacy', 'an escaped slash is in a name');
  assert.equal(core(rules, { path: '/v1/cards/%ff' }), 'none', 'the router refuses it');
});

test('a rule may be for one method and one tenant', () => {
  const rules = [ruleOf({ method: 'GET', tenant: 'main' })];
  assert.equal(core(rules, {}), 'legacy');
  assert.equal(core(rules, { method: 'HEAD' }), 'legacy');
  assert.equal(core(rules, { method: 'POST' }), 'none');
  assert.equal(core(rules, { tenant: 'other' }), 'none');
});

test('the first rule by position decides, also that nothing goes elsewhere', () => {
  const first = ruleOf({ path: '/v1/cards/{id}', mode: 'here', answeredBy: 'here' });
  const second = ruleOf({ path: '/v1/*' });
  assert.equal(core([second, first], {}), 'here');
  assert.equal(core([second, first], { path: '/v1/loans' }), 'legacy');
});

test('a percentage takes that part of customers, and who is taken stays when it is raised', () => {
  const customers = Array.from({ length: 5_000 }, (_, at) => `usr_${at}`);
  const taken = (percent: number): Set<string> =>
    new Set(customers.filter((customer) => core([ruleOf({ percent })], { customer }) === 'legacy'));
  const [few, more] = [taken(10), taken(25)];
  assert.ok(few.size > 400 && few.size < 600, `${few.size} of 5000`);
  assert.ok(more.size > 1_100 && more.size < 1_400, `${more.size} of 5000`);
  assert.ok([...few].every((customer) => more.has(customer)));
  assert.equal(taken(100).size, customers.length);
  assert.equal(bucketOf('usr_1'), bucketOf('usr_1'));
});

test('a customer outside of the percentage goes on to the next rule', () => {
  const rules = [ruleOf({ percent: 1 }), ruleOf({ mode: 'shadow', answeredBy: 'here' })];
  const counts = Map.groupBy(
    Array.from({ length: 500 }, (_, at) => core(rules, { customer: `usr_${at}` })),
    (mode) => mode,
  );
  assert.deepEqual([...counts.keys()].toSorted(), ['legacy', 'shadow']);
});

test('a path is covered if anybody may be answered by the other core', () => {
  const rules = compileRules([
    ruleOf({ path: '/v1/cards/*', percent: 1, tenant: 'other' }),
    ruleOf({ path: '/v1/loans/*', mode: 'here', answeredBy: 'here' }),
  ]);
  assert.equal(rules.covers('GET', '/v1/cards/1'), true);
  assert.equal(rules.covers('GET', '/v1/loans/1'), false);
  assert.equal(compileRules([]).covers('GET', '/v1/cards/1'), false);
});

const answerOf = (value: unknown, status = 200, mediaType = 'application/json') => ({
  status,
  mediaType,
  body: typeof value === 'string' ? value : JSON.stringify(value),
});

function places(here: unknown, there: unknown, ignored: readonly string[] = []): string[] {
  const found = compareAnswers(answerOf(here), answerOf(there), ignored);
  return found.map(({ place, kind }) => `${place} ${kind}`);
}

test('answers are alike if they say the same, in whatever order and spacing', () => {
  assert.deepEqual(places('{"a": 1, "b": [1, 2]}', '{"b":[1,2],"a":1}'), []);
  const types = compareAnswers(
    answerOf({}, 200, 'application/json; charset=utf-8'),
    answerOf({}, 200, 'Application/JSON'),
    [],
  );
  assert.deepEqual(types, []);
});

test('each difference has its place and its kind', () => {
  assert.deepEqual(places({ a: 1, b: 'x', c: 1 }, { a: 2, b: 1, d: 1 }), [
    '/a value',
    '/b type',
    '/c absent_there',
    '/d absent_here',
  ]);
  assert.deepEqual(places({ list: [1, { x: null }] }, { list: [1, { x: 0 }, 3] }), [
    '/list/1/x type',
    '/list/2 absent_here',
  ]);
  assert.deepEqual(places({ 'a/b~': 1 }, { 'a/b~': 2 }), ['/a~1b~0 value']);
  assert.deepEqual(places([], {}), ['body type']);
  assert.deepEqual(places('plain', 'other'), ['body value']);
  const [status, type] = compareAnswers(answerOf({}, 200), answerOf({}, 404, 'text/plain'), []);
  assert.equal(status?.place, 'status');
  assert.equal(type?.place, 'header:content-type');
});

test('what may differ is left out, with all that is under it', () => {
  const here = {
    data: [
      { id: 1, at: 'x' },
      { id: 2, at: { us: 1 } },
    ],
    at: 1,
  };
  const there = {
    data: [
      { id: 1, at: 'y' },
      { id: 3, at: { us: 2 } },
    ],
    at: 1,
  };
  assert.deepEqual(places(here, there, ['/data/*/at']), ['/data/1/id value']);
  assert.deepEqual(places(here, there, ['/data']), []);
  const ignored = ['status', 'header:content-type', 'body'];
  assert.deepEqual(compareAnswers(answerOf('a', 200), answerOf('b', 500, 'x'), ignored), []);
});

test('however much differs, what is said of it is bounded', () => {
  const here = Array.from({ length: 1_000 }, (_, at) => at);
  assert.equal(compareAnswers(answerOf(here), answerOf(here.map((at) => -at - 1)), []).length, 50);
});

const principal = {
  subject: 'usr_1',
  kind: 'person',
  tenant: 'main',
  roles: ['customer'],
  scopes: undefined,
  authentication: 'password',
  factors: 1,
  authenticatedAt: 0 as Instant,
  clientId: undefined,
  customer: 'firma č. 1',
  session: undefined,
} as const;

test('the other core is told who asks, and gets no credentials and nothing made up', () => {
  const passed = requestHeaders(
    {
      accept: 'application/json',
      authorization: 'Bearer x',
      dpop: 'x',
      cookie: 'a=b',
      host: 'bank.example',
      connection: 'keep-alive, x-private',
      'x-private': '1',
      'x-forwarded-for': '1.2.3.4',
      'florin-subject': 'usr_admin',
      'florin-roles': 'administrator',
      'idempotency-key': '"k-1"',
      signature: 'sig=:AA==:',
      'transfer-encoding': 'chunked',
    },
    principal,
    { 'x-request-id': 'r-1' },
  );
  assert.deepEqual(passed, {
    accept: 'application/json',
    'idempotency-key': '"k-1"',
    'x-request-id': 'r-1',
    via: '1.1 florin',
    'florin-subject': 'usr_1',
    'florin-customer': 'firma%20%C4%8D.%201',
    'florin-tenant': 'main',
    'florin-roles': 'customer',
  });
});

test('of the other answer only what is named leaves the bank', () => {
  const origin = 'http://core.internal:8080';
  const passed = answerHeaders(
    {
      'content-type': 'application/json',
      'set-cookie': ['a=b'],
      server: 'Old/1.0',
      'x-powered-by': 'X',
      'access-control-allow-origin': '*',
      location: `${origin}/v1/cards/1`,
    },
    origin,
  );
  assert.deepEqual(passed, {
    'content-type': 'application/json',
    location: '/v1/cards/1',
    'florin-answered-by': 'legacy',
  });
});
