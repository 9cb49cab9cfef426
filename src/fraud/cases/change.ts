// The one way a case changes: its row, an entry of its journal and its audit record are written
// together. A case that was locked before is changed, another is opened.

import { record, type JsonObject } from '#audit';
import { assert, Fault } from '#kernel';
import type { Transaction } from '#platform';
import { fraudCaseActions } from './audit-actions.ts';
import { factsOfCase, type Case, type CaseEntry, type EntryKind } from './case.ts';
import { insertCases, isSecondOfAccount, updateCases } from './case-store.ts';
import { chained, JOURNAL_START } from './journal/chain.ts';
import { insertEntries } from './journal/journal-store.ts';

export interface NewEntry {
  readonly kind: EntryKind;
  readonly text?: string | undefined;
  readonly details?: JsonObject | undefined;
}

export interface CaseChange {
  /** As it was locked; absent of a case that is opened. */
  readonly before?: Case | undefined;
  /** What it shall be; its journal is seen to here. */
  readonly after: Case;
  /** At least one, in their order. */
  readonly entries: readonly NewEntry[];
}

/** What a case is before anything has happened to it. */
export const noJournal = { entries: 0, journal: JOURNAL_START } as const;

/** The cases as they are now, in order. Whoever calls it sees to what they are found by. */
export async function changeCases(
  tx: Transaction,
  changes: readonly CaseChange[],
): Promise<Case[]> {
  const written = changes.map((change) => withJournal(tx, change));
  await store(tx, written);
  await insertEntries(
    tx,
    written.flatMap(({ entries }) => entries),
  );
  const action = fraudCaseActions['fraud.case.change'];
  await record(
    tx,
    written.map(({ before, after }) => ({
      action,
      target: after.id,
      before: before && factsOfCase(before),
      after: factsOfCase(after),
    })),
  );
  return written.map(({ after }) => after);
}

interface Written {
  readonly before: Case | undefined;
  readonly after: Case;
  readonly entries: readonly CaseEntry[];
}

async function store(tx: Transaction, written: readonly Written[]): Promise<void> {
  try {
    await insertCases(tx, fittingOf(written, true));
    await updateCases(tx, fittingOf(written, false));
  } catch (error) {
    if (!isSecondOfAccount(error)) throw error;
    // An account got a case by an alert and by being reopened at once: the later begins again.
    throw new Fault('case_opened_meanwhile', { retryable: true, cause: error });
  }
}

function fittingOf(written: readonly Written[], isNew: boolean): Case[] {
  return written.filter(({ before }) => (before === undefined) === isNew).map(({ after }) => after);
}

function withJournal(tx: Transaction, { before, after, entries }: CaseChange): Written {
  assert(entries.length > 0, 'whatever happens to a case is told in its journal');
  const { id } = after;
  let { entries: ordinal, journal } = before ?? noJournal;
  const added = entries.map(({ kind, text, details = {} }) => {
    ordinal += 1;
    const entry: CaseEntry = {
      caseId: id,
      ordinal,
      kind,
      madeBy: tx.actor,
      madeAt: tx.now,
      text,
      details,
    };
    journal = chained(journal, entry);
    return entry;
  });
  const changed = { ...after, changedAt: tx.now, entries: ordinal, journal };
  return { before, after: changed, entries: added };
}
