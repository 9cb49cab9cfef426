// Names what one side says and the other does not: by its target, what rows and records say of it
// is put together, and tells which of the four breaches it is. At most so many are named; all are
// counted as far as they are met.

import type { Queryable } from '#platform';
import type { Findings, RuleName } from '../verify/finding.ts';
import type { ChangeRecord, Fact, ReconcileSource } from './source.ts';

interface Leftover {
  readonly source: ReconcileSource;
  readonly target: string;
  /** What rows say and no record. */
  readonly row: string[];
  /** What records hold, or end, and nothing answers to. */
  readonly held: { readonly record: ChangeRecord; readonly text: string }[];
  readonly ended: { readonly record: ChangeRecord; readonly text: string }[];
  /** A record of the target that was met, whatever it says. */
  record: ChangeRecord | undefined;
}

/** Of targets. More wrong ones than these make no difference to anybody. */
const TARGETS_MAX = 20_000;
const ASKED_AT_ONCE = 1_000;

export class LeftoverReport {
  readonly #findings: Findings;
  readonly #leftovers = new Map<string, Leftover>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  noteRow(source: ReconcileSource, { target, text }: Fact): void {
    this.#leftoverOf(source, target)?.row.push(text);
  }

  /** After all rows: then it is known which targets are of interest. */
  noteRecord(
    source: ReconcileSource,
    record: ChangeRecord,
    left: {
      readonly held: readonly Fact[];
      readonly ended: readonly Fact[];
      /** Whatever the record says something of. */
      readonly targets: ReadonlySet<string>;
    },
  ): void {
    const { held, ended, targets } = left;
    for (const { target, text } of held) {
      this.#leftoverOf(source, target)?.held.push({ record, text });
    }
    for (const { target, text } of ended) {
      this.#leftoverOf(source, target)?.ended.push({ record, text });
    }
    for (const target of targets) {
      const known = this.#leftovers.get(keyOf(source, target));
      if (known !== undefined) known.record ??= record;
    }
  }

  async tell(queryable: Queryable): Promise<void> {
    const present = await this.#present(queryable);
    for (const [key, leftover] of this.#leftovers) this.#tellOf(leftover, present.has(key));
  }

  #leftoverOf(source: ReconcileSource, target: string): Leftover | undefined {
    const key = keyOf(source, target);
    const known = this.#leftovers.get(key);
    if (known !== undefined || this.#leftovers.size >= TARGETS_MAX) return known;
    const fresh = { source, target, row: [], held: [], ended: [], record: undefined };
    this.#leftovers.set(key, fresh);
    return fresh;
  }

  /** The keys of those that have a row. */
  async #present(queryable: Queryable): Promise<ReadonlySet<string>> {
    const present = new Set<string>();
    const bySource = Map.groupBy(this.#leftovers.values(), ({ source }) => source);
    for (const [source, leftovers] of bySource) {
      for (let from = 0; from < leftovers.length; from += ASKED_AT_ONCE) {
        const targets = leftovers.slice(from, from + ASKED_AT_ONCE).map(({ target }) => target);
        const existing = await source.existing(queryable, targets);
        for (const target of existing) present.add(keyOf(source, target));
      }
    }
    return present;
  }

  #tellOf({ source, target, row, held, ended, record }: Leftover, isPresent: boolean): void {
    const place = `${source.name} ${target}`;
    const breach = (rule: RuleName, expected: string, found: string, by?: ChangeRecord): void => {
      const where = by === undefined ? place : `${place} record ${by.id}`;
      this.#findings.breach({ rule, place: where, expected, found });
    };
    const [said] = row;
    const first = held.find(({ text }) => isAlike(text, said)) ?? held[0];
    const [last] = ended;
    if (!isPresent && (first ?? last ?? record) !== undefined) {
      const found = 'none';
      const by = (first ?? last)?.record ?? record;
      breach('record_without_change', `the ${source.name} that was recorded`, found, by);
    } else if (said !== undefined && first !== undefined) {
      const { expected, found } = differenceOf(first.text, said);
      breach('change_contradicts_record', expected, found, first.record);
    } else if (said !== undefined && record !== undefined) {
      breach('change_contradicts_record', 'what was recorded of it', said, record);
    } else if (said !== undefined) {
      breach('change_unrecorded', 'a record', `none of: ${said}`);
    } else if (last !== undefined) {
      breach(
        'change_contradicts_record',
        `an earlier record of: ${last.text}`,
        'none',
        last.record,
      );
    } else {
      for (const { record: again, text } of held) {
        breach('change_recorded_twice', 'one record', `another one of: ${text}`, again);
      }
    }
  }
}

function keyOf({ name }: ReconcileSource, target: string): string {
  return `${name} ${target}`;
}

/** Whether both are about the same: a fact begins with what it is about. */
function isAlike(text: string, other: string | undefined): boolean {
  return text.split(' ')[0] === other?.split(' ')[0];
}

const AROUND_CHARACTERS = 24;

/** Two texts, without what they begin with alike. */
function differenceOf(one: string, other: string): { expected: string; found: string } {
  let alike = 0;
  while (alike < one.length && one[alike] === other[alike]) alike += 1;
  const from = Math.max(0, alike - AROUND_CHARACTERS);
  const cut = (text: string): string => (from === 0 ? text : `…${text.slice(from)}`);
  return { expected: cut(one), found: cut(other) };
}
