// Hashes the leaves of bundles beside everything else, in a thread of its own. It only says whether
// all of a bundle's leaves are as its place says; what is wrong is looked for by whoever asked.

import { Worker } from 'node:worker_threads';
import { Fault } from '#kernel';
import { HASH_BYTES } from '../../tree/hash.ts';
import { linesOf, type StoredBundle } from './bundle-check.ts';
import { hashLines } from './log-tree.ts';

/** A bundle, and the hashes that its leaves must have. */
export interface Hashable {
  readonly bundle: Pick<StoredBundle, 'encoding' | 'bytes'>;
  readonly hashes: Buffer;
}

export interface Hashing {
  /** Which of them are sound, in their order. */
  areSound(hashables: readonly Hashable[]): Promise<readonly boolean[]>;
  close(): Promise<void>;
}

/** Without a thread: for logs so small that starting one takes longer. */
export const hashingHere: Hashing = {
  areSound: (hashables) => Promise.resolve(hashables.map(isSound)),
  close: () => Promise.resolve(),
};

export function isSound({ bundle, hashes }: Hashable): boolean {
  const unpacked = linesOf(bundle);
  if (unpacked === undefined || hashes.length !== unpacked.ends.length * HASH_BYTES) return false;
  return hashLines(unpacked.lines, unpacked.ends).equals(hashes);
}

/** A request to the thread, and its answer under the same number. */
export interface HashRequest {
  readonly number: number;
  readonly hashables: readonly { encoding: number; bytes: Uint8Array; hashes: Uint8Array }[];
}

export interface HashAnswer {
  readonly number: number;
  readonly areSound: readonly boolean[];
}

export function openHashing(): Hashing {
  const worker = new Worker(new URL('hashing-worker.ts', import.meta.url));
  const waiting = new Map<number, PromiseWithResolvers<readonly boolean[]>>();
  let number = 0;
  let failure: Fault | undefined;
  const fail = (cause: unknown): void => {
    failure = new Fault('verification_thread_ended', { retryable: true, cause });
    for (const each of waiting.values()) each.reject(failure);
    waiting.clear();
  };
  worker.on('message', ({ number: answered, areSound }: HashAnswer) => {
    waiting.get(answered)?.resolve(areSound);
    waiting.delete(answered);
  });
  worker.on('error', fail);
  worker.on('exit', fail);
  return {
    async areSound(hashables) {
      if (failure !== undefined) throw failure;
      number += 1;
      const answer = Promise.withResolvers<readonly boolean[]>();
      waiting.set(number, answer);
      const request: HashRequest = {
        number,
        hashables: hashables.map(({ bundle: { encoding, bytes }, hashes }) => {
          return { encoding, bytes, hashes };
        }),
      };
      worker.postMessage(request);
      return await answer.promise;
    },
    async close() {
      await worker.terminate();
    },
  };
}
