// Plays the crash test of the whole way of payments: a bank as an operator starts it, a crowd that
// pays, a file of another bank, a rail that misbehaves; and the server, PostgreSQL, or both killed
// at random moments. Afterwards everything is held against what was asked for.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '#config';
import { Fault } from '#kernel';
import { openSession, type Queryable } from '#platform';
import {
  openInstallation,
  startRail,
  until,
  type Installation,
  type Rail,
} from '../processes/installation.ts';
import { randomOf, type Random } from '../random.ts';
import { assertRecorded, assertSound } from '../record.ts';
import { Client } from './ask.ts';
import { batchOf, sendBatch } from './batch.ts';
import { Crowd } from './crowd.ts';
import { foundBank } from './found.ts';
import { assertPaid, assertTransit, isHeard, type Played } from './judge.ts';
import {
  countChunks,
  endFileLeases,
  readLetters,
  readMessageOutcomes,
  readWaiting,
  type WaitingRow,
} from './left-store.ts';
import { explanations } from './letters.ts';

export interface CrashOptions {
  readonly seed: number;
  /** Of the file. */
  readonly entries: number;
  readonly kills: number;
  readonly log: (line: string) => void;
}

const KINDS = ['server', 'postgres', 'both'] as const;
const ANSWERS_BEFORE_KILL = 15;
const CALM_MAX_MS = 1_000;
const SOON_MS = 40;
const ANY_MOMENT = 0.25;
const CHUNK_ENTRIES = BigInt(limits.fileChunkEntries.value);
const CHUNK_WAIT_MS = 15_000;
const PATIENCE_MS = 120_000;
const SETTLE_MS = 400_000;
const LOOK_MS = 300;

interface Scene extends Played {
  readonly options: CrashOptions;
  readonly installation: Installation;
  readonly client: Client;
}

/** Throws what is wrong, with the seed. Nothing is left running. */
export async function playCrashes(options: CrashOptions): Promise<void> {
  const rail = await startRail(options.seed);
  // With one attempt, whatever is interrupted becomes a dead letter; with three, next to nothing.
  const attempts = options.seed % 2 === 0 ? 3 : 1;
  const policy = `payments-sct-inst:attempts=${attempts}`;
  const installation = await openInstallation(rail.url, { FLORIN_QUEUES: policy });
  try {
    const scene = await openScene(options, installation, rail);
    await progress(scene);
    await Promise.all([sendBatch(scene.client, scene.batch), killAgainAndAgain(scene)]);
    await see(scene, (q) => endFileLeases(q));
    await within(scene, SETTLE_MS, (waiting) => waiting.files === 0n);
    options.log(`${seconds()} s: the file is done`);
    await scene.crowd.leave();
    rail.behave();
    await settle(scene);
    await judge(scene);
  } catch (error) {
    const last = installation.lastWords();
    throw new Error(`seed ${options.seed} breaks the bank; it said last:\n${last}`, {
      cause: error,
    });
  } finally {
    await installation.remove();
    rail.kill();
  }
}

async function openScene(
  options: CrashOptions,
  installation: Installation,
  rail: Rail,
): Promise<Scene> {
  const founded = await foundBank(installation.env);
  await installation.start();
  const { url } = installation;
  const { euros: accounts, token } = founded;
  const client = new Client({ url, token });
  const batch = batchOf(founded.dollars, options.entries);
  const crowd = new Crowd({ url, railUrl: rail.url, token, accounts, seed: options.seed });
  return { founded, crowd, batch, railUrl: rail.url, options, installation, client };
}

async function killAgainAndAgain(scene: Scene): Promise<void> {
  const { options, crowd, installation } = scene;
  const random = randomOf(options.seed);
  const first = random.below(KINDS.length);
  let chunks = 0n;
  for (let kill = 0; kill < options.kills; kill += 1) {
    chunks = await momentAfter(scene, random, chunks);
    const kind = KINDS[(first + kill) % KINDS.length] ?? 'both';
    options.log(
      `${seconds()} s: ${kind} killed after ${crowd.progress} payments, ${chunks} chunks`,
    );
    if (kind === 'postgres') await installation.killPostgres();
    else await (kind === 'both' ? installation.killBoth() : installation.killServer());
    if (kind !== 'postgres') await installation.start();
    options.log(`${seconds()} s: it is there again`);
    await see(scene, async (q) => {
      await endFileLeases(q);
      await assertTransit(q);
    });
    await progress(scene);
  }
}

