// Owns judging weeks beside everything else, in a thread of its own: a million decisions take
// seconds to put in the order of their scores, in which no payment could be judged.

import { Worker } from 'node:worker_threads';
import { Fault } from '#kernel';
import type { Judged, Metrics } from '../../evaluate/metrics.ts';

/** The same decisions as two models scored them. */
export interface ScoredWeek extends Omit<Judged, 'scores'> {
  readonly champion: Float64Array;
  readonly challenger: Float64Array;
}

export interface JudgedWeek {
  readonly champion: Metrics;
  readonly challenger: Metrics;
}

export interface WeekJudge extends AsyncDisposable {
  /** One week at a time. */
  judge(week: ScoredWeek): Promise<JudgedWeek>;
}

export function openWeekJudge(): WeekJudge {
  const worker = new Worker(new URL('judging-worker.ts', import.meta.url));
  let waiting: PromiseWithResolvers<JudgedWeek> | undefined;
  let failure: Fault | undefined;
  const fail = (cause: unknown): void => {
    failure = new Fault('fraud_contest_ended', { retryable: true, cause });
    waiting?.reject(failure);
  };
  worker.on('message', (judged: JudgedWeek) => waiting?.resolve(judged));
  worker.on('error', fail);
  worker.on('exit', fail);
  return {
    async judge(week) {
      if (failure !== undefined) throw failure;
      waiting = Promise.withResolvers();
      worker.postMessage(week);
      return await waiting.promise;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
