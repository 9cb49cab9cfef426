// What a context offers so that the audit log can be shown to be complete: its tables as a walk
// over rows, each of which says what its record must hold. Rows are read by other statements than
// those of the verbs, so that a slip of theirs shows too.

import type { Queryable } from '#platform';
import type { RetentionClass } from '../action.ts';
import type { Unsealed } from '../sealing/unseal.ts';

/** A record of a change, as it stands in the log. */
export interface ChangeRecord {
  readonly id: string;
  readonly action: string;
  readonly target: string;
  /** RFC 3339, as recorded. */
  readonly at: string;
  readonly actorId: string;
  /** As spelled in the leaf: canonical JSON. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** What is sealed in it; undefined where nobody can read that. */
  readonly sealed: Exclude<Unsealed, string> | undefined;
}

/** Something that is said of a target, word for word as the other side says it. */
export interface Fact {
  readonly target: string;
  /** Begins with a word for what it is about. */
  readonly text: string;
  /** When it came to be, RFC 3339: a row's fact is compared while records of that time are kept. */
  readonly at?: string | undefined;
  /** Of what is sealed under this subject: compared where there are keys, until it is erased. */
  readonly subject?: string | undefined;
}

/** What a record says. */
export interface Statement {
  /** So from this record on: a row says it too, or a later record ends it. */
  readonly holds: readonly Fact[];
  /** So until this record, by an earlier one. */
  readonly ends?: readonly Fact[];
  /** What a row may say from here on; a later record may have replaced it. */
  readonly allows?: readonly Fact[];
}

/** What rows say, in the order of their ids. */
export interface RowBatch {
  readonly rows: number;
  /** Each held by a record, and not ended. */
  readonly facts: readonly Fact[];
  /** Each allowed by a record. */
  readonly allowed?: readonly Fact[];
  /** When the last of them was recorded, RFC 3339: records are read about as far meanwhile. */
  readonly at: string;
}

/** One kind of rows of which records are kept. */
export interface ReconcileSource {
  /** For findings: "transfer". */
  readonly name: string;
  /** The actions whose records are about these rows, and about no others. */
  readonly actions: readonly string[];
  /** How long their records are kept. */
  readonly retention: RetentionClass;
  /** Whether records of failures count too; those of what was refused or denied never do. */
  readonly areFailuresChanges?: boolean;
  /** Every row, in batches of a bounded size. */
  rows(queryable: Queryable): AsyncIterable<RowBatch>;
  /** Those of the targets that have a row. */
  existing(queryable: Queryable, targets: readonly string[]): Promise<ReadonlySet<string>>;
  statementOf(record: ChangeRecord): Statement;
  /** Rows that do not follow from the rows compared above, from which they must. */
  unfounded?(queryable: Queryable, countMax: number): Promise<readonly Unfounded[]>;
}

export interface Unfounded {
  readonly target: string;
  readonly expected: string;
  readonly found: string;
}

/** Of a record that a row has once and for ever: it says what is in the record's `after`. */
export function statementOfNew({ action, target, after = '{}' }: ChangeRecord): Statement {
  return { holds: [{ target, text: `${action} ${after}` }] };
}
