// The SQL of standing orders: rows are parsed and made here and nowhere else.

import { assert, formatDate, formatInstant, idOf, parseDate, uuidOf } from '#kernel';
import type { AccountId, Calendar, Instant, Uuid } from '#kernel';
import { uuidArray, type Queryable, type Transaction } from '#platform';
import type { RailName } from '../payment.ts';
import type { Frequency, PayRule, Schedule } from './schedule.ts';
import type {
  Creditor,
  NewStandingOrder,
  NextPlace,
  OrderAmount,
  OrderStatus,
  StandingOrder,
  StandingOrderId,
} from './standing-order.ts';

export interface OrderRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly external_id: string | null;
  readonly account_id: Uuid;
  readonly creditor_account_id: Uuid | null;
  readonly creditor_iban: string | null;
  readonly creditor_number: string | null;
  readonly creditor_agent: string | null;
  readonly creditor_name: string | null;
  readonly rail: RailName | null;
  readonly currency: string;
  readonly amount: bigint | null;
  readonly sweep_keep: bigint | null;
  readonly remittance: string | null;
  readonly purpose: string | null;
  readonly frequency: Frequency;
  readonly day: number | null;
  readonly starts_on: string;
  readonly ends_on: string | null;
  readonly occurrence_max: number | null;
  readonly calendar: Calendar;
  readonly business_day_rule: PayRule;
  readonly retries_a_day: number;
  readonly retry_days: number;
  readonly status: OrderStatus;
  readonly status_reason: string | null;
  readonly next_index: number;
  readonly next_due_on: string | null;
  readonly next_pay_on: string | null;
  readonly revision: number;
  readonly created_at_us: bigint;
  readonly changed_at_us: bigint;
}

const columns = `o.id, o.tenant, o.external_id, o.account_id, o.creditor_account_id,
  o.creditor_iban, o.creditor_number, o.creditor_agent, o.creditor_name, o.rail, o.currency,
  o.amount, o.sweep_keep, o.remittance, o.purpose, o.frequency, o.day, o.starts_on::text,
  o.ends_on::text, o.occurrence_max, o.calendar, o.business_day_rule, o.retries_a_day,
  o.retry_days, o.status, o.status_reason, o.next_index, o.next_due_on::text, o.next_pay_on::text,
  o.revision, (extract(epoch from o.created_at) * 1000000)::bigint as created_at_us,
  (extract(epoch from o.changed_at) * 1000000)::bigint as changed_at_us`;

/** A date as the database spells it. */
export function dateOf(text: string): Instant {
  const date = parseDate(text);
  assert(date !== undefined, 'the database spells dates as we do');
  return date;
}

const dateOrNone = (text: string | null): Instant | undefined =>
  text === null ? undefined : dateOf(text);

