// The HTTP operations on plans: read them, make, change and remove them, and put a customer under
// one. They are those of the caller's tenant.

import { Type } from 'typebox';
import type { Static } from 'typebox';
import { assert, formatInstant, type Clock, type Instant } from '#kernel';
import type { Database } from '#platform';
import { readCursor, pageOf } from '../cursor.ts';
import { contextOf } from '../intake/caller.ts';
import { EdgeRefusal } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { EdgeRequest, Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { advance, freshState, type LimitState } from './deciding/decide.ts';
import { CUSTOMER_LENGTH_MAX, findState, keyOf } from './limit-store.ts';
import type { PlanLimiter } from './limiter.ts';
import {
  BURST_MAX,
  measuresOf,
  PARTS_PER_REQUEST,
  QUOTA_MAX,
  quotaPolicies,
  RATE_MAX,
  ratePeriods,
  type Plan,
  type PlanTerms,
} from './plan.ts';
import { findPlan, findPlanOf, selectCustomersOf, selectPlans } from './plan-store.ts';
import {
  assignPlan,
  ensureDefaultPlan,
  noPlan,
  PLANS_MAX,
  putPlan,
  releaseCustomer,
  removePlan,
} from './plans.ts';

export interface PlansEdge {
  readonly database: Database;
  readonly clock: Clock;
  /** Told of changes, so that this process goes by them at once. */
  readonly planLimiter: Pick<PlanLimiter, 'forget' | 'forgetAll'>;
}

/** Names of permissions. */
export const planPermissions = { read: 'access.plans.read', write: 'access.plans.write' } as const;

const tags = ['plans'];
const planName = Type.String({
  maxLength: 40,
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'a name of lower-case letters, digits and hyphens, at most 40',
});
const customerId = schema.text(CUSTOMER_LENGTH_MAX, { description: 'the id of a customer' });
const quota = (window: string) =>
  Type.Optional(
    schema.orNull(
      Type.Integer({
        minimum: 1,
        maximum: QUOTA_MAX,
        description: `requests in a calendar ${window} of the time zone; without a quota if null`,
      }),
    ),
  );

const timeZoneName = schema.text(64, {
  pattern: '^[A-Za-z0-9_+/-]+$',
  description: 'by its name in the time zone database, such as Europe/Prague; UTC unless given',
});

const terms = schema.object(
  {
    burst: Type.Integer({
      minimum: 1,
      maximum: BURST_MAX,
      description: 'requests at once: what the bucket holds when it is full',
    }),
    rate: Type.Integer({
      minimum: 1,
      maximum: RATE_MAX,
      description: 'requests that come back in each period, evenly',
    }),
    rate_per: schema.choice(ratePeriods),
    daily: quota('day'),
    weekly: quota('week, from Monday,'),
    monthly: quota('month'),
    time_zone: Type.Optional(timeZoneName),
  },
  { title: 'PlanTerms' },
);

const count = Type.Integer({ minimum: 0 });
const plan = schema.object(
  {
    plan: planName,
    ...terms.properties,
    daily: schema.orNull(count),
    weekly: schema.orNull(count),
    monthly: schema.orNull(count),
    time_zone: timeZoneName,
    revision: Type.Integer({ description: '1, 2, 3 …: grows with each change' }),
    changed_at: schema.instantText(),
  },
  { title: 'Plan' },
);

const usage = schema.object(
  {
    policy: schema.choice(['burst', ...quotaPolicies] as const),
    limit: count,
    used: count,
    left: count,
    ends_at: schema.orNull(schema.instantText({ description: 'null for the bucket' })),
  },
  { title: 'LimitUsage' },
);

const customerPlan = schema.object(
  {
    customer: customerId,
    plan,
    is_default: Type.Boolean({ description: 'whether it was given no plan of its own' }),
    usage: Type.Array(usage, { maxItems: 4 }),
  },
  { title: 'CustomerPlan' },
);

export function planRoutes(edge: PlansEdge): Route[] {
  const { read, write } = planPermissions;
  const plans = '/v1/access/plans';
  const ofCustomer = '/v1/access/customers/{customer}/plan';
  const row = (
    method: Route['method'],
    path: string,
    permission: string,
    operation: Operation,
  ): Route => ({ method, path, permission, operation });
  return [
    row('GET', plans, read, listPlans(edge)),
    row('GET', `${plans}/{plan}`, read, readPlan(edge)),
    row('PUT', `${plans}/{plan}`, write, writePlan(edge)),
    row('DELETE', `${plans}/{plan}`, write, deletePlan(edge)),
    row('GET', `${plans}/{plan}/customers`, read, listCustomers(edge)),
    row('GET', ofCustomer, read, readCustomerPlan(edge)),
    row('PUT', ofCustomer, write, giveCustomerPlan(edge)),
    row('DELETE', ofCustomer, write, releaseCustomerPlan(edge)),
  ];
}

function tenantOf({ principal }: Pick<EdgeRequest, 'principal'>): string {
  assert(principal !== undefined, 'plans are not for the public');
  return principal.tenant;
}

const planParams = schema.object({ plan: planName });
const customerParams = schema.object({ customer: customerId });

function listPlans({ database, clock }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'listPlans',
    summary: 'List the plans',
    tags,
    schema: {
      response: {
        200: {
          description: 'All plans, by name.',
          body: schema.object({ data: Type.Array(plan, { maxItems: PLANS_MAX }) }),
        },
      },
    },
    async handler(request) {
      await ensureDefaultPlan(database, clock, tenantOf(request));
      const found = await selectPlans(database.within(tenantOf(request)), tenantOf(request));
      return answer(200, { data: found.map(presentPlan) });
    },
  });
}

