// The verb that takes what was judged at a time that never was out of the state of screening, where
// it would make all that happens until then too late. It is an entry of the log, so that every
// process and every replay does it at the same place; no decision is changed by it.

import { record } from '#audit';
import { limits } from '#config';
import { accept, formatInstant, idOf, msOf, newUuid, SECOND_US, type Result } from '#kernel';
import { emit, FIRST_TENANT, type Transaction } from '#platform';
import { screeningActions } from '../../screening/audit-actions.ts';
import { no, type DecisionRefusal } from '../refusals.ts';
import { factsOfAnnulment, type Annulment } from './annulment.ts';
import { countLaterDecisions, insertAnnulment } from './annulment-store.ts';

/** Only what lies ahead can be wrong in its time for sure. */
export async function annulLater(
  tx: Transaction,
  { laterThan, note }: Pick<Annulment, 'laterThan' | 'note'>,
): Promise<Result<Annulment, DecisionRefusal>> {
  const tenant = tx.tenant ?? FIRST_TENANT;
  const time = formatInstant(laterThan);
  if (laterThan < tx.now - limits.fraudAheadMaxS.value * SECOND_US) {
    const message = `It is ${formatInstant(tx.now)}: what happened from ${time} on may be right.`;
    return no('annulment_not_ahead', message, 'later_than');
  }
  const decisions = await countLaterDecisions(tx, { tenant, laterThan });
  if (decisions === 0) {
    return no('annulment_empty', `No decision is of a time after ${time}.`, 'later_than');
  }
  const id = idOf('anl', newUuid(msOf(tx.now)));
  const made = { madeAt: tx.now, madeBy: tx.actor };
  const annulment: Annulment = { id, tenant, laterThan, decisions, note, ...made };
  await insertAnnulment(tx, annulment);
  const action = screeningActions['fraud.history.annul'];
  await record(tx, [{ action, target: id, after: factsOfAnnulment(annulment) }]);
  const data = { decisions, later_than: time };
  await emit(tx, [{ type: 'fraud.annulled', subject: id, data }]);
  return accept(annulment);
}
