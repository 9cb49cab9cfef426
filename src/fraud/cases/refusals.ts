// Every way cases and labels say no. Codes are stable for ever; the reference page lists each.

import { refuse, type Refusal, type Refused } from '#kernel';
import type { RefusalKind } from '#ledger';

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const fraudCaseRefusals = {
  case_unknown: kind(404, 'No such case'),
  case_closed: kind(409, 'The case is closed'),
  case_not_closed: kind(409, 'The case is not closed'),
  case_not_assigned: kind(409, 'Nobody has taken the case on'),
  case_assigned_elsewhere: kind(409, 'Somebody else works on the case'),
  case_open_elsewhere: kind(409, 'The account has another case under way'),
  case_wait_unfit: kind(422, 'A case does not wait until then'),
  case_wait_missing: kind(409, 'The case does not wait'),
  case_outcome_unfit: kind(422, 'The outcome and the pattern do not go together'),
  case_report_too_large: kind(422, 'The case has more decisions than a document holds'),
  case_report_unknown: kind(404, 'No such document'),
  alert_unknown: kind(404, 'No such alert'),
  snooze_unknown: kind(404, 'No such snooze'),
  snooze_ended: kind(409, 'The snooze has ended'),
  snooze_unfit: kind(422, 'Alerts are not snoozed so'),
  snooze_account_unknown: kind(422, 'There is no account whose alerts could be snoozed'),
  fraud_label_decision_unknown: kind(422, 'Nothing was decided that this could be said of'),
  fraud_label_time_unfit: kind(422, 'Nobody can have known it then'),
  fraud_label_exists_with_different_content: kind(409, 'Something else was said under this name'),
} as const satisfies Record<string, RefusalKind>;

export interface FraudCaseRefusal extends Refusal {
  readonly code: keyof typeof fraudCaseRefusals;
}

export function no(
  code: FraudCaseRefusal['code'],
  message: string,
  param?: string,
): Refused<FraudCaseRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
