// The SQL of limits: deciding about many requests in one round trip, what customers have asked so
// far, quota facts, and which server processes are alive. A row is parsed here and nowhere else.

import { createHash } from 'node:crypto';
import { assert, type Instant, type Uuid } from '#kernel';
import { int4Array, int8Array, uuidArray, type Queryable, type Transaction } from '#platform';
import type { LimitState } from './deciding/decide.ts';
import { DEFAULT_PLAN, PARTS_PER_REQUEST, type QuotaPolicy } from './plan.ts';

/** Whose plan is charged. */
export interface Customer {
  readonly tenant: string;
  readonly customer: string;
}

export const CUSTOMER_LENGTH_MAX = 600;

/**
 * The customer by a name that can be stored. A name that another issuer gives may be anything, and
 * what cannot be stored would fail the requests it is decided with.
 */
export function storable({ tenant, customer }: Customer): Customer {
  const isStorable = customer.length <= CUSTOMER_LENGTH_MAX && !customer.includes('\0');
  if (isStorable && customer !== '') return { tenant, customer };
  return { tenant, customer: `sha256:${createHash('sha256').update(customer).digest('hex')}` };
}

/** By which the database knows what a customer has asked. */
export function keyOf({ tenant, customer }: Customer): Uuid {
  const hash = createHash('sha256').update(`${tenant}\0${customer}`).digest('hex');
  return [0, 8, 12, 16, 20]
    .map((from, index) => hash.slice(from, [8, 12, 16, 20, 32][index]))
    .join('-');
}

/** Requests of one customer that count the same. */
export interface Asked {
  readonly key: Uuid;
  readonly count: number;
  readonly cost: number;
}

/** What was decided about them. */
export interface Settled {
  /** Where the customer stood in the list. */
  readonly index: number;
  /** The number and the revision of the plan it was decided by. */
  readonly plan: number;
  readonly revision: number;
  /** 1, 2, 3 …: the order in which decisions about the customer were made. */
  readonly turn: number;
  /** The first so many were admitted. */
  readonly admitted: number;
  /** After that. */
  readonly state: LimitState;
}

// A crash of the database may forget the decisions of its last moments: what was admitted in half a
// second, which the bucket bounds. To wait for the disk would cost each request a millisecond.
const WITHOUT_WAITING = `set_config('synchronous_commit', 'off', true)`;

/**
 * Decides in one round trip; customers without a state are left out. They must be in the order of
 * their keys. `facts` is how many quotas came near their end by it.
 */
export async function admitRequests(
  queryable: Queryable,
  asked: readonly Asked[],
  atUs: number | undefined,
): Promise<{ readonly settled: Settled[]; readonly facts: number }> {
  const [row] = await queryable.query<{ answers: string | null; facts: number }>({
    name: 'gateway.admit_requests',
    text: `select ${WITHOUT_WAITING}, a.answers, a.facts
      from gateway.admit_requests($1, $2, $3, $4) a`,
    values: [
      atUs ?? null,
      uuidArray(asked.map(({ key }) => key)),
      int4Array(asked.map(({ count }) => count)),
      int4Array(asked.map(({ cost }) => cost)),
    ],
  });
  return { settled: readSettled(row?.answers ?? '{}'), facts: row?.facts ?? 0 };
}

const FIELDS = 13;

/** The text of a bigint[][]: `{{1,2,…},{1,2,…}}`. */
function readSettled(text: string): Settled[] {
  if (text === '{}') return [];
  const numbers = text.slice(2, -2).replaceAll('},{', ',').split(',').map(Number);
  assert(numbers.length % FIELDS === 0, 'a decision has a fixed number of fields');
  const settled: Settled[] = [];
  for (let at = 0; at < numbers.length; at += FIELDS) settled.push(settledAt(numbers, at));
  return settled;
}

