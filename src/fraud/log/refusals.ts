// Every way decisions say no. Codes are stable for ever; the reference page lists each.

import { refuse, type Refusal, type Refused } from '#kernel';
import type { RefusalKind } from '#ledger';

export const decisionRefusals = {
  decision_unknown: { status: 404, title: 'No such decision', retryable: false },
  decision_not_repeatable: {
    status: 409,
    title: 'What the decision was made with cannot be read any more',
    retryable: false,
  },
  annulment_not_ahead: {
    status: 422,
    title: 'Only what lies ahead can be taken out of the history',
    retryable: false,
  },
  annulment_empty: {
    status: 409,
    title: 'There is nothing to be taken out of the history',
    retryable: false,
  },
} as const satisfies Record<string, RefusalKind>;

export interface DecisionRefusal extends Refusal {
  readonly code: keyof typeof decisionRefusals;
}

export function no(
  code: DecisionRefusal['code'],
  message: string,
  param?: string,
): Refused<DecisionRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
