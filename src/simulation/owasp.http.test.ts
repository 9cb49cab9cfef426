import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '#platform';
import { BANK, boundTo, claimsAt, newKey, prove, sign } from '../identity/testing/tokens.ts';
import { furnish, isToldIn, type Furniture } from './edge/furniture.ts';
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

// The OWASP API Security Top 10 of 2023, each tried on the whole bank over sockets: the first six,
// which are about callers. The other four are in owasp-server.http.test.ts.

const ACCOUNTS = '/v1/ledger/accounts';
const TRANSFERS = '/v1/ledger/transfers';

let bank: WholeBank;
let alice: Furniture;
let mallory: Furniture;
let trap: Trap;

before(async () => {
  trap = await openTrap((_, response) => response.end('{}'));
  const limits = { addressFailuresBurst: 60, addressFailuresPerMinute: 1 };
  bank = await openWholeBank('owasp', { limits });
  alice = await furnish(bank, 'alice');
  mallory = await furnish(bank, 'mallory');
});
after(async () => {
  await bank.close();
  trap.close();
});

describe('API1 broken object level authorization', () => {
  test("what is another customer's is neither read nor moved, in whatever form it is asked for", async () => {
    const token = await mallory.token();
    const before = await alice.state();
    const paths = [
      `${ACCOUNTS}/${alice.deposit}`,
      `${ACCOUNTS}/${alice.deposit}/balance`,
      `${ACCOUNTS}/${alice.deposit}/entries`,
      `${ACCOUNTS}/${alice.deposit}/holds`,
      `${ACCOUNTS}/${alice.deposit}/statement?from=2020-01-01&to=2099-01-01`,
      `${TRANSFERS}/${alice.transfer}`,
      `/v1/ledger/holds/${alice.hold}`,
      `/v1/ledger/batches/${alice.batch}`,
      // Lists would show the objects of all.
      ACCOUNTS,
      `${ACCOUNTS}?external_id=${alice.deposit}`,
      TRANSFERS,
      `${TRANSFERS}?account_id=${alice.deposit}`,
      '/v1/ledger/trial-balance?by=account',
    ];
    const spellings = (path: string): string[] => [
      path,
      path.replace('acc_', '%61cc_'),
      path.replace(/([0-9a-f-]{36})/, (id) => id.toUpperCase()),
      `${path}${path.includes('?') ? '&' : '?'}account_id=${mallory.deposit}`,
    ];
    for (const path of paths.flatMap(spellings)) {
      for (const method of ['GET', 'HEAD']) {
        const { status, text } = await bank.ask(method, path, { token });
        assert.ok([400, 403, 404].includes(status), `${method} ${path} was answered ${status}`);
        assert.ok(!isToldIn(text, '770986'), text);
      }
    }
    const { deposit } = mallory;
    const portion = { amount: '1', currency: 'CZK' };
    const changes: readonly (readonly [string, string, unknown])[] = [
      ['PATCH', `${ACCOUNTS}/${alice.deposit}`, { state: 'frozen' }],
      ['POST', TRANSFERS, pair(alice.deposit, deposit, '1')],
      ['POST', `${TRANSFERS}?dry_run=true`, pair(alice.deposit, deposit, '1')],
      ['POST', TRANSFERS, { ...pair(alice.deposit, deposit, '1'), kind: 'hold' }],
      ['POST', `${TRANSFERS}/${alice.hold}/capture`, portion],
      ['POST', `${TRANSFERS}/${alice.hold}/increase`, portion],
      ['POST', `${TRANSFERS}/${alice.hold}/void`, {}],
      ['POST', `${TRANSFERS}/${alice.transfer}/reverse`, {}],
      // Hers among one's own.
      [
        'POST',
        `${TRANSFERS}/batch`,
        [pair(deposit, mallory.saving, '1'), pair(alice.deposit, deposit, '1')],
      ],
    ];
    for (const [method, path, body] of changes) {
      const reply = await bank.ask(method, path, { token, body });
      assert.equal(told(reply), '403 object_forbidden', `${method} ${path}: ${reply.text}`);
    }
    assert.deepEqual(await alice.state(), before);
  });

  test('whoever may do it does it by the same requests', async () => {
    const token = await alice.token();
    assert.equal((await bank.ask('GET', `${ACCOUNTS}/${alice.deposit}`, { token })).status, 200);
    const body = pair(alice.deposit, alice.saving, '1');
    const reply = await bank.ask('POST', TRANSFERS, { token, body });
    assert.equal(reply.status, 201, reply.text);
  });
});

