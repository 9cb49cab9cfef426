// The verb that ends the keeping of archived records: objects whose retention is over and that no
// legal hold covers. An object is given up in the database first, and removed from the store after;
// the log's hashes stay, so that all that remains is provable as before.

import { Fault, formatInstant } from '#kernel';
import type { Database, Objects, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import { record } from '../record.ts';
import { lockArchive } from './store/archive-store.ts';
import { formatMonth } from './month.ts';
import {
  insertExpiry,
  insertRemovals,
  selectDue,
  selectUnremoved,
  type DueArchive,
} from './store/expiry-store.ts';

const OBJECTS_PAGE = 64;

export interface Expired {
  /** Given up by this run. */
  readonly objects: number;
  readonly leaves: number;
  /** Given up, but still kept by the store: its own date is later, or somebody holds it there. */
  readonly keptByStore: number;
}

/** Gives up what is due, and removes all that was given up. */
export async function expireArchives(
  database: Database,
  objects: Objects,
  context: TransactionContext,
): Promise<Expired> {
  let count = 0;
  let leaves = 0;
  for (;;) {
    const due = await giveUp(database, context);
    count += due.length;
    for (const { leafCount } of due) leaves += leafCount;
    if (due.length < OBJECTS_PAGE) break;
  }
  return { objects: count, leaves, keptByStore: await removeExpired(database, objects, context) };
}

// Asked without the lock first: most runs find nothing, and must cost nothing.
async function giveUp(database: Database, context: TransactionContext): Promise<DueArchive[]> {
  const page = { now: context.now, countMax: OBJECTS_PAGE };
  if ((await selectDue(database, { ...page, countMax: 1 })).length === 0) return [];
  return await database.transaction(context, async (tx) => {
    await lockArchive(tx);
    const due = await selectDue(tx, page);
    for (const { number } of due) await insertExpiry(tx, number);
    await record(
      tx,
      due.map(({ key, month, retention, retainUntil, leafCount }) => ({
        action: auditActions['audit.archive.expired'],
        target: key,
        after: {
          month: formatMonth(month),
          retention,
          retain_until: formatInstant(retainUntil),
          records: leafCount,
        },
      })),
    );
    return due;
  });
}

async function removeExpired(
  database: Database,
  objects: Objects,
  { now }: TransactionContext,
): Promise<number> {
  let keptByStore = 0;
  let after = 0;
  for (;;) {
    const page = await selectUnremoved(database, { after, countMax: OBJECTS_PAGE });
    const removed: number[] = [];
    for (const { number, key } of page) {
      if (await isRemoved(objects, key, now)) removed.push(number);
      else keptByStore += 1;
    }
    if (removed.length > 0) await insertRemovals(database, removed, now);
    const last = page.at(-1);
    if (last === undefined || page.length < OBJECTS_PAGE) return keptByStore;
    after = last.number;
  }
}

async function isRemoved(
  objects: Objects,
  key: string,
  now: TransactionContext['now'],
): Promise<boolean> {
  try {
    await objects.remove(key, now);
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === 'object_retained') return false;
    throw error;
  }
}
