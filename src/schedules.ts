// TABLE  how often -> what is done. Each job may be missed, repeated, and done by several processes
// at once; posting never depends on one, since it ends due holds by itself.

import { expireVerifications, runDormancy, runInterest } from '#accounts';
import type { Clock } from '#kernel';
import { expireHolds, rollSegment } from '#ledger';
import type { Database, TransactionContext } from '#platform';

export interface Schedule {
  /** Named in logs and as the correlation id of what it does. */
  readonly name: string;
  /** From the end of one run to the beginning of the next. */
  readonly everyMs: number;
  /** From the start to the first run, which is at once unless given. */
  readonly firstAfterMs?: number | undefined;
  run(context: TransactionContext): Promise<unknown>;
}

const INTEREST_MS = 300_000;
const HOUR_MS = 3_600_000;

export function schedulesOf({
  database,
  log,
  doors,
  work,
}: {
  readonly database: Database;
  /** Those of the audit log. */
  readonly log: readonly Schedule[];
  /** Those of what stands in front of the bank. */
  readonly doors: readonly Schedule[];
  /** Those of what the bank does behind it. */
  readonly work: readonly Schedule[];
}): readonly Schedule[] {
  return [
    ...log,
    ...doors,
    ...work,
    { name: 'expire-holds', everyMs: 250, run: (context) => expireHolds(database, context) },
    {
      name: 'run-interest',
      everyMs: INTEREST_MS,
      run: (context) => runInterest(database, context),
    },
    { name: 'find-dormant', everyMs: HOUR_MS, run: (context) => runDormancy(database, context) },
    {
      name: 'expire-verifications',
      everyMs: HOUR_MS,
      run: (context) => expireVerifications(database, context),
    },
    { name: 'roll-segment', everyMs: 5_000, run: (context) => rollSegment(database, context) },
  ];
}

export const SCHEDULE_ACTOR = 'florin';

/** The context of one run: its time is read when it begins. */
export function scheduleContext(clock: Clock, name: string): TransactionContext {
  const { offsetUs: clockOffsetUs } = clock;
  const correlationId = `schedule-${name}`;
  return { now: clock.now(), clockOffsetUs, actor: SCHEDULE_ACTOR, correlationId };
}
