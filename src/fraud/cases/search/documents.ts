// Owns what cases are found by: ids, rules, reasons, payees and what people wrote. What a person
// changes is written in the transaction of the change; what alerts bring is written behind them.

import { openSearch, type SearchDocument, type Transaction } from '#platform';
import { wordsOfCases, type CaseWords } from '../alerts/alert-store.ts';
import type { Case } from '../case.ts';
import { selectWritten } from '../journal/journal-store.ts';

/** Of each case: what was written long ago is found in its journal. */
const WRITTEN_MAX = 50;
/** Of each case, so that a document has an end however many alerts there are. */
const alertsToRead = { alertsMax: 200, payeesMax: 50 };

export const caseSearch = openSearch('fraud-cases');

/** After their journals and alerts were written. Whoever calls it has the cases locked. */
export async function indexCases(tx: Transaction, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  const ids = cases.map(({ id }) => id);
  const written = await selectWritten(tx, ids, WRITTEN_MAX);
  const words = await wordsOfCases(tx, ids, alertsToRead);
  const documents = cases.map((each) => {
    return documentOf(each, words.get(each.id), written.get(each.id) ?? []);
  });
  await caseSearch.put(tx, documents);
}

// Without what every alert has of its own, so that most alerts change nothing in it: a document
// that stays as it was costs next to nothing to write again.
function documentOf(
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
