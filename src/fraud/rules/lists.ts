// Owns the lists of those to allow, to block and to watch: values by purpose and kind of key, each
// for a time of its own. They are data apart from the rules: a value is listed or its time ends
// without a new version of anything. What is listed when follows from the entries alone.

import { limits } from '#config';
import { accept, type Instant, refuse, type Result } from '#kernel';
import type { KeyKind } from '../event.ts';
import type { ListPurpose } from './rule-set.ts';

export interface ListEntry {
  readonly purpose: ListPurpose;
  readonly kind: KeyKind;
  readonly value: string;
  /** Listed in [from, until); without an end until it is taken off. */
  readonly from: Instant;
  readonly until?: Instant | undefined;
}

export interface ListsRefusal {
  readonly code: 'list_full' | 'list_time_empty';
  readonly message: string;
}

export interface Lists {
  has(purpose: ListPurpose, kind: KeyKind, value: string, now: Instant): boolean;
  /** Takes the place of an earlier entry for the same value. */
  put(entry: ListEntry): Result<undefined, ListsRefusal>;
  /** False if it was not there. */
  take(purpose: ListPurpose, kind: KeyKind, value: string): boolean;
  /** Forgets the entries whose time is over, and answers how many. */
  sweep(now: Instant): number;
  readonly size: number;
}

export function openLists(
  entries: Iterable<ListEntry> = [],
  entriesMax: number = limits.fraudListEntriesMax.value,
): Result<Lists, ListsRefusal> {
  const lists = new KeptLists(entriesMax);
  for (const entry of entries) {
    const put = lists.put(entry);
    if (!put.ok) return put;
  }
  return accept(lists);
}

type Kept = Map<string, ListEntry>;

class KeptLists implements Lists {
  readonly #kept: Readonly<Record<ListPurpose, Map<KeyKind, Kept>>> = {
    allow: new Map(),
    block: new Map(),
    watch: new Map(),
  };
  readonly #sizeMax: number;
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#size;
  }

  has(purpose: ListPurpose, kind: KeyKind, value: string, now: Instant): boolean {
    const entry = this.#kept[purpose].get(kind)?.get(value);
    if (entry === undefined || now < entry.from) return false;
    return entry.until === undefined || now < entry.until;
  }

  put(entry: ListEntry): Result<undefined, ListsRefusal> {
    const { purpose, kind, value, from, until } = entry;
    if (until !== undefined && until <= from) {
      const message = `the entry for the ${kind} ${value} ends at or before the time it begins`;
      return refuse({ code: 'list_time_empty', message });
    }
    const kinds = this.#kept[purpose];
    const kept: Kept = kinds.get(kind) ?? new Map<string, ListEntry>();
    const isNew = !kept.has(value);
    if (isNew && this.#size >= this.#sizeMax) {
      const message = `the lists hold ${this.#sizeMax} entries, which is the most they may`;
      return refuse({ code: 'list_full', message });
    }
    kinds.set(kind, kept);
    kept.set(value, entry);
    if (isNew) this.#size += 1;
    return accept(undefined);
  }

  take(purpose: ListPurpose, kind: KeyKind, value: string): boolean {
    const wasThere = this.#kept[purpose].get(kind)?.delete(value) ?? false;
    if (wasThere) this.#size -= 1;
    return wasThere;
  }

  sweep(now: Instant): number {
    const before = this.#size;
    for (const kept of Object.values(this.#kept).flatMap((kinds) => [...kinds.values()])) {
      for (const [value, { until }] of kept) {
        if (until !== undefined && until <= now && kept.delete(value)) this.#size -= 1;
      }
    }
    return before - this.#size;
  }
}
