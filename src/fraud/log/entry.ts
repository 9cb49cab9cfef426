// Owns what the log of screening consists of: batches of decisions, whose events are folded in,
// labels, which are learned, and annulments, which take events out. Its order is that of the bank's
// stream, and a position never changes its meaning.

import type { Id, Instant, Uuid } from '#kernel';
import type { FraudEvent, FraudLabel } from '../event.ts';
import type { ScreeningBatchId } from '../screening/item.ts';

export type LogEntry = BatchEntry | LabelEntry | AnnulmentEntry;

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

export interface AnnulmentEntry {
  readonly kind: 'annulment';
  readonly position: bigint;
  readonly tenant: string;
  readonly id: Id<'anl'>;
  /** What happened after it was judged at a time that never was. */
  readonly laterThan: Instant;
}
