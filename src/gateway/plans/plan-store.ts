// The SQL of plans: reading them, making and changing them, and who has which. A row is parsed here
// and nowhere else.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Customer } from './limit-store.ts';
import { DEFAULT_PLAN, type Plan, type PlanTerms, type RatePeriod } from './plan.ts';

interface PlanRow {
  readonly number: number;
  readonly tenant: string;
  readonly name: string;
  readonly burst: number;
  readonly rate: number;
  readonly rate_per: RatePeriod;
  readonly daily: bigint | null;
  readonly weekly: bigint | null;
  readonly monthly: bigint | null;
  readonly time_zone: string;
  readonly revision: number;
  readonly changed_us: bigint;
}

const columns = `p.number, p.tenant, p.name, p.burst, p.rate, p.rate_per, p.daily, p.weekly,
  p.monthly, p.time_zone, p.revision,
  (extract(epoch from p.changed_at) * 1000000)::bigint as changed_us`;

function planOf(row: PlanRow): Plan {
  const { number, tenant, name, burst, rate, revision } = row;
  const quota = (value: bigint | null): number | undefined =>
    value === null ? undefined : Number(value);
  return {
    number,
    tenant,
    name,
    burst,
    rate,
    ratePer: row.rate_per,
    daily: quota(row.daily),
    weekly: quota(row.weekly),
    monthly: quota(row.monthly),
    timeZone: row.time_zone,
    revision,
    changedAt: Number(row.changed_us) as Instant,
  };
}

export async function selectPlansByNumber(
  queryable: Queryable,
  numbers: readonly number[],
): Promise<Plan[]> {
  const rows = await queryable.query<PlanRow>({
    name: 'gateway.select_plans_by_number',
    text: `select ${columns} from gateway.plans p where p.number = any($1::integer[])`,
    values: [numbers],
  });
  return rows.map(planOf);
}

/** All plans of a tenant, by name. */
export async function selectPlans(queryable: Queryable, tenant: string): Promise<Plan[]> {
  const rows = await queryable.query<PlanRow>({
    name: 'gateway.select_plans',
    text: `select ${columns} from gateway.plans p where p.tenant = $1 order by p.name`,
    values: [tenant],
  });
  return rows.map(planOf);
}

export interface PlanName {
  readonly tenant: string;
  readonly name: string;
}

export async function findPlan(
  queryable: Queryable,
  { tenant, name }: PlanName,
): Promise<Plan | undefined> {
  const [row] = await queryable.query<PlanRow>({
    name: 'gateway.find_plan',
    text: `select ${columns} from gateway.plans p where p.tenant = $1 and p.name = $2`,
    values: [tenant, name],
  });
  return row === undefined ? undefined : planOf(row);
}

export async function countPlans(queryable: Queryable, tenant: string): Promise<number> {
  const [row] = await queryable.query<{ count: number }>({
    text: 'select count(*)::integer as count from gateway.plans where tenant = $1',
    values: [tenant],
  });
  return row?.count ?? 0;
}

/** The same, and nobody else can change or remove it until the transaction ends. */
export async function lockPlan(
  tx: Transaction,
  { tenant, name }: PlanName,
): Promise<Plan | undefined> {
  const [row] = await tx.query<PlanRow>({
    name: 'gateway.lock_plan',
    text: `select ${columns} from gateway.plans p where p.tenant = $1 and p.name = $2 for update`,
    values: [tenant, name],
  });
  return row === undefined ? undefined : planOf(row);
}

/** Undefined when there is one of that name, or another transaction was first. */
export async function insertPlan(
  tx: Transaction,
  { tenant, name, terms }: PlanName & { readonly terms: PlanTerms },
): Promise<Plan | undefined> {
  const [row] = await tx.query<PlanRow>({
    name: 'gateway.insert_plan',
    text: `insert into gateway.plans as p (tenant, name, burst, rate, rate_per, daily, weekly,
        monthly, time_zone, revision, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)
      on conflict do nothing returning ${columns}`,
    values: [tenant, name, ...termValues(terms), formatInstant(tx.now)],
  });
  return row === undefined ? undefined : planOf(row);
}

