// The verb for whoever has a transaction already: judges and keeps in it, before money moves.

import type { Transaction } from '#platform';
import type { Judged, ScreeningItem } from './item.ts';
import type { Screener } from './open.ts';

/** Answers in order. `subjects` are the payments (`pay_…`), where they are known already. */
export async function assess(
  screener: Screener,
  tx: Transaction,
  items: readonly ScreeningItem[],
  subjects: readonly (string | undefined)[] = items.map(() => undefined),
): Promise<readonly Judged[]> {
  const judged = await screener.judge(tx, tx, items);
  tx.onRolledBack(() => screener.giveBack(judged));
  await screener.keep(tx, judged, subjects);
  return judged;
}
