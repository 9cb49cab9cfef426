// What alerts have brought to cases becomes what the cases are found by: each document is written
// once, however many alerts came since. So much at a time and no more, so that a wave of alerts is
// not made worse; several processes may be at it at once.

import { limits } from '#config';
import type { Database, Transaction, TransactionContext } from '#platform';
import { lockFreeCases } from '../case-store.ts';
import { indexCases } from './documents.ts';
import {
  deleteUndocumented,
  selectUndocumented,
  tenantsWithUndocumented,
} from './undocumented-store.ts';

/** A row of the table of schedules. Answers how many documents it has seen to. */
export async function documentCases(
  database: Database,
  context: TransactionContext,
): Promise<number> {
  let done = 0;
  for (const tenant of await tenantsWithUndocumented(database)) {
    done += await database.transaction({ ...context, tenant }, catchUp);
  }
  return done;
}

/** A case that somebody is at just now is left for the next time. */
async function catchUp(tx: Transaction): Promise<number> {
  const ids = await selectUndocumented(tx, limits.fraudCasesDocumentedMax.value);
  const cases = await lockFreeCases(tx, ids);
  if (cases.length === 0) return 0;
  await deleteUndocumented(
    tx,
    cases.map(({ id }) => id),
  );
  await indexCases(tx, cases);
  return cases.length;
}
