// Jobs through a queue, each durable at every step: sent in a transaction, received under a lease,
// completed. Alone, in groups whose order is kept, and with a million waiting; and how soon a
// worker that rests begins. Sending and working share the machine.

import {
  openLogger,
  openQueues,
  openWorkers,
  send,
  systemClock,
  type NewMessage,
  type Received,
} from '#platform';
import { withWorld, type World } from '../ledger-world.ts';
import { medianRun, percentile, type Run } from '../measure.ts';

export interface QueueScale {
  /** Jobs of one run. */
  readonly jobs: number;
  /** Messages that wait, for who is slower to look through more. */
  readonly waiting: number;
  readonly runs: number;
}

export interface QueueBench {
  readonly alone: Run;
  /** In groups of ten, as if of accounts. */
  readonly grouped: Run;
  /** With many waiting. */
  readonly behindMany: Run;
  /** How long a job takes from being sent to being begun, when nothing else is done. */
  readonly idle: Run;
}

const SENDERS = 2;
const SEND_BATCH = 200;
const WORKERS = 3;
const WORK_BATCH = 200;
const GROUP_SIZE = 10;
const IDLE_JOBS = 100;
const FILL_BATCH = 10_000;
const body = { payment: 'pay_01a202b2-c500-737b-9c8c-d14126500000', step: 'submit' };

export async function benchQueue(
  scale: QueueScale,
  log: (line: string) => void,
): Promise<QueueBench> {
  return await withWorld(0, async (world) => {
    const rounds: Record<'alone' | 'grouped' | 'behindMany' | 'idle', Run[]> = {
      alone: [],
      grouped: [],
      behindMany: [],
      idle: [],
    };
    const grouped = (index: number): NewMessage => {
      return { body, group: `acc_${Math.floor(index / GROUP_SIZE)}` };
    };
    await drain(world, { queue: 'warm', jobs: scale.jobs / 4, message: () => ({ body }) });
    for (let round = 1; round <= scale.runs; round += 1) {
      const { jobs } = scale;
      const queue = `bench-${round}`;
      rounds.alone.push(await drain(world, { queue, jobs, message: () => ({ body }) }));
      rounds.grouped.push(await drain(world, { queue: `${queue}-g`, jobs, message: grouped }));
      rounds.idle.push(await restingWorker(world, `${queue}-i`));
      const rates = [rounds.alone, rounds.grouped].map((runs) => rateOf(runs.at(-1)));
      log(`queue, run ${round}: ${rates[0]} a second, ${rates[1]} in groups`);
    }
    await fill(world, 'full', scale.waiting);
    for (let round = 1; round <= scale.runs; round += 1) {
      const { jobs } = scale;
      const asked = { queue: 'full', jobs, message: () => ({ body }) };
      rounds.behindMany.push(await drain(world, asked));
      log(`queue, ${scale.waiting} waiting: ${rateOf(rounds.behindMany.at(-1))} a second`);
    }
    return {
      alone: medianRun(rounds.alone),
      grouped: medianRun(rounds.grouped),
      behindMany: medianRun(rounds.behindMany),
      idle: medianRun(rounds.idle),
    };
  });
}

const rateOf = (run: Run | undefined): number => Math.round(run?.ratePerSecond ?? 0);

interface Asked {
  readonly queue: string;
  readonly jobs: number;
  readonly message: (index: number) => NewMessage;
}

/** Sends so many jobs while workers do as many; times are from being sent to being begun. */
async function drain({ database, context }: World, { queue, jobs, message }: Asked): Promise<Run> {
  const clock = systemClock();
  const timesMs: number[] = [];
  const finished = Promise.withResolvers<void>();
  const handler = async (messages: readonly Received[]): Promise<void> => {
    const now = clock.now();
    for (const { sentAt } of messages) timesMs.push((now - sentAt) / 1_000);
    if (timesMs.length >= jobs) finished.resolve();
  };
  const startMs = performance.now();
  const workers = openWorkers(
    {
      database,
      clock,
      queues: openQueues({ database, clock }),
      logger: openLogger({ level: 'warn' }),
    },
    [{ queue, handler, batchMax: WORK_BATCH, concurrency: WORKERS }],
  );
  let sent = 0;
  const sender = async (): Promise<void> => {
    while (sent < jobs) {
      const first = sent;
      sent += SEND_BATCH;
      const messages = Array.from({ length: SEND_BATCH }, (_, index) => message(first + index));
      await database.transaction(context(), (tx) => send(tx, queue, messages));
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, () => sender()));
  await finished.promise;
  const begun = timesMs.length;
  await workers.stop();
  const seconds = (performance.now() - startMs) / 1_000;
  timesMs.sort((a, b) => a - b);
  return {
    ratePerSecond: begun / seconds,
    p50Ms: percentile(timesMs, 0.5),
    p99Ms: percentile(timesMs, 0.99),
  };
}

/** One job at a time, after a rest, for workers that have nothing else to do. */
async function restingWorker({ database, context }: World, queue: string): Promise<Run> {
  const clock = systemClock();
  const timesMs: number[] = [];
  let begun = Promise.withResolvers<void>();
  const handler = async ([message]: readonly Received[]): Promise<void> => {
    if (message !== undefined) timesMs.push((clock.now() - message.sentAt) / 1_000);
    begun.resolve();
  };
  const queues = openQueues({ database, clock });
  const outside = { database, clock, queues, logger: openLogger({ level: 'warn' }) };
  const workers = openWorkers(outside, [{ queue, handler }]);
  const startMs = performance.now();
  for (let index = 0; index < IDLE_JOBS; index += 1) {
    begun = Promise.withResolvers<void>();
    await database.transaction(context(), (tx) => send(tx, queue, [{ body }]));
    await begun.promise;
  }
  await workers.stop();
  const seconds = (performance.now() - startMs) / 1_000;
  timesMs.sort((a, b) => a - b);
  return {
    ratePerSecond: timesMs.length / seconds,
    p50Ms: percentile(timesMs, 0.5),
    p99Ms: percentile(timesMs, 0.99),
  };
}

async function fill({ database, context }: World, queue: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += FILL_BATCH) {
    const messages = Array.from({ length: FILL_BATCH }, () => ({ body }));
    await database.transaction(context(), (tx) => send(tx, queue, messages));
  }
}