describe('API2 broken authentication', () => {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const ask = (headers: Record<string, string>): Promise<Reply> =>
    bank.ask('GET', `${ACCOUNTS}/${alice.deposit}`, { headers });

  test('a token that somebody made, changed, kept or borrowed opens nothing', async () => {
    const now = systemClock().now();
    const good = claimsAt(now, {
      sub: alice.subject,
      customer: alice.subject,
      roles: ['customer'],
    });
    const stranger = { ...(await newKey('k')), jwk: bank.key.jwk };
    const own = await newKey('own');
    const { kid } = bank.key.jwk as { readonly kid: string };
    const token = await sign(bank.key, good);
    const [head = '', payload = '', signature = ''] = token.split('.');
    const unsigned = (part: object, text = payload): string => `${encode(part)}.${text}`;
    const hmac = unsigned({ alg: 'HS256', typ: 'at+jwt', kid });
    const secret = createHmac('sha256', JSON.stringify(bank.key.jwk));
    const richer = encode({ ...good, roles: ['administrator'] });
    const iat = Number(good['iat']);
    const forged: Readonly<Record<string, string>> = {
      'no algorithm': `${unsigned({ alg: 'none', typ: 'at+jwt' })}.`,
      'no algorithm, by another spelling': `${unsigned({ alg: 'nOnE', typ: 'at+jwt' })}.`,
      'the public key as a secret': `${hmac}.${secret.update(hmac).digest('base64url')}`,
      'the signature of another key': await sign(stranger, good),
      'a key of its own in the header': await sign(own, good, { jwk: own.jwk, kid: undefined }),
      'an address of keys in the header': await sign(own, good, { jku: `${trap.url}/keys`, kid }),
      'a path as the id of its key': await sign(own, good, { kid: '../../../dev/null' }),
      'another payload': `${head}.${richer}.${signature}`,
      'no signature': `${head}.${payload}.`,
      'a past that is over': await sign(bank.key, { ...good, iat: iat - 900, exp: iat - 600 }),
      'a future that is not yet': await sign(bank.key, { ...good, nbf: iat + 600 }),
      'no end': await sign(bank.key, { ...good, exp: undefined }),
      'another audience': await sign(bank.key, { ...good, aud: 'https://other.example/' }),
      'another issuer': await sign(bank.key, { ...good, iss: trap.url }),
      'another type': await sign(bank.key, good, { typ: 'JWT' }),
      'a key it is bound to, which is not shown': await sign(bank.key, {
        ...good,
        ...boundTo(own),
      }),
    };
    for (const [wrong, forgery] of Object.entries(forged)) {
      const reply = await ask({ authorization: `Bearer ${forgery}` });
      assert.equal(told(reply), '401 token_invalid', `${wrong}: ${reply.text}`);
      assert.match(String(reply.headers.get('www-authenticate')), /error="invalid_token"/);
    }
    assert.equal(trap.asked.length, 0, 'no key was fetched from where a token said');
    assert.equal((await ask({ authorization: `Bearer ${token}` })).status, 200);
  });

  test('a credential counts in one place only, and a proof for one request only', async () => {
    const token = await alice.token();
    const path = `${ACCOUNTS}/${alice.deposit}`;
    const elsewhere = [
      await bank.ask('GET', `${path}?access_token=${token}`),
      await ask({ 'x-authorization': `Bearer ${token}` }),
      await ask({ cookie: `access_token=${token}` }),
      await ask({ authorization: `Basic ${Buffer.from(`alice:${token}`).toString('base64')}` }),
      await ask({ authorization: `Bearer ${token}, Bearer ${token}` }),
    ];
    for (const reply of elsewhere) assert.equal(reply.status, 401, reply.text);
    const key = await newKey('holder');
    const bound = await bank.token({
      sub: alice.subject,
      customer: alice.subject,
      roles: ['customer'],
      ...boundTo(key),
    });
    const now = systemClock().now();
    const htu = `${bank.url}${path}`;
    const proofFor = (url: string, nonce?: string): Promise<string> =>
      prove(key, { token: bound, now, claims: { htu: asSeen(url), nonce } });
    const first = { authorization: `DPoP ${bound}`, dpop: await proofFor(htu) };
    const unasked = await ask(first);
    assert.equal(told(unasked), '401 proof_nonce_required');
    const nonce = String(unasked.headers.get('dpop-nonce'));
    const headers = { ...first, dpop: await proofFor(htu, nonce) };
    const shown = await ask(headers);
    assert.equal(shown.status, 200, shown.text);
    assert.equal(told(await ask(headers)), '401 proof_invalid', 'a proof is good once');
    const other = await proofFor(`${htu}/balance`, nonce);
    assert.equal(told(await ask({ ...headers, dpop: other })), '401 proof_invalid');
  });
});

