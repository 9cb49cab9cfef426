// The life of an embedded server: whatever a crash leaves behind, the next start ends in a running
// server with everything that was committed, or in one clear sentence.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbedded, type EmbeddedPostgres } from './embedded.ts';
import { asUser, canEnter, databaseUser } from './embedded/system-user.ts';
import { identityOf } from './embedded/process-identity.ts';
import { migrate } from './migrate.ts';
import { defaultPostgresOptions, openPostgres, openSession } from './postgres.ts';
import { inDatabase, temporaryFolder } from './test-server.ts';

const small = { sharedBuffersMb: 16 };
/** For tests of the first start, of which most is the initialisation's waiting for the disk. */
const hasty = { ...small, isDurable: false };
const user = databaseUser('/nowhere');

/** A Florin process of its own that holds a server until it is told to leave, or killed. */
interface Owner {
  readonly process: ChildProcess;
  /** The first line it prints: the server's process id, "shared" if it joined one. */
  readonly hello: Promise<string>;
  readonly ended: Promise<unknown>;
}

function startOwner(dataFolder: string, given: object = small, asOther?: typeof user): Owner {
  const embedded = JSON.stringify(path.join(import.meta.dirname, 'embedded.ts'));
  const options = JSON.stringify({ ...given, dataFolder });
  const script = `import { startEmbedded } from ${embedded};
    const server = await startEmbedded(${options});
    console.log(server.processId() + (server.isShared ? ' shared' : ''));
    process.stdin.once('data', (chunk) => {
      if (chunk.toString() === 'exit') process.exit(0);
      void server.close().then(() => process.stdin.destroy());
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    ...(asOther === undefined ? {} : asUser(asOther)),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const said = once(child.stdout, 'data').then(([chunk]) => String(chunk).trim());
  return { process: child, hello: Promise.race([said, ended.then(() => 'ended')]), ended };
}

async function write(server: EmbeddedPostgres, note: string): Promise<void> {
  const session = await openSession(server.url);
  await session.query({ text: 'create table if not exists public.notes (note text)' });
  await session.query({ text: 'insert into public.notes values ($1)', values: [note] });
  await session.close();
}

async function notes(server: EmbeddedPostgres): Promise<string[]> {
  const session = await openSession(server.url);
  const rows = await session.query<{ note: string }>({ text: 'select note from public.notes' });
  await session.close();
  return rows.map(({ note }) => note);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 10) {
    assert.ok(waitedMs < 20_000, `waited too long until ${what}`);
    await sleep(10);
  }
}

const isGone = (pid: number): boolean => identityOf(pid) === undefined;

describe('an embedded PostgreSQL', () => {
  let root: string;
  let dataFolder: string;

  before(async () => {
    root = await temporaryFolder();
    dataFolder = path.join(root, 'data');
    const server = await startEmbedded({ ...small, dataFolder });
    await write(server, 'first');
    await server.close();
    assert.ok(isGone(server.processId()), 'close stops the server');
  });

  after(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('keeps its data between runs, and waits for the disk', async () => {
    const server = await startEmbedded({ ...small, dataFolder });
    assert.deepEqual(await notes(server), ['first']);
    const session = await openSession(server.url);
    const [row] = await session.query({
      text: `select current_setting('fsync') as fsync, current_setting('data_checksums') as sums,
        current_setting('full_page_writes') as pages, current_setting('listen_addresses') as tcp,
        current_setting('synchronous_commit') as commit`,
    });
    assert.deepEqual(row, { fsync: 'on', sums: 'on', pages: 'on', tcp: '', commit: 'on' });
    await session.close();
    await server.close();
  });

  it('is shared by a second start, and stops when the last one leaves', async () => {
    const first = await startEmbedded({ ...small, dataFolder });
    const second = startOwner(dataFolder);
    assert.equal(await second.hello, `${first.processId()} shared`);
    await first.close();
    assert.ok(!isGone(first.processId()), 'the second still uses it');
    second.process.stdin?.write('close');
    await second.ended;
    assert.ok(isGone(first.processId()), 'the last one stopped it');
  });

  it('comes back by itself when its server is killed, with all that was committed', async () => {
    const server = await startEmbedded({ ...small, dataFolder });
    const database = await openPostgres({ ...defaultPostgresOptions, url: server.url });
    await write(server, 'before the kill');
    const killed = server.processId();
    process.kill(killed, 'SIGKILL');
    await until(() => server.processId() !== killed, 'a new server runs');
    assert.deepEqual(await notes(server), ['first', 'before the kill']);
    assert.equal((await database.query({ text: 'select 1' })).length, 1);
    await database.close();
    await server.close();
  });

  it('starts again after Florin was killed and left the server running', async () => {
    const owner = startOwner(dataFolder);
    const orphan = Number(await owner.hello);
    owner.process.kill('SIGKILL');
    await owner.ended;
    assert.ok(!isGone(orphan), 'nobody stopped the server');
    const server = await startEmbedded({ ...small, dataFolder });
    assert.ok(isGone(orphan), 'the start replaced it');
    assert.ok((await notes(server)).includes('first'));
    await server.close();
  });

  it('starts again after both were killed and the process id was used again', async () => {
    const owner = startOwner(dataFolder);
    const pid = Number(await owner.hello);
    owner.process.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until(() => isGone(pid), 'the server is dead');
    const stranger = spawn('sleep', ['60'], { ...asUser(user), stdio: 'ignore' });
    const file = path.join(dataFolder, 'postgresql', 'postmaster.pid');
    const content = await readFile(file, 'utf8');
    await writeFile(file, content.replace(String(pid), String(stranger.pid)));
    await writeFile(path.join(dataFolder, 'lock'), `${stranger.pid} long ago\n`);
    const server = await startEmbedded({ ...small, dataFolder });
    assert.ok((await notes(server)).includes('first'));
    await server.close();
    assert.equal(stranger.exitCode, null, 'the stranger was left alone');
    stranger.kill('SIGKILL');
  });

  it('is told to stop when Florin exits without closing it', async () => {
    const owner = startOwner(dataFolder);
    const pid = Number(await owner.hello);
    owner.process.stdin?.write('exit');
    await until(() => isGone(pid), 'the server has stopped');
  });

  it('refuses data of another PostgreSQL version with one sentence', async () => {
    const version = path.join(dataFolder, 'postgresql', 'PG_VERSION');
    await writeFile(version, '17\n');
    await assert.rejects(startEmbedded({ ...small, dataFolder }), {
      code: 'data_of_other_version',
      message: /belongs to PostgreSQL 17, but this Florin brings PostgreSQL 18; .*\.$/,
    });
    await writeFile(version, '18\n');
  });

  it('fails with the end of the log when PostgreSQL does not start', async () => {
    const failing = startEmbedded({ dataFolder, sharedBuffersMb: 900_000_000 });
    await assert.rejects(failing, {
      code: 'database_start_failed',
      message: /did not start on .*; its log ends:\n.*shared/s,
    });
    const server = await startEmbedded({ ...small, dataFolder });
    await server.close();
  });
});

describe('the first start', () => {
  let root: string;

  before(async () => {
    root = await temporaryFolder();
  });

  after(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it('begins anew after an initialisation that was killed', async () => {
    const dataFolder = path.join(root, 'killed');
    const owner = startOwner(dataFolder, hasty);
    const isUnderWay = (): boolean => existsSync(dataFolder) && draftsIn(dataFolder).length > 0;
    let names: string[] = [];
    const draftsIn = (folder: string): string[] => {
      void readdir(folder).then((found) => (names = found));
      return names.filter((name) => name.startsWith('postgresql.new-'));
    };
    await until(isUnderWay, 'initdb runs');
    owner.process.kill('SIGKILL');
    await owner.ended;
    const server = await startEmbedded({ ...hasty, dataFolder });
    await write(server, 'alive');
    await server.close();
    await startEmbedded({ ...hasty, dataFolder }).then((again) => again.close());
    const left = (await readdir(dataFolder)).filter((name) => name.includes('new-'));
    assert.deepEqual(left, []);
  });

  it('happens once when two processes do it at the same time, in a deep folder', async () => {
    const dataFolder = path.join(root, 'deep'.repeat(20), 'deeper'.repeat(20));
    const owners = [startOwner(dataFolder, hasty), startOwner(dataFolder, hasty)];
    const hellos = await Promise.all(owners.map((owner) => owner.hello));
    assert.equal(hellos.filter((hello) => hello.endsWith(' shared')).length, 1);
    assert.equal(new Set(hellos.map((hello) => hello.split(' ')[0])).size, 1);
    for (const owner of owners) owner.process.stdin?.write('close');
    await Promise.all(owners.map((owner) => owner.ended));
    await until(() => isGone(Number(hellos[0]?.split(' ')[0])), 'the last one stopped it');
  });

  it('refuses a folder that holds something else', async () => {
    const dataFolder = path.join(root, 'foreign');
    await mkdir(path.join(dataFolder, 'postgresql'), { recursive: true });
    await writeFile(path.join(dataFolder, 'postgresql', 'letter.txt'), 'dear');
    await assert.rejects(startEmbedded({ ...hasty, dataFolder }), {
      code: 'data_folder_foreign',
    });
    assert.equal(await readFile(path.join(dataFolder, 'postgresql/letter.txt'), 'utf8'), 'dear');
  });

  it('refuses a folder that cannot be made', async () => {
    await writeFile(path.join(root, 'file'), '');
    await assert.rejects(startEmbedded({ ...hasty, dataFolder: path.join(root, 'file/data') }), {
      code: 'data_folder_unusable',
      message: /^Cannot write to the data folder .*: a part of the path is a file; .*\.$/,
    });
  });

  it('creates the application role once when several databases are migrated at once', async () => {
    const dataFolder = path.join(root, 'roles');
    const server = await startEmbedded({ ...hasty, dataFolder });
    const session = await openSession(server.url);
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) await session.query({ text: `create database ${name}` });
    await Promise.all(names.map((name) => migrate({ url: inDatabase(server.url, name) })));
    const roles = await session.query({
      text: `select from pg_roles where rolname = 'florin_app'`,
    });
    assert.equal(roles.length, 1);
    await session.close();
    await assert.rejects(openPostgres({ ...defaultPostgresOptions, url: server.url }), {
      code: 'database_unsafe',
      message: /This PostgreSQL runs with fsync off and may lose committed money; turn it on.$/,
    });
    await server.close();
  });

  // Only root can try both; for an ordinary user every test above is this one.
  if (user !== undefined && canEnter(import.meta.dirname, user)) {
    it('works for an ordinary user, and for root on that data afterwards', async () => {
      const home = path.join(root, 'home');
      await mkdir(home);
      await chown(home, user.uid, user.gid);
      const dataFolder = path.join(home, 'data');
      const owner = startOwner(dataFolder, hasty, user);
      const pid = Number(await owner.hello);
      assert.ok(pid > 0, 'it started');
      owner.process.stdin?.write('close');
      await owner.ended;
      assert.ok(isGone(pid));
      const server = await startEmbedded({ ...hasty, dataFolder });
      await write(server, 'by root');
      await server.close();
      const again = startOwner(dataFolder, hasty, user);
      assert.ok(Number(await again.hello) > 0, 'root left everything usable');
      again.process.stdin?.write('close');
      await again.ended;
    });
  }
});
