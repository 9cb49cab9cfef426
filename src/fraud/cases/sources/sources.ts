// What cases offer so that the audit log can be shown to be complete: cases and snoozes as their
// latest change left them, alerts, filed documents and labels once and for ever, and that journals
// and documents are, word for word, what their digests in those records are over.

import {
  canonical,
  statementOfNew,
  type ChangeRecord,
  type JsonObject,
  type ReconcileSource,
  type RowBatch,
  type Unfounded,
} from '#audit';
import { formatInstant, instantOfMs, isId, madeAtMs, uuidOf, type Id, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import { factsOfLabel } from '../../labels/label.ts';
import { existingLabels, labelsAfter } from '../../labels/label-store.ts';
import { factsOfAlert } from '../alerts/alert.ts';
import { alertsAfter, selectAlerts } from '../alerts/alert-store.ts';
import { factsOfCase, type CaseId } from '../case.ts';
import { casesAfter, selectCases } from '../case-store.ts';
import { chained, JOURNAL_START } from '../journal/chain.ts';
import { entriesOfCases, selectEntries } from '../journal/journal-store.ts';
import { factsOfReport } from '../reports/make.ts';
import { damagedReports, existingReports, reportsAfter } from '../reports/report-store.ts';
import { factsOfSnooze } from '../snoozes/snooze.ts';
import { listSnoozes } from '../snoozes/snooze-store.ts';

const BATCH_ROWS = 2_000;
/** Short journals are read as a whole. */
const BATCH_CASES = 200;
const SHORT_JOURNAL = 100;

/** What a row says, in the words of its record. */
interface Said {
  readonly text: string;
  /** When it became so. */
  readonly at: Instant;
  readonly recordedAt: Instant;
}

async function* batchesOf<Row extends { readonly id: Id<string> }>(
  page: (after: Row['id'] | undefined) => Promise<readonly Row[]>,
  say: (row: Row) => Said,
): AsyncGenerator<RowBatch> {
  let after: Row['id'] | undefined;
  for (;;) {
    const rows = await page(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    const facts = rows.map((row) => {
      const { text, at } = say(row);
      return { target: row.id, at: formatInstant(at), text };
    });
    yield { rows: rows.length, facts, at: formatInstant(say(last).recordedAt) };
  }
}

function idsOf<Prefix extends string>(prefix: Prefix, targets: readonly string[]): Id<Prefix>[] {
  return targets.filter((target): target is Id<Prefix> => isId(prefix, target));
}

function present(found: readonly ({ readonly id: string } | undefined)[]): ReadonlySet<string> {
  return new Set(found.flatMap((each) => each?.id ?? []));
}

/** Of rows that change: the latest record holds, and ends what the one before said. */
function statementOfChange(word: string) {
  return ({ target, before, after = '{}' }: ChangeRecord) => {
    const holds = [{ target, text: `${word} ${after}` }];
    if (before === undefined) return { holds };
    return { holds, ends: [{ target, text: `${word} ${before}` }] };
  };
}

const cases: ReconcileSource = {
  name: 'fraud case',
  retention: 'aml',
  actions: ['fraud.case.change'],
  rows: (queryable) =>
    batchesOf(
      (after: CaseId | undefined) => casesAfter(queryable, after, BATCH_ROWS),
      (row) => ({
        text: `case ${canonical(factsOfCase(row))}`,
        at: row.changedAt,
        recordedAt: row.openedAt,
      }),
    ),
  existing: async (queryable, targets) => {
    return present(await selectCases(queryable, idsOf('cse', targets)));
  },
  statementOf: statementOfChange('case'),
  unfounded: brokenJournals,
};

/** Cases whose journal is not what their row says it is. */
async function brokenJournals(
  queryable: Queryable,
  countMax: number,
): Promise<readonly Unfounded[]> {
  const broken: Unfounded[] = [];
  let after: CaseId | undefined;
  while (broken.length < countMax) {
    const rows = await casesAfter(queryable, after, BATCH_CASES);
    after = rows.at(-1)?.id;
    if (after === undefined) break;
    const short = rows.filter(({ entries }) => entries <= SHORT_JOURNAL);
    const entries = await entriesOfCases(
      queryable,
      short.map(({ id }) => id),
    );
    const byCase = Map.groupBy(entries, ({ caseId }) => caseId);
    for (const row of rows) {
      const { id, journal } = row;
      const own = byCase.get(id) ?? [];
      const found = short.includes(row)
        ? own.reduce(chained, JOURNAL_START)
        : await longJournal(queryable, id);
      if (found.equals(journal)) continue;
      const [expected, told] = [journal.toString('hex'), found.toString('hex')];
      broken.push({ target: id, expected: `journal ${expected}`, found: `journal ${told}` });
    }
  }
  return broken.slice(0, countMax);
}

/** A wave of alerts leaves many thousands of entries, which are not held all at once. */
async function longJournal(queryable: Queryable, id: CaseId): Promise<Buffer> {
  let journal: Buffer = JOURNAL_START;
  let after = 0;
  for (;;) {
    const entries = await selectEntries(queryable, id, { after, limit: BATCH_ROWS });
    const last = entries.at(-1);
    if (last === undefined) return journal;
    journal = entries.reduce(chained, journal);
    after = last.ordinal;
  }
}

const snoozes: ReconcileSource = {
  name: 'fraud snooze',
  retention: 'aml',
  actions: ['fraud.snooze.put'],
  rows: (queryable) =>
    batchesOf(
      (after: Id<'snz'> | undefined) => listSnoozes(queryable, { after, limit: BATCH_ROWS }),
      (row) => ({
        text: `snooze ${canonical(factsOfSnooze(row))}`,
        at: row.endedAt ?? row.madeAt,
        recordedAt: row.madeAt,
      }),
    ),
  existing: async (queryable, targets) => {
    const ids = idsOf('snz', targets);
    return present(await listSnoozes(queryable, { ids, limit: targets.length }));
  },
  statementOf: statementOfChange('snooze'),
};

function once(action: string, facts: JsonObject, at: Instant): Said {
  return { text: `${action} ${canonical(facts)}`, at, recordedAt: at };
}

const RAISE = 'fraud.alert.raise';

const alerts: ReconcileSource = {
  name: 'fraud alert',
  retention: 'aml',
  actions: [RAISE],
  rows: (queryable) =>
    batchesOf(
      (after: Id<'alr'> | undefined) => alertsAfter(queryable, after, BATCH_ROWS),
      (row) => once(RAISE, factsOfAlert(row), row.raisedAt),
    ),
  existing: async (queryable, targets) => {
    return present(await selectAlerts(queryable, idsOf('alr', targets)));
  },
  statementOf: statementOfNew,
};

const REPORT = 'fraud.report.make';

const reports: ReconcileSource = {
  name: 'suspicious-activity document',
  retention: 'aml',
  actions: [REPORT],
  rows: (queryable) =>
    batchesOf(
      (after: Id<'sar'> | undefined) => reportsAfter(queryable, after, BATCH_ROWS),
      (row) => once(REPORT, factsOfReport(row), row.madeAt),
    ),
  existing: async (queryable, targets) => {
    return new Set<string>(await existingReports(queryable, idsOf('sar', targets)));
  },
  statementOf: statementOfNew,
  async unfounded(queryable, countMax) {
    const damaged = await damagedReports(queryable, countMax);
    return damaged.map(({ id, expected, found }) => {
      return { target: id, expected: `document ${expected}`, found: `document ${found}` };
    });
  },
};

const LABEL = 'fraud.label.make';

const labels: ReconcileSource = {
  name: 'fraud label',
  retention: 'aml',
  actions: [LABEL],
  rows: (queryable) =>
    batchesOf(
      (after: Id<'lab'> | undefined) => labelsAfter(queryable, after, BATCH_ROWS),
      // It may have been known long before it was said, which is in its id.
      (row) => once(LABEL, factsOfLabel(row), instantOfMs(madeAtMs(uuidOf(row.id)))),
    ),
  existing: async (queryable, targets) => {
    return new Set<string>(await existingLabels(queryable, idsOf('lab', targets)));
  },
  statementOf: statementOfNew,
};

/** The tables of cases and labels, for whoever verifies that the audit log is complete. */
export const fraudCaseSources: readonly ReconcileSource[] = [
  cases,
  snoozes,
  alerts,
  reports,
  labels,
];
