// Copies a lake to plain files, which any tool that reads Parquet can be pointed at: in a folder a
// table and a day, with each row in one file alone. Copied again, only what is new is written.

import { startOfDay, type Instant } from '#kernel';
import {
  dayPrefix,
  lakeTableNames,
  partsOfDay,
  type LakeReading,
  type LakePart,
  type LakeTableName,
} from '../layout.ts';
import { daysOf, type LakeRange } from '../read.ts';
import { rewriteDay } from './rewrite.ts';

/** Where the files go. Paths are as "events/day=2026-11-22/part-….parquet". */
export interface CopyTarget {
  /** The paths of the files of a table and day that are there. */
  list(folder: string): Promise<readonly string[]>;
  /** Whole or not at all; one that is there is replaced. */
  put(path: string, content: Buffer): Promise<void>;
  remove(path: string): Promise<void>;
}

export interface CopyReport {
  /** Files written, files that were there already, and files that others have replaced. */
  readonly written: number;
  readonly kept: number;
  readonly removed: number;
  /** Of the files written. */
  readonly bytes: number;
}

export async function copyOut(
  lake: LakeReading,
  target: CopyTarget,
  range: LakeRange,
  onDay: () => void = () => undefined,
): Promise<CopyReport> {
  const copy = new Copy(lake, target);
  for (const { from } of daysOf(range)) {
    for (const table of lakeTableNames) await copy.day(table, startOfDay(from));
    onDay();
  }
  return copy.report;
}

const ROOT = 'fraud/';

class Copy {
  readonly #lake: LakeReading;
  readonly #target: CopyTarget;
  readonly report = { written: 0, kept: 0, removed: 0, bytes: 0 };

  constructor(lake: LakeReading, target: CopyTarget) {
    this.#lake = lake;
    this.#target = target;
  }

  async day(table: LakeTableName, day: Instant): Promise<void> {
    const folder = pathOf(dayPrefix(table, day)).slice(0, -1);
    const there = new Set(await this.#target.list(folder));
    const parts = await partsOfDay(this.#lake, table, day);
    const copied = areApart(parts) ? await this.#copySame(parts, there) : undefined;
    const wanted = copied ?? (await this.#copyAnew(table, day, there));
    for (const path of await this.#target.list(folder)) {
      if (wanted.has(path)) continue;
      await this.#target.remove(path);
      this.report.removed += 1;
    }
  }

  /** Undefined where somebody has made one file of several meanwhile. */
  async #copySame(
    parts: readonly LakePart[],
    there: ReadonlySet<string>,
  ): Promise<ReadonlySet<string> | undefined> {
    const wanted = new Set<string>();
    for (const { key } of parts) {
      const path = pathOf(key);
      wanted.add(path);
      const content = there.has(path) ? undefined : await this.#lake.get(key);
      if (content !== undefined) await this.#write(path, content);
      else if (there.has(path)) this.report.kept += 1;
      else return undefined;
    }
    return wanted;
  }

  async #copyAnew(
    table: LakeTableName,
    day: Instant,
    there: ReadonlySet<string>,
  ): Promise<ReadonlySet<string>> {
    const wanted = new Set<string>();
    const put = async (key: string, content: Buffer): Promise<void> => {
      const path = pathOf(key);
      wanted.add(path);
      if (there.has(path)) this.report.kept += 1;
      else await this.#write(path, content);
    };
    await rewriteDay({ from: this.#lake, to: { put } }, table, day);
    return wanted;
  }

  async #write(path: string, content: Buffer): Promise<void> {
    await this.#target.put(path, content);
    this.report.written += 1;
    this.report.bytes += content.length;
  }
}

/** Whether no row can be in two of them; they are in the order of their first rows. */
function areApart(parts: readonly LakePart[]): boolean {
  return parts.every(({ first }, at) => first > (parts[at - 1]?.last ?? -Infinity));
}

function pathOf(key: string): string {
  return key.slice(ROOT.length);
}
