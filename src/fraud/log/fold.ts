// Owns the fold: entries of the log, in their order, into the features of one tenant. Two states
// that were folded from the same entries are equal byte for byte, whether in one go or from a
// snapshot on.

import { limits } from '#config';
import type { Queryable } from '#platform';
import type { FeatureState } from '../features/engine.ts';
import type { LogEntry } from './entry.ts';
import { readLog } from './read.ts';

export interface FoldRange {
  readonly tenant: string;
  readonly after: bigint;
  readonly upTo: bigint;
}

/** Is told of as many entries as were folded since it was told before. */
export type FoldProgress = (entries: number) => void;

export async function foldLog(
  q: Queryable,
  features: FeatureState,
  range: FoldRange,
  onProgress?: FoldProgress,
): Promise<void> {
  for await (const entries of logPages(q, range)) {
    for (const entry of entries) foldEntry(features, entry);
    onProgress?.(entries.length);
  }
}

/** The entries of a tenant in a range, in their order, a bounded number at a time. */
async function* logPages(
  q: Queryable,
  { tenant, after, upTo }: FoldRange,
): AsyncGenerator<readonly LogEntry[]> {
  const countMax = limits.fraudLogPageEntries.value;
  let position = after;
  while (position < upTo) {
    const entries = await readLog(q, { after: position, upTo, tenant, countMax });
    if (entries.length > 0) yield entries;
    if (entries.length < countMax) return;
    position = entries.at(-1)?.position ?? upTo;
  }
}

/**
 * What the features refuse, they refuse in every fold of the same log: an event that came too late,
 * a label of an event that is no longer kept.
 */
export function foldEntry(features: FeatureState, entry: LogEntry): void {
  if (entry.kind === 'label') features.learn(entry.label);
  else if (entry.kind === 'annulment') features.annul(entry.laterThan);
  else for (const event of entry.events) features.observe(event);
}

/** Goes through the log of a tenant once, as far as it is asked for. */
export interface LogCursor {
  /** The entries up to a position that it has not given yet. */
  upTo(position: bigint): Promise<readonly LogEntry[]>;
}

export function openCursor(
  q: Queryable,
  { tenant, after }: { readonly tenant: string; readonly after: bigint },
): LogCursor {
  const countMax = limits.fraudLogPageEntries.value;
  let page: readonly LogEntry[] = [];
  let read = after;
  return {
    async upTo(position) {
      const given: LogEntry[] = [];
      for (;;) {
        const count = page.findIndex((entry) => entry.position > position);
        given.push(...page.slice(0, count === -1 ? page.length : count));
        page = count === -1 ? [] : page.slice(count);
        if (count !== -1 || read >= position) return given;
        page = await readLog(q, { after: read, tenant, countMax });
        const last = page.at(-1)?.position ?? read;
        // A position that somebody has folded up to has nothing before it that is still to come.
        read = page.length < countMax && last < position ? position : last;
      }
    },
  };
}
