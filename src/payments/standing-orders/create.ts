// The verb that takes standing orders: a list in, one result for each. With an external id the same
// order can be given again, and is then the one that is there.

import { record, type AuditRecord, type JsonObject } from '#audit';
import { accept, assert, formatDate, idOf, msOf, startOfDay, uuidBatch } from '#kernel';
import type { AccountId, Result } from '#kernel';
import { accountsById, type Account } from '#ledger';
import { emit, type Transaction } from '#platform';
import { standingOrderActions } from './audit-actions.ts';
import { no, type StandingOrderRefusal } from './refusals.ts';
import { flawOf, occurrenceAt } from './schedule.ts';
import type { Creditor, NewStandingOrder, OrderAmount, StandingOrder } from './standing-order.ts';
import { findByExternalIds, insertOrders, type Creation } from './store.ts';

export type CreateResult = Result<StandingOrder, StandingOrderRefusal>;

export interface CreateOptions {
  /** Begin suspended, for this reason: a history is taken over that must not be paid again. */
  readonly suspendedAs?: string | undefined;
}

export interface Created {
  readonly result: CreateResult;
  /** It had been given before under this external id. */
  readonly isReplay: boolean;
}

export async function createStandingOrders(
  tx: Transaction,
  asked: readonly NewStandingOrder[],
  options: CreateOptions = {},
): Promise<Created[]> {
  const accounts = await accountsOf(tx, asked);
  const ids = uuidBatch(msOf(tx.now));
  const faults = asked.map((order) => objectionTo(tx, order, accounts, options));
  const named = new Set<string>();
  const places = new Map<number, Creation>();
  for (const [index, order] of asked.entries()) {
    const { externalId } = order;
    if (faults[index] !== undefined || (externalId !== undefined && named.has(externalId)))
      continue;
    if (externalId !== undefined) named.add(externalId);
    const place = {
      status: options.suspendedAs === undefined ? ('active' as const) : ('suspended' as const),
      statusReason: options.suspendedAs,
      nextIndex: 0,
      next: occurrenceAt(order.schedule, 0),
    };
    places.set(index, { id: idOf('sto', ids.next()), order, place });
  }
  const inserted = await insertOrders(tx, [...places.values()]);
  const known = await knownOf(tx, asked, places, inserted);
  const answers = asked.map((order, index): Created => {
    const fault = faults[index];
    if (fault !== undefined) return { result: fault, isReplay: false };
    const creation = places.get(index);
    if (creation !== undefined && inserted.has(creation.id)) {
      return { result: accept(orderFrom(tx, creation)), isReplay: false };
    }
    const before = known.get(order.externalId ?? '');
    assert(before !== undefined, 'a standing order was neither made nor known');
    return { result: replay(order, before), isReplay: true };
  });
  await tell(tx, answers);
  return answers;
}

async function accountsOf(
  tx: Transaction,
  asked: readonly NewStandingOrder[],
): Promise<ReadonlyMap<AccountId, Account>> {
  const wanted = asked.flatMap(({ accountId, creditor }) =>
    'accountId' in creditor ? [accountId, creditor.accountId] : [accountId],
  );
  const found = await accountsById(tx, [...new Set(wanted)]);
  return new Map(found.map((each) => [each.id, each]));
}

function objectionTo(
  tx: Transaction,
  { accountId, creditor, currency, schedule }: NewStandingOrder,
  accounts: ReadonlyMap<AccountId, Account>,
  { suspendedAs }: CreateOptions,
): Extract<CreateResult, { ok: false }> | undefined {
  const payees = 'accountId' in creditor ? [creditor.accountId] : [];
  if (payees.includes(accountId)) {
    return no('standing_order_creditor_same', `${accountId} would pay itself.`, 'creditor');
  }
  for (const id of [accountId, ...payees]) {
    const found = accounts.get(id);
    const param = id === accountId ? 'account_id' : 'creditor';
    if (found === undefined) {
      return no('standing_order_account_unknown', `There is no account ${id}.`, param);
    }
    if (found.state === 'closed') {
      return no('standing_order_account_closed', `${id} is closed.`, param);
    }
    if (found.currency !== currency) {
      const message = `${id} is in ${found.currency}, not in ${currency}.`;
      return no('standing_order_currency_mismatch', message, 'currency');
    }
  }
  const flaw = flawOf(schedule);
  if (flaw !== undefined) {
    return no('standing_order_schedule_invalid', 'No date follows from the schedule.', flaw);
  }
  if (suspendedAs === undefined && schedule.startsOn < startOfDay(tx.now)) {
    const message = `${formatDate(schedule.startsOn)} has passed.`;
    return no('standing_order_starts_in_past', message, 'starts_on');
  }
  return undefined;
}

