// Owns what the log of screening consists of: batches of decisions, whose events are folded in, and
// labels, which are learned. Its order is that of the bank's stream, and a position never changes
// its meaning.

import type { Id, Uuid } from '#kernel';
import type { FraudEvent, FraudLabel } from '../event.ts';
import type { ScreeningBatchId } from '../screening/item.ts';

export type LogEntry = BatchEntry | LabelEntry;

export interface BatchEntry {
  readonly kind: 'batch';
  readonly position: bigint;
  readonly tenant: string;
  readonly id: ScreeningBatchId;
  /** The process that decided, from its start to its end. */
  readonly run: Uuid;
  /** In the order in which they were judged. */
  readonly events: readonly FraudEvent[];
}

export interface LabelEntry {
  readonly kind: 'label';
  readonly position: bigint;
  readonly tenant: string;
  readonly id: Id<'lab'>;
  readonly label: FraudLabel;
}