function settledAt(numbers: readonly number[], from: number): Settled {
  const at = (field: number): number => numbers[from + field] ?? 0;
  return {
    index: at(0) - 1,
    plan: at(1),
    revision: at(2),
    turn: at(3),
    admitted: at(5),
    state: {
      atUs: at(4),
      level: at(6),
      daily: { endsUs: at(7), used: at(8) },
      weekly: { endsUs: at(9), used: at(10) },
      monthly: { endsUs: at(11), used: at(12) },
    },
  };
}

/** Makes the states of customers who never asked. Their tenants have a default plan by now. */
export async function insertStates(
  queryable: Queryable,
  customers: readonly (Customer & { readonly key: Uuid })[],
): Promise<void> {
  const sorted = customers.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  await queryable.query({
    name: 'gateway.insert_states',
    text: `insert into gateway.limit_states (key, tenant, customer, plan, revision, admitted,
        percent, turn, decided_at_us, level, daily_ends_us, daily_used, weekly_ends_us,
        weekly_used, monthly_ends_us, monthly_used)
      select w.key, w.tenant, w.customer, p.number, p.revision, 0, 0, 0, 0,
        p.burst * $4::bigint, 0, 0, 0, 0, 0, 0
      from unnest($1::uuid[], $2::text[], $3::text[]) as w (key, tenant, customer)
      left join gateway.plan_of_customer c on c.tenant = w.tenant and c.customer = w.customer
      join gateway.plans p on case when c.plan is null
        then p.tenant = w.tenant and p.name = '${DEFAULT_PLAN}' else p.number = c.plan end
      order by w.key
      on conflict do nothing`,
    values: [
      uuidArray(sorted.map(({ key }) => key)),
      sorted.map(({ tenant }) => tenant),
      sorted.map(({ customer }) => customer),
      PARTS_PER_REQUEST,
    ],
  });
}

/** Counts what was admitted elsewhere, whether or not there was room for it. */
export async function chargeStates(
  queryable: Queryable,
  debts: readonly { readonly key: Uuid; readonly cost: number }[],
): Promise<void> {
  const sorted = debts.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  await queryable.query({
    name: 'gateway.charge_states',
    text: `select 1 from gateway.charge_states($1, $2)`,
    values: [
      uuidArray(sorted.map(({ key }) => key)),
      int8Array(sorted.map(({ cost }) => BigInt(cost))),
    ],
  });
}

/** What a customer has asked so far, and the number of its plan; undefined before it asked. */
export async function findState(
  queryable: Queryable,
  key: Uuid,
): Promise<{ readonly plan: number; readonly state: LimitState } | undefined> {
  const [row] = await queryable.query<Readonly<Record<string, bigint | number>>>({
    name: 'gateway.find_state',
    text: `select plan, decided_at_us, level, daily_ends_us, daily_used, weekly_ends_us,
        weekly_used, monthly_ends_us, monthly_used
      from gateway.limit_states where key = $1`,
    values: [key],
  });
  if (row === undefined) return undefined;
  const at = (name: string): number => Number(row[name]);
  const usage = (policy: QuotaPolicy): LimitState[QuotaPolicy] => ({
    endsUs: at(`${policy}_ends_us`),
    used: at(`${policy}_used`),
  });
  const [daily, weekly, monthly] = [usage('daily'), usage('weekly'), usage('monthly')];
  const state = { atUs: at('decided_at_us'), level: at('level'), daily, weekly, monthly };
  return { plan: at('plan'), state };
}

/** Puts customers under a plan from their next request on. */
export async function updatePlanOfState(
  tx: Transaction,
  { key, plan }: { readonly key: Uuid; readonly plan: number },
): Promise<void> {
  await tx.query({
    name: 'gateway.update_plan_of_state',
    text: `update gateway.limit_states set plan = $2 where key = $1`,
    values: [key, plan],
  });
}

