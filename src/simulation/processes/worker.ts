// Owns a process that posts to a ledger in many ways at once, until it has done its work or is
// killed. It tells its parent what it is about to ask, and then what was answered, so that the
// parent knows what a kill left in doubt. Every instruction has an external id, so that asking
// again is safe.

import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, type AccountId, type Instant, type TransferId } from '#kernel';
import { openPoster, postBatch } from '#ledger';
import type { Answer, Instruction, Leg, PostMode } from '#ledger';
import {
  defaultPostgresOptions,
  openPostgres,
  systemClock,
  type Database,
  type TransactionContext,
} from '#platform';
import { postOverHttp } from './http-post.ts';
import { randomOf, type Random } from '../random.ts';
import type { Job, Outcome, Report } from './report.ts';

/** All accounts have it. An instruction says so, because over HTTP it must. */
const CURRENCY = 'CZK';

/** Posting again after a fault, with the database gone perhaps, is tried for this long. */
const PATIENCE_MS = 180_000;
const PAUSE_MS = 25;

type Post = (
  context: TransactionContext,
  instructions: readonly Instruction[],
  mode: PostMode,
) => Promise<readonly Outcome[]>;

const wallMs = (): number => performance.timeOrigin + performance.now();

/** The instruction that every worker means by this number; variant 1 differs in its amount. */
function sharedInstruction(
  accounts: readonly AccountId[],
  number: number,
  variant: number,
): Instruction {
  const random = randomOf(number);
  const [from, to] = [random.pick(accounts), random.pick(accounts)];
  const amount = BigInt(1 + random.below(30) + variant);
  return {
    kind: random.chance(0.7) ? 'transfer' : 'hold',
    externalId: `shared-${number}`,
    legs: [
      { accountId: from, side: 'debit', amount },
      { accountId: to, side: 'credit', amount },
    ],
  };
}

class Client {
  readonly #job: Job;
  readonly #post: Post;
  readonly #random: Random;
  readonly #clock = systemClock();
  readonly #name: string;
  readonly #holds: TransferId[] = [];
  readonly #transfers: TransferId[] = [];
  #count = 0;

  constructor(job: Job, number: number, post: Post) {
    this.#job = job;
    this.#post = post;
    this.#random = randomOf(job.seed * 1_000 + number);
    this.#name = `${job.name}-${number}`;
  }

  async run(): Promise<void> {
    for (let list = 0; list < this.#job.listsPerClient; list += 1) {
      const size = 1 + this.#random.below(5);
      const instructions = Array.from({ length: size }, () => this.#instruction());
      const mode = this.#random.weighted<PostMode>([
        [8, 'each'],
        [1, 'atomic'],
      ]);
      const report = { list: `${this.#name}-${list}`, mode, instructions, startedMs: wallMs() };
      send(report);
      const outcomes = await this.#postUntilAnswered(instructions, mode);
      send({ ...report, endedMs: wallMs(), outcomes });
      for (const outcome of outcomes) {
        if (!outcome.ok) continue;
        if (outcome.kind === 'hold') this.#holds.push(outcome.id);
        if (outcome.kind !== 'hold') this.#transfers.push(outcome.id);
      }
    }
  }

  async #postUntilAnswered(
    instructions: readonly Instruction[],
    mode: PostMode,
  ): Promise<readonly Outcome[]> {
    const giveUpMs = wallMs() + PATIENCE_MS;
    for (;;) {
      const context = { now: this.#clock.now(), actor: this.#name, correlationId: this.#name };
      try {
        return await this.#post(context, instructions, mode);
      } catch (error) {
        if (!(error instanceof Fault) || wallMs() > giveUpMs) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  #instruction(): Instruction {
    const random = this.#random;
    const { accounts, sharedCount } = this.#job;
    if (random.chance(sharedCount > 0 ? 0.3 : 0)) {
      return sharedInstruction(accounts, random.below(sharedCount), random.chance(0.1) ? 1 : 0);
    }
    this.#count += 1;
    const externalId = `${this.#name}-${this.#count}`;
    const linked = random.chance(0.05) ? true : undefined;
    return { ...this.#own(), externalId, linked };
  }

  #own(): Instruction {
    const random = this.#random;
    const { accounts } = this.#job;
    const amount = BigInt(1 + random.below(40));
    const legs = [
      { accountId: random.pick(accounts), side: 'debit', amount, currency: CURRENCY },
      { accountId: random.pick(accounts), side: 'credit', amount, currency: CURRENCY },
    ] as const;
    const now = this.#clock.now();
    const holdId = random.chance(0.8) ? this.#holds.at(-1) : this.#holds[0];
    const kind = random.weighted<Instruction['kind']>([
      [40, 'transfer'],
      [20, 'hold'],
      [holdId === undefined ? 0 : 20, 'capture'],
      [holdId === undefined ? 0 : 4, 'increase'],
      [holdId === undefined ? 0 : 4, 'void'],
      [this.#transfers.length === 0 ? 0 : 8, 'reverse'],
    ]);
    switch (kind) {
      case 'hold': {
        const expiresAt = (now + 1_000 * (1 + random.below(60))) as Instant;
        return { kind, legs, expiresAt: random.chance(0.5) ? expiresAt : undefined };
      }
      case 'reverse': {
        const transferId = random.pick(this.#transfers);
        return { kind, transferId, amount: random.chance(0.5) ? 1n : undefined };
      }
      case 'capture':
        if (holdId === undefined) break;
        return { kind, holdId, amount: random.chance(0.6) ? 1n : undefined };
      case 'increase':
        if (holdId === undefined) break;
        return { kind, holdId, amount: 2n };
      case 'void':
        if (holdId === undefined) break;
        return { kind, holdId };
      case 'transfer':
        break;
    }
    const effectiveAt = random.chance(0.1) ? ((now - random.below(40_000)) as Instant) : undefined;
    const open = { ...legs[0], upTo: true };
    const rest: Leg = { accountId: legs[1].accountId, side: 'credit', amount: 'remaining' };
    const isOpen = random.chance(0.15);
    return {
      kind: 'transfer',
      effectiveAt,
      legs: isOpen ? [open, rest] : legs,
    };
  }
}

function outcomeOf(answer: Answer): Outcome {
  if (!answer.ok) return { ok: false, code: answer.refusal.code };
  const { transfer, isReplay } = answer.value;
  return { ok: true, id: transfer.id, isReplay, kind: transfer.kind };
}

function send(report: Report): void {
  process.send?.(report);
}

function postTo(database: Database, job: Job): Post {
  if (!job.isPipelined) {
    return async (context, instructions, mode) =>
      (await postBatch(database, context, instructions, { mode })).answers.map(outcomeOf);
  }
  const poster = openPoster(database, { inFlightMax: 3, accountsMax: 100 });
  return async (context, instructions, mode) =>
    (await poster.post(context, instructions, { mode })).answers.map(outcomeOf);
}

async function work(job: Job): Promise<void> {
  const { url, clients } = job;
  const runAll = async (post: Post): Promise<void> => {
    const all = Array.from({ length: clients }, (_, number) => new Client(job, number, post));
    await Promise.all(all.map((client) => client.run()));
  };
  if (url.startsWith('http')) {
    const server = { url, token: job.token ?? '' };
    await runAll((_context, instructions, mode) => postOverHttp(server, instructions, mode));
  } else {
    const options = { ...defaultPostgresOptions, url, isUnsafeServerAllowed: true, poolSize: 6 };
    const database = await openPostgres(options);
    await runAll(postTo(database, job));
    await database.close();
  }
  process.disconnect();
}

if (process.send !== undefined) process.once('message', (job) => void work(job as Job));
