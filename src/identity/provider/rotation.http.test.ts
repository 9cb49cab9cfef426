// A rotation of the signing keys under a stream of requests, on two processes. Whoever checks the
// tokens does it as others do: with a copy of the key set that is some time old, and without asking
// for a new one when a token has a key it does not know.

import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { openLocalKeys } from '#platform';
import { testDatabase, type TestDatabase } from '../../platform/database/testing.ts';
import { registerClient } from '../clients/register.ts';
import { rotateSigningKeys } from '../signing-keys/rotate.ts';
import { contextNow, type ProviderBank } from './testing/bank.ts';
import { assertion, newKey, post, publicSet, type KeyPair } from './testing/relying-party.ts';

const ISSUER = 'https://bank.example';
const LIFE_S = 2;
/** How old a copy of the key set may be; a process reads the keys each two seconds. */
const COPY_AGE_MAX_MS = 500;
const PACE = { announcedS: 4, keptS: LIFE_S + 2 };
const DEADLINE_MS = 60_000;

let folder: string;
let bank: TestDatabase;
let key: KeyPair;
let clientId: string;
const processes: { readonly child: ChildProcess; readonly url: string }[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-test-rotation-'));
  const keys = path.join(folder, 'keys');
  bank = await testDatabase('rotation', { keys: await openLocalKeys({ folder: keys }) });
  key = await newKey();
  const set = await publicSet(key);
  const registered = await bank.database.transaction(contextNow(), (tx) =>
    registerClient(tx, {
      name: 'Machine',
      tenant: 'main',
      roles: ['partner'],
      profile: 'standard',
      authentication: 'private_key_jwt',
      binding: 'none',
      grants: ['client_credentials'],
      scopes: ['accounts.read'],
      redirectUris: [],
      logoutUris: [],
      isFirstParty: false,
      keys: set,
    }),
  );
  assert.ok(registered.ok);
  clientId = registered.value.client.id;
  for (let index = 0; index < 2; index += 1) processes.push(await start(keys));
});
after(async () => {
  for (const { child } of processes) child.kill();
  await bank.drop();
  await rm(folder, { recursive: true, force: true });
});

async function start(keys: string): Promise<{ child: ChildProcess; url: string }> {
  const program = path.join(import.meta.dirname, 'testing/process.ts');
  const child = fork(program, [bank.url, keys, ISSUER, String(LIFE_S)], { silent: true });
  child.stderr?.pipe(process.stderr);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(String(chunk).trim()));
    child.once('exit', (code) => reject(new Error(`the process ended with ${code}`)));
  });
  return { child, url: `http://127.0.0.1:${port}` };
}

type KeySet = Parameters<typeof createLocalJWKSet>[0];

/** Checks tokens with a copy of the keys that one process publishes. */
class Checker {
  readonly #url: string;
  #keys: KeySet = { keys: [] };
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(url: string) {
    this.#url = url;
  }

  async check(token: string): Promise<void> {
    if (performance.now() - this.#readAtMs > COPY_AGE_MAX_MS) {
      this.#readAtMs = performance.now();
      const response = await fetch(`${this.#url}/identity/jwks`);
      this.#keys = (await response.json()) as KeySet;
    }
    // Whether a token is over is not asked here: a slow machine checks some only then.
    const currentDate = new Date((decodeJwt(token).iat ?? 0) * 1_000);
    const options = { issuer: ISSUER, audience: `${ISSUER}/`, typ: 'at+jwt', currentDate };
    await jwtVerify(token, createLocalJWKSet(this.#keys), options);
  }

  get kids(): (string | undefined)[] {
    return this.#keys.keys.map(({ kid }) => kid);
  }
}

test('a rotation refuses no request and no token, on two processes', async () => {
  const refused: string[] = [];
  const seen: Set<string>[] = [new Set(), new Set()];
  const checkers = processes.map(({ url }) => new Checker(url));
  let isOver = false;
  let checks = 0;

  // Tokens of one process are checked with the keys of the other, when fresh and when nearly over.
  const stream = async (index: number): Promise<void> => {
    const { url } = processes[index] ?? assert.fail();
    const checker = checkers[1 - index] ?? assert.fail();
    const late: Promise<void>[] = [];
    const check = async (token: string, when: string): Promise<void> => {
      checks += 1;
      await checker.check(token).catch((error: unknown) => {
        refused.push(`${when}: ${String(error)}`);
      });
    };
    const checkLate = async (token: string): Promise<void> => {
      const leftMs = (decodeJwt(token).exp ?? 0) * 1_000 - Date.now();
      await sleep(Math.max(0, leftMs - 400));
      await check(token, 'nearly over');
    };
    while (!isOver) {
      const { status, body } = await post(`${url}/identity/token`, {
        ...(await assertion({ issuer: ISSUER } as ProviderBank, { id: clientId, key })),
        grant_type: 'client_credentials',
        scope: 'accounts.read',
      });
      const token = String(body['access_token']);
      if (status !== 200) {
        refused.push(`not issued: ${status} ${JSON.stringify(body)}`);
      } else {
        seen[index]?.add(decodeProtectedHeader(token).kid ?? '');
        await check(token, 'fresh');
        late.push(checkLate(token));
      }
      await sleep(20);
    }
    await Promise.all(late);
  };
  const streams = Promise.all([stream(0), stream(1)]);
  const deadline = performance.now() + DEADLINE_MS;
  while (seen.some((kids) => kids.size === 0) && performance.now() < deadline) await sleep(100);
  await sleep(500);
  const old = [...(seen[0] ?? [])][0];
  const kid = await rotateSigningKeys(bank.database, contextNow(), { pace: PACE });
  const isDone = (): boolean =>
    seen.every((kids) => kids.has(kid)) && checkers.every(({ kids }) => !kids.includes(old));
  while (!isDone() && performance.now() < deadline) await sleep(100);
  isOver = true;
  await streams;
  assert.deepEqual(refused, []);
  assert.ok(isDone(), 'the new key signs and the old one is gone');
  assert.deepEqual(
    seen.map((kids) => [...kids]),
    [
      [old, kid],
      [old, kid],
    ],
  );
  assert.ok(checks > 50);
});
