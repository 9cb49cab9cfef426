// Callers for benchmarks: customers under a plan so wide that nobody is refused, each with a token
// of its own, so that authentication, authorisation and exact limits are paid for and never say no.

import { assignPlan, defaultTerms, putPlan } from '#gateway';
import { mintLocalToken, type Role } from '#identity';
import type { World } from './ledger-world.ts';

const TENANT = 'main';
const PLAN = 'bench';
const MINUTES = 60;
const wide = { ...defaultTerms, burst: 1_000_000, rate: 100_000, daily: 1_000_000_000 };

/** Tokens of as many callers, with these roles. */
export async function mintTokens(
  { database, context }: World,
  count: number,
  roles: readonly Role[],
): Promise<string[]> {
  return await database.transaction({ ...context(), tenant: TENANT }, async (tx) => {
    await putPlan(tx, { tenant: TENANT, name: PLAN, terms: wide });
    const tokens: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const name = `bench-${index}`;
      const customer = `local:${name}`;
      await assignPlan(tx, { tenant: TENANT, customer, name: PLAN });
      tokens.push(await mintLocalToken(tx, { name, tenant: TENANT, roles, minutes: MINUTES }));
    }
    return tokens;
  });
}
