// Every way reconciliation says no. Codes are stable for ever; the reference page lists each.

import { refuse, type Refusal, type Refused } from '#kernel';
import type { RefusalKind } from '#ledger';

const kind = (status: number, title: string, retryable = false): RefusalKind => ({
  status,
  title,
  retryable,
});

export const reconciliationRefusals = {
  nostro_unknown: kind(404, 'No such nostro account'),
  nostro_exists: kind(409, 'The account is a nostro account already'),
  nostro_account_unfit: kind(422, 'The account of the ledger cannot mirror this one'),
  statement_unknown: kind(404, 'No such statement'),
  statement_unreadable: kind(422, 'The statement cannot be read'),
  statement_account_unknown: kind(422, 'The statement is about no account of ours'),
  statement_exists: kind(409, 'The statement has been taken before'),
  statement_does_not_add_up: kind(422, 'Opening balance and entries do not make the closing one'),
  break_unknown: kind(404, 'No such break'),
  break_resolved: kind(409, 'The break has been resolved'),
  break_resolution_unfit: kind(422, 'A break of this kind is not resolved so'),
  break_sums_differ: kind(422, 'The two sides do not add up to the same'),
  break_write_off_missing: kind(422, 'The nostro account has no account to write off to'),
  break_write_off_refused: kind(422, 'The ledger refused the posting', true),
} as const satisfies Record<string, RefusalKind>;

export interface ReconciliationRefusal extends Refusal {
  readonly code: keyof typeof reconciliationRefusals;
}

export function no(
  code: ReconciliationRefusal['code'],
  message: string,
  param?: string,
): Refused<ReconciliationRefusal> {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
