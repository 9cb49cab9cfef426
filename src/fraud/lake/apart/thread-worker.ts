// The thread that makes files: it does each task, asks the bank's thread for what is in the store,
// and ends when it is told to.

import { parentPort } from 'node:worker_threads';
import { assert } from '#kernel';
import type { LakeObjects } from '../layout.ts';
import type { CompactReport } from '../upkeep/compact.ts';
import { failureOf, faultOf } from './failure.ts';
import { openLakeFiles } from './files.ts';
import { bufferOf } from './thread.ts';
import type { FromThread, LakeTask, ObjectsAnswer, ObjectsCall, ToThread } from './task.ts';

const port = parentPort;
assert(port !== null, 'this file is a thread of whoever feeds the lake');

const say = (message: FromThread): void => port.postMessage(message);

let waiting: PromiseWithResolvers<ObjectsAnswer> | undefined;

port.on('message', (message: ToThread) => {
  if (message.kind === 'task') void work(message.task).then(say);
  else if (message.kind === 'answer') waiting?.resolve(message.answer);
  else waiting?.reject(faultOf(message.failure));
});

async function work(task: LakeTask): Promise<FromThread> {
  try {
    return { kind: 'done', report: await reportOf(task) };
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) };
  }
}

async function reportOf(task: LakeTask): Promise<CompactReport | undefined> {
  if (task.what === 'compact') return await files.compact(task);
  if (task.what === 'add') await files.add(task.rows);
  else await files.close();
  return undefined;
}

/** Asked for one thing at a time, as whoever writes and reads files does. */
async function ask(call: ObjectsCall): Promise<ObjectsAnswer> {
  waiting = Promise.withResolvers();
  say({ kind: 'call', call });
  return await waiting.promise;
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

const files = openLakeFiles(objects);
