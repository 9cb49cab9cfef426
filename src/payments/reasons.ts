// Owns which reason codes a rail has. Pure. A code that a rail sends and our lists lack is kept as
// it came; what we send ourselves must be known.

import {
  cancellationReasons,
  cancellationRefusals,
  returnReasons,
  statusReasons,
} from './iso20022/codes.ts';
import type { RailName } from './payment.ts';

const iso: ReadonlySet<string> = new Set(
  [statusReasons, returnReasons, cancellationReasons, cancellationRefusals].flatMap(Object.keys),
);

/** Return and notification codes. */
const NACHA = /^[RC][0-9]{2}$/;

export function isReasonFor(rail: RailName | undefined, reason: string): boolean {
  return iso.has(reason) || (rail === 'ach' && NACHA.test(reason));
}
