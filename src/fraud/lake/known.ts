// Owns what counts as known of an event: the latest label known by a time, whoever gave it.

import { fraudPatternNames, fraudPatterns } from '../generator/patterns.ts';
import { lakeLabels, type LakeLabel } from './events.ts';
import type { LakeReading } from './layout.ts';
import { readLake, type LakeRange } from './read.ts';

/** A fraud whose pattern is not one of the table: the codes of the table are all less. */
const PATTERN_UNKNOWN = 255;

/** The code of the pattern of each event that is known for a fraud, by the id of the event. */
export async function knownFrauds(
  lake: LakeReading,
  range: LakeRange,
): Promise<ReadonlyMap<string, number>> {
  const codes = new Map<string, number>();
  for await (const labels of readLake(lake, lakeLabels, range)) {
    for (const label of labels) {
      if (label.isFraud) codes.set(label.event.id, codeOf(label));
      else codes.delete(label.event.id);
    }
  }
  return codes;
}

function codeOf({ pattern }: LakeLabel): number {
  const known = fraudPatternNames.find((name) => name === pattern);
  return known === undefined ? PATTERN_UNKNOWN : fraudPatterns[known].code;
}
