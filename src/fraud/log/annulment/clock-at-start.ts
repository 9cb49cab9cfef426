// Tells what the log says of the clock that a process starts with. Only a time server can know
// which of the two is right, so nothing is refused for it; but nobody learns it from declines.

import { limits } from '#config';
import { formatInstant, SECOND_US, type Clock } from '#kernel';
import type { Logger, Queryable } from '#platform';
import { latestJudgedAt } from './annulment-store.ts';

export async function tellClockAtStart(
  database: Queryable,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  const latest = await latestJudgedAt(database);
  if (latest === undefined) return;
  const aheadS = (latest - clock.now()) / SECOND_US;
  const facts = { latest: formatInstant(latest), aheadS };
  if (aheadS > limits.fraudAheadMaxS.value) {
    logger.error('payments were judged at a time that lies ahead of the clock', facts);
  } else if (-aheadS > limits.fraudJumpMaxS.value) {
    logger.info('no payment was judged for long, if the clock is right', facts);
  }
}