export async function updatePlan(
  tx: Transaction,
  { number, terms }: { readonly number: number; readonly terms: PlanTerms },
): Promise<Plan> {
  const [row] = await tx.query<PlanRow>({
    name: 'gateway.update_plan',
    text: `update gateway.plans p set burst = $2, rate = $3, rate_per = $4, daily = $5,
        weekly = $6, monthly = $7, time_zone = $8, revision = p.revision + 1, changed_at = $9
      where p.number = $1 returning ${columns}`,
    values: [number, ...termValues(terms), formatInstant(tx.now)],
  });
  return planOf(row as PlanRow);
}

function termValues(terms: PlanTerms): unknown[] {
  const { burst, rate, ratePer, daily, weekly, monthly, timeZone } = terms;
  return [burst, rate, ratePer, daily ?? null, weekly ?? null, monthly ?? null, timeZone];
}

export async function deletePlan(tx: Transaction, number: number): Promise<void> {
  await tx.query({ text: 'delete from gateway.plans where number = $1', values: [number] });
}

/** Whether a customer has the plan, or had it when it last asked. */
export async function isPlanInUse(tx: Transaction, number: number): Promise<boolean> {
  const [row] = await tx.query<{ is_used: boolean }>({
    text: `select exists (select from gateway.plan_of_customer where plan = $1)
        or exists (select from gateway.limit_states where plan = $1) as is_used`,
    values: [number],
  });
  return row?.is_used ?? false;
}

/** Whether the database knows a time zone by that name. */
export async function isTimeZoneKnown(queryable: Queryable, name: string): Promise<boolean> {
  const rows = await queryable.query({
    text: 'select from pg_catalog.pg_timezone_names where name = $1',
    values: [name],
  });
  return rows.length > 0;
}

/** The plan of a customer: the one it was given, or the default one. */
export async function findPlanOf(
  queryable: Queryable,
  { tenant, customer }: Customer,
): Promise<{ readonly plan: Plan; readonly isGiven: boolean } | undefined> {
  const [row] = await queryable.query<PlanRow & { is_given: boolean }>({
    name: 'gateway.find_plan_of',
    text: `select ${columns}, c.plan is not null as is_given
      from (select $1::text as tenant, $2::text as customer) w
      left join gateway.plan_of_customer c on c.tenant = w.tenant and c.customer = w.customer
      join gateway.plans p on case when c.plan is null
        then p.tenant = w.tenant and p.name = '${DEFAULT_PLAN}' else p.number = c.plan end`,
    values: [tenant, customer],
  });
  return row === undefined ? undefined : { plan: planOf(row), isGiven: row.is_given };
}

export async function upsertPlanOf(
  tx: Transaction,
  { tenant, customer, plan }: Customer & { readonly plan: number },
): Promise<void> {
  await tx.query({
    name: 'gateway.upsert_plan_of',
    text: `insert into gateway.plan_of_customer (tenant, customer, plan, assigned_at)
      values ($1, $2, $3, $4)
      on conflict (tenant, customer) do update
      set plan = excluded.plan, assigned_at = excluded.assigned_at`,
    values: [tenant, customer, plan, formatInstant(tx.now)],
  });
}

/** False when it had none of its own. */
export async function deletePlanOf(
  tx: Transaction,
  { tenant, customer }: Customer,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'gateway.delete_plan_of',
    text: `delete from gateway.plan_of_customer where tenant = $1 and customer = $2 returning 1`,
    values: [tenant, customer],
  });
  return rows.length > 0;
}

/** Customers who were given a plan, in order, after a place in that order. */
export async function selectCustomersOf(
  queryable: Queryable,
  asked: { readonly plan: number; readonly after: string | undefined; readonly limit: number },
): Promise<string[]> {
  const rows = await queryable.query<{ customer: string }>({
    name: 'gateway.select_customers_of',
    text: `select customer from gateway.plan_of_customer
      where plan = $1 and customer > $2 order by customer limit $3`,
    values: [asked.plan, asked.after ?? '', asked.limit],
  });
  return rows.map(({ customer }) => customer);
}
