// Owns doing beside everything else what screening leaves to be done: files of the lake, and
// snapshots of states. One thread does all of it, with a connection of its own to the database, so
// that payments wait for none of it; it starts when it is first asked, and ends when asked no more.

import { Worker } from 'node:worker_threads';
import { assert, Fault } from '#kernel';
import type { Logger, Objects, TransactionContext } from '#platform';
import type { FeedReport } from '../lake/stream.ts';
import type { CompactReport } from '../lake/upkeep/compact.ts';
import { faultOf } from './failure.ts';
import { answerCall } from './objects.ts';
import type { CompactTask, Connection, FromThread, Task, TaskReport, ToThread } from './task.ts';

export interface FraudThread extends AsyncDisposable {
  /** Feeds the lake all that there is. */
  feed(context: TransactionContext): Promise<FeedReport>;
  compact(task: Omit<CompactTask, 'what'>): Promise<CompactReport>;
  /** Writes the next snapshot of a tenant. */
  snapshot(tenant: string): Promise<void>;
}

export interface ThreadOptions {
  readonly connection: Connection;
  readonly objects: Objects;
  readonly logger: Logger;
  /** Without a task for so long, the thread ends, and with it its memory and its connection. */
  readonly idleMs?: number | undefined;
}

const IDLE_MS = 300_000;

export function openThread(options: ThreadOptions): FraudThread {
  let running: Running | undefined;
  let idle: NodeJS.Timeout | undefined;
  let tasks = 0;
  const end = async (): Promise<void> => {
    const ending = running;
    running = undefined;
    await ending?.end();
  };
  const run = async (task: Task): Promise<TaskReport> => {
    clearTimeout(idle);
    tasks += 1;
    if (running?.hasEnded !== false) running = start(options);
    try {
      return await running.run(task);
    } finally {
      tasks -= 1;
      if (tasks === 0) idle = setTimeout(() => void end(), options.idleMs ?? IDLE_MS).unref();
    }
  };
  return {
    async feed(context) {
      const report = await run({ what: 'feed', context });
      assert(report !== undefined && 'entries' in report, 'who feeds tells what was fed');
      return report;
    },
    async compact(task) {
      const report = await run({ what: 'compact', ...task });
      assert(report !== undefined && 'days' in report, 'who makes files fewer tells how many');
      return report;
    },
    async snapshot(tenant) {
      await run({ what: 'snapshot', tenant });
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(idle);
      await end();
    },
  };
}

interface Running {
  readonly hasEnded: boolean;
  run(task: Task): Promise<TaskReport>;
  end(): Promise<void>;
}

function start({ connection, objects, logger }: ThreadOptions): Running {
  const worker = new Worker(new URL('thread-worker.ts', import.meta.url), {
    workerData: connection,
  });
  // Without a task, nobody stays for it.
  worker.unref();
  const waiting = new Map<number, PromiseWithResolvers<TaskReport>>();
  let asked = 0;
  let ended: Fault | undefined;
  const fail = (cause: unknown): void => {
    ended ??= new Fault('fraud_thread_ended', { retryable: true, cause });
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', fail);
  const say = (message: ToThread): void => worker.postMessage(message);
  worker.on('message', (message: FromThread) => {
    if (message.kind === 'call') {
      void answerCall(objects, message.number, message.call).then(say);
    } else if (message.kind === 'logged') logger[message.level](message.message, message.facts);
    else if (message.kind === 'done') waiting.get(message.number)?.resolve(message.report);
    else waiting.get(message.number)?.reject(faultOf(message.failure));
  });
  return {
    get hasEnded() {
      return ended !== undefined;
    },
    async run(task) {
      if (ended !== undefined) throw ended;
      asked += 1;
      const number = asked;
      const waiter = Promise.withResolvers<TaskReport>();
      waiting.set(number, waiter);
      worker.ref();
      say({ kind: 'task', number, task });
      try {
        return await waiter.promise;
      } finally {
        waiting.delete(number);
        if (waiting.size === 0) worker.unref();
      }
    },
    async end() {
      await worker.terminate();
    },
  };
}
