// Kills a posting process, and PostgreSQL itself, with SIGKILL under load, many times. After each
// kill all that was acknowledged is there exactly once, what was in doubt is there once or not at
// all and asking again settles it, and the books are sound. The server writes durably here, as in a
// bank.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  consistencyProof,
  latestCheckpoint,
  openSequencer,
  verifyConsistency,
  type Checkpoint,
  type Consistency,
} from '#audit';
import { Fault, type AccountId } from '#kernel';
import { openAccounts, postBatch } from '#ledger';
import {
  defaultPostgresOptions,
  migrate,
  openFolderObjects,
  openLocalKeys,
  openPostgres,
  startEmbedded,
  systemClock,
  type Database,
  type EmbeddedPostgres,
  type Objects,
  type TransactionContext,
} from '#platform';
import { tellerToken } from '../identity/testing/callers.ts';
import { killAll, startServer, startWorker, type Worker } from './processes/crew.ts';
import { freePort } from './processes/free-port.ts';
import { readRecord, transfersNamed } from './record-store.ts';
import { assertLawful, assertRecorded, assertSound } from './record.ts';
import type { Report } from './processes/report.ts';

const seed = Number(process.env['FLORIN_SIMULATION_SEED'] ?? randomInt(2 ** 32));
/** Kills of the server and of PostgreSQL, each; and of processes that post by themselves. */
const KILLS = Number(process.env['FLORIN_SIMULATION_KILLS'] ?? 11);
const POSTER_KILLS = Math.ceil(KILLS / 3);
/** Lists answered before a kill: enough for the work to be in full swing. */
const LISTS_BEFORE_KILL = 25;
const WAIT_MS = 180_000;

const clock = systemClock();
let folder: string;
/** Where the server keeps keys and objects. */
let stateFolder: string;
let server: EmbeddedPostgres;
let database: Database;
/** The same with the keys of the bank, to sequence what it left. */
let keyed: Database;
let objects: Objects;
let accounts: AccountId[];
/** For who posts over HTTP. */
let token: string;
/** Everything acknowledged in the whole test, by external id. */
const acknowledged = new Map<string, string>();

function context(): TransactionContext {
  return { now: clock.now(), actor: 'controller', correlationId: 'simulation' };
}

/** What needs the database is tried again until it is back. */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  const giveUpMs = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Fault) || performance.now() > giveUpMs) throw error;
      await sleep(50);
    }
  }
}

function work(name: string, isPipelined: boolean, url: string = server.url): Worker {
  return startWorker({
    url,
    token,
    name,
    seed: seed + randomInt(2 ** 20),
    accounts,
    clients: 6,
    listsPerClient: Number.MAX_SAFE_INTEGER,
    isPipelined,
    sharedCount: 0,
  });
}

function answeredIn(worker: Worker): Report[] {
  return [...worker.reports.values()].filter((report) => report.outcomes !== undefined);
}

/** Waits until the worker has had so many more answers. */
async function progress(worker: Worker, lists: number): Promise<void> {
  const target = answeredIn(worker).length + lists;
  const giveUpMs = performance.now() + WAIT_MS;
  while (answeredIn(worker).length < target) {
    assert.ok(performance.now() < giveUpMs, `the worker goes on; seed ${seed}`);
    await sleep(5);
  }
}

/** Its backends outlive a killed server for a moment and still answer, so answers prove nothing. */
async function restarted(killed: number): Promise<void> {
  const giveUpMs = performance.now() + WAIT_MS;
  while (server.processId() === killed) {
    assert.ok(performance.now() < giveUpMs, `PostgreSQL is started again; seed ${seed}`);
    await sleep(5);
  }
}

/** All that was acknowledged is there once; nothing is there twice. Answers what is there. */
async function assertKept(reports: readonly Report[]): Promise<Map<string, string[]>> {
  const asked: string[] = [];
  for (const { instructions, outcomes } of reports) {
    for (const [place, { externalId = '' }] of instructions.entries()) {
      const outcome = outcomes?.[place];
      asked.push(externalId);
      if (outcome?.ok === true) acknowledged.set(externalId, outcome.id);
    }
  }
  const found = await patiently(() => transfersNamed(database, asked));
  for (const [externalId, ids] of found) assert.equal(ids.length, 1, `${externalId} is there once`);
  for (const externalId of asked) {
    const id = acknowledged.get(externalId);
    if (id !== undefined) assert.deepEqual(found.get(externalId), [id], `${externalId} is kept`);
  }
  return found;
}

/** Asks again what was in doubt: what is there is replayed, the rest is done or refused now. */
async function settle(reports: readonly Report[]): Promise<number> {
  const doubtful = reports.filter((report) => report.outcomes === undefined);
  const found = await assertKept(reports);
  for (const { instructions, mode } of doubtful) {
    const { answers } = await patiently(() =>
      postBatch(database, context(), instructions, { mode }),
    );
    for (const [place, { externalId = '' }] of instructions.entries()) {
      const answer = answers[place];
      const [id] = found.get(externalId) ?? [];
      if (id !== undefined) {
        const reason = answer?.ok === false ? answer.refusal.code : '';
        assert.ok(answer?.ok === true, `${externalId} is replayed, but: ${reason}`);
        assert.ok(answer.value.isReplay, `${externalId} is not done again`);
        assert.equal(answer.value.transfer.id, id);
      }
      // Not there yet: done now, or by a commit that came after its asker was gone.
      if (answer?.ok === true) acknowledged.set(externalId, answer.value.transfer.id);
    }
  }
  await assertKept(doubtful);
  return doubtful.length;
}

/** Every checkpoint seen after a kill, as someone outside would keep them. */
const heads: Checkpoint[] = [];