function readPlan({ database, clock }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'readPlan',
    summary: 'Read a plan',
    tags,
    refusals: ['plan_unknown'],
    schema: { params: planParams, response: { 200: { description: 'The plan.', body: plan } } },
    async handler(request) {
      const { plan: name } = request.params;
      await ensureDefaultPlan(database, clock, tenantOf(request));
      const tenant = tenantOf(request);
      const found = await findPlan(database.within(tenant), { tenant, name });
      return found === undefined ? noPlan(name) : answer(200, presentPlan(found));
    },
  });
}

function writePlan({ database, clock, planLimiter }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'writePlan',
    summary: 'Make a plan, or change it',
    description:
      'A change is in force at once for all who have the plan. What they have used in the ' +
      'current windows counts, and a full bucket fills further only with time.',
    tags,
    isIdempotentByNature: true,
    refusals: ['time_zone_unknown', 'plans_too_many'],
    example: { burst: 100, rate: 50, rate_per: 'second', daily: 1_000, time_zone: 'UTC' },
    schema: {
      params: planParams,
      body: terms,
      response: {
        200: { description: 'The plan was changed.', body: plan },
        201: { description: 'The plan was made.', body: plan },
      },
    },
    async handler(request) {
      const named = { tenant: tenantOf(request), name: request.params.plan };
      const given = { ...named, terms: termsOf(request.body) };
      const context = contextOf(clock, request);
      const put = await database.transaction(context, (tx) => putPlan(tx, given));
      if (!put.ok) return put;
      planLimiter.forgetAll();
      return answer(put.value.isNew ? 201 : 200, presentPlan(put.value.plan));
    },
  });
}

function deletePlan({ database, clock }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'removePlan',
    summary: 'Remove a plan that no customer has',
    tags,
    isIdempotentByNature: true,
    refusals: ['plan_unknown', 'plan_is_default', 'plan_in_use'],
    schema: { params: planParams, response: { 204: { description: 'It is removed.' } } },
    async handler(request) {
      const named = { tenant: tenantOf(request), name: request.params.plan };
      const context = contextOf(clock, request);
      const removed = await database.transaction(context, (tx) => removePlan(tx, named));
      return removed.ok ? { status: 204 } : removed;
    },
  });
}

const LIST = 'plan.customers';

function listCustomers({ database }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'listCustomersOfPlan',
    summary: 'List the customers who were given a plan',
    description: 'Those who have the default plan because they were given none are not listed.',
    tags,
    refusals: ['plan_unknown'],
    schema: {
      params: planParams,
      query: schema.object(schema.pageQuery),
      response: {
        200: {
          description: 'A page of customers, by id.',
          body: schema.pageOf(schema.object({ customer: customerId })),
        },
      },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const named = { tenant: tenantOf(request), name: request.params.plan };
      const sees = database.within(named.tenant);
      const found = await findPlan(sees, named);
      if (found === undefined) return noPlan(named.name);
      const after = cursor === undefined ? undefined : placeIn(cursor);
      const asked = { plan: found.number, after, limit: limit + 1 };
      const customers = await selectCustomersOf(sees, asked);
      return answer(
        200,
        pageOf({
          list: LIST,
          found: customers,
          limit,
          present: (customer) => ({ customer }),
          place: (last) => [last],
        }),
      );
    },
  });
}

