// Searches the log, newest records first, a page at a time. A page reads a bounded number of
// leaves, so that a question which nothing answers costs no more than any other; such a page may be
// short, or empty, while more is to come. The log only grows at its other end, so pages never
// shift.

import { limits } from '#config';
import type { Queryable } from '#platform';
import { candidates } from './candidates.ts';
import { judgeOf, termsOf, type RecordFilter } from './filter.ts';
import type { Leaf } from './leaf.ts';
import type { LeafSpan } from './place-store.ts';
import { readLeaves, type ArchivedLeaves, type PlaceLeaves } from './read-leaves.ts';

export interface FoundRecord {
  /** The index of its leaf in the tree. */
  readonly index: number;
  /** The leaf, as it was hashed. */
  readonly leaf: string;
  readonly record: Leaf;
}

export interface PageRequest {
  readonly limit: number;
  /** Where the last page ended. */
  readonly after?: number | undefined;
  readonly leavesMax?: number;
}

export interface RecordPage {
  /** By index, descending. */
  readonly records: readonly FoundRecord[];
  /** Where the next page goes on: below this leaf. Undefined at the end. */
  readonly next: number | undefined;
  /**
   * First leaves of bundles in which something may have been found, had they not been gone or
   * damaged. Verification says what is wrong with them.
   */
  readonly unreadable: readonly number[];
}

/** Records that have a place in the log: what was committed a moment ago may not have one yet. */
export async function searchRecords(
  queryable: Queryable,
  filter: RecordFilter,
  page: PageRequest,
  archive?: ArchivedLeaves,
): Promise<RecordPage> {
  const span = spanOf(filter);
  const below = Math.min(span.below, page.after ?? span.below);
  const gathered = new Gathering(filter, { from: span.from, below }, page.limit);
  const leavesMax = page.leavesMax ?? limits.auditSearchLeavesMax.value;
  const wanted = { terms: termsOf(filter), from: filter.from, to: filter.to };
  let spent = 0;
  const steps = candidates(queryable, wanted, { from: span.from, below }, 'descending');
  for await (const { places, rest, cost } of steps) {
    for await (const each of readLeaves(queryable, places, archive)) {
      gathered.add(each);
      spent += each.place.leafCount;
      if (gathered.isFull) return gathered.page();
      if (spent >= leavesMax) return gathered.page(each.place.firstLeaf);
    }
    spent += cost;
    if (spent >= leavesMax) return gathered.page(rest.below);
  }
  return gathered.page();
}

export function spanOf({ leafFrom, leafTo }: RecordFilter): LeafSpan {
  return {
    from: leafFrom ?? 0,
    below: leafTo === undefined ? Number.MAX_SAFE_INTEGER : leafTo + 1,
  };
}

class Gathering {
  readonly #judge: ReturnType<typeof judgeOf>;
  readonly #span: LeafSpan;
  readonly #limit: number;
  readonly #records: FoundRecord[] = [];
  readonly #unreadable: number[] = [];

  constructor(filter: RecordFilter, span: LeafSpan, limit: number) {
    this.#judge = judgeOf(filter);
    this.#span = span;
    this.#limit = limit;
  }

  /** One more than the page takes, which tells that there is another page. */
  get isFull(): boolean {
    return this.#records.length > this.#limit;
  }

  add({ place, leaves, isWhole }: PlaceLeaves): void {
    const { firstLeaf, leafCount } = place;
    const end = Math.min(firstLeaf + leafCount, this.#span.below);
    let isReadable = isWhole;
    for (let index = end - 1; index >= Math.max(firstLeaf, this.#span.from); index -= 1) {
      if (this.isFull) break;
      const bytes = leaves?.[index - firstLeaf];
      if (bytes === undefined) continue;
      const record = this.#judge(bytes);
      if (record === 'unreadable') isReadable = false;
      else if (record !== 'other') this.#records.push({ index, leaf: bytes.toString(), record });
    }
    if (!isReadable) this.#unreadable.push(firstLeaf);
  }

  page(rest?: number): RecordPage {
    const records = this.#records.slice(0, this.#limit);
    const next = this.isFull ? records.at(-1)?.index : rest;
    const isOver = next === undefined || next <= this.#span.from;
    return { records, next: isOver ? undefined : next, unreadable: this.#unreadable };
  }
}
