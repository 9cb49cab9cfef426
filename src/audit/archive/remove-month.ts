// The verb that takes an archived month out of the database. Every object is read back first and
// each of its leaves compared with the hash that proves it; then the database, which counts once
// more by itself, drops the month's partition and nothing else.

import { accept, Fault, refuse, type Result } from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import { record } from '../record.ts';
import type { AuditRefusal } from '../refusals.ts';
import { flawOfArchive } from './check.ts';
import { formatMonth, latestToArchive } from './month.ts';
import {
  countMonth,
  dropMonth,
  selectArchives,
  selectMonthState,
  type MonthState,
} from './store/archive-store.ts';
import { latestManifest } from './store/manifest-store.ts';
import { selectMonthBounds } from './store/place-store.ts';

export interface RemovedMonth {
  readonly month: number;
  /** False where it had left the database before. */
  readonly isNew: boolean;
  readonly leaves: number;
}

type MonthRefusal = AuditRefusal<'month_at_hand' | 'month_waiting' | 'month_not_archived'>;

/** Removes a month whose every record was found in the archive. */
export async function removeMonth(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  month: number,
): Promise<Result<RemovedMonth, MonthRefusal>> {
  const state = await selectMonthState(database, month);
  if (!state.isOpened || state.isRemoved) return accept({ month, isNew: false, leaves: 0 });
  const refusal = refusalOf(state, context, month) ?? (await refusalOfRest(database, month));
  if (refusal !== undefined) return refuse(refusal);
  let leaves = 0;
  for await (const archive of selectArchives(database, { month })) {
    const flaw = await flawOfArchive(database, objects, archive);
    if (flaw !== undefined) throw unsound(month, archive.key, flaw);
    leaves += archive.leafCount;
  }
  const isNew = await database.transaction(context, async (tx) => {
    const isDropped = await dropMonth(tx, month);
    if (isDropped) {
      const action = auditActions['audit.month.removed'];
      await record(tx, [{ action, target: formatMonth(month), after: { records: leaves } }]);
    }
    return isDropped;
  });
  return accept({ month, isNew, leaves: isNew ? leaves : 0 });
}

// The database says so too, by its own clock, and would end the transaction.
function refusalOf(
  state: MonthState,
  { now }: TransactionContext,
  month: number,
): AuditRefusal<'month_at_hand' | 'month_waiting'> | undefined {
  const name = formatMonth(month);
  if (month > latestToArchive(now) || state.isAtHand) {
    const message = `The month ${name} is at hand, and stays in the database.`;
    return { code: 'month_at_hand', message, param: 'month' };
  }
  if (!state.isWaiting) return undefined;
  const message = `Records of ${name} have no place in the log yet; try again.`;
  return { code: 'month_waiting', message, param: 'month' };
}

async function refusalOfRest(
  queryable: Queryable,
  month: number,
): Promise<AuditRefusal<'month_not_archived'> | undefined> {
  const { placed, archived } = await countMonth(queryable, month);
  const bounds = await selectMonthBounds(queryable, month);
  const listed = (await latestManifest(queryable, month))?.leavesBefore;
  if (archived === placed && listed === bounds?.end) return undefined;
  const message = `Of the ${placed} records of ${formatMonth(month)}, ${archived} are archived.`;
  return { code: 'month_not_archived', message, param: 'month' };
}

function unsound(month: number, key: string, flaw: string): Fault {
  return new Fault('archive_damaged', {
    retryable: false,
    message: `${formatMonth(month)} stays in the database: of its object "${key}", ${flaw}.`,
  });
}
