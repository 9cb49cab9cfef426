// The clock's own work on cases: a wait that is over ends, and a case that is due without having
// been closed is told of, once. Both may be late and may be done by several processes at once.

import { limits } from '#config';
import { formatInstant } from '#kernel';
import { emit, type Database, type Transaction, type TransactionContext } from '#platform';
import { lockDueCases, tenantsWithDueCases } from './case-store.ts';
import { changeCases, type CaseChange } from './change.ts';
import { resumed } from './clock.ts';
import { indexCases } from './search/documents.ts';

export interface CaseClockReport {
  readonly woken: number;
  readonly overdue: number;
}

/** A row of the table of schedules. */
export async function runCaseClock(
  database: Database,
  context: TransactionContext,
): Promise<CaseClockReport> {
  let [woken, overdue] = [0, 0];
  for (const tenant of await tenantsWithDueCases(database, context.now)) {
    const acting = { ...context, tenant };
    woken += await inTurn(database, acting, wakeCases);
    overdue += await inTurn(database, acting, tellOverdue);
  }
  return { woken, overdue };
}

async function inTurn(
  database: Database,
  context: TransactionContext,
  some: (tx: Transaction, countMax: number) => Promise<number>,
): Promise<number> {
  const { value: countMax } = limits.fraudCasesToldMax;
  let done = 0;
  for (;;) {
    const count = await database.transaction(context, (tx) => some(tx, countMax));
    done += count;
    if (count < countMax) return done;
  }
}

/** The clock goes on from the day that was named, however late this is. */
async function wakeCases(tx: Transaction, countMax: number): Promise<number> {
  const found = await lockDueCases(tx, 'waiting', countMax);
  const changes = found.map((before): CaseChange => {
    const after = { ...before, ...resumed(before, before.waitUntil ?? tx.now) };
    const details = { due_at: formatInstant(after.dueAt), why: 'time' };
    return {
      before,
      after: { ...after, state: 'assigned' },
      entries: [{ kind: 'resumed', details }],
    };
  });
  await indexCases(tx, await changeCases(tx, changes));
  return found.length;
}

async function tellOverdue(tx: Transaction, countMax: number): Promise<number> {
  const found = await lockDueCases(tx, 'due', countMax);
  const changes = found.map((before): CaseChange => {
    const details = { due_at: formatInstant(before.dueAt) };
    return {
      before,
      after: { ...before, isOverdue: true },
      entries: [{ kind: 'overdue', details }],
    };
  });
  const told = await changeCases(tx, changes);
  await indexCases(tx, told);
  await emit(
    tx,
    told.map(({ id, accountId, queue, priority, dueAt, state }) => {
      const data = { account_id: accountId, queue, priority, due_at: formatInstant(dueAt), state };
      return { type: 'fraud.case_overdue', subject: id, data };
    }),
  );
  return found.length;
}
