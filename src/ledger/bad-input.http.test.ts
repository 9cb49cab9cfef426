import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { limits } from '#config';
import { openTestBank, type Json, type Reply, type TestBank } from './testing/http-bank.ts';

// For every operation: whatever a client sends instead of what is asked for is answered by a
// problem document that names the place, nothing is written, and the server goes on.

let bank: TestBank;
let till: string;
let deposit: string;
let moved: string;
let held: string;
let batchId: string;
let written: unknown;

before(async () => {
  bank = await openTestBank('ledger bad input');
  const open = async (path: string, side: string): Promise<string> => {
    const body = { path, currency: 'CZK', normal_side: side };
    return (await bank.post('/v1/ledger/accounts', body)).body.id;
  };
  till = await open('assets:cash', 'debit');
  deposit = await open('liabilities:deposits', 'credit');
  const items = [
    { ...pair(), amount: '1000' },
    { ...pair(), amount: '100', kind: 'hold' },
  ];
  const { body } = await bank.post('/v1/ledger/transfers/batch', items);
  batchId = body.batch_id;
  moved = body.results[0].transfer.id;
  held = body.results[1].transfer.id;
  written = await bank.fingerprint();
});

after(async () => {
  await bank.close();
});

function pair(): Json {
  return { debit_account_id: till, credit_account_id: deposit, amount: '5', currency: 'CZK' };
}

function isProblem(reply: Reply, param?: string): void {
  const { status, body, headers } = reply;
  assert.ok(status >= 400 && status < 500, `${status} ${reply.text}`);
  assert.match(String(headers['content-type']), /^application\/problem\+json/);
  assert.equal(Number(body.status), status);
  assert.equal(typeof body.code, 'string');
  assert.ok(body.detail.length > 0 && body.instance.length > 0 && body.title.length > 0);
  if (param !== undefined) assert.equal(body.param, param, reply.text);
}

async function nothingIsWritten(): Promise<void> {
  assert.deepEqual(await bank.fingerprint(), written);
}

interface Target {
  readonly method: 'POST' | 'PATCH';
  readonly url: string;
  /** A body with every field, each of the right form. */
  readonly body: unknown;
  /** What the places of the body are told by: nothing, or the item of a list. */
  readonly at: string;
}

const legOf = (id: string, side: string): Json => ({
  account_id: id,
  side,
  amount: '5',
  currency: 'CZK',
  up_to: false,
  conditions: { available_at_least: '-9', balance_at_least: '-9', version: 1 },
});

function targets(): Target[] {
  const common = {
    external_id: 'x',
    description: 'd',
    metadata: { a: 'b' },
    effective_at: '2026-02-01T00:00:00Z',
  };
  const legs = [legOf(till, 'debit'), legOf(deposit, 'credit')];
  const parts = [{ leg: 0, amount: '1', currency: 'CZK' }];
  const account = {
    external_id: 'x',
    path: 'a:b',
    name: 'n',
    currency: 'CZK',
    normal_side: 'debit',
    floor: '-1',
    ceiling: '1',
    credit_limit: '1',
    metadata: { a: 'b' },
  };
  const {
    external_id: _id,
    path: _path,
    currency: _currency,
    normal_side: _side,
    ...rest
  } = account;
  const exchange = { from: 'EUR', to: 'CZK', rate: '24.315' };
  const transfer = { kind: 'hold', ...common, legs, exchange, expires_at: '2026-04-01T00:00:00Z' };
  const on = (verb: string, id: string, body: Json): Target => {
    return { method: 'POST', url: `/v1/ledger/transfers/${id}/${verb}`, body, at: '' };
  };
  const post = (url: string, body: unknown, at = ''): Target => {
    return { method: 'POST', url: `/v1/ledger/${url}`, body, at };
  };
  const item = (body: Json): Target => post('transfers/batch', [body], '[0].');
  const deadline = { expires_at: '2026-04-01T00:00:00Z' };
  return [
    post('accounts', account),
    post('accounts/batch', [account], '[0].'),
    {
      method: 'PATCH',
      url: `/v1/ledger/accounts/${till}`,
      body: { ...rest, state: 'open' },
      at: '',
    },
    post('transfers', transfer),
    post('transfers', { ...pair(), ...common }),
    on('capture', held, { ...common, amount: '1', currency: 'CZK', final: true }),
    on('capture', held, { ...common, legs: parts }),
    on('increase', held, { ...common, ...deadline, amount: '1', currency: 'CZK' }),
    on('void', held, common),
    on('reverse', moved, { ...common, amount: '1', currency: 'CZK' }),
    post(`batches/${batchId}/reverse`, common),
    post('period-closes', { closed_before: '2026-02-01' }),
    item({ ...transfer, linked: false }),
    item({ kind: 'capture', hold_id: held, ...common, legs: parts, final: true, linked: false }),
    item({ kind: 'increase', hold_id: held, ...common, ...deadline, legs: parts }),
    item({ kind: 'void', hold_id: held, ...common }),
    item({ kind: 'reverse', transfer_id: moved, ...common, amount: '1', currency: 'CZK' }),
  ];
}

