// Repeats requests at servers that share a database, some of which are killed with SIGKILL between
// claim, answer and commit: each request is done exactly once, and everybody who asks gets the same
// bytes.

import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountId } from '#kernel';
import { openAccounts } from '#ledger';
import { openSession, systemClock, type Session } from '#platform';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import type { FatalPoint } from './processes/repeatable-server.ts';

const SERVER = new URL('./processes/repeatable-server.ts', import.meta.url);
const LEASE_MS = 600;
const WAIT_MS = 60_000;

const clock = systemClock();
const started: ChildProcess[] = [];
let stored: TestDatabase;
let owner: Session;
let folder: string;
let accounts: readonly [AccountId, AccountId];

interface Server {
  readonly url: string;
  readonly ended: Promise<unknown>;
}

async function startServer(point?: FatalPoint): Promise<Server> {
  const child = fork(SERVER, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      FLORIN_TEST_URL: stored.url,
      FLORIN_TEST_KEYS: path.join(folder, 'keys'),
      FLORIN_TEST_LEASE_MS: String(LEASE_MS),
      ...(point === undefined ? {} : { FLORIN_TEST_FATAL_POINT: point }),
    },
  });
  started.push(child);
  const ended = once(child, 'close');
  const listening = once(child, 'message').then(([url]) => url as string);
  const url = await Promise.race([listening, ended.then(() => undefined)]);
  assert.ok(url !== undefined, 'the server starts');
  return { url, ended };
}

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-idempotency-'));
  stored = await testDatabase('idempotency_crash');
  owner = await openSession(stored.url);
  const context = { now: clock.now(), actor: 'controller', correlationId: 'simulation' };
  const opened = await stored.database.transaction(context, (tx) =>
    openAccounts(tx, [
      { path: 'assets:cash', currency: 'CZK', normalSide: 'debit' },
      { path: 'liabilities:deposits', currency: 'CZK', normalSide: 'credit' },
    ]),
  );
  const [till, deposit] = opened.map((result) => {
    assert.ok(result.ok);
    return result.value.id;
  });
  assert.ok(till !== undefined && deposit !== undefined);
  accounts = [till, deposit];
});

after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await owner.close();
  await stored.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly isReplay: boolean;
}

interface Asked {
  readonly at: string;
  readonly key: string;
  readonly body: object;
}

async function ask(server: Server, { at, key, body }: Asked): Promise<Reply> {
  const response = await fetch(`${server.url}${at}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"` },
    body: JSON.stringify(body),
  });
  const isReplay = response.headers.get('idempotent-replayed') === 'true';
  return { status: response.status, text: await response.text(), isReplay };
}

/** As a patient client asks: again while another does it, or while nobody answers. */
async function askUntilAnswered(server: Server, asked: Asked): Promise<Reply> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    const reply = await ask(server, asked);
    if (reply.status !== 409 && reply.status !== 503) return reply;
    assert.ok(performance.now() < giveUpMs, `an answer comes: ${reply.text}`);
    await sleep(20);
  }
}

/** Each request says by its description which it is, as there is no external id to tell. */
function transfer(name: string): Asked {
  const [debit, credit] = accounts;
  const body = {
    debit_account_id: debit,
    credit_account_id: credit,
    amount: '7',
    currency: 'CZK',
    description: name,
  };
  return { at: '/v1/ledger/transfers', key: randomUUID(), body };
}

function batch(name: string): Asked {
  const { body } = transfer(name);
  const at = '/v1/ledger/transfers/batch?mode=atomic';
  return { at, key: randomUUID(), body: [body, body, body] };
}

function account(name: string): Asked {
  const body = { path: 'assets:cash', currency: 'CZK', normal_side: 'debit', name };
  return { at: '/v1/ledger/accounts', key: randomUUID(), body };
}

async function effectsOf(name: string): Promise<number> {
  const [row] = await owner.query<{ count: number }>({
    text: `select (select count(*)::integer from ledger.transfers where description = $1)
      + (select count(*)::integer from ledger.accounts where name = $1) as count`,
    values: [name],
  });
  return row?.count ?? 0;
}

const kinds = [
  { kind: 'transfer', make: transfer, effects: 1 },
  { kind: 'batch', make: batch, effects: 3 },
  { kind: 'account', make: account, effects: 1 },
] as const;

for (const point of ['claimed', 'kept', 'committed'] as const) {
  test(`a server killed once a request is ${point} leaves it to be done exactly once`, async () => {
    const survivor = await startServer();
    for (const { kind, make, effects } of kinds) {
      const victim = await startServer(point);
      const name = `${kind} ${point}`;
      const asked = make(name);
      await assert.rejects(ask(victim, asked), 'nobody answers');
      await victim.ended;
      assert.equal(await effectsOf(name), point === 'committed' ? effects : 0);
      const reply = await askUntilAnswered(survivor, asked);
      assert.ok(reply.status < 300, reply.text);
      assert.equal(reply.isReplay, point === 'committed');
      assert.equal(await effectsOf(name), effects);
      const again = await ask(survivor, asked);
      assert.deepEqual([again.isReplay, again.text], [true, reply.text]);
      assert.equal(await effectsOf(name), effects);
    }
  });
}

test('many that ask two servers at once for the same have it done once and get one answer', async () => {
  const servers = await Promise.all([startServer(), startServer()]);
  const requests = kinds.flatMap(({ kind, make, effects }) =>
    Array.from({ length: 12 }, (_, number) => {
      const name = `${kind} duplicate ${number}`;
      return { name, effects, asked: make(name) };
    }),
  );
  const clients = requests.flatMap((request) =>
    Array.from({ length: 8 }, async (_, number) => {
      const server = servers[number % 2] as Server;
      return { request, reply: await askUntilAnswered(server, request.asked) };
    }),
  );
  const answers = Map.groupBy(await Promise.all(clients), ({ request }) => request);
  for (const [{ name, effects }, replies] of answers) {
    assert.equal(await effectsOf(name), effects, name);
    assert.equal(new Set(replies.map(({ reply }) => reply.text)).size, 1, name);
    const fresh = replies.filter(({ reply }) => !reply.isReplay);
    assert.equal(fresh.length, 1, name);
  }
});
