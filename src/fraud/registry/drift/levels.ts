// Owns the levels of drift that are told, from the mildest to the worst.

import type { DriftLevel } from '../../model/drift.ts';

export const toldLevels = ['steady', 'warning', 'alarm'] as const;
export type ToldLevel = (typeof toldLevels)[number];

/** Too few rows say nothing. */
export function isTold(level: DriftLevel): level is ToldLevel {
  return level !== 'too_few_rows';
}

export function worstOf(levels: readonly ToldLevel[]): ToldLevel {
  const places = levels.map((level) => toldLevels.indexOf(level));
  return toldLevels[Math.max(0, ...places)] ?? 'steady';
}
