// Hears of decisions and raises alerts for those that were not to approve, in the transaction of
// its own progress.

import { assert, isId } from '#kernel';
import type { StreamEvent, Subscription } from '#platform';
import { selectDecisions } from '../screening/decision-store.ts';
import { suspiciousOf } from './alerts/alert-store.ts';
import { raiseAlerts } from './raise.ts';

/** A decision has its features with it, some kilobytes. */
const DECISIONS_AT_ONCE = 1_000;

/** A row of the table of subscriptions. */
export const fraudCasesSubscription: Subscription = {
  name: 'fraud-cases',
  types: ['fraud.screened'],
  // Nobody works a case within a moment, and a wave of alerts is raised at a better price.
  gatherMs: 200,
  async handle(events, tx) {
    const ids = await suspiciousOf(tx, events.filter(isWorthALook).map(batchIdOf));
    for (let from = 0; from < ids.length; from += DECISIONS_AT_ONCE) {
      const some = ids.slice(from, from + DECISIONS_AT_ONCE);
      await raiseAlerts(tx, await selectDecisions(tx, some));
    }
  },
};

function isWorthALook({ data }: StreamEvent): boolean {
  return data['not_approved'] !== 0;
}

function batchIdOf({ subject }: StreamEvent) {
  assert(isId('scb', subject), `fraud.screened is told of ${subject}`);
  return subject;
}
