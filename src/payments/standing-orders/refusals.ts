// Every way standing orders say no. Codes are stable for ever; the reference page lists each.

import { refuse, type Refusal, type Refused } from '#kernel';
import type { RefusalKind } from '#ledger';

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const standingOrderRefusals = {
  standing_order_unknown: kind(404, 'No such standing order'),
  standing_order_exists_with_different_content: kind(409, 'The external id has another order'),
  standing_order_account_unknown: kind(422, 'No such account'),
  standing_order_account_closed: kind(422, 'The account is closed'),
  standing_order_currency_mismatch: kind(422, 'The account has another currency'),
  standing_order_creditor_same: kind(422, 'Payer and payee are one account'),
  standing_order_schedule_invalid: kind(422, 'The schedule makes no sense'),
  standing_order_starts_in_past: kind(422, 'The order would begin in the past'),
  standing_order_ended: kind(409, 'The standing order has ended'),
  standing_order_not_suspended: kind(409, 'The standing order is not suspended'),
  standing_order_not_active: kind(409, 'The standing order is not active'),
  standing_order_changed: kind(409, 'The standing order has been changed', true),
} as const satisfies Record<string, RefusalKind>;

export interface StandingOrderRefusal extends Refusal {
  readonly code: keyof typeof standingOrderRefusals;
}

export function no(
  code: StandingOrderRefusal['code'],
  message: string,
  param?: string,
): Refused<StandingOrderRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
