import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession } from '#platform';

// These tests share one data folder: PostgreSQL is initialised once, and each leaves it stopped.
let folder: string;
const running = new Set<Command>();

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'florin-test-up-'));
  // Root's PostgreSQL runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
});

// A test that failed half-way must not fail the next.
afterEach(async () => {
  await Promise.all([...running].map((command) => command.stop('SIGTERM')));
});

after(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

type Settings = Readonly<Record<string, string>>;

class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  output = '';
  errors = '';

  constructor(args: readonly string[], settings: Settings = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FLORIN_'));
    const env = {
      ...Object.fromEntries(inherited),
      FLORIN_DATA_DIR: path.join(folder, 'data'),
      FLORIN_PORT: '0',
      ...settings,
    };
    const program = path.join(import.meta.dirname, 'main.ts');
    this.child = spawn(process.execPath, [program, ...args], { env, stdio: 'pipe' });
    running.add(this);
    this.child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        running.delete(this);
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  async printed(pattern: RegExp): Promise<string> {
    let hasEnded = false;
    void this.ended.then(() => (hasEnded = true));
    while (!hasEnded) {
      const found = pattern.exec(this.output);
      if (found !== null) return found[1] ?? found[0];
      await sleep(20);
    }
    assert.fail(`it ended without printing ${pattern}:\n${this.output}\n${this.errors}`);
  }

  async stop(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return await this.ended;
  }
}

class Server extends Command {
  url = '';
  #token = '';

  static async start(settings: Settings = {}): Promise<Server> {
    const server = new Server(['up'], settings);
    server.url = await server.printed(/HTTP +(http:\S+)/);
    await server.printed(/Ctrl-C stops everything/);
    return server;
  }

  /** As the banner says: with a token from the command line, which finds the server's database. */
  async signIn(): Promise<void> {
    const command = new Command(['token']);
    assert.equal(await command.ended, 0, command.errors);
    this.#token = command.output.trim();
  }

  async read(place: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await fetch(`${this.url}${place}`, { headers });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }

  async write(place: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.url}${place}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        'idempotency-key': `"${randomUUID()}"`,
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.status < 300, `${answer.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
}

const isPostgresRunning = (): boolean =>
  existsSync(path.join(folder, 'data', 'postgresql', 'postmaster.pid'));

/** The sentence, where there is nothing else. */
function onlySentence(text: string): string {
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, 1, text);
  return lines[0] ?? '';
}

test('a first start says what runs where, works, and stops everything on SIGINT', async () => {
  const server = await Server.start();
  for (const part of [
    /Florin \d+\.\d+\.\d+ is up after [\d.]+ s/,
    /Token +npm run -s florin -- token/,
    /Invitation +first administrator: http:\S+ with the code \S+/,
    /API +http:\S+\/docs/,
    /Database +PostgreSQL 18\.\d+, embedded/,
    new RegExp(`Data +${folder}/data`),
    /Connect +psql "postgresql:/,
    /fsync on, synchronous_commit on, full_page_writes on/,
    /Ledger +\d+ accounts, \d+ transfers/,
    /Sample .*\n.*import berka DIR/,
  ]) {
    assert.match(server.output, part);
  }
  assert.deepEqual(await server.read('/healthz'), { status: 200, body: { status: 'alive' } });
  assert.deepEqual(await server.read('/readyz'), { status: 200, body: { status: 'ready' } });
  assert.equal((await fetch(`${server.url}/metrics`)).status, 200);
  assert.equal((await fetch(`${server.url}/docs`)).status, 200);
  assert.equal((await server.read('/v1/ledger/trial-balance')).status, 401);
  await server.signIn();
  const trial = await server.read('/v1/ledger/trial-balance');
  assert.equal(trial.body['is_balanced'], true);
  assert.equal(await server.stop('SIGINT'), 0);
  assert.match(server.output, /Florin has stopped/);
  assert.equal(server.errors, '');
  assert.equal(isPostgresRunning(), false);
});

test('a second start finds the same books, and a kill -9 loses nothing answered', async () => {
  const first = await Server.start();
  assert.doesNotMatch(first.output, /Sample/);
  await first.signIn();
  const account = { path: 'test:kill', currency: 'CZK', normal_side: 'debit' };
  const debtor = await first.write('/v1/ledger/accounts', account);
  const creditor = await first.write('/v1/ledger/accounts', account);
  const transfer = {
    external_id: 'before the kill',
    legs: [
      { account_id: debtor['id'], side: 'debit', amount: '4200', currency: 'CZK' },
      { account_id: creditor['id'], side: 'credit', amount: '4200', currency: 'CZK' },
    ],
  };
  const posted = await first.write('/v1/ledger/transfers', transfer);
  assert.equal(await first.stop('SIGKILL'), 'SIGKILL');

  const second = await Server.start();
  await second.signIn();
  const balance = await second.read(`/v1/ledger/accounts/${String(debtor['id'])}/balance`);
  assert.match(JSON.stringify(balance.body), /"4200"/);
  const replayed = await second.write('/v1/ledger/transfers', transfer);
  assert.equal(replayed['id'], posted['id']);
  assert.equal(await second.stop('SIGTERM'), 0);
  assert.equal(isPostgresRunning(), false);
});

test('processes share one database, embedded or by address; the last one stops it', async () => {
  const first = await Server.start();
  const second = await Server.start();
  assert.match(second.output, /embedded, shared with another Florin process/);
  const address = await first.printed(/psql "([^"]+)"/);
  const third = await Server.start({ FLORIN_DATABASE_URL: address });
  assert.match(third.output, /from FLORIN_DATABASE_URL/);
  assert.equal(await first.stop('SIGINT'), 0);
  assert.equal((await second.read('/readyz')).status, 200);

  const verify = new Command(['verify', '--json']);
  assert.equal(await verify.ended, 0, verify.errors);
  assert.match(verify.output, /^\{"sound":true/);
  const doctor = new Command(['doctor', '--json']);
  assert.equal(await doctor.ended, 0, doctor.output);
  assert.match(doctor.output, /^\{"healthy":true/);

  assert.equal(await third.stop('SIGTERM'), 0);
  assert.equal(await second.stop('SIGINT'), 0);
  assert.equal(isPostgresRunning(), false);
});

test('a tampered ledger makes verify end with 1 and say where', async () => {
  const server = await Server.start();
  const session = await openSession(await server.printed(/psql "([^"]+)"/));
  const shift = (by: number): string =>
    `update ledger.balances set posted_debits = posted_debits + ${by} where account_id =
      (select account_id from ledger.balances order by account_id limit 1)`;
  await session.query({ text: shift(1) });
  const verify = new Command(['verify']);
  assert.equal(await verify.ended, 1, verify.errors);
  assert.match(verify.output, /WRONG balance_is_sum: account acc_\S+: expected posted \d+ debit/);
  assert.match(verify.output, /THE BOOKS ARE NOT SOUND: 1 of \d+ rules are broken/);
  await session.query({ text: shift(-1) });
  await session.close();
  assert.equal(await server.stop('SIGINT'), 0);
});

test('a port in use is one clear sentence, and nothing is left running', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  other.unref();
  const server = new Command(['up'], { FLORIN_PORT: String(port) });
  assert.equal(await server.ended, 1);
  assert.match(onlySentence(server.errors), new RegExp(`Port ${port} of 127.0.0.1 is in use`));
  assert.equal(isPostgresRunning(), false);
  other.close();
});

test('a database newer than the code refuses to start in one sentence', async () => {
  const server = await Server.start();
  const session = await openSession(await server.printed(/psql "([^"]+)"/));
  const row = `(9999, '9999_from_the_future.sql', '${'0'.repeat(64)}', false)`;
  await session.query({
    text: `insert into platform.migrations (number, name, sha256, breaking) values ${row}`,
  });
  const late = new Command(['up']);
  assert.equal(await late.ended, 1);
  assert.match(onlySentence(late.errors), /newer than this Florin.*9999_from_the_future/);
  await session.query({ text: 'delete from platform.migrations where number = 9999' });
  await session.close();
  assert.equal(await server.stop('SIGINT'), 0);
});

test('a signal during the start ends it in order, and a second one does not wait', async () => {
  const early = new Command(['up']);
  await early.printed(/is starting/);
  assert.equal(await early.stop('SIGTERM'), 0);
  assert.doesNotMatch(early.output, /is up/);
  assert.equal(isPostgresRunning(), false);

  const impatient = await Server.start();
  impatient.child.kill('SIGINT');
  impatient.child.kill('SIGTERM');
  assert.ok([0, 1].includes((await impatient.ended) as number));
});

test('what cannot start says why in one sentence, without a stack', async () => {
  const cases: readonly [Settings, RegExp][] = [
    [{ FLORIN_PORT: 'http' }, /FLORIN_PORT is "http" but must be a whole number/],
    [{ FLORIN_DATABASE_URL: 'mysql://localhost' }, /FLORIN_DATABASE_URL is its value \(not shown/],
    [{ FLORIN_DATABASE_URL: 'postgresql://u:secret@127.0.0.1:9/x' }, /database/],
  ];
  const commands = cases.map(([settings]) => new Command(['up'], settings));
  for (const [index, command] of commands.entries()) {
    assert.equal(await command.ended, 1);
    assert.match(onlySentence(command.errors), cases[index]?.[1] ?? /never/);
    assert.doesNotMatch(command.errors, /secret|mysql/);
  }
});

test('a command line that is not understood ends with 2 and a sentence', async () => {
  const cases = [['fly'], ['up', '--fast'], ['verify', '--findings', 'all'], ['import']];
  const commands = cases.map((args) => new Command(args));
  for (const command of commands) {
    assert.equal(await command.ended, 2);
    assert.match(onlySentence(command.errors), /^florin: .*\.$|^florin: .*\]$/);
  }
  const help = new Command(['--help']);
  assert.equal(await help.ended, 0);
  for (const name of ['up', 'import', 'verify', 'bench', 'doctor', 'version']) {
    assert.match(help.output, new RegExp(`^  ${name} `, 'm'));
  }
});
