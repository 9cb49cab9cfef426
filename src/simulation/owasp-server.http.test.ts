import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleOf } from '../gateway/access/matrix-testing.ts';
import { exchange } from '../gateway/testing.ts';
import { insideIn } from './edge/document.ts';
import { furnish, type Furniture } from './edge/furniture.ts';
import { openTrap, type Trap } from './edge/trap.ts';
import {
  openWholeBank,
  pair,
  told,
  tokenOf,
  type Json,
  type Reply,
  type WholeBank,
} from './edge/whole-bank.ts';

// The OWASP API Security Top 10 of 2023, each tried on the whole bank over sockets: the last four,
// which are about the server itself. The first six are in owasp.http.test.ts.

const ACCOUNTS = '/v1/ledger/accounts';
const TRANSFERS = '/v1/ledger/transfers';

let bank: WholeBank;
let alice: Furniture;
let trap: Trap;
let hostile: Trap;

before(async () => {
  trap = await openTrap((_, response) => response.end('{}'));
  hostile = await openTrap(misbehave);
  bank = await openWholeBank('owasp_server', { env: { FLORIN_LEGACY_URL: hostile.url } });
  alice = await furnish(bank, 'alice');
});
after(async () => {
  await bank.close();
  trap.close();
  hostile.close();
});

