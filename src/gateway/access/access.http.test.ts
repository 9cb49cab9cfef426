import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createPerson } from '#identity';
import { parseInstant } from '#kernel';
import type { Currency, Instant } from '#kernel';
import { boundTo, newKey, prove } from '../../identity/testing/tokens.ts';
import { recordsOf } from '../audit/testing.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { openTestEdge, principalOf } from './access-testing.ts';
import type { Reply, TestEdge } from './access-testing.ts';
import { grantRoutes } from './grants/grant-routes.ts';
import { roleRoutes } from './role-routes.ts';

const grants = '/v1/access/grants';
const CZK = 'CZK' as Currency;

const list = defineOperation({
  operationId: 'listThings',
  summary: 'List things',
  tags: ['things'],
  schema: { response: { 200: { description: 'Things.', body: schema.object({}) } } },
  handler: () => Promise.resolve(answer(200, {})),
});

const things: readonly Route[] = [
  { method: 'GET', path: '/v1/things', permission: 'ledger.accounts.read', operation: list },
];

let edge: TestEdge;
before(async () => {
  edge = await openTestEdge('access http', {
    routes: (log) => [...grantRoutes(log), ...roleRoutes(log), ...things],
  });
});
after(async () => {
  await edge.close();
});

const administrator = (): Promise<string> =>
  edge.token({ sub: 'usr_root', roles: ['administrator'] });
const told = ({ status, body }: Reply): string => `${status} ${String(body['code'])}`;

function newGrant(changes: Readonly<Record<string, unknown>> = {}): object {
  return {
    grantee_kind: 'subject',
    grantee: 'usr_1',
    object_kind: 'account',
    object_id: `acc_${randomUUID()}`,
    acts: ['read', 'debit'],
    ...changes,
  };
}

async function give(changes: Readonly<Record<string, unknown>> = {}): Promise<Reply['body']> {
  const reply = await edge.ask('POST', grants, await administrator(), newGrant(changes));
  assert.equal(reply.status, 201, JSON.stringify(reply.body));
  return reply.body;
}

test('a request without a token is told which would do', async () => {
  const { status, headers, body } = await edge.ask('GET', '/v1/things');
  assert.equal(status, 401);
  assert.equal(body['code'], 'unauthenticated');
  const challenge = headers.get('www-authenticate') ?? '';
  assert.match(challenge, /^Bearer realm="florin", DPoP realm="florin", algs="PS256 ES256 EdDSA"$/);
});

test('a bad token is told that it is bad, and no more', async () => {
  const { status, headers, body } = await edge.ask('GET', '/v1/things', 'made.up.token');
  assert.equal(status, 401);
  assert.equal(body['code'], 'token_invalid');
  assert.match(headers.get('www-authenticate') ?? '', /error="invalid_token"/);
});

test('a token that was stolen, or a proof that was copied, is worth nothing', async () => {
  const key = await newKey('device');
  const token = await edge.token(boundTo(key));
  const url = `${edge.url}/v1/things`;
  const send = async (headers: Readonly<Record<string, string>>): Promise<string> => {
    const response = await fetch(`${url}?x=1`, { headers });
    return `${response.status} ${response.headers.get('www-authenticate') ?? ''}`;
  };
  const now = edge.log.clock.now();
  const proof = await prove(key, { token, now, claims: { htu: url } });
  const authorization = `DPoP ${token}`;
  assert.match(await send({ authorization: `Bearer ${token}` }), /^401 .*error="invalid_token"/);
  assert.match(await send({ authorization }), /^401 DPoP .*error="invalid_dpop_proof"/);
  // Past the door, where the query is looked at.
  assert.match(await send({ authorization, dpop: proof }), /^400 /);
  assert.match(await send({ authorization, dpop: proof }), /^401 .*used before/);
});