/** Soon after more of the file was posted; when nothing of it is left, or by chance, any moment. */
async function momentAfter(scene: Scene, random: Random, chunks: bigint): Promise<bigint> {
  const isAny = random.chance(ANY_MOMENT);
  const giveUpMs = performance.now() + (isAny ? random.below(CALM_MAX_MS) : CHUNK_WAIT_MS);
  const session = await openSession(scene.founded.ownerUrl);
  try {
    for (;;) {
      const now = await countChunks(session);
      if (now > chunks || performance.now() > giveUpMs) {
        await sleep(random.below(SOON_MS));
        return now;
      }
      if (now * CHUNK_ENTRIES >= BigInt(scene.batch.entries.length)) break;
      await sleep(random.below(10));
    }
  } finally {
    await session.close();
  }
  await sleep(random.below(CALM_MAX_MS));
  return chunks;
}

async function progress({ crowd }: Scene): Promise<void> {
  const target = crowd.progress + ANSWERS_BEFORE_KILL;
  await until('the crowd goes on', () => Promise.resolve(crowd.progress >= target));
}

/** Looks into the database with a connection of its own, as soon as there is one. */
async function see<Seen>({ founded }: Scene, look: (q: Queryable) => Promise<Seen>): Promise<Seen> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      const session = await openSession(founded.ownerUrl);
      try {
        return await look(session);
      } finally {
        await session.close();
      }
    } catch (error) {
      if (!(error instanceof Fault) || performance.now() > giveUpMs) throw error;
      await sleep(LOOK_MS);
    }
  }
}

async function within(
  scene: Scene,
  patienceMs: number,
  isEnough: (waiting: WaitingRow) => boolean,
): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  for (;;) {
    const waiting = await see(scene, (q) => readWaiting(q));
    if (waiting !== undefined && isEnough(waiting)) return;
    if (performance.now() > giveUpMs) {
      const left = Object.entries(waiting ?? {}).map(([what, count]) => `${what} ${count}`);
      throw new Error(`there is still something under way: ${left.join(', ')}`);
    }
    await sleep(LOOK_MS);
  }
}

/** Until nothing is under way; dead letters are explained, and sent again. */
async function settle(scene: Scene): Promise<void> {
  const { client, options, railUrl } = scene;
  for (;;) {
    await within(scene, SETTLE_MS, ({ messages, open }) => messages === 0n && open === 0n);
    const letters = await see(scene, (q) => readLetters(q));
    for (const [code, own] of Map.groupBy(letters, (letter) => letter.code)) {
      const reason = explanations[code];
      assert.ok(reason !== undefined, `a letter died of ${code}, which crashes do not explain`);
      options.log(`${own.length} dead letters, ${code}: ${reason}`);
    }
    if (letters.length === 0) break;
    for (const [queue, own] of Map.groupBy(letters, (letter) => letter.queue)) {
      await client.ask({
        method: 'POST',
        path: `/v1/queues/${queue}/dead-letters/redrive`,
        key: `redrive-${own[0]?.id ?? ''}`,
        body: { letters: own.map(({ id }) => id) },
      });
    }
  }
  // The rail may have more to say of what is settled: that it comes back.
  await until('the rail is heard', () => see(scene, (q) => isHeard(q, railUrl)));
  await within(scene, SETTLE_MS, ({ messages, events }) => messages === 0n && events === 0n);
}

async function judge(scene: Scene): Promise<void> {
  const { client, founded, crowd, options, batch } = scene;
  const states = await see(scene, (q) => assertPaid(q, scene));
  const trial = await client.ask({ method: 'GET', path: '/v1/ledger/trial-balance' });
  assert.equal(trial['is_balanced'], true, 'the trial balance is zero');
  await assertSound(founded.ownerUrl);
  await assertRecorded(founded.ownerUrl, founded.objects);
  const outcomes = await see(scene, (q) => readMessageOutcomes(q));
  const { replays, answered, incoming, repeats } = crowd;
  const figures = {
    answered: answered.length,
    replays,
    incoming: incoming.length,
    entries: batch.entries.length,
    states,
    outcomes,
    repeats,
  };
  options.log(`${seconds()} s: ${JSON.stringify(figures)}`);
}

function seconds(): string {
  return String(Math.round(performance.now() / 1_000));
}
