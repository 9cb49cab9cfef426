// The verbs of plans: make or change one, remove one, put a customer under one. A change is in
// force for every process from the next decision on; what a customer has used already counts. Each
// leaves an audit record, and the default plan of a tenant makes itself when it is first needed.

import { limits } from '#config';
import { record, type JsonObject } from '#audit';
import { accept, refuse, type Accepted, type Clock, type Result } from '#kernel';
import type { Database, Transaction } from '#platform';
import { gatewayActions } from '../audit-actions.ts';
import { isTimeZone } from './deciding/window.ts';
import { insertStates, keyOf, updatePlanOfState, type Customer } from './limit-store.ts';
import { DEFAULT_PLAN, defaultTerms, type Plan, type PlanTerms } from './plan.ts';
import {
  countPlans,
  deletePlan,
  deletePlanOf,
  findPlan,
  findPlanOf,
  insertPlan,
  isPlanInUse,
  isTimeZoneKnown,
  lockPlan,
  updatePlan,
  upsertPlanOf,
  type PlanName,
} from './plan-store.ts';
import type { PlanRefusal } from './refusals.ts';

/** Plans of one tenant; also the most that a list answers with. */
export const PLANS_MAX = limits.plansMax.value;

export interface PutPlan {
  readonly plan: Plan;
  readonly isNew: boolean;
}

/** Makes the plan, or changes the one of that name. */
export async function putPlan(
  tx: Transaction,
  { tenant, name, terms }: PlanName & { readonly terms: PlanTerms },
): Promise<Result<PutPlan, PlanRefusal<'time_zone_unknown' | 'plans_too_many'>>> {
  const { timeZone } = terms;
  if (!isTimeZone(timeZone) || !(await isTimeZoneKnown(tx, timeZone))) {
    const message = `There is no time zone ${timeZone}.`;
    return refuse({ code: 'time_zone_unknown', message, param: 'time_zone' });
  }
  const before = await lockPlan(tx, { tenant, name });
  if (before !== undefined) {
    const plan = await updatePlan(tx, { number: before.number, terms });
    await recordChange(tx, plan, termsOf(before));
    return accept({ plan, isNew: false });
  }
  if ((await countPlans(tx, tenant)) >= PLANS_MAX) {
    const message = `There are ${PLANS_MAX} plans; remove one first.`;
    return refuse({ code: 'plans_too_many', message });
  }
  const made = await insertPlan(tx, { tenant, name, terms });
  // Another transaction made it in this moment, and has ended by now.
  if (made === undefined) return await putPlan(tx, { tenant, name, terms });
  await recordChange(tx, made, undefined);
  return accept({ plan: made, isNew: true });
}

/** Removes a plan that no customer has. */
export async function removePlan(
  tx: Transaction,
  name: PlanName,
): Promise<Result<Plan, PlanRefusal<'plan_unknown' | 'plan_is_default' | 'plan_in_use'>>> {
  if (name.name === DEFAULT_PLAN) {
    const message = 'The default plan cannot be removed; it can be changed.';
    return refuse({ code: 'plan_is_default', message, param: 'plan' });
  }
  const plan = await lockPlan(tx, name);
  if (plan === undefined) return noPlan(name.name);
  if (await isPlanInUse(tx, plan.number)) {
    const message = `Customers have the plan ${plan.name}; put them under another one first.`;
    return refuse({ code: 'plan_in_use', message, param: 'plan' });
  }
  await deletePlan(tx, plan.number);
  const before = termsOf(plan);
  await record(tx, [
    { action: gatewayActions['gateway.plan.removed'], target: targetOf(plan), before },
  ]);
  return accept(plan);
}

/** Puts a customer under a plan. */
export async function assignPlan(
  tx: Transaction,
  { tenant, customer, name }: Customer & PlanName,
): Promise<Result<Plan, PlanRefusal<'plan_unknown'>>> {
  const plan = await lockPlan(tx, { tenant, name });
  if (plan === undefined) return noPlan(name);
  const before = await findPlanOf(tx, { tenant, customer });
  await upsertPlanOf(tx, { tenant, customer, plan: plan.number });
  await putUnder(tx, { tenant, customer }, { plan, before: before?.plan });
  return accept(plan);
}

/** Puts a customer under the default plan again; no error where it is already. */
export async function releaseCustomer(
  tx: Transaction,
  customer: Customer,
): Promise<Accepted<Plan>> {
  const { tenant } = customer;
  const plan = await requireDefaultPlan(tx, tenant);
  const before = await findPlanOf(tx, customer);
  if (await deletePlanOf(tx, customer)) {
    await putUnder(tx, customer, { plan, before: before?.plan });
  }
  return accept(plan);
}

async function putUnder(
  tx: Transaction,
  customer: Customer,
  { plan, before }: { readonly plan: Plan; readonly before: Plan | undefined },
): Promise<void> {
  const key = keyOf(customer);
  // Also where the customer makes its first request in this moment.
  await insertStates(tx, [{ ...customer, key }]);
  await updatePlanOfState(tx, { key, plan: plan.number });
  await record(tx, [
    {
      action: gatewayActions['gateway.plan.assigned'],
      target: customer.customer,
      ...(before === undefined ? {} : { before: { plan: before.name } }),
      after: { plan: plan.name, tenant: customer.tenant },
    },
  ]);
}

/** The default plan of a tenant, made now if this is the first that is asked of it. */
async function requireDefaultPlan(tx: Transaction, tenant: string): Promise<Plan> {
  const known = await findPlan(tx, { tenant, name: DEFAULT_PLAN });
  if (known !== undefined) return known;
  const made = await insertPlan(tx, { tenant, name: DEFAULT_PLAN, terms: defaultTerms });
  if (made === undefined) return await requireDefaultPlan(tx, tenant);
  await recordChange(tx, made, undefined);
  return made;
}

/** The same, where nothing else is to be done in the transaction. */
export async function ensureDefaultPlan(
  database: Database,
  clock: Clock,
  tenant: string,
): Promise<void> {
  if ((await findPlan(database, { tenant, name: DEFAULT_PLAN })) !== undefined) return;
  const context = { now: clock.now(), actor: 'florin', correlationId: 'default-plan' };
  await database.transaction(context, (tx) => requireDefaultPlan(tx, tenant));
}

export function noPlan(name: string): ReturnType<typeof refuse<PlanRefusal<'plan_unknown'>>> {
  return refuse({ code: 'plan_unknown', message: `There is no plan ${name}.`, param: 'plan' });
}

function targetOf({ tenant, name }: PlanName): string {
  return `plan:${tenant}/${name}`;
}

async function recordChange(
  tx: Transaction,
  plan: Plan,
  before: JsonObject | undefined,
): Promise<void> {
  const action = gatewayActions['gateway.plan.changed'];
  await record(tx, [{ action, target: targetOf(plan), before, after: termsOf(plan) }]);
}

function termsOf(plan: Plan): JsonObject {
  const { burst, rate, ratePer, daily, weekly, monthly, timeZone, revision } = plan;
  return {
    burst,
    rate,
    rate_per: ratePer,
    daily: daily ?? null,
    weekly: weekly ?? null,
    monthly: monthly ?? null,
    time_zone: timeZone,
    revision,
  };
}
