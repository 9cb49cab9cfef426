// People and programs as an administrator sees them over HTTP: on the whole bank, with its doors.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createPerson, registerClient, startSession, type PersonId } from '#identity';
import { systemClock } from '#platform';
import { openWholeBank, told, tokenOf, type Json, type WholeBank } from './edge/whole-bank.ts';

const people = '/v1/access/people';
const clients = '/v1/access/clients';

let bank: WholeBank;
let administrator: string;

before(async () => {
  bank = await openWholeBank('directory');
  administrator = await tokenOf(bank, ['administrator']);
});
after(() => bank.close());

function contextNow() {
  return { now: systemClock().now(), actor: 'test', correlationId: 'test' };
}

async function newPerson(tenant = 'main'): Promise<PersonId> {
  return await bank.database.transaction(contextNow(), async (tx) => {
    const made = await createPerson(tx, { tenant, roles: ['teller'] });
    assert.ok(made.ok);
    return made.value;
  });
}

async function newClient(tenant = 'main'): Promise<string> {
  return await bank.database.transaction(contextNow(), async (tx) => {
    const made = await registerClient(tx, {
      name: 'Payroll',
      tenant,
      roles: [],
      profile: 'standard',
      authentication: 'client_secret_basic',
      binding: 'none',
      grants: ['authorization_code'],
      scopes: ['openid', 'accounts.read'],
      redirectUris: ['https://client.example/back'],
      logoutUris: [],
      isFirstParty: false,
    });
    assert.ok(made.ok);
    return made.value.client.id;
  });
}

const ask = (method: string, path: string, body?: unknown) =>
  bank.ask(method, path, { token: administrator, body });

test('people are listed in pages, by id and role and never by name', async () => {
  const made = [await newPerson(), await newPerson(), await newPerson()];
  const found: Json[] = [];
  let path = `${people}?limit=2`;
  for (;;) {
    const { status, body } = await ask('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    found.push(...(body['data'] as Json[]));
    if (body['has_more'] !== true) break;
    path = `${people}?limit=2&cursor=${String(body['next_cursor'])}`;
  }
  const ids = found.map(({ id }) => id);
  for (const id of made) assert.ok(ids.includes(id), id);
  assert.deepEqual(Object.keys(found[0] ?? {}).toSorted(), ['customer', 'id', 'roles', 'status']);
});

test('a person is disabled and enabled again, and never by themselves', async () => {
  const id = await newPerson();
  const disabled = await ask('POST', `${people}/${id}/disable`);
  assert.equal(disabled.body['status'], 'disabled', disabled.text);
  const enabled = await ask('POST', `${people}/${id}/enable`);
  assert.equal(enabled.body['status'], 'invited', enabled.text);
  assert.equal(told(await ask('POST', `${people}/${id}/enable`)), '409 person_status');
  const other = await newPerson();
  const self = await bank.token({ sub: other, roles: ['administrator'] });
  const own = await bank.ask('POST', `${people}/${other}/disable`, { token: self });
  assert.equal(told(own), '403 person_oneself');
});

test('the sessions of a person are seen, and ended at once', async () => {
  const id = await newPerson();
  const grant = { grant: `grant-of-${id}`, subject: id, clientId: 'cli_x', lifetimeS: 3_600 };
  await bank.database.transaction(contextNow(), (tx) =>
    startSession(tx, { ...grant, factors: 2, amr: ['pwd', 'otp'] }),
  );
  const before_ = await ask('GET', `${people}/${id}/sessions`);
  const [session] = before_.body['data'] as Json[];
  assert.deepEqual([session?.['session'], session?.['revoked_at']], [grant.grant, null]);
  assert.equal((await ask('DELETE', `${people}/${id}/sessions`)).status, 204);
  const after_ = await ask('GET', `${people}/${id}/sessions`);
  assert.notEqual((after_.body['data'] as Json[])[0]?.['revoked_at'], null);
});

test('a client is read, ended for good, and told so when it is ended again', async () => {
  const id = await newClient();
  const read = await ask('GET', `${clients}/${id}`);
  assert.deepEqual([read.body['name'], read.body['state']], ['Payroll', 'active']);
  const listed = await ask('GET', `${clients}?limit=100`);
  assert.ok((listed.body['data'] as Json[]).some((each) => each['id'] === id));
  const keys = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'one' }] };
  assert.equal(told(await ask('PUT', `${clients}/${id}/keys`, keys)), '422 client_keys_invalid');
  assert.equal((await ask('POST', `${clients}/${id}/disable`)).body['state'], 'disabled');
  assert.equal(told(await ask('POST', `${clients}/${id}/disable`)), '409 client_disabled');
});

test('people and clients of another tenant do not exist', async () => {
  const person = await newPerson('other');
  const client = await newClient('other');
  assert.equal(told(await ask('GET', `${people}/${person}`)), '404 person_unknown');
  assert.equal(told(await ask('POST', `${people}/${person}/disable`)), '404 person_unknown');
  assert.equal(told(await ask('GET', `${clients}/${client}`)), '404 client_unknown');
  assert.equal(told(await ask('POST', `${clients}/${client}/disable`)), '404 client_unknown');
});

test('whoever is no administrator is told no', async () => {
  const token = await tokenOf(bank, ['teller']);
  assert.equal(told(await bank.ask('GET', people, { token })), '403 forbidden');
  assert.equal(told(await bank.ask('GET', clients, { token })), '403 forbidden');
});
