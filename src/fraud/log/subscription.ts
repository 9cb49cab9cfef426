// Puts batches, labels and annulments into the one order of the bank's events, which is the order
// that the state of screening is folded in. What is delivered again is in the log already.

import { assert, isId } from '#kernel';
import type { Subscription } from '#platform';
import { insertLog, type NewLogRow } from './log-store.ts';

const kindOf = {
  'fraud.screened': 'batch',
  'fraud.labelled': 'label',
  'fraud.annulled': 'annulment',
} as const;

export const fraudLogSubscription: Subscription = {
  name: 'fraud-log',
  types: Object.keys(kindOf),
  // Whoever follows the log looks as often.
  gatherMs: 200,
  async handle(events, tx) {
    const rows = events.map(({ type, subject, position, tenant }): NewLogRow => {
      if (type === 'fraud.screened' && isId('scb', subject)) {
        return { kind: kindOf[type], position, tenant, id: subject };
      }
      if (type === 'fraud.annulled' && isId('anl', subject)) {
        return { kind: kindOf[type], position, tenant, id: subject };
      }
      assert(type === 'fraud.labelled' && isId('lab', subject), `${type} is told of ${subject}`);
      return { kind: kindOf[type], position, tenant, id: subject };
    });
    await insertLog(tx, rows);
  },
};