/** The address of the bank is the issuer's scheme under the name that was asked. */
function asSeen(url: string): string {
  return url.replace(/^http:/, new URL(BANK).protocol);
}

describe('API3 broken object property level authorization', () => {
  test('members that are not for the caller to set are refused, and nothing is done', async () => {
    const teller = await tokenOf(bank, ['teller']);
    const chief = await tokenOf(bank, ['administrator']);
    const before = await alice.state();
    const account = { path: 'liabilities:deposits', currency: 'CZK', normal_side: 'credit' };
    const person = `/v1/access/people/usr_${randomUUID()}/roles`;
    const extra: readonly (readonly [string, string, string, Json, string])[] = [
      ['POST', ACCOUNTS, teller, account, 'balance'],
      ['POST', ACCOUNTS, teller, account, 'id'],
      ['POST', ACCOUNTS, teller, account, 'tenant'],
      ['POST', ACCOUNTS, teller, account, 'state'],
      ['PATCH', `${ACCOUNTS}/${alice.deposit}`, teller, { name: 'hers' }, 'currency'],
      ['PATCH', `${ACCOUNTS}/${alice.deposit}`, teller, { name: 'hers' }, 'balances'],
      ['POST', TRANSFERS, teller, pair(alice.deposit, alice.saving, '1'), 'recorded_at'],
      ['POST', TRANSFERS, teller, pair(alice.deposit, alice.saving, '1'), 'actor'],
      ['PUT', person, chief, { roles: ['teller'] }, 'tenant'],
      ['PUT', person, chief, { roles: ['teller'] }, 'factors'],
    ];
    for (const [method, path, token, body, member] of extra) {
      const asked = { ...body, [member]: 'main' };
      const reply = await bank.ask(method, path, { token, body: asked });
      assert.equal(told(reply), '400 field_unknown', `${path} ${member}: ${reply.text}`);
    }
    for (const name of ['__proto__', 'constructor', 'prototype']) {
      const body = `{"path":"a","currency":"CZK","normal_side":"debit","${name}":{"state":"x"}}`;
      const reply = await bank.ask('POST', ACCOUNTS, { token: teller, body });
      assert.equal(reply.status, 400, reply.text);
    }
    assert.deepEqual(await alice.state(), before);
  });

  test('a customer is not told what accounts of others hold, though they share a transfer', async () => {
    const { transfer } = alice;
    const staff = await tokenOf(bank, ['teller']);
    const posted = await bank.ask('POST', TRANSFERS, {
      token: staff,
      body: pair(alice.till, alice.deposit, '5'),
    });
    const token = await alice.token();
    for (const id of [transfer, String(posted.body['id'])]) {
      const path = `${TRANSFERS}/${id}`;
      const whole = await bank.ask('GET', path, { token: staff });
      assert.match(whole.text, /"balances"/);
      const hers = await bank.ask('GET', path, { token });
      assert.ok(hers.status === 403 || hers.status === 200, hers.text);
      assert.doesNotMatch(hers.text, /"balances"|"balance"/);
    }
  });
});

