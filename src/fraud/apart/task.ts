// Owns what is said between the bank's thread and the one apart: tasks, and meanwhile what a task
// asks of the store of objects, which stays with the bank's thread. Each question has a number, and
// the answer has the same.

import type { Instant } from '#kernel';
import type { LogFacts, PostgresOptions, TransactionContext } from '#platform';
import type { LakeRange } from '../lake/read.ts';
import type { FeedReport } from '../lake/stream.ts';
import type { CompactReport } from '../lake/upkeep/compact.ts';

/** How the thread reaches the database: plain values, since nothing else crosses. */
export type Connection = Omit<PostgresOptions, 'keys' | 'onIdleError' | 'onRefusedChange'>;

export type Task =
  | { readonly what: 'feed'; readonly context: TransactionContext }
  | { readonly what: 'snapshot'; readonly tenant: string }
  | CompactTask;

export interface CompactTask {
  readonly what: 'compact';
  readonly tenant: string;
  readonly range: LakeRange;
  readonly now: Instant;
}

/** What the tasks answer; a snapshot answers nothing. */
export type TaskReport = FeedReport | CompactReport | undefined;

export type ObjectsCall =
  | { readonly what: 'put'; readonly key: string; readonly content: Uint8Array }
  | { readonly what: 'get'; readonly key: string }
  | { readonly what: 'list'; readonly prefix: string }
  | { readonly what: 'remove'; readonly key: string; readonly now: Instant };

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

export type LoggedLevel = 'error' | 'warn' | 'info' | 'debug';

/** What the store answered: a content, a list, or nothing. */
export type ObjectsAnswer = Uint8Array | readonly ListedObject[] | undefined;

/** An error as it crosses between threads, which only carry plain values. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export type ToThread =
  | { readonly kind: 'task'; readonly number: number; readonly task: Task }
  | { readonly kind: 'answer'; readonly number: number; readonly answer: ObjectsAnswer }
  | { readonly kind: 'refused'; readonly number: number; readonly failure: Failure };

export type FromThread =
  | { readonly kind: 'call'; readonly number: number; readonly call: ObjectsCall }
  | {
      readonly kind: 'logged';
      readonly level: LoggedLevel;
      readonly message: string;
      readonly facts: LogFacts | undefined;
    }
  | { readonly kind: 'done'; readonly number: number; readonly report: TaskReport }
  | { readonly kind: 'failed'; readonly number: number; readonly failure: Failure };
