// The verb that makes a document about suspicious activity out of a case: everything that a filing
// needs, kept byte for byte, its digest in the audit log and in the case's journal. Who it is about
// is never told of it (31 U.S.C. 5318(g)(2); Regulation (EU) 2024/1624 Art. 73).

import { bankAccounts } from '#accounts';
import { record } from '#audit';
import { limits } from '#config';
import { accept, assert, idOf, msOf, newUuid, type Id, type Result } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import { labelsOfDecisions } from '../../labels/label-store.ts';
import { selectDecisions } from '../../screening/decision-store.ts';
import type { Alert, AlertId } from '../alerts/alert.ts';
import { listAlerts } from '../alerts/alert-store.ts';
import { fraudCaseActions } from '../audit-actions.ts';
import type { Case, CaseEntry, CaseId } from '../case.ts';
import { lockCase } from '../case-store.ts';
import { selectEntries } from '../journal/journal-store.ts';
import { no, type FraudCaseRefusal } from '../refusals.ts';
import { changed, unknown } from '../work.ts';
import { documentOf, type Report, type ReportedPayment } from './document.ts';
import { insertReport, reportsOfCase } from './report-store.ts';

/** How payments are read, which another context keeps; those that there are. */
export type ReadPayments = (
  queryable: Queryable,
  ids: readonly Id<'pay'>[],
) => Promise<readonly ReportedPayment[]>;

export interface NewReport {
  readonly caseId: CaseId;
  readonly narrative: string;
  readonly kinds: readonly string[];
}

export async function makeReport(
  tx: Transaction,
  { caseId, narrative, kinds }: NewReport,
  readPayments: ReadPayments,
): Promise<Result<Report, FraudCaseRefusal>> {
  const found = await lockCase(tx, caseId);
  if (found === undefined) return unknown(caseId);
  const { value: most } = limits.fraudReportDecisionsMax;
  if (found.alerts > most) {
    const message = `The case ${caseId} has ${found.alerts} decisions; a document holds ${most}.`;
    return no('case_report_too_large', message);
  }
  const earlier = await reportsOfCase(tx, caseId);
  const own = {
    id: idOf('sar', newUuid(msOf(tx.now))),
    version: earlier.length + 1,
    madeBy: tx.actor,
    madeAt: tx.now,
  };
  const { bytes, sha256 } = documentOf({
    ...own,
    ...(await factsOf(tx, found, readPayments)),
    amends: earlier.at(-1),
    narrative,
    kinds,
  });
  const report: Report = { ...own, tenant: found.tenant, caseId, sha256, bytes: bytes.length };
  await insertReport(tx, report, bytes);
  const action = fraudCaseActions['fraud.report.make'];
  await record(tx, [{ action, target: report.id, after: factsOfReport(report) }]);
  const details = { report_id: report.id, ...factsOfReport(report) };
  await changed(tx, found, found, { kind: 'reported', details });
  return accept(report);
}

export function factsOfReport({ caseId, version, sha256, bytes }: Report) {
  return { bytes, case_id: caseId, sha256: sha256.toString('hex'), version };
}

async function factsOf(tx: Transaction, found: Case, readPayments: ReadPayments) {
  const alerts = await alertsOf(tx, found);
  const decisionIds = alerts.map(({ decisionId }) => decisionId);
  const paymentIds = [...new Set(alerts.flatMap(({ paymentId }) => paymentId ?? []))];
  const payments = await readPayments(tx, paymentIds);
  const [account] = await bankAccounts(tx, [found.accountId]);
  return {
    case: found,
    journal: await journalOf(tx, found),
    account,
    alerts,
    decisions: await selectDecisions(tx, decisionIds),
    labels: await labelsOfDecisions(tx, decisionIds),
    payments: payments.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  };
}

async function alertsOf(tx: Transaction, { id, alerts }: Case): Promise<Alert[]> {
  const found = await listAlerts(tx, { caseId: id, limit: alerts });
  assert(found.length === alerts, 'a case knows how many alerts it has');
  const byId = (one: { id: AlertId }, other: { id: AlertId }) => (one.id < other.id ? -1 : 1);
  return found.toSorted(byId);
}

async function journalOf(tx: Transaction, { id, entries }: Case): Promise<CaseEntry[]> {
  return await selectEntries(tx, id, { limit: entries });
}