/** Every place of a body, with the value there. */
function* places(
  node: unknown,
  path: (string | number)[] = [],
): Generator<[(string | number)[], unknown]> {
  if (path.length > 0) yield [path, node];
  if (typeof node !== 'object' || node === null) return;
  const entries: [string | number, unknown][] = Array.isArray(node)
    ? [...(node as unknown[]).entries()]
    : Object.entries(node);
  for (const [name, child] of entries) yield* places(child, [...path, name]);
}

function replaced(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body);
  let node = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) node = node[step] as typeof node;
  const last = path.at(-1) as string | number;
  if (value === undefined) delete node[last];
  else node[last] = value;
  return copy;
}

function named(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

const wrongTypes: unknown[] = [1.5, -1, 1e300, '\u0001'.repeat(2_000), ['x'], { x: 1 }, [[[]]]];

test('a value of the wrong type or size is refused wherever it stands', async () => {
  let count = 0;
  for (const target of targets()) {
    for (const [path] of places(target.body)) {
      if (path.at(-2) === 'metadata') continue;
      for (const value of wrongTypes) {
        const body = JSON.stringify(replaced(target.body, path, value));
        const reply = await bank.send(target.method, target.url, body);
        isProblem(reply);
        const expected = named(path);
        const { param = '' } = reply.body;
        const isNamed = param.startsWith(expected) || expected.startsWith(param);
        assert.ok(isNamed, `${target.url}: ${expected} was wrong: ${reply.text}`);
        count += 1;
      }
    }
  }
  assert.ok(count > 1_000);
  await nothingIsWritten();
});

test('null is refused wherever it does not mean "none"', async () => {
  for (const target of targets()) {
    for (const [path] of places(target.body)) {
      const name = named(path);
      const isAllowed = ['floor', 'ceiling', 'metadata'].includes(String(path.at(-1)));
      if (isAllowed && target.url.includes('accounts')) continue;
      const body = JSON.stringify(replaced(target.body, path, null));
      isProblem(await bank.send(target.method, target.url, body), name);
    }
  }
  await nothingIsWritten();
});

test('an unknown field is refused by name, at every depth', async () => {
  for (const target of targets()) {
    for (const [path, value] of [[[], target.body] as const, ...places(target.body)]) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      if (path.at(-1) === 'metadata') continue;
      const at = [...path, 'amuont'];
      const body = JSON.stringify(replaced(target.body, at, '5'));
      const reply = await bank.send(target.method, target.url, body);
      isProblem(reply, named(at));
      assert.equal(reply.body.code, 'field_unknown');
    }
  }
  await nothingIsWritten();
});

test('amounts are digits in a text, above zero, and at most 18 of them', async () => {
  const bad = ['0', '-5', '+5', '05', '5.0', '1e3', ' 5', '5 ', '', '٥', '0x10', '1'.repeat(19)];
  for (const target of targets()) {
    for (const [path] of places(target.body)) {
      if (path.at(-1) !== 'amount') continue;
      for (const amount of [...bad, 5]) {
        const body = JSON.stringify(replaced(target.body, path, amount));
        const reply = await bank.send(target.method, target.url, body);
        isProblem(reply, named(path));
        assert.equal(reply.body.code, 'field_invalid');
      }
    }
  }
  await nothingIsWritten();
});

test('an amount needs its currency, and the currency must be one of ISO 4217', async () => {
  for (const target of targets()) {
    for (const [path] of places(target.body)) {
      if (path.at(-1) !== 'currency') continue;
      for (const currency of ['czk', 'XAU', 'CZ', 'CZKK', 'XYZ', '']) {
        const body = JSON.stringify(replaced(target.body, path, currency));
        isProblem(await bank.send(target.method, target.url, body), named(path));
      }
      const without = JSON.stringify(replaced(target.body, path, undefined));
      const reply = await bank.send(target.method, target.url, without);
      isProblem(reply, named(path));
      assert.equal(reply.body.code, 'field_missing');
    }
  }
  await nothingIsWritten();
});

