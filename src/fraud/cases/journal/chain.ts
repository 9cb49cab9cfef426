// Owns how a case's journal is chained: each entry's digest is over the one before and the entry,
// so that the case's own row, and with it the audit log, vouches for every word of it. Pure.

import { createHash } from 'node:crypto';
import { canonical } from '#audit';
import { formatInstant } from '#kernel';
import type { CaseEntry } from '../case.ts';

/** Before the first entry. */
export const JOURNAL_START = Buffer.alloc(32);

export function chained(before: Buffer, entry: CaseEntry): Buffer {
  const text = canonical({
    at: formatInstant(entry.madeAt),
    by: entry.madeBy,
    details: entry.details,
    kind: entry.kind,
    ordinal: entry.ordinal,
    text: entry.text,
  });
  return createHash('sha256').update(before).update(text).digest();
}
