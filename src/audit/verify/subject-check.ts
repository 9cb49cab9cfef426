// Checks the keys under which something is sealed: whoever is sealed in a leaf has a key or was
// erased, and a key opens with those of the installation and is as old as its first record.

import { Fault, formatInstant } from '#kernel';
import type { Keys, Queryable } from '#platform';
import type { Json } from '../canonical.ts';
import { monthOf } from '../store/bundle-store.ts';
import { contextOf } from '../sealing/subject-key.ts';
import { Tally, Words } from '../reconcile/tally.ts';
import type { Findings } from './finding.ts';
import type { LeafScanner } from './log/scan.ts';
import { storedSubjects, subjectsSeen, type SealedUnder } from './subject-check-store.ts';

const SUBJECTS_PAGE = 1_000;

export class SubjectCheck {
  readonly #findings: Findings;
  readonly #words = new Words();
  /** Subjects whose first record was met. */
  readonly #dated = new Tally();
  #sealed: (SealedUnder & { readonly place: string })[] = [];

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** To be told of every leaf. */
  note(leaf: LeafScanner, where: { readonly place: string }): void {
    const raw = leaf.raw('sealed');
    if (raw === undefined) return;
    for (const subject of subjectsIn(JSON.parse(raw) as Json)) {
      this.#sealed.push({ subject, at: leaf.text('at') ?? '', place: where.place });
    }
  }

  /** After each page of leaves. */
  async look(queryable: Queryable): Promise<void> {
    const sealed = this.#sealed;
    this.#sealed = [];
    if (sealed.length === 0) return;
    for (const [index, seen] of (await subjectsSeen(queryable, sealed)).entries()) {
      const { subject, place } = sealed[index] as SealedUnder & { place: string };
      if (!seen.hasKey && !seen.isErased) {
        const expected = `a key for ${subject}, or its erasure`;
        this.#findings.breach({ rule: 'leaf_unknown_subject', place, expected, found: 'neither' });
      }
      const word = this.#words.of('', subject, '');
      if (seen.isFirst && this.#dated.countOf(word) === 0) this.#dated.add(word, 1);
    }
  }

  /**
   * After the last leaf. The first record of a subject may have left the database with its month.
   */
  async finish(
    queryable: Queryable,
    keys: Keys | undefined,
    removedMonths: ReadonlySet<number>,
  ): Promise<void> {
    for (let after = ''; ;) {
      const page = await storedSubjects(queryable, after, SUBJECTS_PAGE);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.id;
      this.#findings.checked('subjects', page.length);
      for (const { id, wrappedKey, createdAt } of page) {
        const place = `subject ${id}`;
        const isHere = !removedMonths.has(monthOf(createdAt));
        if (isHere && this.#dated.countOf(this.#words.of('', id, '')) === 0) {
          const expected = `a record that seals something of it at ${formatInstant(createdAt)}`;
          this.#findings.breach({ rule: 'subject_wrong', place, expected, found: 'none' });
        }
        if (keys === undefined || (await isOpened(keys, id, wrappedKey))) continue;
        const expected = "a key that opens with the installation's";
        this.#findings.breach({ rule: 'subject_wrong', place, expected, found: 'another' });
      }
    }
  }
}

function subjectsIn(sealed: Json): string[] {
  if (!Array.isArray(sealed)) return [];
  return (sealed as readonly Json[]).flatMap((each) => {
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return [];
    const { subject } = each as Record<string, Json>;
    return typeof subject === 'string' ? [subject] : [];
  });
}

async function isOpened(keys: Keys, id: string, wrappedKey: Buffer): Promise<boolean> {
  try {
    await keys.unwrap(wrappedKey, contextOf(id));
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'key_mismatch') return false;
    throw error;
  }
}
