// Owns the noun annulment: that what was judged as of a later time than one counts in no history
// from its place in the log on. It is never changed.

import type { JsonObject } from '#audit';
import { formatInstant, type Id, type Instant } from '#kernel';

export type AnnulmentId = Id<'anl'>;

export interface Annulment {
  readonly id: AnnulmentId;
  readonly tenant: string;
  /** What happened after it is taken out. */
  readonly laterThan: Instant;
  /** Those that were kept then. */
  readonly decisions: number;
  readonly note: string;
  readonly madeAt: Instant;
  readonly madeBy: string;
}

export function factsOfAnnulment({ laterThan, decisions, note }: Annulment): JsonObject {
  return { decisions, later_than: formatInstant(laterThan), note };
}
