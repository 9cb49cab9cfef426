// Closes a period: from then on nothing is posted with an earlier effective time. A close is never
// taken back; a mistake found later is corrected by a transfer in the open period.

import { record } from '#audit';
import { accept, formatInstant, refuse, type Instant, type Result } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import { namedTenant } from './audit.ts';
import { ledgerActions } from './audit-actions.ts';
import {
  insertPeriodClose,
  lockPeriods,
  selectPeriodCloses,
  type PeriodClose,
} from './store/period-store.ts';
import type { LedgerRefusal, PeriodRefusalCode } from './refusals.ts';

export type { PeriodClose } from './store/period-store.ts';

export interface PeriodClosed {
  readonly close: PeriodClose;
  /** The same close had been made before, and nothing was done now. */
  readonly isReplay: boolean;
}

const action = ledgerActions['ledger.period.close'];

type PeriodRefusal = LedgerRefusal<PeriodRefusalCode>;

/** Closes everything before the instant, which must have passed. Waits for postings under way. */
export async function closePeriod(
  tx: Transaction,
  { closedBefore }: { readonly closedBefore: Instant },
): Promise<Result<PeriodClosed, PeriodRefusal>> {
  const closed = await decideClose(tx, closedBefore);
  if (!closed.ok) {
    const { code: reason } = closed.refusal;
    const target = targetOf(tx, closedBefore);
    await record(tx, [{ action, target, outcome: 'refused', reason }]);
  }
  return closed;
}

async function decideClose(
  tx: Transaction,
  closedBefore: Instant,
): Promise<Result<PeriodClosed, PeriodRefusal>> {
  const recordedAt = await lockPeriods(tx);
  const [latest] = await selectPeriodCloses(tx, { limit: 1 });
  if (latest?.closedBefore === closedBefore) return accept({ close: latest, isReplay: true });
  if (latest !== undefined && latest.closedBefore > closedBefore) {
    const message = `everything before ${formatInstant(latest.closedBefore)} is closed already`;
    return refuse({ code: 'period_already_closed', message, param: 'closed_before' });
  }
  if (closedBefore > tx.now) {
    const message = `${formatInstant(closedBefore)} has not come yet`;
    return refuse({ code: 'period_not_over', message, param: 'closed_before' });
  }
  // Not before what it closed: a posting it waited for may have been recorded after it was asked.
  const closedAt = Math.max(tx.now, recordedAt ?? tx.now) as Instant;
  const close = { closedBefore, closedAt, actor: tx.actor };
  await insertPeriodClose(tx, close);
  const after = {
    closed_at: formatInstant(closedAt),
    closed_before: formatInstant(closedBefore),
    tenant: namedTenant(tx.tenant),
  };
  await record(tx, [{ action, target: targetOf(tx, closedBefore), after }]);
  return accept({ close, isReplay: false });
}

// Two tenants may close at the same moment.
function targetOf(tx: Transaction, closedBefore: Instant): string {
  const tenant = namedTenant(tx.tenant);
  const moment = formatInstant(closedBefore);
  return tenant === undefined ? moment : `${tenant}:${moment}`;
}

/** The closes, latest first. */
export async function periodCloses(
  queryable: Queryable,
  page: { readonly before?: Instant | undefined; readonly limit: number } = { limit: 100 },
): Promise<PeriodClose[]> {
  return await selectPeriodCloses(queryable, page);
}
