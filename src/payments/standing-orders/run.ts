// The job that pays standing orders: what is due, and what waits for another try, in batches of one
// transaction each. A date is paid with the row that says so, so that a crash, a second process and
// a run of the same day again never pay it twice.

import { limits } from '#config';
import { DAY_US, formatDate, startOfDay, uuidOf, type Instant } from '#kernel';
import { account, withLedger } from '#ledger';
import type { Database, Transaction, TransactionContext } from '#platform';
import type { NewPayment } from '../payment.ts';
import type { PaymentScreener } from '../screening.ts';
import { sendPayments, type PaymentResult } from '../send.ts';
import { record } from '#audit';
import { standingOrderActions } from './audit-actions.ts';
import { factsOf } from './create.ts';
import { dueRecordOf, noteOccurrences, type OccurrenceChange } from './note.ts';
import { afterTry, nextTry, noTries, type Tries } from './retry.ts';
import { occurrenceAt, type Occurrence } from './schedule.ts';
import {
  placeAfter,
  type OccurrenceRecord,
  type OccurrenceState,
  type StandingOrder,
} from './standing-order.ts';
import { lockWaiting } from './occurrence-store.ts';
import { findOrders, lockDueOrders, moveOrders, tenantsDue, type Move } from './store.ts';

/** How many occurrences came to what. */
export type RunReport = Readonly<Record<OccurrenceState, number>>;

const nothing: RunReport = { waiting: 0, paid: 0, failed: 0, skipped: 0 };

/** Pays what is due by the context's time; a run is bounded, and the next goes on. */
export async function runStandingOrders(
  database: Database,
  context: TransactionContext,
  screener: PaymentScreener,
): Promise<RunReport> {
  const today = startOfDay(context.now);
  let total = nothing;
  let batchesLeft = limits.standingOrderRunBatchesMax.value;
  for (const tenant of await tenantsDue(database, { today, now: context.now })) {
    while (batchesLeft > 0) {
      batchesLeft -= 1;
      const own = { ...context, tenant };
      const report = await withLedger(database, own, (tx) => runBatch(tx, today, screener));
      if (Object.values(report).every((count) => count === 0)) break;
      total = sumOf(total, report);
    }
  }
  return total;
}

