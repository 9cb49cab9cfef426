// Owns folding beside everything else, in a thread of its own: reading and writing the state of a
// large bank takes seconds, in which no payment could be judged.

import { Worker } from 'node:worker_threads';
import { Fault } from '#kernel';
import type { LogEntry } from '../entry.ts';

/** What the thread is asked, one at a time, and what it answers. */
export type FoldingRequest =
  | { readonly what: 'open' }
  | { readonly what: 'restore'; readonly content: Uint8Array }
  | { readonly what: 'fold'; readonly entries: readonly LogEntry[] }
  | { readonly what: 'snapshot' };

export interface FoldingAnswer {
  /** Why a snapshot cannot be used. */
  readonly reason?: string | undefined;
  readonly content?: Uint8Array | undefined;
}

export interface Folding {
  /** From nothing. */
  open(): Promise<void>;
  /** From a snapshot; answers why it cannot be used. */
  restore(content: Buffer): Promise<string | undefined>;
  fold(entries: readonly LogEntry[]): Promise<void>;
  snapshot(): Promise<Buffer>;
  close(): Promise<void>;
}

export function openFolding(): Folding {
  const worker = new Worker(new URL('folding-worker.ts', import.meta.url));
  let waiting: PromiseWithResolvers<FoldingAnswer> | undefined;
  let failure: Fault | undefined;
  const fail = (cause: unknown): void => {
    failure = new Fault('fraud_folding_ended', { retryable: true, cause });
    waiting?.reject(failure);
  };
  worker.on('message', (answer: FoldingAnswer) => waiting?.resolve(answer));
  worker.on('error', fail);
  worker.on('exit', fail);
  const ask = async (request: FoldingRequest): Promise<FoldingAnswer> => {
    if (failure !== undefined) throw failure;
    waiting = Promise.withResolvers();
    worker.postMessage(request);
    return await waiting.promise;
  };
  return {
    async open() {
      await ask({ what: 'open' });
    },
    restore: async (content) => (await ask({ what: 'restore', content })).reason,
    async fold(entries) {
      await ask({ what: 'fold', entries });
    },
    async snapshot() {
      const { content = new Uint8Array() } = await ask({ what: 'snapshot' });
      return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    },
    async close() {
      await worker.terminate();
    },
  };
}
