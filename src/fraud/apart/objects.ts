// Does for the thread apart what it asks of the store of objects.

import type { LakeObjects } from '../lake/layout.ts';
import { failureOf } from './failure.ts';
import type { ListedObject, ObjectsAnswer, ObjectsCall, ToThread } from './task.ts';

export async function answerCall(
  objects: LakeObjects,
  number: number,
  call: ObjectsCall,
): Promise<ToThread> {
  try {
    return { kind: 'answer', number, answer: await done(objects, call) };
  } catch (error) {
    return { kind: 'refused', number, failure: failureOf(error) };
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