describe('API4 unrestricted resource consumption', () => {
  test('what is too large, too deep, too many or packed is refused before it costs anything', async () => {
    const token = await tokenOf(bank, ['teller']);
    const post = (body: string, headers = {}): Promise<Reply> =>
      bank.ask('POST', ACCOUNTS, { token, body, headers });
    assert.equal(told(await post(' '.repeat(1_100_000))), '413 body_too_large');
    assert.equal(told(await post('['.repeat(100_000))), '400 nesting_too_deep');
    const packed = { 'content-encoding': 'gzip' };
    assert.equal(told(await post('{}', packed)), '415 unsupported_media_type');
    const long = { 'x-long': 'x'.repeat(60_000) };
    assert.equal((await post('{}', long)).status, 431);
    const many = JSON.stringify(Array.from({ length: 10_001 }, () => 1));
    const list = await bank.ask('POST', `${TRANSFERS}/batch`, { token, body: many });
    assert.equal(told(list), '400 field_invalid');
    for (const limit of ['101', '1000000000', '-1', '1e9']) {
      const reply = await bank.ask('GET', `${ACCOUNTS}?limit=${limit}`, { token });
      assert.equal(told(reply), '400 field_invalid', limit);
    }
  });

  test('a customer who asks without end is refused and told when to come back, and others are not', async () => {
    const sub = `usr_${randomUUID()}`;
    const chief = await tokenOf(bank, ['administrator']);
    const terms = { burst: 10, rate: 1, rate_per: 'minute', daily: 1_000, time_zone: 'UTC' };
    const plan = { token: chief, body: terms };
    assert.equal((await bank.ask('PUT', '/v1/access/plans/small', plan)).status, 201);
    const assigned = { token: chief, body: { plan: 'small' } };
    const customer = `/v1/access/customers/${sub}/plan`;
    assert.equal((await bank.ask('PUT', customer, assigned)).status, 200);
    const greedy = await bank.token({ sub, customer: sub, roles: ['customer'] });
    const path = `${ACCOUNTS}/${alice.deposit}`;
    const asked = Array.from({ length: 40 }, () => bank.ask('GET', path, { token: greedy }));
    const replies = await Promise.all(asked);
    const refused = replies.filter(({ status }) => status === 429);
    assert.equal(refused.length, 30);
    for (const { body, headers } of refused) {
      assert.equal(body['code'], 'quota_exceeded');
      assert.ok(Number(headers.get('retry-after')) >= 1);
    }
    assert.equal((await bank.ask('GET', path, { token: await alice.token() })).status, 200);
  });
});

describe('API5 broken function level authorization', () => {
  test('functions of the staff are closed to customers, and those of a role to other roles', async () => {
    const self = alice.subject;
    const grant = {
      grantee_kind: 'customer',
      grantee: mallory.subject,
      object_kind: 'account',
      object_id: alice.deposit,
      acts: ['debit'],
    };
    const functions: readonly (readonly [string, string, unknown, readonly string[]])[] = [
      ['POST', '/v1/access/grants', grant, ['customer', 'partner', 'teller', 'operator']],
      [
        'PUT',
        `/v1/access/people/${self}/roles`,
        { roles: ['administrator'] },
        ['customer', 'teller', 'approver', 'auditor'],
      ],
      [
        'PUT',
        '/v1/access/plans/free',
        { burst: 1, rate: 1, rate_per: 'second' },
        ['customer', 'partner', 'operator'],
      ],
      ['POST', ACCOUNTS, { path: 'a', currency: 'CZK', normal_side: 'debit' }, ['customer']],
      ['POST', '/v1/ledger/period-closes', { closed_before: '2020-01-01' }, ['customer', 'teller']],
      [
        'POST',
        '/v1/access/legacy/rules',
        { position: 1, path: '/v1/*', mode: 'legacy' },
        ['customer', 'administrator'],
      ],
      ['GET', '/v1/audit/records', undefined, ['customer', 'teller', 'operator', 'administrator']],
      ['GET', '/v1/ledger/trial-balance', undefined, ['customer', 'partner', 'administrator']],
    ];
    for (const [method, path, body, roles] of functions) {
      for (const role of roles) {
        const token = await tokenOf(bank, [role]);
        const reply = await bank.ask(method, path, { token, body });
        assert.equal(told(reply), '403 forbidden', `${method} ${path} by a ${role}`);
      }
    }
    const token = await mallory.token();
    const disguises = ['//v1/access/grants', '/V1/access/grants', '/v1/access/grants/'];
    for (const path of [...disguises, '/v1/ledger/../access/grants', '/v1;/access/grants']) {
      const { status } = await bank.ask('POST', path, { token, body: grant });
      assert.ok(status === 403 || status === 404 || status === 405, `${path}: ${status}`);
    }
    const headers = { 'x-http-method-override': 'POST', 'x-original-url': '/v1/access/grants' };
    const hidden = await bank.ask('GET', '/v1/access/grants', { token, headers });
    assert.equal(hidden.status, 403);
    const stolen = { token, body: pair(alice.deposit, mallory.deposit, '1') };
    assert.equal((await bank.ask('POST', TRANSFERS, stolen)).status, 403);
  });

  test('nobody is a second person to oneself, under whatever role or client', async () => {
    const sub = `usr_${randomUUID()}`;
    const both = { sub, roles: ['teller', 'approver', 'administrator'] };
    const maker = await bank.token(both);
    const body = pair(alice.till, mallory.deposit, '99999999999');
    const proposed = await bank.ask('POST', TRANSFERS, { token: maker, body });
    assert.equal(proposed.status, 202, proposed.text);
    const path = `/v1/approvals/${String(proposed.body['id'])}/approve`;
    for (const claims of [both, { ...both, client_id: 'cli_other', sid: 'another' }]) {
      const { status, text } = await bank.ask('POST', path, { token: await bank.token(claims) });
      assert.equal(status, 403, text);
    }
    const teller = await tokenOf(bank, ['teller']);
    assert.equal((await bank.ask('POST', path, { token: teller })).status, 403);
  });
});