async function knownOf(
  tx: Transaction,
  asked: readonly NewStandingOrder[],
  places: ReadonlyMap<number, Creation>,
  inserted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StandingOrder>> {
  const known = new Map<string, StandingOrder>();
  const missing: string[] = [];
  for (const { id, order, ...rest } of places.values()) {
    if (order.externalId === undefined) continue;
    if (inserted.has(id)) known.set(order.externalId, orderFrom(tx, { id, order, ...rest }));
    else missing.push(order.externalId);
  }
  if (missing.length === 0 || asked.length === 0) return known;
  for (const order of await findByExternalIds(tx, missing)) {
    if (order.externalId !== undefined) known.set(order.externalId, order);
  }
  return known;
}

function orderFrom(tx: Transaction, { id, order, place }: Creation): StandingOrder {
  const { status, statusReason, nextIndex, next } = place;
  return {
    ...order,
    id,
    tenant: tx.tenant ?? 'main',
    status,
    statusReason,
    nextIndex,
    nextDueOn: next?.dueOn,
    nextPayOn: next?.payOn,
    revision: 1,
    createdAt: tx.now,
    changedAt: tx.now,
  };
}

/** What can be changed later is compared only while it never has been. */
function replay(asked: NewStandingOrder, known: StandingOrder): CreateResult {
  const isSame =
    asked.accountId === known.accountId &&
    isSameCreditor(asked.creditor, known.creditor) &&
    asked.currency === known.currency &&
    asked.schedule.frequency === known.schedule.frequency &&
    asked.schedule.startsOn === known.schedule.startsOn &&
    (known.revision > 1 || isSameAmount(asked.amount, known.amount));
  if (isSame) return accept(known);
  const message = `The external id ${asked.externalId ?? ''} belongs to ${known.id}.`;
  return no('standing_order_exists_with_different_content', message, 'external_id');
}

function isSameCreditor(left: Creditor, right: Creditor): boolean {
  if ('accountId' in left) return 'accountId' in right && left.accountId === right.accountId;
  if ('iban' in left) return 'iban' in right && left.iban === right.iban;
  return 'number' in right && left.number === right.number && left.agent === right.agent;
}

function isSameAmount(left: OrderAmount, right: OrderAmount): boolean {
  if ('fixed' in left) return 'fixed' in right && left.fixed === right.fixed;
  return 'keep' in right && left.keep === right.keep;
}

async function tell(tx: Transaction, answers: readonly Created[]): Promise<void> {
  const records: AuditRecord[] = [];
  const orders: StandingOrder[] = [];
  const action = standingOrderActions['payments.standing_order.create'];
  for (const { result, isReplay } of answers) {
    if (!result.ok) {
      const { code: reason } = result.refusal;
      records.push({ action, target: 'standing_orders', outcome: 'refused', reason });
    } else if (!isReplay) {
      orders.push(result.value);
      records.push({ action, target: result.value.id, after: factsOf(result.value) });
    }
  }
  await record(tx, records);
  const events = orders.map(({ id, accountId }) => {
    return { type: 'standing_order.created', subject: id, data: { account_id: accountId } };
  });
  await emit(tx, events);
}

/** What the log says of an order: no name and no number of anybody. */
export function factsOf(order: StandingOrder): JsonObject {
  const { schedule, amount } = order;
  return {
    account_id: order.accountId,
    amount: 'fixed' in amount ? String(amount.fixed) : null,
    business_day_rule: schedule.businessDayRule,
    calendar: schedule.calendar,
    creditor_account_id: 'accountId' in order.creditor ? order.creditor.accountId : null,
    currency: order.currency,
    day: schedule.day ?? null,
    ends_on: schedule.endsOn === undefined ? null : formatDate(schedule.endsOn),
    frequency: schedule.frequency,
    occurrence_max: schedule.occurrenceMax ?? null,
    retries_a_day: order.retry.retriesADay,
    retry_days: order.retry.days,
    revision: order.revision,
    starts_on: formatDate(schedule.startsOn),
    status: order.status,
    status_reason: order.statusReason ?? null,
    sweep_keep: 'keep' in amount ? String(amount.keep) : null,
    tenant: order.tenant === 'main' ? undefined : order.tenant,
  };
}