test('times are RFC 3339 to the microsecond, and within reason', async () => {
  const bad = [
    '2026-13-01T00:00:00Z',
    '2026-02-30',
    '2026-02-01T00:00:00',
    '2026-02-01T00:00:00.1234567Z',
    '2026-02-01 00:00:00Z',
    'yesterday',
    '1600-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ];
  for (const target of targets()) {
    for (const [path] of places(target.body)) {
      if (!/_at$|_before$/.test(String(path.at(-1)))) continue;
      for (const time of bad) {
        const body = JSON.stringify(replaced(target.body, path, time));
        isProblem(await bank.send(target.method, target.url, body), named(path));
      }
    }
  }
  await nothingIsWritten();
});

test('members that exclude or need each other are refused by name', async () => {
  const legs = [legOf(till, 'debit'), legOf(deposit, 'credit')];
  const { currency: _currency, ...bare } = pair();
  const cases: [Json, string][] = [
    [{}, 'legs'],
    [{ ...pair(), legs }, 'debit_account_id'],
    [{ amount: '5', currency: 'CZK', legs }, 'amount'],
    [{ debit_account_id: till, amount: '5', currency: 'CZK' }, 'credit_account_id'],
    [{ credit_account_id: till, amount: '5', currency: 'CZK' }, 'debit_account_id'],
    [bare, 'currency'],
    [{ ...pair(), expires_at: '2026-04-01T00:00:00Z' }, 'expires_at'],
    [{ legs: [legs[0], { account_id: deposit, side: 'credit' }] }, 'legs[1].amount'],
    [{ legs: [legs[0], { ...legs[1], remaining: true }] }, 'legs[1].remaining'],
    [
      { legs: [legs[0], { account_id: deposit, side: 'credit', remaining: true, up_to: true }] },
      'legs[1].up_to',
    ],
    [{ ...pair(), exchange: { from: 'EUR', to: 'CZK', rate: '0.000' } }, 'exchange.rate'],
    [{ ...pair(), linked: true }, 'linked'],
    [{ ...pair(), kind: 'capture' }, 'kind'],
  ];
  for (const [body, param] of cases) {
    isProblem(await bank.post('/v1/ledger/transfers', body), param);
    if (param === 'linked' || param === 'kind') continue;
    const items = [pair(), { ...body }];
    isProblem(await bank.post('/v1/ledger/transfers/batch', items), `[1].${param}`);
  }
  const verbs: [string, Json, string][] = [
    [`${held}/capture`, { currency: 'CZK' }, 'currency'],
    [`${held}/capture`, { amount: '1' }, 'currency'],
    [`${held}/increase`, {}, 'amount'],
    [
      `${held}/capture`,
      { amount: '1', currency: 'CZK', legs: [{ leg: 0, amount: '1', currency: 'CZK' }] },
      'legs',
    ],
    [`${held}/void`, { amount: '1', currency: 'CZK' }, 'amount'],
  ];
  for (const [path, body, param] of verbs) {
    isProblem(await bank.post(`/v1/ledger/transfers/${path}`, body), param);
  }
  await nothingIsWritten();
});

test('bytes that are no proper JSON are refused', async () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const cases: [Buffer | string, string][] = [
    ['', 'body_required'],
    ['   ', 'body_required'],
    ['{"amount":', 'invalid_json'],
    ['nonsense', 'invalid_json'],
    ['{"amount":"1","amount":"2"}', 'field_duplicate'],
    ['{"a":{"b":1,"\\u0062":2}}', 'field_duplicate'],
    ['{"__proto__":{}}', 'field_forbidden'],
    [deep, 'nesting_too_deep'],
    [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'invalid_utf8'],
    ['{"description":"\\u0000"}', 'field_unstorable'],
    ['{"description":"\\ud800"}', 'field_unstorable'],
    [`{"description":"${'x'.repeat(limits.httpBatchBodyBytesMax.value)}"}`, 'body_too_large'],
  ];
  for (const { method, url } of targets()) {
    for (const [payload, code] of cases) {
      // No body at all means all of it here: nothing is wrong with that.
      if (payload === '' && /\/(?:capture|void|reverse)$/.test(url)) continue;
      const reply = await bank.send(method, url, payload);
      isProblem(reply);
      assert.equal(reply.body.code, code, `${url} ${reply.text}`);
    }
    isProblem(await bank.send(method, url, '"text"'), 'body');
    isProblem(await bank.send(method, url, 'a,b', 'text/csv'));
  }
  await nothingIsWritten();
});