test('roles and scopes decide before anything else is looked at', async () => {
  const cases: readonly [claims: Readonly<Record<string, unknown>>, answer: string][] = [
    [{}, '200 undefined'],
    [{ roles: ['customer'] }, '403 forbidden'],
    [{ roles: [] }, '403 forbidden'],
    [{ amr: ['pwd'] }, '403 second_factor_required'],
    [{ scope: 'payments.write' }, '403 scope_missing'],
  ];
  for (const [claims, answered] of cases) {
    const reply = await edge.ask('GET', '/v1/things', await edge.token(claims));
    assert.equal(told(reply), answered, JSON.stringify(claims));
  }
});

test('a mandate is given, found, read and ended, and all of it is recorded', async () => {
  const token = await administrator();
  const limited = {
    currency: 'CZK',
    transfer_max: '100',
    day_max: '300',
    time_zone: 'Europe/Prague',
  };
  const given = await give({ ...limited, weekdays: [5, 1], minute_from: 540, minute_to: 1_020 });
  assert.equal(given['created_by'], 'usr_root');
  assert.deepEqual(given['weekdays'], [1, 5]);
  const path = `${grants}/${String(given['id'])}`;
  assert.deepEqual((await edge.ask('GET', path, token)).body, given);
  const found = await edge.ask('GET', `${grants}?object_id=${String(given['object_id'])}`, token);
  assert.deepEqual(found.body['data'], [given]);
  const ended = await edge.ask('DELETE', path, token);
  assert.equal(ended.status, 200, JSON.stringify(ended.body));
  assert.equal(ended.body['revoked_by'], 'usr_root');
  assert.equal(told(await edge.ask('DELETE', path, token)), '409 grant_ended');
  const [gave] = (await recordsOf(edge.log, 'gateway.grant.give')).slice(-1);
  assert.equal(gave?.target, given['id']);
  assert.deepEqual(gave?.after?.['day_max'], '300');
  const [end] = (await recordsOf(edge.log, 'gateway.grant.end')).slice(-1);
  assert.equal(end?.target, given['id']);
});

test('mandates that make no sense, and mandates for oneself, are refused', async () => {
  const token = await administrator();
  const cases: readonly [changes: Readonly<Record<string, unknown>>, answer: string][] = [
    [{ grantee: 'usr_root' }, '403 grant_to_oneself'],
    [{ grantee_kind: 'customer', grantee: 'usr_root' }, '403 grant_to_oneself'],
    [{ minute_from: 600, minute_to: 600 }, '422 grant_hours_invalid'],
    [{ valid_to: '2020-01-01T00:00:00Z' }, '422 grant_period_invalid'],
    [{ day_max: '5' }, '422 grant_currency_missing'],
    [{ time_zone: 'Mars/Base' }, '422 grant_time_zone_unknown'],
    [{ acts: [] }, '400 field_invalid'],
    [{ weekdays: [8] }, '400 field_invalid'],
    [{ is_admin: true }, '400 field_unknown'],
  ];
  for (const [changes, answered] of cases) {
    const reply = await edge.ask('POST', grants, token, newGrant(changes));
    assert.equal(told(reply), answered, JSON.stringify(changes));
  }
});

test('pages of mandates follow one another', async () => {
  const token = await administrator();
  const grantee = 'usr_pages';
  for (let count = 0; count < 5; count += 1) await give({ grantee });
  const ids: unknown[] = [];
  let cursor = '';
  for (;;) {
    const { body } = await edge.ask('GET', `${grants}?grantee=${grantee}&limit=2${cursor}`, token);
    ids.push(...(body['data'] as { id: string }[]).map(({ id }) => id));
    if (body['has_more'] !== true) break;
    cursor = `&cursor=${String(body['next_cursor'])}`;
  }
  assert.equal(ids.length, 5);
  assert.equal(new Set(ids).size, 5);
});

test('another tenant finds no mandate, and the tables show none to who names no tenant', async () => {
  const given = await give();
  const foreign = await edge.token({ sub: 'usr_f', roles: ['administrator'], tenant: 'other' });
  const path = `${grants}/${String(given['id'])}`;
  assert.equal(told(await edge.ask('GET', path, foreign)), '404 grant_unknown');
  assert.equal(told(await edge.ask('DELETE', path, foreign)), '404 grant_unknown');
  assert.deepEqual((await edge.ask('GET', grants, foreign)).body['data'], []);
  const { database } = edge.log;
  const rows = await database.query({ text: 'select 1 from gateway.grants' });
  assert.equal(rows.length, 0);
  const changed = await database.query({
    text: `update gateway.grants set revoked_at = now(), revoked_by = 'x' returning 1`,
  });
  assert.equal(changed.length, 0);
});

