// Owns what a condition is evaluated on: the event, and what is known about it at that time.

import type { Instant } from '#kernel';
import type { FraudEvent, KeyKind } from '../event.ts';
import type { Lists } from './lists.ts';

/** One object, filled again for each event. */
export interface Screened {
  row: Float64Array;
  event: FraudEvent;
  score: number;
  lists: Lists;
  now: Instant;
}

/** A kind may be called as something that every object inherits ("constructor"). */
export function keyOf({ keys }: FraudEvent, kind: KeyKind): string | undefined {
  const value: unknown = keys[kind];
  return typeof value === 'string' ? value : undefined;
}
