// The verbs of snoozes: alerts of some kind are snoozed for a while, and the snooze is ended early.

import { bankAccounts } from '#accounts';
import { record } from '#audit';
import { limits } from '#config';
import { accept, DAY_US, idOf, msOf, newUuid, type Instant, type Result } from '#kernel';
import { FIRST_TENANT, type Transaction } from '#platform';
import { fraudCaseActions } from '../audit-actions.ts';
import { no, type FraudCaseRefusal } from '../refusals.ts';
import { factsOfSnooze, isOver, type Snooze, type SnoozeId, type SnoozeScope } from './snooze.ts';
import { endSnoozeRow, insertSnooze, lockSnooze } from './snooze-store.ts';

type Snoozed = Result<Snooze, FraudCaseRefusal>;

export interface NewSnooze extends SnoozeScope {
  readonly until: Instant;
  readonly reason: string;
}

export async function addSnooze(tx: Transaction, asked: NewSnooze): Promise<Snoozed> {
  const { accountId, counterparty, rule, until, reason } = asked;
  if (accountId === undefined && counterparty === undefined && rule === undefined) {
    return no('snooze_unfit', 'A snooze names an account, a counterparty or a rule.');
  }
  const { value: daysMax } = limits.fraudSnoozeDaysMax;
  if (until <= tx.now || until > tx.now + daysMax * DAY_US) {
    const message = `A snooze ends in the future, and within ${daysMax} days.`;
    return no('snooze_unfit', message, 'until');
  }
  if (accountId !== undefined) {
    const [account] = await bankAccounts(tx, [accountId]);
    if (account === undefined) {
      return no('snooze_account_unknown', `There is no account ${accountId}.`, 'account_id');
    }
  }
  const snooze: Snooze = {
    id: idOf('snz', newUuid(msOf(tx.now))),
    tenant: tx.tenant ?? FIRST_TENANT,
    accountId,
    counterparty,
    rule,
    until,
    reason,
    madeBy: tx.actor,
    madeAt: tx.now,
    endedBy: undefined,
    endedAt: undefined,
  };
  await insertSnooze(tx, snooze);
  const action = fraudCaseActions['fraud.snooze.put'];
  await record(tx, [{ action, target: snooze.id, after: factsOfSnooze(snooze) }]);
  return accept(snooze);
}

export async function endSnooze(tx: Transaction, id: SnoozeId): Promise<Snoozed> {
  const snooze = await lockSnooze(tx, id);
  if (snooze === undefined) return no('snooze_unknown', `There is no snooze ${id}.`, 'id');
  if (isOver(snooze, tx.now)) return no('snooze_ended', `The snooze ${id} has ended.`, 'id');
  const ended = { ...snooze, endedBy: tx.actor, endedAt: tx.now };
  await endSnoozeRow(tx, ended);
  const action = fraudCaseActions['fraud.snooze.put'];
  const [before, after] = [factsOfSnooze(snooze), factsOfSnooze(ended)];
  await record(tx, [{ action, target: id, before, after }]);
  return accept(ended);
}
