// Counts the days of interest that have ended, for accounts that are behind, so many in one
// transaction. It reads the ledger and locks nothing of it. Missed days are caught up, and a day
// is counted once, however often and by how many processes this runs.

import { limits } from '#config';
import { DAY_US, startOfDay, type AccountId, type Instant } from '#kernel';
import { movementsByDay, type Movement } from '#ledger';
import type { Transaction } from '#platform';
import { productVersions } from '../products/products.ts';
import type { Product } from '../products/product.ts';
import { accrue, type Accrued, type Position, type Since } from './accrue.ts';
import {
  insertAccruals,
  insertFees,
  lockBehind,
  selectAccrualsFrom,
  selectOwnTransfers,
  updatePositions,
  type PastAccrual,
} from './position-store.ts';

/** The last day that has ended. */
export function lastDayOf(now: Instant): Instant {
  return (startOfDay(now) - DAY_US) as Instant;
}

/** How many accounts came further: of the transaction's tenant. */
export async function accrueBatch(tx: Transaction): Promise<number> {
  const through = lastDayOf(tx.now);
  const countMax = limits.interestBatchAccounts.value;
  const positions = await lockBehind(tx, { through, countMax });
  if (positions.length === 0) return 0;
  const accrued = await accruePositions(tx, positions, through);
  await storeAccrued(tx, accrued);
  return positions.length;
}

/** What the days up to one add to locked positions. */
export async function accruePositions(
  tx: Transaction,
  positions: readonly Position[],
  through: Instant,
): Promise<Accrued[]> {
  const own = await selectOwnTransfers(tx, positions);
  const questions = positions.map(({ accountId, seenVersion }) => {
    return { accountId, afterVersion: seenVersion };
  });
  const moved = Map.groupBy(await movementsByDay(tx, questions, own), ({ accountId }) => accountId);
  const past = Map.groupBy(
    await selectAccrualsFrom(tx, latestOf(positions, moved)),
    ({ accountId }) => accountId,
  );
  const products = await productVersions(
    tx,
    positions.map(({ product }) => product),
  );
  return positions.map((position) => {
    const { accountId, product } = position;
    const since = sinceOf(position, moved.get(accountId) ?? [], past.get(accountId) ?? []);
    return accrue(position, since, {
      versions: products.get(product) ?? noVersions,
      through: boundOf(position, through),
    });
  });
}

const noVersions: readonly Product[] = [];

export async function storeAccrued(tx: Transaction, accrued: readonly Accrued[]): Promise<void> {
  await insertAccruals(
    tx,
    accrued.flatMap(({ accruals }) => accruals),
  );
  await insertFees(
    tx,
    accrued.flatMap(({ fees }) => fees),
  );
  await updatePositions(
    tx,
    accrued.map(({ position }) => position),
  );
}

function boundOf({ accruedThrough }: Position, through: Instant): Instant {
  const most = accruedThrough + limits.accrualDaysMax.value * DAY_US;
  return Math.min(through, most) as Instant;
}

/** Where days were changed that had been counted: the first of them, by account. */
function latestOf(
  positions: readonly Position[],
  moved: ReadonlyMap<AccountId, readonly Movement[]>,
): Map<AccountId, Instant> {
  const changed = new Map<AccountId, Instant>();
  for (const { accountId, accruedThrough, beginsOn } of positions) {
    const days = (moved.get(accountId) ?? []).map(({ day }) => day);
    const first = Math.min(...days) as Instant;
    if (first > accruedThrough || accruedThrough < beginsOn) continue;
    changed.set(accountId, Math.max(first, beginsOn) as Instant);
  }
  return changed;
}

function sinceOf(
  { seenVersion }: Position,
  movements: readonly Movement[],
  history: readonly PastAccrual[],
): Since {
  let version = seenVersion;
  let activityAt: Instant | undefined;
  const moved = new Map<Instant, bigint>();
  for (const movement of movements) {
    moved.set(movement.day, movement.credits - movement.debits);
    if (movement.version > version) version = movement.version;
    const { recordedAt } = movement;
    if (recordedAt !== undefined && recordedAt > (activityAt ?? 0)) activityAt = recordedAt;
  }
  return { moved, version, activityAt, history };
}