describe('API7 server side request forgery', () => {
  test('no address that a caller names is ever asked', async () => {
    const before = trap.asked.length;
    const url = `${trap.url}/latest/meta-data`;
    const { host } = new URL(trap.url);
    const staff = ['teller', 'approver', 'auditor', 'operator', 'administrator'];
    const token = await tokenOf(bank, staff);
    const bait = (value: unknown): unknown => {
      if (typeof value === 'string') return value.includes('_') ? value : url;
      if (Array.isArray(value)) return value.map(bait);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, bait(one)]));
    };
    for (const route of bank.routes) {
      const { method, path, body } = sampleOf(route);
      const asked = `${path}${path.includes('?') ? '&' : '?'}url=${encodeURIComponent(url)}`;
      await bank.ask(method, asked, { token, body: bait(body) });
      await bank.ask(method, path, {
        token,
        body: bait(body),
        headers: {
          'x-forwarded-host': host,
          forwarded: `host=${host};proto=http`,
          referer: url,
          'x-original-url': url,
        },
      });
    }
    const asClient = `client_id=${encodeURIComponent(url)}&redirect_uri=${encodeURIComponent(url)}`;
    const asRequest = `request_uri=${encodeURIComponent(url)}&response_type=code`;
    await bank.ask('GET', `/identity/authorize?${asClient}&${asRequest}`);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `${asClient}&${asRequest}&client_assertion=${url}`;
    for (const path of ['/identity/par', '/identity/token']) {
      await bank.ask('POST', path, { body, headers: form });
    }
    const { port } = bank;
    const absolute = `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    assert.match(await exchange(port, absolute), /^HTTP\/1\.1 4\d\d /);
    const connect = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    assert.match(await exchange(port, connect), /^HTTP\/1\.1 4\d\d /);
    assert.equal(trap.asked.length, before, 'an address of a caller was asked');
  });
});

describe('API8 security misconfiguration', () => {
  test('every kind of answer has the headers that tell a browser to do nothing with it', async () => {
    const token = await alice.token();
    const origin = { origin: 'https://evil.example' };
    const answers = [
      await bank.ask('GET', '/'),
      await bank.ask('GET', '/nothing/here'),
      await bank.ask('GET', '/openapi.json'),
      await bank.ask('GET', '/healthz'),
      await bank.ask('GET', '/docs/'),
      await bank.ask('GET', '/identity/nothing'),
      await bank.ask('GET', '/identity/pages/nothing'),
      await bank.ask('GET', ACCOUNTS),
      await bank.ask('GET', `${ACCOUNTS}/${alice.deposit}`, { token }),
      await bank.ask('GET', `${ACCOUNTS}/${alice.deposit}`, { token, headers: origin }),
      await bank.ask('POST', TRANSFERS, { token, body: '{', headers: origin }),
      await bank.ask('OPTIONS', TRANSFERS, {
        headers: { ...origin, 'access-control-request-method': 'POST' },
      }),
      await bank.ask('DELETE', '/healthz'),
      await bank.ask('GET', '/%zz'),
    ];
    for (const { status, headers, text } of answers) {
      const about = `${status} ${text.slice(0, 200)}`;
      assert.equal(headers.get('x-content-type-options'), 'nosniff', about);
      assert.equal(headers.get('x-frame-options'), 'DENY', about);
      assert.ok(headers.has('content-security-policy'), about);
      assert.equal(headers.get('access-control-allow-origin'), null, about);
      assert.equal(headers.get('server'), null, about);
      assert.equal(headers.get('x-powered-by'), null, about);
      assert.ok(status < 500, about);
    }
    const body = pair(alice.deposit, alice.saving, '1');
    // What clients in a browser must find is public, and is given without cookies.
    const found = await bank.ask('GET', '/.well-known/openid-configuration', { headers: origin });
    assert.equal(found.headers.get('access-control-allow-credentials'), null);
    const fromPage = await bank.ask('POST', TRANSFERS, { token, body, headers: origin });
    assert.equal(told(fromPage), '403 cross_origin');
  });

  test('nothing is served that was left lying about, and no mistake tells of the insides', async () => {
    const token = await tokenOf(bank, ['operator', 'administrator']);
    const left = [
      '/.env',
      '/.git/config',
      '/package.json',
      '/server.js',
      '/backup.sql',
      '/debug',
      '/admin',
      '/console',
      '/actuator/env',
      '/swagger.json',
      '/graphql',
      '/v1',
      '/phpinfo.php',
      '/docs/static/../../package.json',
      '/docs/static/..%2f..%2f..%2fpackage.json',
      '/docs/static/%2e%2e/%2e%2e/package.json',
      '/docs/..%5c..%5cpackage.json',
    ];
    for (const path of left) {
      const raw = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const text = await exchange(bank.port, raw);
      assert.match(text, /^HTTP\/1\.1 (400|401|403|404) /, path);
      assert.doesNotMatch(text, /"dependencies"/, path);
    }
    const wrongHost = await exchange(
      bank.port,
      'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    );
    assert.match(wrongHost, /^HTTP\/1\.1 421 /);
    const trace =
      'TRACE / HTTP/1.1\r\nHost: localhost\r\nX-Secret: s3cret\r\nConnection: close\r\n\r\n';
    assert.doesNotMatch(await exchange(bank.port, trace), /s3cret|^HTTP\/1\.1 2/);
    for (const wrong of ["'", '\u0000', '%00', "' or 1=1--", '${7*7}', '\\']) {
      const text = encodeURIComponent(wrong);
      const asked = `${ACCOUNTS}?external_id=${text}&cursor=${text}`;
      const reply = await bank.ask('GET', asked, { token });
      assert.ok(reply.status < 500);
      assert.equal(insideIn(reply.text), undefined);
    }
  });
});

describe('API9 improper inventory management', () => {
  test('what is served is what is documented, each with who may use it, and nothing older', async () => {
    const { body } = await bank.ask('GET', '/openapi.json');
    type Described = Readonly<Record<string, Readonly<Record<string, Json>>>>;
    const described = Object.entries(body['paths'] as Described).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const documented = new Map(
      described.map(({ path, method, operation }) => [
        `${method.toUpperCase()} ${path}`,
        operation['x-permission'],
      ]),
    );
    for (const { method, path, permission } of bank.routes) {
      const name = `${method} ${path.replace('*}', '}')}`;
      assert.equal(documented.get(name), permission, name);
      documented.delete(name);
    }
    const rest = ['GET /', 'GET /healthz', 'GET /metrics', 'GET /readyz'];
    assert.deepEqual([...documented.keys()].toSorted(), rest);
    const token = await tokenOf(bank, ['teller']);
    const older = ['/v0', '/v2', '/api/v1', '/v1beta', '/beta', '/internal', '/test', ''];
    for (const version of older) {
      const reply = await bank.ask('GET', `${version}/ledger/accounts`, { token });
      assert.equal(told(reply), '404 path_not_found', version);
    }
    const headers = { 'florin-version': '2020-01-01' };
    const reply = await bank.ask('GET', ACCOUNTS, { token, headers });
    assert.equal(told(reply), '400 version_unknown');
  });
});

/** What an existing core could answer to do harm, by its path. */
function misbehave({ url = '', method }: IncomingMessage, response: ServerResponse): void {
  if (url.endsWith('/redirect')) {
    response.writeHead(302, { location: `${trap.url}/stolen` }).end();
  } else if (url.endsWith('/headers')) {
    response.writeHead(200, {
      'content-type': 'application/json',
      'set-cookie': 'session=stolen',
      'access-control-allow-origin': '*',
      'content-security-policy': "default-src *; script-src 'unsafe-inline'",
      'strict-transport-security': 'max-age=0',
      'www-authenticate': 'Basic realm="your password, please"',
      'x-powered-by': 'Legacy 1.0',
    });
    response.end('{"answered":true}');
  } else if (url.endsWith('/broken') || method === 'POST') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  } else {
    response.socket?.end('NOT HTTP AT ALL\r\n\r\n');
  }
}

describe('API10 unsafe consumption of APIs', () => {
  test('an existing core that misbehaves neither leads the bank astray nor speaks in its name', async () => {
    const operator = await tokenOf(bank, ['operator']);
    const rule = { position: 10, path: '/v1/cards/*', mode: 'legacy', percent: 100 };
    const rules = '/v1/access/legacy/rules';
    const made = await bank.ask('POST', rules, { token: operator, body: rule });
    assert.equal(made.status, 201, made.text);
    const token = await alice.token();
    const stolen = trap.asked.length;
    const ask = (what: string): Promise<Reply> =>
      bank.ask('GET', `/v1/cards/${what}`, { token, headers: { cookie: 'a=b' } });

    const redirected = await ask('redirect');
    assert.equal(redirected.status, 302);
    assert.equal(trap.asked.length, stolen, 'a redirect of the other core was followed');
    const { headers, status } = await ask('headers');
    assert.equal(status, 200);
    for (const name of ['set-cookie', 'access-control-allow-origin', 'www-authenticate']) {
      assert.equal(headers.get(name), null, name);
    }
    assert.equal(headers.get('x-powered-by'), null);
    assert.match(String(headers.get('content-security-policy')), /default-src 'none'/);
    const asked = hostile.asked.at(-1)?.headers;
    assert.equal(asked?.authorization, undefined, 'the token was given to the other core');
    assert.equal(asked?.cookie, undefined);
    assert.equal(told(await ask('garbage')), '503 legacy_unavailable');
    await assert.rejects(ask('broken'), 'half an answer must not look like a whole one');
    // What it began to answer, the bank does not do as well.
    const moved = { ...rule, position: 11, path: `${TRANSFERS}/*`, method: 'POST' };
    const second = await bank.ask('POST', rules, { token: operator, body: moved });
    assert.equal(second.status, 201, second.text);
    const before = await alice.state();
    const ended = `${TRANSFERS}/${alice.hold}/void`;
    await assert.rejects(bank.ask('POST', ended, { token }));
    await sleep(100);
    assert.deepEqual(await alice.state(), before);
    // What it is not pointed to stays the bank's.
    const own = await bank.ask('GET', `${ACCOUNTS}/${alice.deposit}`, { token });
    assert.equal(own.status, 200);
    assert.equal(own.headers.get('florin-answered-by'), null);
  });
});

test('under all of it the server made no mistake of its own', () => {
  assert.deepEqual(bank.errors, []);
});
