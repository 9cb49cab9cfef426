// Owns where the files of the lake lie: one folder a day, as tools that read partitioned files
// expect it, and in a file's name the times of its first and last row and a digest of its content.

import { createHash } from 'node:crypto';
import { formatDate, instantOf, type Instant } from '#kernel';

export type LakeTableName = 'events' | 'labels' | 'decisions';

export interface LakePart {
  readonly key: string;
  readonly first: Instant;
  readonly last: Instant;
}

const PART = /\/part-(-?\d+)-(-?\d+)-[0-9a-f]{16}[.]parquet$/;
const DIGEST_DIGITS = 16;

export function dayPrefix(table: LakeTableName, day: Instant): string {
  return `fraud/${table}/day=${formatDate(day)}/`;
}

export interface PartSpan {
  readonly table: LakeTableName;
  readonly first: Instant;
  readonly last: Instant;
}

/** The same content has the same key, so that writing it again changes nothing. */
export function partKey({ table, first, last }: PartSpan, content: Buffer): string {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, DIGEST_DIGITS);
  return `${dayPrefix(table, first)}part-${first}-${last}-${digest}.parquet`;
}

/** Undefined for an object that is no part of a table. */
export function partOf(key: string): LakePart | undefined {
  const found = PART.exec(key);
  const first = instantOf(Number(found?.[1]));
  const last = instantOf(Number(found?.[2]));
  return first === undefined || last === undefined ? undefined : { key, first, last };
}