describe('API6 unrestricted access to sensitive business flows', () => {
  test('many small payments at once are not more than the one that a mandate allows', async () => {
    const sub = `usr_${randomUUID()}`;
    const chief = await tokenOf(bank, ['administrator']);
    const give = (object_id: string, acts: string[], part: Json = {}): Promise<Reply> => {
      const whom = { grantee_kind: 'customer', grantee: sub, object_kind: 'account' };
      const body = { ...whom, object_id, acts, ...part };
      return bank.ask('POST', '/v1/access/grants', { token: chief, body });
    };
    const limited = { currency: 'CZK', transfer_max: '300', day_max: '1000' };
    assert.equal((await give(alice.deposit, ['debit'], limited)).status, 201);
    assert.equal((await give(alice.saving, ['credit'])).status, 201);
    const token = await bank.token({ sub, customer: sub, roles: ['customer'] });
    const payment = (amount: string): Json => pair(alice.deposit, alice.saving, amount);
    const large = await bank.ask('POST', TRANSFERS, { token, body: payment('301') });
    assert.equal(told(large), '403 object_forbidden');
    const split = Array.from({ length: 4 }, () => payment('100'));
    const listed = await bank.ask('POST', `${TRANSFERS}/batch`, { token, body: split });
    const inList = listed.status < 300 ? 4 : 0;
    const asked = Array.from({ length: 20 }, () =>
      bank.ask('POST', TRANSFERS, { token, body: payment('100') }),
    );
    const replies = await Promise.all(asked);
    const paid = replies.filter(({ status }) => status === 201).length;
    assert.equal(paid + inList, 10, replies.map(told).join());
  });

  test('a payment that is sent many times at once under one key is done once', async () => {
    const token = await alice.token();
    const headers = { 'idempotency-key': `"${randomUUID()}"` };
    const body = pair(alice.deposit, alice.saving, '7');
    const asked = Array.from({ length: 12 }, () =>
      bank.ask('POST', TRANSFERS, { token, body, headers }),
    );
    const replies = await Promise.all(asked);
    const done = replies.filter(({ status }) => status === 201);
    assert.ok(done.length > 0);
    assert.equal(new Set(done.map(({ text }) => text)).size, 1);
    for (const { status } of replies) assert.ok(status === 201 || status === 409, `${status}`);
    const other = { token, body: { ...body, amount: '8' }, headers };
    assert.equal(told(await bank.ask('POST', TRANSFERS, other)), '422 idempotency_key_reused');
  });
});

// The last, as it uses up what this address may try.
describe('API2 broken authentication, by trying', () => {
  test('whoever goes on guessing is told to wait', async () => {
    const statuses: number[] = [];
    for (let tried = 0; tried < 100; tried += 1) {
      const headers = { authorization: `Bearer ${randomUUID()}` };
      statuses.push((await bank.ask('GET', ACCOUNTS, { headers })).status);
    }
    assert.equal(statuses.at(0), 401);
    assert.equal(statuses.at(-1), 429);
    assert.deepEqual([...new Set(statuses)], [401, 429]);
  });
});

test('under all of it the server made no mistake of its own', () => {
  assert.deepEqual(bank.errors, []);
});
