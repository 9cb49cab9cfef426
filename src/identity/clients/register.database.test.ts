import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECOND_US, type Instant } from '#kernel';
import type { TransactionContext } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { selectClients, selectSecretHashes } from './client-store.ts';
import type { NewClient, OauthClient } from './client.ts';
import {
  clientAccounts,
  disableClient,
  registerClient,
  rotateClientKeys,
  rotateClientSecret,
} from './register.ts';
import { isSecretOf, writeHashes } from './secret.ts';

let bank: TestDatabase;

before(async () => {
  bank = await testDatabase('clients');
});
after(() => bank.drop());

const START = 1_800_000_000 * SECOND_US;

function at(seconds: number): TransactionContext {
  return { now: (START + seconds * SECOND_US) as Instant, actor: 'test', correlationId: 'test' };
}

const WEB: NewClient = {
  name: 'Anna Partner GmbH',
  tenant: 'main',
  roles: [],
  profile: 'standard',
  authentication: 'client_secret_basic',
  binding: 'none',
  grants: ['authorization_code'],
  scopes: ['openid', 'accounts.read'],
  redirectUris: ['https://client.example/back'],
  logoutUris: [],
  isFirstParty: false,
};

const KEYS = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'one' }] };

const MACHINE: NewClient = {
  ...WEB,
  authentication: 'private_key_jwt',
  grants: ['client_credentials'],
  roles: ['partner'],
  customer: 'cus_1',
  redirectUris: [],
  scopes: ['accounts.read'],
  keys: KEYS,
};

async function register(
  client: NewClient,
): Promise<{ readonly client: OauthClient; readonly secret: string | undefined }> {
  return await bank.database.transaction(at(0), async (tx) => {
    const registered = await registerClient(tx, client);
    assert.ok(registered.ok);
    return registered.value;
  });
}

async function isGood({ id }: OauthClient, secret: string, seconds: number): Promise<boolean> {
  const hashes = await selectSecretHashes(bank.database, id, at(seconds).now);
  return isSecretOf(writeHashes(hashes), secret);
}

test('a client comes back as it was registered', async () => {
  const { client, secret } = await register(MACHINE);
  assert.equal(secret, undefined);
  const all = await selectClients(bank.database, { limit: 100 });
  const found = all.find(({ id }) => id === client.id);
  assert.deepEqual(found, { certificate: undefined, ...client });
});

test('a refused client leaves nothing behind', async () => {
  const before = (await selectClients(bank.database, { limit: 100 })).length;
  await bank.database.transaction(at(0), async (tx) => {
    const refused = await registerClient(tx, { ...WEB, scopes: [] });
    assert.ok(!refused.ok && refused.refusal.code === 'client_invalid');
  });
  assert.equal((await selectClients(bank.database, { limit: 100 })).length, before);
});

test('an old secret is good for a while beside the new one, or not at all', async () => {
  const { client, secret = '' } = await register(WEB);
  assert.ok(await isGood(client, secret, 1));
  const rotate = async (seconds: number, overlapS: number): Promise<string> =>
    await bank.database.transaction(at(seconds), async (tx) => {
      const rotated = await rotateClientSecret(tx, client.id, { overlapS });
      assert.ok(rotated.ok);
      return rotated.value;
    });
  const second = await rotate(10, 60);
  assert.deepEqual(
    [await isGood(client, secret, 69), await isGood(client, second, 69)],
    [true, true],
  );
  assert.deepEqual(
    [await isGood(client, secret, 70), await isGood(client, second, 70)],
    [false, true],
  );
  const third = await rotate(80, 0);
  assert.deepEqual(
    [await isGood(client, second, 80), await isGood(client, third, 80)],
    [false, true],
  );
});

test('keys are replaced, and only of a client that has some', async () => {
  const [machine, web] = [await register(MACHINE), await register(WEB)];
  const keys = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'y', kid: 'two' }] };
  await bank.database.transaction(at(1), async (tx) => {
    assert.ok((await rotateClientKeys(tx, machine.client.id, keys)).ok);
    const refused = await rotateClientKeys(tx, web.client.id, keys);
    assert.ok(!refused.ok && refused.refusal.code === 'client_has_no_keys');
    const secret = await rotateClientSecret(tx, machine.client.id);
    assert.ok(!secret.ok && secret.refusal.code === 'client_has_no_secret');
  });
  const all = await selectClients(bank.database, { limit: 100 });
  assert.deepEqual(all.find(({ id }) => id === machine.client.id)?.keys, keys);
});

test('a disabled client stays so, and has no secret and no account', async () => {
  const { client, secret = '' } = await register(WEB);
  const machine = await register(MACHINE);
  for (const { id } of [client, machine.client]) {
    await bank.database.transaction(at(1), async (tx) => {
      assert.ok((await disableClient(tx, id)).ok);
      const again = await disableClient(tx, id);
      assert.ok(!again.ok && again.refusal.code === 'client_disabled');
    });
  }
  assert.equal(await isGood(client, secret, 1), false);
  const account = await clientAccounts.find(bank.database, machine.client.id);
  assert.equal(account?.isActive, false);
  const [revoked] = await bank.database.query({
    text: 'select 1 from identity.revoked_subjects where subject = $1',
    values: [machine.client.id],
  });
  assert.ok(revoked, 'its tokens are refused');
});

test('an id that is no client is unknown', async () => {
  await bank.database.transaction(at(0), async (tx) => {
    for (const id of ['cli_01890000-0000-7000-8000-0000000000ff', 'nobody', '']) {
      const refused = await disableClient(tx, id);
      assert.ok(!refused.ok && refused.refusal.code === 'client_unknown');
    }
  });
});

test('clients are listed by tenant, a page at a time', async () => {
  const { client } = await register({ ...WEB, tenant: 'other' });
  const others = await selectClients(bank.database, { tenant: 'other', limit: 10 });
  assert.deepEqual(
    others.map(({ id }) => id),
    [client.id],
  );
  const all = await selectClients(bank.database, { limit: 100 });
  const first = all[0] ?? assert.fail('there are clients');
  const rest = await selectClients(bank.database, { after: first.id, limit: 100 });
  assert.deepEqual(rest, all.slice(1));
});

test('what is recorded of a client has no name and no secret', async () => {
  const { secret = '' } = await register(WEB);
  const rows = await bank.database.query<{ leaves: Buffer }>({
    text: 'select b.leaves from audit.bundles b',
  });
  const text = rows.map(({ leaves }) => String(leaves)).join('\n');
  assert.ok(text.includes('identity.client.add') && text.includes('https://client.example/back'));
  assert.ok(!text.includes(secret) && !text.includes('Anna'));
});
