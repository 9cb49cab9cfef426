// Owns sets of address ranges, each range with a value. A lookup is a binary search among the
// sorted beginnings, then a walk back to the nearest range that reaches far enough: of nested
// ranges the innermost is found.

import type { Address, AddressRange } from './address.ts';

export interface RangeOf<Value> extends AddressRange {
  readonly value: Value;
}

export class Ranges<Value> {
  readonly #sorted: readonly RangeOf<Value>[];
  /**
   * The furthest end of this range and all before it: where it is too near, none of them reaches.
   */
  readonly #reach: readonly Address[];

  constructor(ranges: readonly RangeOf<Value>[]) {
    this.#sorted = ranges.toSorted((a, b) => compare(a.first, b.first) || compare(b.last, a.last));
    let furthest = -1n;
    this.#reach = this.#sorted.map(({ last }) => {
      if (last > furthest) furthest = last;
      return furthest;
    });
  }

  get size(): number {
    return this.#sorted.length;
  }

  find(address: Address): Value | undefined {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as RangeOf<Value>).first <= address) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= 0; index -= 1) {
      if ((this.#reach[index] as Address) < address) return undefined;
      const range = this.#sorted[index] as RangeOf<Value>;
      if (range.last >= address) return range.value;
    }
    return undefined;
  }
}

function compare(left: Address, right: Address): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
