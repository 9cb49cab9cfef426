// Owns what a worker and its parent say to each other: the job, and reports of what was asked and
// answered. Nothing else passes between them.

import type { AccountId, TransferId } from '#kernel';
import type { Instruction, PostMode } from '#ledger';

export interface Job {
  /** Of a database to post to directly, or of a server to post to over HTTP. */
  readonly url: string;
  /** Whose word a server takes for who asks; a database asks for none. */
  readonly token?: string | undefined;
  /** Begins every external id of this worker's own. */
  readonly name: string;
  readonly seed: number;
  /** A few accounts, the first without limits. */
  readonly accounts: readonly AccountId[];
  /** Lists under way at once. */
  readonly clients: number;
  readonly listsPerClient: number;
  /** Through a poster, or each list in a transaction of its own. */
  readonly isPipelined: boolean;
  /**
   * How many instructions all workers share: whoever comes first does one, the others replay it.
   */
  readonly sharedCount: number;
}

export type Outcome =
  | {
      readonly ok: true;
      readonly id: TransferId;
      readonly isReplay: boolean;
      readonly kind: string;
    }
  | { readonly ok: false; readonly code: string };

/** What the worker says: before it asks, and when it was answered. Times are of the wall clock. */
export interface Report {
  readonly list: string;
  readonly mode: PostMode;
  readonly instructions: readonly Instruction[];
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly outcomes?: readonly Outcome[];
}
