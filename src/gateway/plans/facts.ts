// Tells that customers have used 80, 90 and 100 % of their quotas: once for each window, in the
// audit log, in the measurements, and to whoever listens. A fact was made with the decision that
// reached it, so none is lost when a process ends before it was told.

import { limits } from '#config';
import { record, type AuditRecord } from '#audit';
import { formatInstant } from '#kernel';
import type { Database, Metrics, Transaction, TransactionContext } from '#platform';
import { gatewayActions } from '../audit-actions.ts';
import { deleteOutdated, takeUntoldFacts, type QuotaFact } from './limit-store.ts';

export interface QuotaTellerOptions {
  readonly database: Database;
  readonly metrics: Metrics;
  /** Told of facts in the transaction that marks them as told, once each. */
  readonly onThreshold?:
    ((tx: Transaction, facts: readonly QuotaFact[]) => Promise<void>) | undefined;
}

export interface QuotaTeller {
  /** Tells what is untold; answers how many. To be run now and then, and after decisions. */
  tell(context: TransactionContext): Promise<number>;
  /** Removes what is of no use any more: facts of long ago, states of customers long silent. */
  sweep(): Promise<void>;
}

const FACTS_PER_TRANSACTION = 500;

export function openQuotaTeller(options: QuotaTellerOptions): QuotaTeller {
  const { database, metrics, onThreshold } = options;
  const counter = metrics.counter({
    name: 'florin_quota_reached_total',
    help: 'Quotas of customers of which so much was used.',
    labels: ['policy', 'percent'],
  });
  const tellSome = async (context: TransactionContext): Promise<readonly QuotaFact[]> =>
    await database.transaction(context, async (tx) => {
      const facts = await takeUntoldFacts(tx, FACTS_PER_TRANSACTION);
      if (facts.length === 0) return facts;
      await record(tx, facts.map(recordOf));
      await onThreshold?.(tx, facts);
      return facts;
    });
  return {
    async tell(context) {
      let told = 0;
      for (;;) {
        const facts = await tellSome(context);
        for (const { policy, percent } of facts) counter.add(1, { policy, percent: `${percent}` });
        told += facts.length;
        if (facts.length < FACTS_PER_TRANSACTION) return told;
      }
    },
    async sweep() {
      await deleteOutdated(database, limits.quotaFactsKeptDays.value);
    },
  };
}

function recordOf(fact: QuotaFact): AuditRecord {
  const { tenant, customer, policy, percent, plan, quota, used, windowEndsAt, reachedAt } = fact;
  return {
    action: gatewayActions['gateway.quota.reached'],
    target: customer,
    after: {
      tenant,
      policy,
      percent,
      plan,
      quota,
      used,
      window_ends_at: formatInstant(windowEndsAt),
      reached_at: formatInstant(reachedAt),
    },
  };
}