test('a customer may do to an object what a mandate says, until it ends', async () => {
  const { access } = edge;
  const customer = principalOf(['customer'], { subject: 'usr_c', customer: 'cus_c' });
  const mine = await give({ grantee_kind: 'customer', grantee: 'cus_c', acts: ['read'] });
  const read = { kind: 'account', id: String(mine['object_id']), act: 'read' } as const;
  const allowed = async (principal = customer, use = read): Promise<string> => {
    const decision = await access.permit(principal, [use]);
    return decision.isAllowed ? 'yes' : decision.code;
  };
  assert.equal(await allowed(), 'yes');
  const other = principalOf(['customer'], { subject: 'usr_d', customer: 'cus_d' });
  assert.equal(await allowed(other), 'object_forbidden');
  const namesake = principalOf(['customer'], { subject: 'cus_c', customer: 'cus_x' });
  assert.equal(await allowed(namesake), 'object_forbidden');
  assert.equal(await allowed({ ...customer, tenant: 'other' }), 'object_forbidden');
  assert.equal(await allowed(customer, { ...read, id: `acc_${randomUUID()}` }), 'object_forbidden');
  await edge.ask('DELETE', `${grants}/${String(mine['id'])}`, await administrator());
  assert.equal(await allowed(), 'object_forbidden');
});

test('staff need no mandate, but only where the route says what they do', async () => {
  const teller = principalOf(['teller']);
  const use = { kind: 'account', id: `acc_${randomUUID()}`, act: 'manage' } as const;
  const caller = { actor: 'usr_1', correlationId: 'req-1' };
  const permit = async (permission: string | undefined): Promise<boolean> => {
    const context = permission === undefined ? undefined : { permission, caller };
    return (await edge.access.permit(teller, [use], context)).isAllowed;
  };
  assert.equal(await permit('ledger.accounts.change'), true);
  assert.equal(await permit('audit.records.read'), false);
  assert.equal(await permit(undefined), false);
});

test('what a mandate allows for a day is exact under many requests at once', async () => {
  const given = await give({ grantee: 'usr_day', currency: 'CZK', day_max: '1000' });
  const principal = principalOf(['customer'], { subject: 'usr_day' });
  const use = {
    kind: 'account',
    id: String(given['object_id']),
    act: 'debit',
    amount: 70n,
    currency: CZK,
  } as const;
  const pay = async (): Promise<boolean> => {
    for (;;) {
      try {
        return (await edge.access.permit(principal, [use])).isAllowed;
      } catch (error) {
        // Told to ask again when others took what was there a moment ago.
        assert.match(String(error), /ask again/);
      }
    }
  };
  const answers = await Promise.all(Array.from({ length: 40 }, pay));
  assert.equal(answers.filter(Boolean).length, 14);
});

test('what was set aside for a payment that failed is given back', async () => {
  const given = await give({ grantee: 'usr_back', currency: 'CZK', day_max: '100' });
  const principal = principalOf(['customer'], { subject: 'usr_back' });
  const use = { kind: 'account', id: String(given['object_id']), act: 'debit' } as const;
  const ask = (amount: bigint) =>
    edge.access.permit(principal, [{ ...use, amount, currency: CZK }]);
  const first = await ask(100n);
  assert.ok(first.isAllowed);
  assert.equal((await ask(1n)).isAllowed, false);
  await first.settle?.(false);
  const second = await ask(100n);
  assert.ok(second.isAllowed);
  await second.settle?.(true);
  assert.equal((await ask(1n)).isAllowed, false);
  edge.log.clock.set(parseInstant('2026-11-24T10:00:00Z') as Instant);
  assert.equal((await ask(1n)).isAllowed, true);
});

