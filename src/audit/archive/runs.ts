// Owns the indexes of the leaves in an object of the archive: runs that rise and neither touch nor
// overlap, as PostgreSQL's int8multirange has them. The n-th index belongs to the n-th line.

import { assert } from '#kernel';

/** Leaves first, first + 1, … */
export interface Run {
  readonly first: number;
  readonly count: number;
}

/** Collects indexes as they rise. */
export class RunBuilder {
  readonly #runs: { first: number; count: number }[] = [];

  add(index: number): void {
    const last = this.#runs.at(-1);
    const end = last === undefined ? undefined : last.first + last.count;
    assert(end === undefined || index >= end, 'the indexes of leaves rise');
    if (last !== undefined && index === end) last.count += 1;
    else this.#runs.push({ first: index, count: 1 });
  }

  get runs(): readonly Run[] {
    return this.#runs;
  }
}

/** {[1,4),[6,7)} */
export function formatRuns(runs: readonly Run[]): string {
  return `{${runs.map(({ first, count }) => `[${first},${first + count})`).join(',')}}`;
}

export function parseRuns(text: string): Run[] {
  return Array.from(text.matchAll(/\[(\d+),(\d+)\)/g), ([, from, to]) => {
    const first = Number(from);
    return { first, count: Number(to) - first };
  });
}

/** The first index, and the one after the last. */
export function boundsOf(runs: readonly Run[]): { readonly first: number; readonly end: number } {
  const head = runs[0];
  const tail = runs.at(-1);
  assert(head !== undefined && tail !== undefined, 'an object of the archive has leaves');
  return { first: head.first, end: tail.first + tail.count };
}

/** Finds which line a leaf is. */
export class RunIndex {
  readonly #firsts: Float64Array;
  /** How many lines come before each run, and after the last one all of them. */
  readonly #before: Float64Array;

  constructor(runs: readonly Run[]) {
    this.#firsts = Float64Array.from(runs, ({ first }) => first);
    this.#before = new Float64Array(runs.length + 1);
    for (const [at, { count }] of runs.entries()) {
      this.#before[at + 1] = (this.#before[at] ?? 0) + count;
    }
  }

  /** Of the leaf, from 0; undefined for a leaf that is in none of the runs. */
  lineOf(leaf: number): number | undefined {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#firsts[middle] ?? 0) <= leaf) low = middle + 1;
      else high = middle;
    }
    const run = low - 1;
    const before = this.#before[run];
    const after = this.#before[run + 1];
    if (before === undefined || after === undefined) return undefined;
    const line = before + leaf - (this.#firsts[run] ?? 0);
    return line < after ? line : undefined;
  }
}