function sumOf(left: RunReport, right: RunReport): RunReport {
  return {
    waiting: left.waiting + right.waiting,
    paid: left.paid + right.paid,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

/** One occurrence of one order, to be paid now. */
interface Due {
  readonly order: StandingOrder;
  readonly dueOn: Instant;
  readonly payOn: Instant;
  /** As it waited, of another try. */
  readonly before: OccurrenceRecord | undefined;
}

interface Ended {
  readonly state: OccurrenceState;
  readonly reason?: string | undefined;
  readonly retryAt?: Instant | undefined;
  readonly tries: Tries;
  readonly amount?: bigint | undefined;
  readonly result?: PaymentResult | undefined;
}

async function runBatch(
  tx: Transaction,
  today: Instant,
  screener: PaymentScreener,
): Promise<RunReport> {
  const itemsMax = limits.standingOrderRunItems.value;
  const waiting = await lockWaiting(tx, itemsMax);
  const orders = await lockDueOrders(tx, today, itemsMax - waiting.length);
  const again = await triesOf(tx, waiting);
  const first = orders.flatMap(firstOf);
  const all = [...again, ...first.map(({ due }) => due)];
  const endings = await payAll(tx, all, { skipped: skippedOf(first), screener });
  const changes = [...endings].map(([due, ending]) => changeOf(tx, due, ending));
  await noteOccurrences(tx, changes);
  await moveOn(tx, orders, changes);
  const report = { ...nothing };
  for (const { after } of changes) report[after.state] += 1;
  return report;
}

interface First {
  readonly due: Due;
  readonly occurrence: Occurrence;
}

function firstOf(order: StandingOrder): First[] {
  const occurrence = occurrenceAt(order.schedule, order.nextIndex);
  if (occurrence === undefined) return [];
  const { dueOn, payOn } = occurrence;
  return [{ due: { order, dueOn, payOn, before: undefined }, occurrence }];
}

function skippedOf(first: readonly First[]): ReadonlySet<Due> {
  return new Set(first.filter(({ occurrence }) => occurrence.isSkipped).map(({ due }) => due));
}

async function triesOf(tx: Transaction, waiting: readonly OccurrenceRecord[]): Promise<Due[]> {
  if (waiting.length === 0) return [];
  const orders = await findOrders(tx, [...new Set(waiting.map(({ orderId }) => orderId))]);
  const byId = new Map(orders.map((order) => [order.id, order]));
  return waiting.flatMap((before) => {
    const order = byId.get(before.orderId);
    if (order === undefined) return [];
    return [{ order, dueOn: before.dueOn, payOn: before.payOn, before }];
  });
}

async function payAll(
  tx: Transaction,
  all: readonly Due[],
  { skipped, screener }: { readonly skipped: ReadonlySet<Due>; readonly screener: PaymentScreener },
): Promise<ReadonlyMap<Due, Ended>> {
  const endings = new Map<Due, Ended>();
  const paying: { readonly due: Due; readonly amount: bigint }[] = [];
  for (const due of all) {
    const tries = due.before ?? noTries;
    const reason = skipped.has(due) ? 'not_business_day' : undefined;
    const amount = reason === undefined ? await amountOf(tx, due.order) : 0n;
    if (amount > 0n) paying.push({ due, amount });
    else endings.set(due, { state: 'skipped', reason: reason ?? 'nothing_to_sweep', tries });
  }
  if (paying.length === 0) return endings;
  const results = await sendPayments(
    tx,
    paying.map(({ due, amount }) => paymentOf(due, amount)),
    { screener },
  );
  for (const [index, { due, amount }] of paying.entries()) {
    const result = results[index];
    if (result !== undefined) endings.set(due, { ...endingOf(tx, due, result), amount, result });
  }
  return endings;
}

/** Minor units; none where there is nothing above what is kept. */
async function amountOf(tx: Transaction, { accountId, amount }: StandingOrder): Promise<bigint> {
  if ('fixed' in amount) return amount.fixed;
  const found = await account(tx, accountId, tx.now);
  if (found === undefined) return 0n;
  const { balance, pendingOut } = found.balances;
  const above = balance - pendingOut - amount.keep;
  return above > 0n ? above : 0n;
}

function paymentOf({ order, dueOn, payOn }: Due, amount: bigint): NewPayment {
  const { creditor } = order;
  const common = {
    accountId: order.accountId,
    amount,
    currency: order.currency,
    endToEndId: endToEndIdOf(order, dueOn),
    remittance: order.remittance,
    requestedOn: formatDate(payOn),
    origin: order.id,
    // The day itself names the occurrence: no other of the order is due on it.
    originEntry: dueOn / DAY_US,
  };
  if ('accountId' in creditor) {
    return { ...common, kind: 'book', counterAccountId: creditor.accountId };
  }
  const { name } = creditor;
  const party =
    'iban' in creditor
      ? { name, iban: creditor.iban }
      : { name, account: creditor.number, agent: creditor.agent };
  return { ...common, kind: 'credit_out', rail: order.rail, party };
}

/** ISO 20022 allows 35 characters: the random end of the order's id, and the day. */
function endToEndIdOf(order: StandingOrder, dueOn: Instant): string {
  const hex = uuidOf(order.id).replaceAll('-', '');
  return `STO${hex.slice(-20)}${formatDate(dueOn).replaceAll('-', '')}`;
}

/** What waits for money, and can come. */
const SHORT: ReadonlySet<string> = new Set(['insufficient_available', 'account_frozen']);

function endingOf(tx: Transaction, { order, before }: Due, result: PaymentResult): Ended {
  const tries = afterTry(before ?? noTries);
  if (result.ok) {
    const { status, reason } = result.value;
    const isDone = status !== 'declined' && status !== 'rejected';
    return isDone
      ? { state: 'paid', tries }
      : { state: 'failed', reason: (reason ?? status).toLowerCase(), tries };
  }
  const { code } = result.refusal;
  const next = SHORT.has(code)
    ? nextTry(tries, order.retry, order.schedule.calendar, tx.now)
    : undefined;
  if (next === undefined) return { state: 'failed', reason: code, tries };
  return { state: 'waiting', reason: code, retryAt: next.at, tries: next.tries };
}

function changeOf(tx: Transaction, due: Due, ending: Ended): OccurrenceChange {
  const { order, before, dueOn, payOn } = due;
  const { state, reason, retryAt, tries, amount, result } = ending;
  const paymentId = result?.ok === true ? result.value.id : undefined;
  const became = { dueOn, payOn, state, reason, retryAt, amount, paymentId, tries };
  const after = dueRecordOf(tx, order, became);
  if (before === undefined) return { order, before, after };
  return { order, before, after: { ...after, firstTriedAt: before.firstTriedAt } };
}

/** An order goes on to its next date; with its account closed it has none. */
async function moveOn(
  tx: Transaction,
  orders: readonly StandingOrder[],
  changes: readonly OccurrenceChange[],
): Promise<void> {
  const closed = new Set(
    changes.filter(({ after }) => after.reason === 'account_closed').map(({ order }) => order.id),
  );
  const moves = orders.map((order): Move => {
    const place = placeAfter(order, order.nextIndex + 1);
    if (!closed.has(order.id) || place.next === undefined) return { id: order.id, place };
    const ended = { status: 'ended', statusReason: 'account_closed', next: undefined } as const;
    return { id: order.id, place: { ...place, ...ended } };
  });
  if (moves.length === 0) return;
  await moveOrders(tx, moves);
  const byId = new Map(orders.map((order) => [order.id, order]));
  const ended = moves.flatMap(({ id, place }) => {
    const before = byId.get(id);
    if (before === undefined || place.status !== 'ended') return [];
    const { status, statusReason } = place;
    const action = standingOrderActions['payments.standing_order.change'];
    const after = factsOf({ ...before, status, statusReason });
    return [{ action, target: id, before: factsOf(before), after }];
  });
  await record(tx, ended);
}
