// Owns what is said between the bank's thread and the one that makes files: a task at a time, and
// meanwhile what the task asks of the store of objects, which stays with the bank's thread.

import type { Instant } from '#kernel';
import type { FraudEvent } from '../../event.ts';
import type { LakeDecision } from '../decisions.ts';
import type { LakeLabel } from '../events.ts';
import type { LakeRange } from '../read.ts';
import type { CompactReport } from '../upkeep/compact.ts';

export interface LakeRows {
  readonly tenant: string;
  readonly events: readonly FraudEvent[];
  readonly decisions: readonly LakeDecision[];
  readonly labels: readonly LakeLabel[];
}

export type LakeTask =
  /** Rows for files that are written when they are closed. */
  | { readonly what: 'add'; readonly rows: readonly LakeRows[] }
  | { readonly what: 'close' }
  | CompactTask;

export interface CompactTask {
  readonly what: 'compact';
  readonly tenant: string;
  readonly range: LakeRange;
  readonly now: Instant;
}

export type ObjectsCall =
  | { readonly what: 'put'; readonly key: string; readonly content: Uint8Array }
  | { readonly what: 'get'; readonly key: string }
  | { readonly what: 'list'; readonly prefix: string }
  | { readonly what: 'remove'; readonly key: string; readonly now: Instant };

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

/** What the store answered: a content, a list, or nothing. */
export type ObjectsAnswer = Uint8Array | readonly ListedObject[] | undefined;

/** An error as it crosses between threads, which only carry plain values. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

export type ToThread =
  | { readonly kind: 'task'; readonly task: LakeTask }
  | { readonly kind: 'answer'; readonly answer: ObjectsAnswer }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type FromThread =
  | { readonly kind: 'call'; readonly call: ObjectsCall }
  | { readonly kind: 'done'; readonly report: CompactReport | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };
