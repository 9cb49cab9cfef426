// Every way a customer's request is refused. Codes are stable for ever.

import { refuse, type Refusal, type Refused } from '#kernel';

interface RefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string): RefusalKind => ({ status, title, retryable: false });

export const customerRefusals = {
  customer_unknown: kind(404, 'No such customer'),
  customer_exists_with_different_content: kind(409, 'The external id has another customer'),
  customer_erased: kind(422, 'The customer was erased'),
  customer_particulars_invalid: kind(422, 'This cannot be known of a customer of this kind'),
  customer_revision_mismatch: kind(409, 'The customer was changed meanwhile'),
  customer_has_accounts: kind(422, 'The customer still has accounts'),
  verification_transition_illegal: kind(422, 'The verification cannot become this now'),
  verification_expiry_invalid: kind(422, 'The verification cannot end then'),
  consent_not_given: kind(422, 'There is no such consent to withdraw'),
} as const satisfies Record<string, RefusalKind>;

export type CustomerRefusalCode = keyof typeof customerRefusals;

export interface CustomerRefusal extends Refusal {
  readonly code: CustomerRefusalCode;
  readonly message: string;
  readonly param?: string;
}

export function no(
  code: CustomerRefusalCode,
  message: string,
  param?: string,
): Refused<CustomerRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