function orderOf(row: OrderRow): StandingOrder {
  return {
    id: idOf('sto', row.id),
    tenant: row.tenant,
    externalId: row.external_id ?? undefined,
    accountId: idOf('acc', row.account_id),
    creditor: creditorOf(row),
    rail: row.rail ?? undefined,
    currency: row.currency,
    amount: amountOf(row),
    remittance: row.remittance ?? undefined,
    purpose: row.purpose ?? undefined,
    schedule: scheduleOf(row),
    retry: { retriesADay: row.retries_a_day, days: row.retry_days },
    status: row.status,
    statusReason: row.status_reason ?? undefined,
    nextIndex: row.next_index,
    nextDueOn: dateOrNone(row.next_due_on),
    nextPayOn: dateOrNone(row.next_pay_on),
    revision: row.revision,
    createdAt: Number(row.created_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

function creditorOf(row: OrderRow): Creditor {
  const name = row.creditor_name ?? undefined;
  if (row.creditor_account_id !== null) return { accountId: idOf('acc', row.creditor_account_id) };
  if (row.creditor_iban !== null) return { iban: row.creditor_iban, name };
  assert(row.creditor_number !== null && row.creditor_agent !== null, 'an order pays somebody');
  return { number: row.creditor_number, agent: row.creditor_agent, name };
}

function amountOf({ amount, sweep_keep: keep }: OrderRow): OrderAmount {
  if (amount !== null) return { fixed: amount };
  assert(keep !== null, 'an order has a fixed amount or keeps one');
  return { keep };
}

function scheduleOf(row: OrderRow): Schedule {
  return {
    frequency: row.frequency,
    day: row.day ?? undefined,
    startsOn: dateOf(row.starts_on),
    endsOn: dateOrNone(row.ends_on),
    occurrenceMax: row.occurrence_max ?? undefined,
    calendar: row.calendar,
    businessDayRule: row.business_day_rule,
  };
}

/** With its id, and where it begins. */
export interface Creation {
  readonly id: StandingOrderId;
  readonly order: NewStandingOrder;
  readonly place: NextPlace;
}

const dateText = (date: Instant | undefined): string | null =>
  date === undefined ? null : formatDate(date);

/** Answers those that were inserted: another may have the external id. */
export async function insertOrders(
  tx: Transaction,
  creations: readonly Creation[],
): Promise<ReadonlySet<StandingOrderId>> {
  const rows = await tx.query<{ id: Uuid }>({
    name: 'standing_orders.insert',
    text: `insert into payments.standing_orders
        (id, external_id, account_id, creditor_account_id, creditor_iban, creditor_number,
          creditor_agent, creditor_name, rail, currency, amount, sweep_keep, remittance, purpose,
          frequency, day, starts_on, ends_on, occurrence_max, calendar, business_day_rule,
          retries_a_day, retry_days, status, status_reason, next_index, next_due_on, next_pay_on,
          revision, created_at, changed_at)
      select r.*, 1, $2::timestamptz, $2::timestamptz
      from jsonb_to_recordset($1::jsonb) as r (id uuid, external_id text, account_id uuid,
        creditor_account_id uuid, creditor_iban text, creditor_number text, creditor_agent text,
        creditor_name text, rail text, currency text, amount bigint, sweep_keep bigint,
        remittance text, purpose text, frequency text, day smallint, starts_on date, ends_on date,
        occurrence_max integer, calendar text, business_day_rule text, retries_a_day smallint,
        retry_days smallint, status text, status_reason text, next_index integer,
        next_due_on date, next_pay_on date)
      on conflict do nothing returning id`,
    values: [JSON.stringify(creations.map(recordOf)), formatInstant(tx.now)],
  });
  return new Set(rows.map(({ id }) => idOf('sto', id)));
}

function recordOf({ id, order, place }: Creation): object {
  const { creditor, amount, schedule, retry } = order;
  return {
    id: uuidOf(id),
    external_id: order.externalId,
    account_id: uuidOf(order.accountId),
    creditor_account_id: 'accountId' in creditor ? uuidOf(creditor.accountId) : null,
    creditor_iban: 'iban' in creditor ? creditor.iban : null,
    creditor_number: 'number' in creditor ? creditor.number : null,
    creditor_agent: 'number' in creditor ? creditor.agent : null,
    creditor_name: 'accountId' in creditor ? null : creditor.name,
    rail: order.rail,
    currency: order.currency,
    amount: 'fixed' in amount ? String(amount.fixed) : null,
    sweep_keep: 'keep' in amount ? String(amount.keep) : null,
    remittance: order.remittance,
    purpose: order.purpose,
    frequency: schedule.frequency,
    day: schedule.day,
    starts_on: formatDate(schedule.startsOn),
    ends_on: dateText(schedule.endsOn),
    occurrence_max: schedule.occurrenceMax,
    calendar: schedule.calendar,
    business_day_rule: schedule.businessDayRule,
    retries_a_day: retry.retriesADay,
    retry_days: retry.days,
    ...placeRecord(place),
  };
}

function placeRecord({ status, statusReason, nextIndex, next }: NextPlace) {
  return {
    status,
    status_reason: statusReason ?? null,
    next_index: nextIndex,
    next_due_on: dateText(next?.dueOn),
    next_pay_on: dateText(next?.payOn),
  };
}

export async function findOrder(
  queryable: Queryable,
  id: StandingOrderId,
): Promise<StandingOrder | undefined> {
  const [found] = await findOrders(queryable, [id]);
  return found;
}

export async function findOrders(
  queryable: Queryable,
  ids: readonly StandingOrderId[],
): Promise<StandingOrder[]> {
  const rows = await queryable.query<OrderRow>({
    name: 'standing_orders.find',
    text: `select ${columns} from payments.standing_orders o where o.id = any($1::uuid[])`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(orderOf);
}

/** For a change: nobody else changes or pays it meanwhile. */
export async function lockOrder(
  tx: Transaction,
  id: StandingOrderId,
): Promise<StandingOrder | undefined> {
  const [row] = await tx.query<OrderRow>({
    name: 'standing_orders.lock',
    text: `select ${columns} from payments.standing_orders o where o.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && orderOf(row);
}

export async function findByExternalIds(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<StandingOrder[]> {
  const rows = await queryable.query<OrderRow>({
    name: 'standing_orders.by_external_id',
    text: `select ${columns} from payments.standing_orders o
      where o.external_id = any($1::text[])`,
    values: [externalIds],
  });
  return rows.map(orderOf);
}

export interface OrderFilter {
  readonly accountId?: AccountId | undefined;
  readonly status?: OrderStatus | undefined;
  readonly after?: StandingOrderId | undefined;
  readonly limit: number;
}

/** By id, which is by age. */
export async function listOrders(
  queryable: Queryable,
  { accountId, status, after, limit }: OrderFilter,
): Promise<StandingOrder[]> {
  const rows = await queryable.query<OrderRow>({
    text: `select ${columns} from payments.standing_orders o
      where ($1::uuid is null or o.account_id = $1) and ($2::text is null or o.status = $2)
        and ($3::uuid is null or o.id > $3) order by o.id limit $4`,
    values: [
      accountId === undefined ? null : uuidOf(accountId),
      status ?? null,
      after === undefined ? null : uuidOf(after),
      limit,
    ],
  });
  return rows.map(orderOf);
}

/** The tenants that have something to pay by the day, or to try again by now. */
export async function tenantsDue(
  queryable: Queryable,
  { today, now }: { readonly today: Instant; readonly now: Instant },
): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'standing_orders.tenants_due',
    text: `select o.tenant from payments.standing_orders o
      where o.status = 'active' and o.next_pay_on <= $1::date
      union
      select c.tenant from payments.standing_order_occurrences c
      where c.state = 'waiting' and c.retry_at <= $2::timestamptz order by 1`,
    values: [formatDate(today), formatInstant(now)],
  });
  return rows.map(({ tenant }) => tenant);
}

/** Orders to pay by the day, those that wait longest first; what another process has, it keeps. */
export async function lockDueOrders(
  tx: Transaction,
  today: Instant,
  countMax: number,
): Promise<StandingOrder[]> {
  const rows = await tx.query<OrderRow>({
    name: 'standing_orders.lock_due',
    text: `select ${columns} from payments.standing_orders o
      where o.status = 'active' and o.next_pay_on <= $1::date
      order by o.next_pay_on, o.id limit $2 for update skip locked`,
    values: [formatDate(today), countMax],
  });
  return rows.map(orderOf);
}

export interface Move {
  readonly id: StandingOrderId;
  readonly place: NextPlace;
}

/** Sets where orders stand. Their revision counts changes of a person's, and stays. */
export async function moveOrders(tx: Transaction, moves: readonly Move[]): Promise<void> {
  const records = moves.map(({ id, place }) => ({ id: uuidOf(id), ...placeRecord(place) }));
  await tx.query({
    name: 'standing_orders.move',
    text: `update payments.standing_orders o set status = r.status,
        status_reason = r.status_reason, next_index = r.next_index, next_due_on = r.next_due_on,
        next_pay_on = r.next_pay_on, changed_at = $2::timestamptz
      from jsonb_to_recordset($1::jsonb) as r (id uuid, status text, status_reason text,
        next_index integer, next_due_on date, next_pay_on date) where o.id = r.id`,
    values: [JSON.stringify(records), formatInstant(tx.now)],
  });
}

/** What a person changed. */
export async function updateOrder(tx: Transaction, order: StandingOrder): Promise<void> {
  const { amount, schedule, retry } = order;
  await tx.query({
    text: `update payments.standing_orders o set amount = $2, sweep_keep = $3, remittance = $4,
        ends_on = $5::date, occurrence_max = $6, retries_a_day = $7, retry_days = $8,
        status = $9, status_reason = $10, next_index = $11, next_due_on = $12::date,
        next_pay_on = $13::date, revision = $14, changed_at = $15::timestamptz where o.id = $1`,
    values: [
      uuidOf(order.id),
      'fixed' in amount ? amount.fixed : null,
      'keep' in amount ? amount.keep : null,
      order.remittance ?? null,
      dateText(schedule.endsOn),
      schedule.occurrenceMax ?? null,
      retry.retriesADay,
      retry.days,
      order.status,
      order.statusReason ?? null,
      order.nextIndex,
      dateText(order.nextDueOn),
      dateText(order.nextPayOn),
      order.revision,
      formatInstant(order.changedAt),
    ],
  });
}
