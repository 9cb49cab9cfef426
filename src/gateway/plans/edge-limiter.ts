// Owns how limits meet a request at the edge: the caller's customer is charged for each, an answer
// says what is left, and one too many is refused before anything of it is read.

import type { Principal } from '#identity';
import type { Limiter } from '../server/admission.ts';
import { refusalOfLimit } from './admission.ts';
import type { PlanLimiter } from './limiter.ts';

export interface EdgeLimiterOptions {
  /** Whether the caller has a plan; everybody has unless given. */
  readonly isLimited?: ((principal: Principal) => boolean) | undefined;
}

export function edgeLimiter(
  limiter: Pick<PlanLimiter, 'limit'>,
  { isLimited = () => true }: EdgeLimiterOptions = {},
): Limiter {
  return {
    async admit(principal, permission, reply) {
      if (!isLimited(principal)) return;
      const { tenant, customer } = principal;
      const admission = await limiter.limit({ tenant, customer }, { permission });
      if (!admission.isAdmitted) throw refusalOfLimit(admission);
      reply.headers(admission.headers);
    },
  };
}
