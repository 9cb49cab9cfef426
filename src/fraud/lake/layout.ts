// Owns where the files of a lake lie: one folder a day, as tools that read partitioned files
// expect it, and in a file's name the times of its first and last row and a digest of its content.
// A bank has a lake for each tenant, and none of them can be reached from another.

import { createHash } from 'node:crypto';
import { formatDate, instantOf, parseDate, type Instant } from '#kernel';
import type { ObjectFacts } from '#platform';

export const lakeTableNames = ['events', 'labels', 'decisions'] as const;
export type LakeTableName = (typeof lakeTableNames)[number];

/** What a lake asks of the store that its files are in. */
export interface LakeObjects {
  put(key: string, content: Buffer): Promise<unknown>;
  get(key: string): Promise<Buffer | undefined>;
  list(prefix: string): AsyncIterable<Pick<ObjectFacts, 'key' | 'bytes'>>;
  remove(key: string, now: Instant): Promise<void>;
}

export type LakeReading = Pick<LakeObjects, 'get' | 'list'>;

/** The lake of a tenant, among the other objects of the bank. */
export function lakeOf(objects: LakeObjects, tenant: string): LakeObjects {
  const root = `fraud/lake/${tenant}/`;
  return {
    put: (key, content) => objects.put(root + key, content),
    get: (key) => objects.get(root + key),
    async *list(prefix) {
      for await (const { key, bytes } of objects.list(root + prefix)) {
        yield { key: key.slice(root.length), bytes };
      }
    },
    remove: (key, now) => objects.remove(root + key, now),
  };
}

/** Written as rows came in, or made of all the files of a day. */
export type LakePartKind = 'part' | 'whole';

export interface LakePart {
  readonly key: string;
  readonly kind: LakePartKind;
  readonly first: Instant;
  readonly last: Instant;
}

const PART = /\/(part|whole)-(-?\d+)-(-?\d+)-[0-9a-f]{16}[.]parquet$/;
const DIGEST_DIGITS = 16;

export function dayPrefix(table: LakeTableName, day: Instant): string {
  return `fraud/${table}/day=${formatDate(day)}/`;
}

export interface PartSpan {
  readonly table: LakeTableName;
  readonly kind: LakePartKind;
  readonly first: Instant;
  readonly last: Instant;
}

/** The same content has the same key, so that writing it again changes nothing. */
export function partKey({ table, kind, first, last }: PartSpan, content: Buffer): string {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, DIGEST_DIGITS);
  return `${dayPrefix(table, first)}${kind}-${first}-${last}-${digest}.parquet`;
}

/** The day that a file of a table is filed under; undefined for what is none. */
function dayOfKey(key: string): Instant | undefined {
  return parseDate(/\/day=([^/]+)\//.exec(key)?.[1] ?? '');
}

/** The files of a day, by the time of their first row. */
export async function partsOfDay(
  lake: Pick<LakeObjects, 'list'>,
  table: LakeTableName,
  day: Instant,
): Promise<LakePart[]> {
  const parts: LakePart[] = [];
  for await (const { key } of lake.list(dayPrefix(table, day))) {
    const part = partOf(key);
    if (part !== undefined) parts.push(part);
  }
  return parts.sort((one, other) => one.first - other.first);
}

/** Undefined for an object that is no part of a table. */
function partOf(key: string): LakePart | undefined {
  const [, kind, ...times] = PART.exec(key) ?? [];
  const [first, last] = times.map((time) => instantOf(Number(time)));
  if (first === undefined || last === undefined) return undefined;
  return { key, kind: kind === 'whole' ? 'whole' : 'part', first, last };
}

export interface TableState {
  readonly table: LakeTableName;
  readonly files: number;
  readonly bytes: number;
  readonly days: number;
  /** Undefined where there are none. */
  readonly firstDay: Instant | undefined;
  readonly lastDay: Instant | undefined;
}

/** Looks at every file's name. */
export async function tableStates(lake: Pick<LakeObjects, 'list'>): Promise<TableState[]> {
  const states: TableState[] = [];
  for (const table of lakeTableNames) {
    const days = new Set<Instant>();
    let files = 0;
    let bytes = 0;
    for await (const object of lake.list(`fraud/${table}/`)) {
      const day = dayOfKey(object.key);
      if (day === undefined) continue;
      days.add(day);
      files += 1;
      bytes += object.bytes;
    }
    const sorted = [...days].sort((one, other) => one - other);
    const [firstDay, lastDay] = [sorted[0], sorted.at(-1)];
    states.push({ table, files, bytes, days: days.size, firstDay, lastDay });
  }
  return states;
}
