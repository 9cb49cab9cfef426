// Puts screening together for a process: what it runs by, the screener, the state that it comes to
// before anything is judged, and what keeps all of them up to date meanwhile.

import type { Clock } from '#kernel';
import type { Database, Logger, Metrics, Objects, TransactionContext } from '#platform';
import type { FraudThread } from './apart/thread.ts';
import { tellClockAtStart } from './log/annulment/clock-at-start.ts';
import { openFollower } from './log/follow.ts';
import { writeSnapshots } from './log/snapshots/write.ts';
import { openDriftTeller } from './registry/drift/tell.ts';
import { openRegistry, type Registry } from './registry/open.ts';
import { openScreener, type Screener } from './screening/open.ts';
import { paymentFeatures } from './screening/payment-features.ts';

export interface ScreeningOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly objects: Objects;
  /** Where states are folded for snapshots. */
  readonly apart?: Pick<FraudThread, 'snapshot'> | undefined;
}

export interface Screening {
  readonly registry: Registry;
  readonly screener: Screener;
  /** Rows of the table of schedules. */
  readonly schedules: readonly {
    readonly name: string;
    readonly everyMs: number;
    readonly firstAfterMs?: number;
    run(context: TransactionContext): Promise<unknown>;
  }[];
  /** Once, before anything is judged: half a history would be judged wrong. */
  warmUp(): Promise<void>;
}

const FOLLOW_MS = 200;
const REFRESH_MS = 1_000;
const MINUTE_MS = 60_000;

export function openScreening(options: ScreeningOptions): Screening {
  const { database, logger, metrics, objects, apart } = options;
  const registry = openRegistry({ database, logger, metrics, features: paymentFeatures });
  const screener = openScreener({ ...options, registry });
  const { states } = screener;
  const world = { database, objects, logger };
  const drift = openDriftTeller({ database, metrics, registry, screener });
  const follower = openFollower({ ...world, states });
  return {
    registry,
    screener,
    schedules: [
      { name: 'follow-screening', everyMs: FOLLOW_MS, run: (context) => follower.follow(context) },
      { name: 'refresh-screening', everyMs: REFRESH_MS, run: () => registry.refresh() },
      {
        name: 'snapshot-screening',
        everyMs: MINUTE_MS,
        // While a server starts, its payments want the machine for themselves.
        firstAfterMs: MINUTE_MS,
        run: (context) => writeSnapshots({ ...world, apart }, context),
      },
      { name: 'tell-drift', everyMs: MINUTE_MS, run: (context) => drift.tell(context) },
    ],
    async warmUp() {
      await follower.warmUp();
      await tellClockAtStart(database, options);
      for (const tenant of states.tenants()) await registry.load(tenant);
    },
  };
}
