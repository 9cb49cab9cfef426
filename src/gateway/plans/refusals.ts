// Every way the verbs of plans say no. Codes are stable for ever; the reference page lists each of
// them.

import type { Refusal } from '#kernel';
import type { ProblemTable } from '../problems.ts';

export const planRefusals = {
  plan_unknown: { status: 404, title: 'No such plan', retryable: false },
  plan_is_default: { status: 409, title: 'The default plan cannot be removed', retryable: false },
  plan_in_use: { status: 409, title: 'Customers have the plan', retryable: true },
  plans_too_many: { status: 409, title: 'There are too many plans', retryable: false },
  time_zone_unknown: { status: 422, title: 'No such time zone', retryable: false },
} as const satisfies ProblemTable;

export interface PlanRefusal<Code extends keyof typeof planRefusals> extends Refusal {
  readonly code: Code;
}
