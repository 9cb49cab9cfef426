import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { SECOND_US, type Instant } from '#kernel';
import type { TransactionContext } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { openArtifacts } from './artifacts.ts';
import { sweepArtifacts } from './grants.ts';
import { openSecrets } from './secrets.ts';

let bank: TestDatabase;
let nowS = 1_800_000_000;

const context = (): TransactionContext => ({
  now: (nowS * SECOND_US) as Instant,
  actor: 'test',
  correlationId: 'test',
});
const open = (key: Buffer): ReturnType<typeof openArtifacts> =>
  openArtifacts({ database: bank.database, key, context });
const key = randomBytes(32);

before(async () => {
  bank = await testDatabase('artifacts');
});
after(() => bank.drop());

test('every process derives the same keys, and one key is never another', async () => {
  const opened = await Promise.all(
    Array.from({ length: 4 }, () => openSecrets(bank.database, context().now)),
  );
  const [first] = opened;
  for (const each of opened) assert.deepEqual(each, first);
  const texts = Object.values(first ?? {}).map((secret: Buffer) => secret.toString('hex'));
  assert.equal(new Set(texts).size, 3);
});

test('an artifact is found by its model and id, and holds what it held', async () => {
  const artifacts = open(key);
  const content = { jti: 'one', accountId: 'usr_1', params: { state: 'ü\n' } };
  await artifacts.save('Interaction', 'one', { content, expiresInS: 60 });
  assert.deepEqual(await artifacts.find('Interaction', 'one'), content);
  assert.equal(await artifacts.find('Session', 'one'), undefined);
  await artifacts.remove('Interaction', 'one');
  assert.equal(await artifacts.find('Interaction', 'one'), undefined);
});

test('an artifact that was moved, altered or made elsewhere does not open', async () => {
  const artifacts = open(key);
  for (const id of ['mine', 'yours']) {
    await artifacts.save('Session', id, { content: { accountId: id }, expiresInS: 60 });
  }
  const fault = { code: 'key_mismatch' };
  await assert.rejects(open(randomBytes(32)).find('Session', 'mine'), fault);
  await bank.database.query({
    text: `update identity.artifacts set payload = (
        select y.payload from identity.artifacts y where y.subject = 'yours')
      where subject = 'mine'`,
  });
  await assert.rejects(artifacts.find('Session', 'mine'), fault);
  assert.equal((await artifacts.find('Session', 'yours'))?.accountId, 'yours');
});

test('of many who consume an artifact at once, one is the first', async () => {
  const artifacts = open(key);
  await artifacts.save('AuthorizationCode', 'code', {
    content: { grantId: 'grant-1', accountId: 'usr_1' },
    expiresInS: 60,
  });
  const firsts = await Promise.all(
    Array.from({ length: 12 }, () => artifacts.consume('AuthorizationCode', 'code')),
  );
  assert.equal(firsts.filter((isFirst) => isFirst).length, 1);
  assert.equal(await artifacts.find('AuthorizationCode', 'code'), undefined, 'its grant is ended');
  assert.equal(await artifacts.consume('AuthorizationCode', 'nothing'), false);
});

test('a session ends with the tokens of its person, and one begun afterwards does not', async () => {
  const artifacts = open(key);
  const session = (loginTs: number): { accountId: string; loginTs: number; uid: string } => ({
    accountId: 'usr_7',
    loginTs,
    uid: `uid-${loginTs}`,
  });
  await artifacts.save('Session', 'old', { content: session(nowS - 10), expiresInS: 600 });
  await bank.database.query({
    text: `insert into identity.revoked_subjects values ('usr_7', to_timestamp($1::bigint))`,
    values: [BigInt(nowS)],
  });
  await artifacts.save('Session', 'new', { content: session(nowS), expiresInS: 600 });
  assert.equal(await artifacts.find('Session', 'old'), undefined);
  assert.equal(await artifacts.findSession(`uid-${nowS - 10}`), undefined);
  assert.equal((await artifacts.findSession(`uid-${nowS}`))?.loginTs, nowS);
});

test('what is over or was ended is swept, and nothing else', async () => {
  const artifacts = open(key);
  await bank.database.query({ text: 'delete from identity.artifacts' });
  await artifacts.save('RefreshToken', 'over', { content: { grantId: 'a' }, expiresInS: 10 });
  await artifacts.save('RefreshToken', 'ended', { content: { grantId: 'b' }, expiresInS: 600 });
  await artifacts.save('RefreshToken', 'good', { content: { grantId: 'c' }, expiresInS: 600 });
  await bank.database.query({
    text: `insert into identity.revoked_sessions values ('b', now(), now() + interval '9 years')`,
  });
  assert.equal(await sweepArtifacts(bank.database, context()), 1);
  nowS += 10;
  assert.equal(await sweepArtifacts(bank.database, context()), 1);
  assert.ok(await artifacts.find('RefreshToken', 'good'));
});
