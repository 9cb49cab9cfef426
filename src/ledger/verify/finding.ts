// The rules the books must satisfy, and how a breach of one is reported. Names of rules are stable:
// operators' alarms and the reference page refer to them.

import { idOf } from '#kernel';

export type Severity = 'error' | 'warning';

/** What a rule is checked on, once for each. */
export type Subject =
  'accounts' | 'entries' | 'transfers' | 'holds' | 'currencies' | 'segments' | 'tables';

export interface Rule {
  readonly meaning: string;
  readonly subject: Subject;
  readonly severity: Severity;
}

const rule = (subject: Subject, meaning: string, severity: Severity = 'error'): Rule => ({
  meaning,
  subject,
  severity,
});

export const rules = {
  account_has_balance: rule('accounts', 'every account has its balance row'),
  balance_is_sum: rule('accounts', 'the four counters of a balance are the sums of its entries'),
  balance_version: rule('accounts', "a balance stands at its latest entry's version and time"),
  version_sequence: rule('entries', 'versions run 1, 2, 3 … per account, none missing or twice'),
  running_balance: rule('entries', 'counters after an entry are those before it plus its change'),
  recorded_order: rule('entries', 'recorded times never decrease with the version'),
  entry_has_account: rule('entries', 'every entry has its account'),
  entry_has_transfer: rule('entries', 'every entry has its transfer'),
  transfer_has_entries: rule('transfers', 'every transfer has entries'),
  leg_numbers: rule('transfers', 'legs are numbered upwards from 0, none twice'),
  times_agree: rule('transfers', 'entries have the effective and recorded time of their transfer'),
  entries_fit_kind: rule('transfers', 'entries move or hold money as the kind of transfer does'),
  posted_balanced: rule('transfers', 'posted debits equal posted credits in every currency'),
  pending_balanced: rule('transfers', 'pending debits equal pending credits in every currency'),
  period_closed: rule('transfers', 'nothing is posted into a period that was closed before'),
  transfer_refers: rule('transfers', 'captures, increases, voids, expiries, reversals name theirs'),
  reversal_within: rule('transfers', 'reversals take back no more than was posted, leg by leg'),
  currency_sums_to_zero: rule('currencies', 'debits equal credits over the whole ledger'),
  hold_has_record: rule('holds', 'every hold has its progress, and every progress its hold'),
  hold_amounts: rule('holds', 'held, captured and left of each leg follow from its entries'),
  hold_within: rule('holds', 'never more is captured than was held'),
  hold_state: rule('holds', 'open, captured, voided or expired follows from what was done to it'),
  hold_deadline: rule('holds', 'a hold ends at its deadline, and nothing is done with it after'),
  pending_is_open_holds: rule('accounts', 'pending counters are what is left of open holds'),
  tenants_agree: rule(
    'accounts',
    'balances, holds and transfers are of the tenant of their accounts',
  ),
  closed_account_empty: rule('accounts', 'a closed account has no balance and nothing pending'),
  limits_kept: rule('accounts', 'available is not negative, the ceiling not exceeded', 'warning'),
  segments_complete: rule('segments', 'every segment has its partition of entries, and no other'),
  append_only: rule('tables', 'history is protected against change, and the server may not'),
  tenants_apart: rule('tables', 'rows are shown to their own tenant, and to no other'),
  amounts_in_range: rule('tables', 'no counter is beyond the range of its column'),
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

/** One breach: which rule, where, what the entries say it must be, and what is there. */
export interface Finding {
  readonly rule: RuleName;
  readonly severity: Severity;
  /** Where, for a person: "account acc_… version 7". */
  readonly place: string;
  readonly accountId?: string;
  readonly version?: string;
  readonly transferId?: string;
  readonly leg?: number;
  readonly expected: string;
  readonly found: string;
}

/** A row as the checks' statements give it; `total` counts the breaches of the rule in all. */
export interface FindingRow {
  readonly rule: string;
  readonly account_id: string | null;
  readonly version: bigint | null;
  readonly transfer_id: string | null;
  readonly leg: number | null;
  readonly subject: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly total: bigint;
}

export function findingOf(row: FindingRow): Finding {
  const name = row.rule as RuleName;
  const accountId = row.account_id === null ? undefined : idOf('acc', row.account_id);
  const transferId = row.transfer_id === null ? undefined : idOf('trf', row.transfer_id);
  const parts = [
    accountId === undefined ? '' : `account ${accountId}`,
    row.version === null ? '' : `version ${row.version}`,
    transferId === undefined ? '' : `transfer ${transferId}`,
    row.leg === null ? '' : `leg ${row.leg}`,
    row.subject ?? '',
  ];
  return {
    rule: name,
    severity: rules[name].severity,
    place: parts.filter((part) => part !== '').join(' '),
    ...(accountId === undefined ? {} : { accountId }),
    ...(row.version === null ? {} : { version: String(row.version) }),
    ...(transferId === undefined ? {} : { transferId }),
    ...(row.leg === null ? {} : { leg: row.leg }),
    expected: row.expected ?? 'nothing',
    found: row.found ?? 'nothing',
  };
}
