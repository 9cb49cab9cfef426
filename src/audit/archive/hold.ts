// The verbs of legal holds: while one covers a month, nothing of it is given up, whatever its
// retention says. A hold is law from the moment it is committed; that it also marks each object in
// the store is a second lock, and is completed by the next run where a crash came in between.

import {
  accept,
  Fault,
  idOf,
  isId,
  msOf,
  newUuid,
  refuse,
  uuidOf,
  type Id,
  type Result,
} from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import type { RetentionClass } from '../action.ts';
import { auditActions } from '../actions.ts';
import { record } from '../record.ts';
import type { AuditRefusal } from '../refusals.ts';
import { lockArchive } from './store/archive-store.ts';
import {
  insertHold,
  insertRelease,
  insertSettlement,
  selectCovered,
  selectHolds,
  selectUnsettled,
  type HoldFacts,
  type UnsettledHold,
} from './store/hold-store.ts';
import { formatMonth } from './month.ts';

export type LegalHoldId = Id<'lgh'>;

export interface LegalHold extends Omit<HoldFacts, 'id'> {
  readonly id: LegalHoldId;
}

export interface HoldRequest {
  /** 202611. */
  readonly fromMonth: number;
  readonly toMonth: number;
  /** All classes unless given. */
  readonly retention?: RetentionClass | undefined;
  /** 1 to 1,000 characters, in clear and for ever. */
  readonly reason: string;
}

/** Places a hold, and marks what it covers. */
export async function placeHold(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  request: HoldRequest,
): Promise<Result<LegalHoldId, AuditRefusal<'legal_hold_months'>>> {
  const { fromMonth, toMonth, retention, reason } = request;
  if (toMonth < fromMonth) {
    const months = `${formatMonth(toMonth)} is before ${formatMonth(fromMonth)}`;
    const message = `A legal hold ends with the month it begins with, or later; ${months}.`;
    return refuse({ code: 'legal_hold_months', message, param: 'to' });
  }
  const id = newUuid(msOf(context.now));
  await database.transaction(context, async (tx) => {
    await lockArchive(tx);
    await insertHold(tx, { id, fromMonth, toMonth, retention, reason });
    const after = {
      from: formatMonth(fromMonth),
      to: formatMonth(toMonth),
      retention: retention ?? 'all',
      reason,
    };
    const target = idOf('lgh', id);
    await record(tx, [{ action: auditActions['audit.legal_hold.placed'], target, after }]);
  });
  await settleHolds(database, objects, context);
  return accept(idOf('lgh', id));
}

/** Ends a hold; what no other hold covers is subject to its retention again. */
export async function releaseHold(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  id: string,
): Promise<Result<LegalHold, AuditRefusal<'legal_hold_unknown' | 'legal_hold_released'>>> {
  const unknown = refuse({
    code: 'legal_hold_unknown' as const,
    message: `There is no legal hold ${id}.`,
    param: 'id',
  });
  if (!isId('lgh', id)) return unknown;
  const uuid = uuidOf(id);
  const released = await database.transaction(context, async (tx) => {
    await lockArchive(tx);
    const [hold] = await selectHolds(tx, uuid);
    if (hold === undefined) return unknown;
    if (hold.releasedAt !== undefined) {
      return refuse({
        code: 'legal_hold_released' as const,
        message: `The legal hold ${id} was released by ${hold.releasedBy}.`,
        param: 'id',
      });
    }
    await insertRelease(tx, uuid);
    await record(tx, [{ action: auditActions['audit.legal_hold.released'], target: id }]);
    return accept({ ...hold, id, releasedAt: tx.now, releasedBy: tx.actor });
  });
  if (released.ok) await settleHolds(database, objects, context);
  return released;
}

/** All that were ever placed, oldest first. */
export async function listHolds(queryable: Queryable): Promise<LegalHold[]> {
  return (await selectHolds(queryable)).map((hold) => ({ ...hold, id: idOf('lgh', hold.id) }));
}

/** Completes what a crash may have left of placing or releasing holds. */
export async function settleHolds(
  database: Database,
  objects: Objects,
  context: TransactionContext,
): Promise<void> {
  for (const unsettled of await selectUnsettled(database)) {
    await settle(database, objects, context, unsettled);
  }
}

const OBJECTS_PAGE = 32;

// What must be held is read and marked under the lock, so that of two runs at once neither acts on
// what the other has changed.
async function settle(
  database: Database,
  objects: Objects,
  context: TransactionContext,
  unsettled: UnsettledHold,
): Promise<void> {
  let after = 0;
  for (let isDone = false; !isDone;) {
    const from = after;
    const marked = await database.transaction(context, async (tx) => {
      await lockArchive(tx);
      const covered = await selectCovered(tx, {
        id: unsettled.id,
        after: from,
        countMax: OBJECTS_PAGE,
      });
      for (const { key, isHeld } of covered) await mark(objects, key, isHeld);
      if (covered.length < OBJECTS_PAGE) await insertSettlement(tx, unsettled);
      return covered;
    });
    isDone = marked.length < OBJECTS_PAGE;
    after = marked.at(-1)?.number ?? after;
  }
}

// An object that somebody took away is for the verification to name; the others are held.
async function mark(objects: Objects, key: string, isHeld: boolean): Promise<void> {
  try {
    await objects.hold(key, isHeld);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'object_unknown') throw error;
  }
}
