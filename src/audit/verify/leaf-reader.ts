// Whoever wants to see every leaf of the log, wherever it stands: the check of subjects, and the
// comparison of records with what they are records of.

import type { Keys, Queryable } from '#platform';
import type { Reconciling } from '../reconcile/reconcile.ts';
import type { Findings } from './finding.ts';
import type { LeafScanner } from './log/scan.ts';
import { SubjectCheck } from './subject-check.ts';

export class LeafReader {
  readonly #subjects: SubjectCheck;
  readonly #reconciling: Reconciling | undefined;
  readonly #queryable: Queryable;

  constructor(findings: Findings, queryable: Queryable, reconciling: Reconciling | undefined) {
    this.#subjects = new SubjectCheck(findings);
    this.#queryable = queryable;
    this.#reconciling = reconciling;
  }

  /** To be told of every leaf that is a record. */
  readonly note = (leaf: LeafScanner, where: { readonly place: string }): void => {
    this.#subjects.note(leaf, where);
    this.#reconciling?.note(leaf);
  };

  /** After each page of leaves. */
  async look(): Promise<void> {
    await this.#subjects.look(this.#queryable);
    await this.#reconciling?.look();
  }

  /** After the last leaf. */
  async finish(keys: Keys | undefined, removedMonths: ReadonlySet<number>): Promise<void> {
    await this.#subjects.finish(this.#queryable, keys, removedMonths);
    await this.#reconciling?.finish();
  }
}
