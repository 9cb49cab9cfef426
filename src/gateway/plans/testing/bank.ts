// What tests of limits share: a database with plans, limiters on it as of several processes, and
// the audit records of what happened.

import { searchRecords, type FoundRecord } from '#audit';
import {
  systemClock,
  type Database,
  openLogger,
  openMetrics,
  type TransactionContext,
} from '#platform';
import { testLog, type TestLog } from '../../../audit/testing/log.ts';
import { openPlanLimiter, type LimiterOptions, type PlanLimiter } from '../limiter.ts';
import { defaultTerms, type PlanTerms } from '../plan.ts';
import { assignPlan, putPlan } from '../plans.ts';
import { limits } from './limit-process.ts';

export interface LimitBank {
  readonly log: TestLog;
  readonly database: Database;
  /** Lines of the limiters' logs. */
  readonly lines: string[];
  context(): TransactionContext;
  /** A limiter as of another process. */
  limiter(options?: Partial<LimiterOptions>): PlanLimiter;
  /** Puts a customer of the tenant main under a plan of its own. */
  give(customer: string, terms: Partial<PlanTerms>): Promise<void>;
  records(action: string): Promise<FoundRecord['record'][]>;
  close(): Promise<void>;
}

export const TENANT = 'main';

export async function openLimitBank(name: string): Promise<LimitBank> {
  const log = await testLog(name);
  const { database } = log;
  const lines: string[] = [];
  const clock = systemClock();
  const opened: PlanLimiter[] = [];
  const context = (): TransactionContext => {
    return { now: clock.now(), actor: 'usr_operator', correlationId: 'test' };
  };
  return {
    log,
    database,
    lines,
    context,
    limiter(options = {}) {
      const limiter = openPlanLimiter({
        database,
        clock,
        logger: openLogger({ level: 'info', write: (line) => lines.push(line) }),
        metrics: openMetrics({ isProcessMeasured: false }),
        limits,
        processes: () => 1,
        ...options,
      });
      opened.push(limiter);
      return limiter;
    },
    async give(customer, terms) {
      const plan = { tenant: TENANT, name: customer.replaceAll('_', '-') };
      await database.transaction(context(), async (tx) => {
        await putPlan(tx, { ...plan, terms: { ...defaultTerms, ...terms } });
        await assignPlan(tx, { ...plan, customer });
      });
    },
    async records(action) {
      await log.sequence();
      const page = await searchRecords(database, { action }, { limit: 1_000 });
      return page.records.map(({ record }) => record).toReversed();
    },
    async close() {
      await Promise.all(opened.map((limiter) => limiter.close()));
      await log.close();
    },
  };
}
