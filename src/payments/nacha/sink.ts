// Owns what reading a NACHA file has found and not yet handed on, in the order of the file.

import type { FileFault, FileItem } from '../files/format.ts';
import type { Field, Layout } from './standard/layouts.ts';
import { complaintsOf } from './standard/record.ts';
import type { Strictness } from './options.ts';

/** Where a fault is, and what it refuses. */
export interface Place {
  readonly scope: FileFault['scope'];
  readonly record: number;
  readonly batch?: number | undefined;
  readonly entry?: number | undefined;
}

export interface Sink {
  readonly strictness: Strictness;
  put(item: FileItem): void;
  fault(place: Place, rule: string, problem: string, field?: Field): void;
  /** Faults every field of a record that is not of its kind; says whether there was none. */
  check(place: Place, layout: Layout, line: string): boolean;
  /** Everything since the last time. */
  take(): FileItem[];
}

export function createSink(strictness: Strictness): Sink {
  let items: FileItem[] = [];
  const isAsciiOnly = (strictness.options.charset ?? 'ascii') === 'ascii';

  function fault(place: Place, rule: string, problem: string, field?: Field): void {
    const where =
      field === undefined ? '' : `, ${field.name} at positions ${field.from} to ${field.to}`;
    const message = `Record ${place.record}${where}: ${problem}.`;
    items.push({ kind: 'fault', fault: { ...place, rule, message, field: field?.name } });
  }

  return {
    strictness,
    fault,
    put: (item) => void items.push(item),
    check: (place, layout, line) => {
      const complaints = complaintsOf(layout, line, { isAsciiOnly });
      for (const { rule, field, expected } of complaints) {
        fault(place, rule, `${layout.title} should have ${expected} there`, field);
      }
      return complaints.length === 0;
    },
    take: () => {
      const taken = items;
      items = [];
      return taken;
    },
  };
}