test('a batch names the item and line at fault, and has a limit', async () => {
  const url = '/v1/ledger/transfers/batch';
  isProblem(await bank.post(url, []), 'body');
  isProblem(await bank.post(url, pair()), 'body');
  const many = Array.from({ length: limits.httpBatchItemsMax.value + 1 }, () => pair());
  isProblem(await bank.post(url, many), 'body');
  const line = JSON.stringify(pair());
  const broken = await bank.send('POST', url, `${line}\n{"amount":\n`, 'application/x-ndjson');
  isProblem(broken, '[1]');
  const bad = JSON.stringify({ ...pair(), amount: 5 });
  const wrong = await bank.send('POST', url, `${line}\n\n${bad}\n`, 'application/x-ndjson');
  isProblem(wrong, '[1].amount');
  isProblem(await bank.post(`${url}?mode=some`, [pair()]), 'mode');
  isProblem(await bank.post(`${url}?dry_run=1`, [pair()]), 'dry_run');
  await nothingIsWritten();
});

test('ids, cursors and query strings of the wrong form are refused by name', async () => {
  const badIds = ['1', till.toUpperCase(), till.slice(4), moved, "acc_' or 1=1 --", `${till}%00`];
  for (const id of badIds) {
    for (const path of ['', '/balance', '/entries', '/holds', '/statement']) {
      isProblem(await bank.get(`/v1/ledger/accounts/${encodeURIComponent(id)}${path}`), 'id');
    }
  }
  isProblem(await bank.get(`/v1/ledger/transfers/${till}`), 'id');
  isProblem(await bank.get(`/v1/ledger/holds/${till}`), 'id');
  isProblem(await bank.get(`/v1/ledger/batches/${till}`), 'id');
  const forged = Buffer.from(JSON.stringify(['accounts', 5, 'x'])).toString('base64url');
  const queries: [string, string][] = [
    ['accounts?limit=0', 'limit'],
    ['accounts?limit=101', 'limit'],
    ['accounts?limit=1e1', 'limit'],
    ['accounts?limit=5&limit=6', 'limit'],
    ['accounts?cursor=x', 'cursor'],
    [`accounts?cursor=${forged}`, 'cursor'],
    ['accounts?path=:', 'path'],
    ['accounts?currency=XXX', 'currency'],
    ['accounts?state=gone', 'state'],
    ['accounts?sort=name', 'sort'],
    [`accounts/${till}/balance?effective_at=2026`, 'effective_at'],
    [`accounts/${till}/balance?recorded_at=`, 'recorded_at'],
    [`accounts/${till}/entries?order=up`, 'order'],
    [`accounts/${till}/entries?min_amount=-1`, 'min_amount'],
    [`accounts/${till}/entries?min_amount=2&max_amount=1`, 'min_amount'],
    [`accounts/${till}/entries?recorded_from=2026-02-02&recorded_to=2026-02-01`, 'recorded_from'],
    [`accounts/${till}/entries?kind=payment`, 'kind'],
    [`accounts/${till}/entries?transfer_id=${till}`, 'transfer_id'],
    [`accounts/${till}/statement?from=2026-02-01`, 'to'],
    ['trial-balance?by=name', 'by'],
    ['trial-balance?depth=0', 'depth'],
    ['trial-balance?depth=17', 'depth'],
    ['trial-balance?limit=1001', 'limit'],
    ['chart?depth=-1', 'depth'],
    ['chart?path=a::b', 'path'],
    ['transfers?hold_id=x', 'hold_id'],
    ['currencies?code=CZK', 'code'],
    ['period-closes?cursor=WyJjbG9zZXMiLCJ4Il0', 'cursor'],
  ];
  for (const [path, param] of queries) {
    isProblem(await bank.get(`/v1/ledger/${path}`), param);
  }
  for (const [unknown, code] of [
    [`accounts/acc_${till.slice(4, -4)}ffff`, 'account_unknown'],
    [`transfers/trf_${till.slice(4, -4)}ffff`, 'transfer_unknown'],
    [`holds/${moved}`, 'hold_unknown'],
  ]) {
    const reply = await bank.get(`/v1/ledger/${unknown}`);
    isProblem(reply, 'id');
    assert.equal(reply.status, 404);
    assert.equal(reply.body.code, code);
  }
  await nothingIsWritten();
});