/** The log extends every checkpoint that was ever seen, and each change has its record. */
async function assertGrown(): Promise<void> {
  const latest = await latestCheckpoint(database);
  if (latest === undefined) return;
  for (const { size, root } of heads) {
    assert.ok(size <= latest.size, `the log went back from ${size} to ${latest.size}`);
    const proof = await consistencyProof(database, { size1: size, size2: latest.size });
    const claim: Consistency = {
      size1: size,
      size2: latest.size,
      root1: root,
      root2: latest.root,
      proof,
    };
    assert.equal(verifyConsistency(claim), undefined, `seed ${seed}`);
  }
  heads.push(latest);
  await assertRecorded(server.url);
}

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), `florin-test-${process.pid}-`));
  await chmod(folder, 0o711);
  stateFolder = await mkdtemp(path.join(os.tmpdir(), 'florin-test-state-'));
  server = await startEmbedded({ dataFolder: folder, sharedBuffersMb: 64 });
  await migrate({ url: server.url });
  database = await openPostgres({ ...defaultPostgresOptions, url: server.url, poolSize: 3 });
  const keys = await openLocalKeys({ folder: path.join(stateFolder, 'keys') });
  keyed = await openPostgres({ ...defaultPostgresOptions, url: server.url, poolSize: 2, keys });
  token = await tellerToken(keyed, context());
  objects = await openFolderObjects({ folder: path.join(stateFolder, 'objects'), clock });
  const common = { currency: 'CZK', normalSide: 'credit', floor: 0n } as const;
  const opened = await database.transaction(context(), (tx) =>
    openAccounts(tx, [
      { ...common, path: 'world', floor: null },
      { ...common, path: 'hot:a' },
      { ...common, path: 'hot:b', ceiling: 300n },
      { ...common, path: 'hot:c', normalSide: 'debit', creditLimit: 50n },
    ]),
  );
  accounts = opened.map((result) => (result.ok ? result.value.id : assert.fail()));
});

after(async () => {
  killAll();
  await database.close();
  await keyed.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
  await rm(stateFolder, { recursive: true, force: true });
});

test(`the server killed ${KILLS} times loses nothing acknowledged`, async (t) => {
  const port = await freePort();
  let bank = await startServer(server.url, stateFolder, port);
  const workers = [work('client-0', false, bank.url), work('client-1', false, bank.url)];
  const reports = (): Report[] => workers.flatMap((worker) => [...worker.reports.values()]);
  for (let kill = 0; kill < KILLS; kill += 1) {
    for (const worker of workers) await progress(worker, LISTS_BEFORE_KILL);
    await sleep(randomInt(40));
    bank.kill();
    assert.equal(await bank.ended, null);
    await assertKept(reports());
    bank = await startServer(server.url, stateFolder, port);
    // The clients ask again what was in doubt, with the same external ids.
    for (const worker of workers) await progress(worker, 2);
    await assertSound(server.url);
    await assertGrown();
  }
  for (const worker of workers) worker.kill();
  for (const worker of workers) await worker.ended;
  bank.kill();
  await bank.ended;
  const doubtful = await settle(reports());
  t.diagnostic(`seed ${seed}: ${doubtful} lists in doubt, ${acknowledged.size} transfers kept`);
});

test(`a posting process killed ${POSTER_KILLS} times loses nothing acknowledged`, async (t) => {
  let doubtful = 0;
  for (let kill = 0; kill < POSTER_KILLS; kill += 1) {
    const worker = work(`process-${kill}`, kill % 2 === 1);
    await progress(worker, LISTS_BEFORE_KILL);
    await sleep(randomInt(40));
    worker.kill();
    assert.equal(await worker.ended, null);
    doubtful += await settle([...worker.reports.values()]);
    await assertSound(server.url);
  }
  t.diagnostic(
    `seed ${seed}: ${doubtful} lists were in doubt, ${acknowledged.size} transfers kept`,
  );
  assert.ok(doubtful > 0, 'the kills came while work was under way');
});

test(`PostgreSQL killed ${KILLS} times loses nothing acknowledged`, async (t) => {
  const workers = [work('survivor-0', false), work('survivor-1', true)];
  const reports = (): Report[] => workers.flatMap((worker) => [...worker.reports.values()]);
  for (let kill = 0; kill < KILLS; kill += 1) {
    for (const worker of workers) await progress(worker, LISTS_BEFORE_KILL);
    await sleep(randomInt(40));
    process.kill(server.processId(), 'SIGKILL');
    await restarted(server.processId());
    // Both go on by themselves: the server is started again, and the workers ask again.
    for (const worker of workers) await progress(worker, 2);
    await assertKept(reports());
    await patiently(() => assertSound(server.url));
    await patiently(assertGrown);
  }
  for (const worker of workers) worker.kill();
  for (const worker of workers) await worker.ended;
  const doubtful = await settle(reports());
  t.diagnostic(`seed ${seed}: ${doubtful} lists in doubt, ${acknowledged.size} transfers kept`);
});

test('after all of it every acknowledged transfer is there and the books are lawful', async (t) => {
  const found = await transfersNamed(database, [...acknowledged.keys()]);
  for (const [externalId, id] of acknowledged) assert.deepEqual(found.get(externalId), [id]);
  assertLawful(await readRecord(database));
  await assertSound(server.url);
  // Whatever waits gets its place from a process that never saw the log before.
  const sequencer = openSequencer(keyed, { objects });
  await sequencer.run(context());
  await assertGrown();
  await assertRecorded(server.url, objects);
  const [row] = await database.query<{ waiting: bigint }>({
    text: 'select count(*) as waiting from audit.inbox',
  });
  assert.equal(row?.waiting, 0n);
  t.diagnostic(`seed ${seed}: ${heads.length} checkpoints are heads of one growing log`);
});
