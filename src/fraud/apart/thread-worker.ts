// The thread apart: it does each task, reads what it needs over a connection of its own, asks the
// bank's thread for what is in the store, and ends when it is told to.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#kernel';
import { openPostgres, type Database, type Logger } from '#platform';
import { lakeOf, type LakeObjects } from '../lake/layout.ts';
import { feedLake } from '../lake/stream.ts';
import { compactLake } from '../lake/upkeep/compact.ts';
import { writeSnapshot } from '../log/snapshots/write.ts';
import { failureOf, faultOf } from './failure.ts';
import { bufferOf } from './objects.ts';
import type {
  Connection,
  FromThread,
  LoggedLevel,
  ObjectsAnswer,
  ObjectsCall,
  Task,
  TaskReport,
  ToThread,
} from './task.ts';

const port = parentPort;
assert(port !== null, 'this file is a thread of the bank');

const connection = workerData as Connection;
const waiting = new Map<number, PromiseWithResolvers<ObjectsAnswer>>();
let asked = 0;

port.on('message', (message: ToThread) => {
  const { number } = message;
  if (message.kind === 'task') void work(message.task, number).then(say);
  else if (message.kind === 'answer') waiting.get(number)?.resolve(message.answer);
  else waiting.get(number)?.reject(faultOf(message.failure));
});

function say(message: FromThread): void {
  port?.postMessage(message);
}

async function work(task: Task, number: number): Promise<FromThread> {
  try {
    return { kind: 'done', number, report: await reportOf(task) };
  } catch (error) {
    return { kind: 'failed', number, failure: failureOf(error) };
  }
}

async function reportOf(task: Task): Promise<TaskReport> {
  if (task.what === 'compact') {
    return await compactLake(lakeOf(objects, task.tenant), task.range, task.now);
  }
  const database = await openedDatabase();
  if (task.what === 'feed') return await feedLake({ database, objects }, task.context);
  await writeSnapshot({ database, objects, logger }, task.tenant);
  return undefined;
}

let opened: Promise<Database> | undefined;

/** Once there is one; what could not be opened is tried again. */
async function openedDatabase(): Promise<Database> {
  opened ??= openPostgres(connection);
  try {
    return await opened;
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

async function ask(call: ObjectsCall): Promise<ObjectsAnswer> {
  asked += 1;
  const number = asked;
  const waiter = Promise.withResolvers<ObjectsAnswer>();
  waiting.set(number, waiter);
  say({ kind: 'call', number, call });
  try {
    return await waiter.promise;
  } finally {
    waiting.delete(number);
  }
}

const objects: LakeObjects = {
  put: (key, content) => ask({ what: 'put', key, content }),
  async get(key) {
    const content = await ask({ what: 'get', key });
    return content instanceof Uint8Array ? bufferOf(content) : undefined;
  },
  async *list(prefix) {
    const listed = await ask({ what: 'list', prefix });
    if (Array.isArray(listed)) yield* listed;
  },
  async remove(key, now) {
    await ask({ what: 'remove', key, now });
  },
};

function told(level: LoggedLevel): Logger[LoggedLevel] {
  return (message, facts) => say({ kind: 'logged', level, message, facts });
}

/** Lines are written by the bank's thread, which knows which of them are wanted. */
const logger: Logger = {
  error: told('error'),
  warn: told('warn'),
  info: told('info'),
  debug: told('debug'),
  isEnabled: () => false,
};
