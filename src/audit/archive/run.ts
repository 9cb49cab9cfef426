// The scheduled work of the archive: completes what a crash left of legal holds, gives up what is
// over its retention, stores the months that are not at hand any more and takes them out of the
// database. Where nothing is due it asks four small questions and does nothing.

import { Fault } from '#kernel';
import type { Database, Objects, Queryable, TransactionContext } from '#platform';
import { archiveMonth } from './archive-month.ts';
import { expireArchives, type Expired } from './expire.ts';
import { settleHolds } from './hold.ts';
import { latestToArchive } from './month.ts';
import { removeMonth } from './remove-month.ts';
import {
  countMonth,
  selectMonthsThrough,
  selectMonthState,
  type MonthCounts,
} from './store/archive-store.ts';

export interface ArchiveReport {
  /** Months of which something was stored. */
  readonly archived: readonly number[];
  /** Months that left the database. */
  readonly removed: readonly number[];
  /** Months that must wait for the next run, with the reason. */
  readonly waiting: readonly { readonly month: number; readonly message: string }[];
  readonly expired: Expired;
}

/** Does what is due. A month that cannot be archived holds up no other, and fails the run last. */
export async function runArchive(
  database: Database,
  objects: Objects,
  context: TransactionContext,
): Promise<ArchiveReport> {
  await settleHolds(database, objects, context);
  const expired = await expireArchives(database, objects, context);
  const run = new MonthsRun(database, objects, context);
  const failures: unknown[] = [];
  for (const month of await selectMonthsThrough(database, latestToArchive(context.now))) {
    try {
      await run.take(month);
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  const { archived, removed, waiting } = run;
  return { archived, removed, waiting, expired };
}

class MonthsRun {
  readonly archived: number[] = [];
  readonly removed: number[] = [];
  readonly waiting: { month: number; message: string }[] = [];
  readonly #database: Database;
  readonly #objects: Objects;
  readonly #context: TransactionContext;

  constructor(database: Database, objects: Objects, context: TransactionContext) {
    this.#database = database;
    this.#objects = objects;
    this.#context = context;
  }

  async take(month: number): Promise<void> {
    const stored = await archiveMonth(this.#database, this.#objects, this.#context, month);
    if (!stored.ok) {
      this.waiting.push({ month, message: stored.refusal.message });
      return;
    }
    if (stored.value.objects > 0) this.archived.push(month);
    if (!stored.value.isComplete) return;
    const gone = await removeMonth(this.#database, this.#objects, this.#context, month);
    if (!gone.ok) this.waiting.push({ month, message: gone.refusal.message });
    else if (gone.value.isNew) this.removed.push(month);
  }
}

export interface DueMonth extends MonthCounts {
  readonly month: number;
  /** Some records of it have no place yet. */
  readonly isWaiting: boolean;
}

/** What the next run would archive and remove. */
export async function dueMonths(
  queryable: Queryable,
  { now }: Pick<TransactionContext, 'now'>,
): Promise<DueMonth[]> {
  const due: DueMonth[] = [];
  for (const month of await selectMonthsThrough(queryable, latestToArchive(now))) {
    const { isWaiting } = await selectMonthState(queryable, month);
    due.push({ month, isWaiting, ...(await countMonth(queryable, month)) });
  }
  return due;
}