test('decisions about objects are recorded: every no, and every yes that lets something change', async () => {
  const given = await give({
    grantee: 'usr_rec',
    acts: ['read', 'debit'],
    currency: 'CZK',
    day_max: '9',
  });
  const principal = principalOf(['customer'], { subject: 'usr_rec' });
  const id = String(given['object_id']);
  const count = async (): Promise<number> =>
    (await recordsOf(edge.log, 'gateway.objects.decide')).length;
  const before_ = await count();
  await edge.access.permit(principal, [{ kind: 'account', id, act: 'read' }]);
  assert.equal(await count(), before_);
  const debit = { kind: 'account', id, act: 'debit', amount: 5n, currency: CZK } as const;
  await edge.access.permit(principal, [debit]);
  await edge.access.permit(principal, [debit]);
  const [yes, no] = (await recordsOf(edge.log, 'gateway.objects.decide')).slice(-2);
  assert.deepEqual([yes?.outcome, yes?.target, yes?.actor.id], ['success', id, 'usr_rec']);
  assert.deepEqual([no?.outcome, no?.reason], ['denied', 'object_forbidden']);
  assert.equal(no?.after?.['rule'], 'grant: day max');
});

test('holds and transfers are judged by the accounts behind them, where those are known', async () => {
  const account = `acc_${randomUUID()}`;
  const behind = await openTestEdge('access behind', {
    routes: (log) => grantRoutes(log),
    access: {
      accountsBehind: (uses) => Promise.resolve(new Map(uses.map(({ id }) => [id, [account]]))),
    },
  });
  const token = await behind.token({ sub: 'usr_root', roles: ['administrator'] });
  const body = newGrant({ grantee: 'usr_b', object_id: account, acts: ['read'] });
  assert.equal((await behind.ask('POST', grants, token, body)).status, 201);
  const principal = principalOf(['customer'], { subject: 'usr_b' });
  const use = { kind: 'transfer', id: 'trf_1', act: 'read' } as const;
  assert.equal((await behind.access.permit(principal, [use])).isAllowed, true);
  assert.equal((await edge.access.permit(principal, [use])).isAllowed, false);
  assert.equal(
    (await behind.access.permit(principal, [{ ...use, act: 'manage' }])).isAllowed,
    false,
  );
  await behind.close();
});

test("the roles of a person are read and changed within the tenant, and never one's own", async () => {
  const { log } = edge;
  const create = async (tenant: string): Promise<string> => {
    const created = await log.database.transaction(log.context(), (tx) =>
      createPerson(tx, { tenant, roles: ['auditor'] }),
    );
    assert.ok(created.ok);
    return created.value;
  };
  const [id, foreign] = [await create('main'), await create('other')];
  const token = await administrator();
  const path = `/v1/access/people/${id}/roles`;
  assert.deepEqual((await edge.ask('GET', path, token)).body['roles'], ['auditor']);
  const changed = await edge.ask('PUT', path, token, { roles: ['teller', 'approver'] });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.deepEqual((await edge.ask('GET', path, token)).body['roles'], ['teller', 'approver']);
  const mixed = await edge.ask('PUT', path, token, { roles: ['teller', 'customer'] });
  assert.equal(mixed.status, 422);
  const elsewhere = `/v1/access/people/${foreign}/roles`;
  assert.equal(told(await edge.ask('GET', elsewhere, token)), '404 person_unknown');
  const crossed = await edge.ask('PUT', elsewhere, token, { roles: ['teller'] });
  assert.equal(told(crossed), '404 person_unknown');
  const self = await edge.token({ sub: id, roles: ['administrator'] });
  const own = await edge.ask('PUT', path, self, { roles: ['administrator'] });
  assert.equal(told(own), '403 roles_of_oneself');
});

test('the table of roles can be read', async () => {
  const { status, body } = await edge.ask('GET', '/v1/access/roles', await administrator());
  assert.equal(status, 200);
  const table = body['roles'] as { role: string; permissions: string[] }[];
  const teller = table.find(({ role }) => role === 'teller');
  assert.ok(teller?.permissions.includes('ledger.transfers.post'));
});