/** That a customer has used so much of a quota. */
export interface QuotaFact extends Customer {
  readonly policy: QuotaPolicy;
  readonly percent: 80 | 90 | 100;
  /** The name of the plan. */
  readonly plan: string;
  readonly quota: number;
  readonly used: number;
  readonly windowEndsAt: Instant;
  readonly reachedAt: Instant;
}

interface FactRow extends Customer {
  readonly policy: QuotaPolicy;
  readonly percent: 80 | 90 | 100;
  readonly plan: string;
  readonly quota: bigint;
  readonly used: bigint;
  readonly window_ends_us: bigint;
  readonly reached_at_us: bigint;
}

/** Marks facts that nobody told yet as told, oldest first, and answers them. */
export async function takeUntoldFacts(tx: Transaction, countMax: number): Promise<QuotaFact[]> {
  const rows = await tx.query<FactRow>({
    name: 'gateway.take_untold_facts',
    text: `with untold as (
        select tenant, customer, policy, window_ends_us, percent from gateway.quota_facts
        where told_at is null order by reached_at_us, percent limit $1 for update skip locked
      )
      update gateway.quota_facts f set told_at = now() from untold u
      where f.tenant = u.tenant and f.customer = u.customer and f.policy = u.policy
        and f.window_ends_us = u.window_ends_us and f.percent = u.percent
      returning f.*`,
    values: [countMax],
  });
  return rows
    .map(({ tenant, customer, policy, percent, plan, ...row }) => ({
      tenant,
      customer,
      policy,
      percent,
      plan,
      quota: Number(row.quota),
      used: Number(row.used),
      windowEndsAt: Number(row.window_ends_us) as Instant,
      reachedAt: Number(row.reached_at_us) as Instant,
    }))
    .toSorted((a, b) => a.reachedAt - b.reachedAt || a.percent - b.percent);
}

const STATES_PER_SWEEP = 10_000;

/** Removes facts of long ago, and states that say no more than that the customer never asked. */
export async function deleteOutdated(queryable: Queryable, keptDays: number): Promise<void> {
  await queryable.query({
    name: 'gateway.delete_old_facts',
    text: `delete from gateway.quota_facts
      where told_at is not null and told_at < now() - make_interval(days => $1)`,
    values: [keptDays],
  });
  await queryable.query({
    name: 'gateway.delete_idle_states',
    // What is being decided about is passed over, so that no decision waits for this or it for one.
    text: `delete from gateway.limit_states where key in (
        select s.key from gateway.limit_states s
        join gateway.plans p on p.number = s.plan
        cross join (select (extract(epoch from now()) * 1000000)::bigint as us) t
        where greatest(s.daily_ends_us, s.weekly_ends_us, s.monthly_ends_us) < t.us
          and s.level + (t.us - s.decided_at_us)::numeric * p.refill
            >= p.burst * ${PARTS_PER_REQUEST}
        limit $1 for update of s skip locked)`,
    values: [STATES_PER_SWEEP],
  });
}

/** Says that a process is alive, forgets those that fell silent, and answers how many are there. */
export async function beatProcess(
  queryable: Queryable,
  { id, silentMaxMs }: { readonly id: Uuid; readonly silentMaxMs: number },
): Promise<number> {
  const [row] = await queryable.query<{ count: number }>({
    name: 'gateway.beat_process',
    text: `with gone as (
        delete from gateway.processes
        where id <> $1 and seen_at < now() - make_interval(secs => $2 / 1000.0) returning 1
      ), seen as (
        insert into gateway.processes (id, started_at, seen_at) values ($1, now(), now())
        on conflict (id) do update set seen_at = excluded.seen_at returning 1
      )
      select ((select count(*) from gateway.processes where id <> $1)
        - (select count(*) from gone) + (select count(*) from seen))::integer as count`,
    values: [id, silentMaxMs],
  });
  return row?.count ?? 1;
}

export async function deleteProcess(queryable: Queryable, id: Uuid): Promise<void> {
  await queryable.query({ text: 'delete from gateway.processes where id = $1', values: [id] });
}
