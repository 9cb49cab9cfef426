// What the tests of the log have in the place of a server: a screener that is warm, follows the log
// and decides in transactions, over a database that others use too.

import { msOf, newId, newUuid, type AccountId, type Clock, type Instant, type Uuid } from '#kernel';
import {
  openMetrics,
  type Database,
  type Logger,
  type Objects,
  type TransactionContext,
} from '#platform';
import { openRegistry, type Registry } from '../registry/open.ts';
import { assess } from '../screening/assess.ts';
import type { Judged, ScreeningItem } from '../screening/item.ts';
import { openScreener, type Screener } from '../screening/open.ts';
import { paymentFeatures } from '../screening/payment-features.ts';
import { openFollower, type Follower } from '../log/follow.ts';

export interface Premises {
  readonly database: Database;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Process {
  readonly run: Uuid;
  readonly screener: Screener;
  readonly registry: Registry;
  readonly follower: Follower;
  /** Decides in a transaction of its own. */
  decide(items: readonly ScreeningItem[], now?: Instant): Promise<readonly Judged[]>;
  follow(): Promise<number>;
  digest(tenant?: string): string;
}

/** Of the first tenant. */
export function contextAt(now: Instant, tenant = 'main'): TransactionContext {
  return { now, actor: 'tester', correlationId: 'test', tenant };
}

/** Warm. */
export async function startProcess({
  database,
  objects,
  clock,
  logger,
}: Premises): Promise<Process> {
  const metrics = openMetrics({ isProcessMeasured: false });
  const registry = openRegistry({ database, logger, metrics, features: paymentFeatures });
  const run = newUuid(msOf(clock.now()));
  const screener = openScreener({ database, clock, logger, metrics, registry, run });
  const follower = openFollower({ database, objects, logger, states: screener.states });
  await follower.warmUp();
  return {
    run,
    screener,
    registry,
    follower,
    async decide(items, now = clock.now()) {
      await registry.refresh();
      return await database.transaction(contextAt(now), (tx) => assess(screener, tx, items));
    },
    follow: () => follower.follow({ now: clock.now() }),
    digest: (tenant = 'main') => screener.states.of(tenant).features.digest(),
  };
}

export function accountIds(count: number, at: Instant): AccountId[] {
  return Array.from({ length: count }, () => newId('acc', msOf(at)));
}

export function item(
  accountId: AccountId,
  amount: number,
  rest: Partial<ScreeningItem> = {},
): ScreeningItem {
  const usual = { currency: 'EUR', channel: 'credit_out', canStop: true };
  return { accountId, amount: BigInt(amount), ...usual, ...rest };
}