function placeIn(cursor: string): string {
  const [place] = readCursor(LIST, cursor) ?? [];
  if (typeof place === 'string') return place;
  throw new EdgeRefusal('field_invalid', 'cursor is not one of this list.', { param: 'cursor' });
}

function readCustomerPlan({ database, clock }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'readPlanOfCustomer',
    summary: "Read a customer's plan and what it has used",
    tags,
    schema: {
      params: customerParams,
      response: { 200: { description: 'The plan, and its use now.', body: customerPlan } },
    },
    async handler(request) {
      const customer = { tenant: tenantOf(request), customer: request.params.customer };
      await ensureDefaultPlan(database, clock, customer.tenant);
      const sees = database.within(customer.tenant);
      const found = await findPlanOf(sees, customer);
      assert(found !== undefined, 'every customer has a plan');
      const stored = await findState(sees, keyOf(customer));
      const measures = measuresOf(found.plan);
      const state = advance(stored?.state ?? freshState(measures), measures, clock.now());
      return answer(200, {
        customer: customer.customer,
        plan: presentPlan(found.plan),
        is_default: !found.isGiven,
        usage: presentUsage(state, found.plan),
      });
    },
  });
}

function giveCustomerPlan({ database, clock, planLimiter }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'giveCustomerPlan',
    summary: 'Put a customer under a plan',
    description: 'In force with its next request, within a second on other server processes.',
    tags,
    isIdempotentByNature: true,
    refusals: ['plan_unknown'],
    example: { plan: 'standard' },
    schema: {
      params: customerParams,
      body: schema.object({ plan: planName }),
      response: { 200: { description: 'The plan it has now.', body: plan } },
    },
    async handler(request) {
      const customer = { tenant: tenantOf(request), customer: request.params.customer };
      const given = { ...customer, name: request.body.plan };
      const context = contextOf(clock, request);
      const assigned = await database.transaction(context, (tx) => assignPlan(tx, given));
      if (!assigned.ok) return assigned;
      planLimiter.forget(customer);
      return answer(200, presentPlan(assigned.value));
    },
  });
}

function releaseCustomerPlan({ database, clock, planLimiter }: PlansEdge): Operation {
  return defineOperation({
    operationId: 'releaseCustomerPlan',
    summary: 'Put a customer under the default plan again',
    tags,
    isIdempotentByNature: true,
    schema: {
      params: customerParams,
      response: { 200: { description: 'The default plan.', body: plan } },
    },
    async handler(request) {
      const customer = { tenant: tenantOf(request), customer: request.params.customer };
      const context = contextOf(clock, request);
      const released = await database.transaction(context, (tx) => releaseCustomer(tx, customer));
      planLimiter.forget(customer);
      return answer(200, presentPlan(released.value));
    },
  });
}

function termsOf(body: Static<typeof terms>): PlanTerms {
  const { burst, rate, rate_per: ratePer, daily, weekly, monthly } = body;
  const quotas = {
    daily: daily ?? undefined,
    weekly: weekly ?? undefined,
    monthly: monthly ?? undefined,
  };
  return { burst, rate, ratePer, ...quotas, timeZone: body.time_zone ?? 'UTC' };
}

function presentPlan(given: Plan): object {
  const { name, burst, rate, ratePer, daily, weekly, monthly, timeZone } = given;
  return {
    plan: name,
    burst,
    rate,
    rate_per: ratePer,
    daily: daily ?? null,
    weekly: weekly ?? null,
    monthly: monthly ?? null,
    time_zone: timeZone,
    revision: given.revision,
    changed_at: formatInstant(given.changedAt),
  };
}

function presentUsage(state: LimitState, given: Plan): object[] {
  const left = Math.min(given.burst, Math.floor(state.level / PARTS_PER_REQUEST));
  const bucket = { policy: 'burst', limit: given.burst, used: given.burst - left, left };
  const quotas = quotaPolicies.flatMap((policy) => {
    const limit = given[policy];
    if (limit === undefined) return [];
    const { used, endsUs } = state[policy];
    const endsAt = formatInstant(endsUs as Instant);
    return [{ policy, limit, used, left: Math.max(0, limit - used), ends_at: endsAt }];
  });
  return [{ ...bucket, ends_at: null }, ...quotas];
}
