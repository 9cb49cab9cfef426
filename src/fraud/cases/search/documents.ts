// Owns what cases and alerts are found by: ids, rules, reasons, payees and what people wrote. The
// documents are written in the transaction of what they tell, so that a search misses nothing.

import { openSearch, type SearchDocument, type Transaction } from '#platform';
import type { Alert } from '../alerts/alert.ts';
import { wordsOfCases, type CaseWords } from '../alerts/alert-store.ts';
import type { Case } from '../case.ts';
import { selectWritten } from '../journal/journal-store.ts';

/** Of each case: what was written long ago is found in its journal. */
const WRITTEN_MAX = 50;
const ALERTS_MAX = 200;

export const caseSearch = openSearch('fraud-cases');
export const alertSearch = openSearch('fraud-alerts');

export async function indexAlerts(tx: Transaction, alerts: readonly Alert[]): Promise<void> {
  await alertSearch.put(tx, alerts.map(documentOfAlert));
}

/** After their journals and alerts were written. */
export async function indexCases(tx: Transaction, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  const ids = cases.map(({ id }) => id);
  const written = await selectWritten(tx, ids, WRITTEN_MAX);
  const words = await wordsOfCases(tx, ids, ALERTS_MAX);
  const documents = cases.map((each) => {
    return documentOfCase(each, words.get(each.id), written.get(each.id) ?? []);
  });
  await caseSearch.put(tx, documents);
}

function documentOfAlert(alert: Alert): SearchDocument {
  const { id, tenant, decisionId, accountId, paymentId, caseId, snoozeId, outcome } = alert;
  const { counterparty, channel, currency, rules, reasons } = alert;
  const words = [id, decisionId, accountId, paymentId, caseId, snoozeId, counterparty, outcome];
  const text = [...words, channel, currency, ...rules, ...reasons];
  return {
    id,
    tenant,
    text: text.filter((word) => word !== undefined).join('\n'),
    filters: {
      outcome,
      account: accountId,
      snoozed: String(snoozeId !== undefined),
      ...(caseId === undefined ? {} : { case: caseId }),
    },
  };
}

function documentOfCase(
  given: Case,
  words: CaseWords | undefined,
  written: readonly string[],
): SearchDocument {
  const { id, tenant, accountId, queue, priority, state, assignee, outcome, pattern } = given;
  const named = [id, accountId, queue, assignee, outcome, pattern];
  const text = [
    ...named.filter((word) => word !== undefined),
    ...(words?.rules ?? []),
    ...(words?.reasons ?? []),
    ...written,
    ...(words?.counterparties ?? []),
    ...(words?.payments ?? []).map((uuid) => `pay_${uuid}`),
  ];
  return {
    id,
    tenant,
    text: text.join('\n'),
    filters: {
      queue,
      priority,
      state,
      account: accountId,
      overdue: String(given.isOverdue),
      ...(assignee === undefined ? {} : { assignee }),
    },
  };
}
