// The verb that ends the keeping of collected logs: objects whose retention is over and that nobody
// holds. That they go is recorded first. The rows of their collections stay: what was collected,
// when and how much of it, remains known, and a file that comes again is known again.

import { Fault } from '#kernel';
import type { Database, ObjectFacts, Objects, TransactionContext } from '#platform';
import { auditActions } from '../actions.ts';
import { record } from '../record.ts';
import { COLLECTED_PREFIX } from './commit.ts';

const OBJECTS_AT_ONCE = 1_000;
const COLLECTION = /\/(col_[0-9a-f-]{36})\//;

/** How many objects went. */
export async function expireCollected(
  database: Database,
  objects: Objects,
  context: TransactionContext,
): Promise<number> {
  let count = 0;
  let due: string[] = [];
  for await (const facts of objects.list(COLLECTED_PREFIX)) {
    if (!isDue(facts, context)) continue;
    due.push(facts.key);
    if (due.length < OBJECTS_AT_ONCE) continue;
    count += await remove(database, objects, { context, due });
    due = [];
  }
  return count + (await remove(database, objects, { context, due }));
}

function isDue({ retainUntil, isHeld }: ObjectFacts, { now }: TransactionContext): boolean {
  return retainUntil !== undefined && retainUntil <= now && !isHeld;
}

async function remove(
  database: Database,
  objects: Objects,
  { context, due }: { readonly context: TransactionContext; readonly due: readonly string[] },
): Promise<number> {
  if (due.length === 0) return 0;
  const collections = Map.groupBy(due, (key) => COLLECTION.exec(key)?.[1] ?? COLLECTED_PREFIX);
  await database.transaction(context, (tx) =>
    record(
      tx,
      Array.from(collections, ([target, keys]) => {
        return {
          action: auditActions['audit.logs.expired'],
          target,
          after: { objects: keys.length },
        };
      }),
    ),
  );
  let count = 0;
  for (const key of due) count += (await isRemoved(objects, key, context)) ? 1 : 0;
  return count;
}

async function isRemoved(
  objects: Objects,
  key: string,
  { now }: TransactionContext,
): Promise<boolean> {
  try {
    await objects.remove(key, now);
    return true;
  } catch (error) {
    // Held, or its retention extended, since it was looked at.
    if (error instanceof Fault && error.code === 'object_retained') return false;
    throw error;
  }
}
