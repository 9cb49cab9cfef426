// Owns making files of the lake beside everything else, in a thread of its own: columns of some
// thousand rows take as long as hundreds of payments, which nobody should wait for.

import { Worker } from 'node:worker_threads';
import { assert, Fault } from '#kernel';
import type { LakeObjects } from '../layout.ts';
import type { CompactReport } from '../upkeep/compact.ts';
import { failureOf, faultOf } from './failure.ts';
import type { LakeFiles } from './files.ts';
import type {
  FromThread,
  LakeTask,
  ListedObject,
  ObjectsAnswer,
  ObjectsCall,
  ToThread,
} from './task.ts';

export type LakeThread = LakeFiles & AsyncDisposable;

export function openLakeThread(objects: LakeObjects): LakeThread {
  const worker = new Worker(new URL('thread-worker.ts', import.meta.url));
  let ended: Fault | undefined;
  let fail: (fault: Fault) => void = () => undefined;
  const end = (cause: unknown): void => {
    ended = new Fault('lake_thread_ended', { retryable: true, cause });
    fail(ended);
  };
  worker.on('error', end);
  worker.on('exit', end);
  const say = (message: ToThread): void => worker.postMessage(message);
  const run = async (task: LakeTask): Promise<CompactReport | undefined> => {
    if (ended !== undefined) throw ended;
    const { promise, resolve, reject } = Promise.withResolvers<CompactReport | undefined>();
    fail = reject;
    const hear = (message: FromThread): void => {
      if (message.kind === 'done') resolve(message.report);
      else if (message.kind === 'failed') reject(faultOf(message.failure));
      else void answer(objects, message.call).then(say);
    };
    worker.on('message', hear);
    say({ kind: 'task', task });
    try {
      return await promise;
    } finally {
      worker.off('message', hear);
    }
  };
  return {
    async add(rows) {
      await run({ what: 'add', rows });
    },
    async close() {
      await run({ what: 'close' });
    },
    async compact(task) {
      const report = await run({ what: 'compact', ...task });
      assert(report !== undefined, 'who makes files fewer tells how many');
      return report;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

async function answer(objects: LakeObjects, call: ObjectsCall): Promise<ToThread> {
  try {
    return { kind: 'answer', answer: await done(objects, call) };
  } catch (error) {
    return { kind: 'refused', failure: failureOf(error) };
  }
}

async function done(objects: LakeObjects, call: ObjectsCall): Promise<ObjectsAnswer> {
  switch (call.what) {
    case 'put':
      await objects.put(call.key, bufferOf(call.content));
      return undefined;
    case 'get':
      return await objects.get(call.key);
    case 'list':
      return await listed(objects, call.prefix);
    case 'remove':
      await objects.remove(call.key, call.now);
      return undefined;
  }
}

async function listed(objects: LakeObjects, prefix: string): Promise<ListedObject[]> {
  const list: ListedObject[] = [];
  for await (const { key, bytes } of objects.list(prefix)) list.push({ key, bytes });
  return list;
}

export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
