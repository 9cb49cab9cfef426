// A screener for the tests of payments, whose rules go by the payee and the amount, and short ways
// to list a payee and to ask what was decided.

import type { Clock } from '#kernel';
import { openScreener, type Screener } from '#fraud';
import { openLogger, openMetrics, type Database } from '#platform';
import {
  configOf,
  openNames,
  registryOf,
  rulesOf,
  type SetRegistry,
} from '../../fraud/testing/screening.ts';

const amountAbove = (hundredths: number): object => ({ gt: [{ event: 'amount' }, hundredths] });
const listed = (purpose: string): object => ({
  or: ['payee', 'payer'].map((kind) => ({ listed: [purpose, kind] })),
});

/** A challenge of what is larger than this, unless it is smaller than an amount ten times that. */
export const CHALLENGED_ABOVE = 50_000n;
const DECLINED_ABOVE = CHALLENGED_ABOVE * 10n;

const rules = rulesOf([
  { id: 'blocked', when: listed('block'), outcome: 'decline', reason: 'listed_blocked' },
  { id: 'watched', when: listed('watch'), outcome: 'review', reason: 'listed_watched' },
  { id: 'large', when: amountAbove(Number(CHALLENGED_ABOVE)), outcome: 'challenge' },
  { id: 'very_large', when: amountAbove(Number(DECLINED_ABOVE)), outcome: 'decline' },
]);

export interface TestScreening {
  readonly screener: Screener;
  readonly registry: SetRegistry;
  /** Whoever has this number, or is this account, is listed from now on. */
  list(purpose: 'block' | 'watch', number: string): Promise<void>;
  /** All decisions of an account, in order: outcome, mode, and the payment it is of. */
  decisions(accountId: string): Promise<readonly Decided[]>;
}

export type Decided = readonly [outcome: string, mode: string, paymentId: string | undefined];

export function openTestScreening(database: Database, clock: Clock): TestScreening {
  const logger = openLogger({ level: 'fatal' });
  const metrics = openMetrics({ isProcessMeasured: false });
  const config = configOf({ ruleSet: rules });
  const registry = registryOf(config);
  const screener = openScreener({ database, clock, logger, metrics, registry });
  return {
    screener,
    registry,
    async list(purpose, number) {
      const value = (await openNames(database.keys, 'main')).nameOf('counterparty', number);
      const from = clock.now();
      for (const kind of ['payee', 'payer']) config.lists.put({ purpose, kind, value, from });
    },
    async decisions(accountId) {
      const rows = await database.query<{ outcome: string; mode: string; subject: string | null }>({
        text: `select d.outcome, d.mode, d.subject
          from fraud.decisions d join fraud.batches b on b.id = d.batch
          where d.account_id = $1 order by b.ordinal, d.id`,
        values: [accountId.slice(4)],
      });
      return rows.map(({ outcome, mode, subject }) => {
        return [outcome, mode, subject === null ? undefined : `pay_${subject}`];
      });
    },
  };
}
