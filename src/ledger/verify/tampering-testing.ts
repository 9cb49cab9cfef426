// The ways in which a hand with every right could change the books, and the rules that must notice.
// Each begins from the sound history that the test of verify posts, and is rolled back afterwards.

import type { RuleName } from './finding.ts';

export interface Tampering {
  readonly what: string;
  /** Statements; :alice, :bob, :cash, :euro and :closed stand for the accounts. */
  readonly statements: string;
  /** Every rule that must be found broken, and no other. */
  readonly broken: readonly RuleName[];
  /** Part of what the first finding must say. */
  readonly says?: RegExp;
}

const oneHold = (state: string): string =>
  `(select id from ledger.holds where state = '${state}' order by id limit 1)`;
const oneMove = (kind: string): string =>
  `(select id from ledger.transfers where kind = '${kind}' order by id limit 1)`;
/** The entry of an account at a version. */
const entryOf = (account: string, version: number): string =>
  `account_id = ${account} and version = ${version}`;
const columns = `transfer_id, leg, is_debit, posted, pending, posted_debits, posted_credits,
  pending_debits, pending_credits, effective_at, recorded_at`;

export const tamperings: readonly Tampering[] = [
  {
    what: 'a balance raised by hand',
    statements:
      'update ledger.balances set posted_credits = posted_credits + 1 where account_id = :bob',
    broken: ['balance_is_sum'],
    says: /account acc_\S+: posted 3300 debit, 42101 credit.*; posted 3300 debit, 42102 credit/,
  },
  {
    what: 'a balance at another version',
    statements: 'update ledger.balances set version = version + 1 where account_id = :bob',
    broken: ['balance_version'],
  },
  {
    what: 'a balance with another time',
    statements:
      'update ledger.balances set changed_at_us = changed_at_us + 1 where account_id = :bob',
    broken: ['balance_version'],
  },
  {
    what: 'a balance row deleted',
    statements: 'delete from ledger.balances where account_id = :cash',
    broken: ['account_has_balance'],
  },
  {
    what: 'an account deleted',
    statements: 'delete from ledger.accounts where id = :euro',
    broken: ['entry_has_account', 'posted_balanced', 'currency_sums_to_zero'],
    says: /3 of them/,
  },
  {
    what: 'an amount changed in one entry',
    statements: `update ledger.entries set posted = posted + 7 where ${entryOf(':alice', 1)}`,
    broken: ['balance_is_sum', 'running_balance', 'posted_balanced', 'currency_sums_to_zero'],
    says: /version 1/,
  },
  {
    what: 'an amount changed with everything after it, on one account only',
    statements: `
      update ledger.entries set posted = posted + 7 where ${entryOf(':alice', 1)};
      update ledger.entries set posted_credits = posted_credits + 7 where account_id = :alice;
      update ledger.balances set posted_credits = posted_credits + 7 where account_id = :alice`,
    broken: ['posted_balanced', 'currency_sums_to_zero'],
    says: /100007 CZK/,
  },
  {
    what: 'a running counter changed in the middle',
    statements: `
      update ledger.entries set posted_debits = posted_debits + 3 where ${entryOf(':alice', 3)}`,
    broken: ['running_balance'],
    says: /version 3/,
  },
  {
    what: 'an entry deleted from the middle',
    statements: `delete from ledger.entries where ${entryOf(':bob', 2)}`,
    broken: [
      'version_sequence',
      'running_balance',
      'balance_is_sum',
      'posted_balanced',
      'currency_sums_to_zero',
      'reversal_within',
    ],
  },
  {
    what: 'the latest entry deleted, with its transfer and its other side',
    statements: `
      with gone as (
        delete from ledger.transfers where id =
          (select transfer_id from ledger.entries where account_id = :closed and version = 2)
        returning id)
      delete from ledger.entries where transfer_id in (select id from gone)`,
    broken: ['balance_is_sum', 'balance_version'],
  },
  {
    what: 'a version used twice, in two segments',
    statements: `
      insert into ledger.entries (segment, account_id, version, ${columns})
      select 2, account_id, version, ${columns} from ledger.entries
      where ${entryOf(':alice', 1)} and segment = 1`,
    broken: [
      'version_sequence',
      'running_balance',
      'balance_is_sum',
      'leg_numbers',
      'posted_balanced',
      'currency_sums_to_zero',
    ],
    says: /version 1 twice/,
  },
  {
    what: 'an entry recorded after the next one',
    statements: `
      update ledger.entries set recorded_at = recorded_at + interval '1 day'
      where ${entryOf(':alice', 2)}`,
    broken: ['balance_version', 'recorded_order', 'times_agree'],
  },
  {
    what: 'a value date moved in the transfer only',
    statements: `
      update ledger.transfers set effective_at = effective_at + interval '1 day'
      where id = ${oneMove('transfer')}`,
    broken: ['times_agree'],
  },
  {
    what: 'a transfer deleted from under its entries',
    statements: `delete from ledger.transfers where id = ${oneMove('transfer')}`,
    broken: ['entry_has_transfer'],
  },
  {
    what: 'a transfer added without entries',
    statements: `
      insert into ledger.transfers (id, kind, effective_at, recorded_at, actor)
      values (gen_random_uuid(), 'transfer', '2026-05-01Z', '2026-05-01Z', 'nobody')`,
    broken: ['transfer_has_entries'],
  },
  {
    what: 'a leg given a number that is taken',
    statements: `
      update ledger.entries set leg = 0 where transfer_id = ${oneMove('transfer')} and leg = 1`,
    broken: ['leg_numbers'],
  },
  {
    what: 'an entry moved to the other side of its account',
    statements: `update ledger.entries set is_debit = not is_debit where ${entryOf(':bob', 1)}`,
    broken: ['running_balance', 'balance_is_sum', 'posted_balanced', 'currency_sums_to_zero'],
  },
  {
    what: 'a foreign exchange with one currency out of balance',
    statements: `
      update ledger.entries set posted = posted + 1, posted_debits = posted_debits + 1
      where ${entryOf(':euro', 1)};
      update ledger.balances set posted_debits = posted_debits + 1 where account_id = :euro`,
    broken: ['posted_balanced', 'currency_sums_to_zero'],
    says: /101 EUR/,
  },
  {
    what: 'two currencies that make up for each other',
    statements: `
      update ledger.entries set posted = posted + 1, posted_debits = posted_debits + 1
      where ${entryOf(':euro', 1)};
      update ledger.balances set posted_debits = posted_debits + 1 where account_id = :euro;
      update ledger.entries e set posted = posted - 1, posted_debits = posted_debits - 1
      from (select max(version) as version from ledger.entries
        where account_id = :bob and is_debit and posted = 2500) l
      where e.account_id = :bob and e.version = l.version`,
    broken: ['running_balance', 'balance_is_sum', 'posted_balanced', 'currency_sums_to_zero'],
  },
  {
    what: 'a hold turned into a plain transfer',
    statements: `
      update ledger.transfers set kind = 'transfer' where id = ${oneHold('open')}`,
    broken: ['entries_fit_kind', 'hold_amounts', 'hold_within', 'transfer_refers'],
  },
  {
    what: 'a posting dated back into a closed period',
    statements: `
      update ledger.transfers set effective_at = '2026-01-15Z' where id = ${oneMove('capture')};
      update ledger.entries set effective_at = '2026-01-15Z'
      where transfer_id = ${oneMove('capture')}`,
    broken: ['period_closed'],
  },
  {
    what: 'a reversal of more than was posted',
    statements: `
      update ledger.transfers set reverses_id = (
        select id from ledger.transfers where kind = 'capture' order by id desc limit 1)
      where kind = 'reversal'`,
    broken: ['reversal_within'],
  },
  {
    what: 'a capture without its hold',
    statements: `
      update ledger.transfers set hold_id = gen_random_uuid() where id = ${oneMove('void')}`,
    broken: ['transfer_refers', 'hold_has_record', 'hold_amounts', 'hold_state'],
  },
  {
    what: 'more captured than held, in the progress',
    statements: `
      update ledger.holds set captured = array[9999, 9999]::bigint[]
      where id = ${oneHold('open')}`,
    broken: ['hold_amounts', 'hold_within', 'pending_is_open_holds'],
  },
  {
    what: 'a voided hold opened again',
    statements: `update ledger.holds set state = 'open' where id = ${oneHold('voided')}`,
    broken: ['hold_amounts', 'hold_state', 'pending_is_open_holds'],
  },
  {
    what: 'an open hold closed without giving back what it held',
    statements: `update ledger.holds set state = 'captured' where id = ${oneHold('open')}`,
    broken: ['hold_amounts', 'hold_state', 'pending_is_open_holds'],
  },
  {
    what: 'one side of a hold raised, everywhere',
    statements: `
      update ledger.entries set pending = pending + 1
      where transfer_id = ${oneHold('open')} and leg = 0;
      update ledger.entries e set pending_debits = e.pending_debits + 1
      from (select version from ledger.entries
        where account_id = :alice and transfer_id = ${oneHold('open')}) h
      where e.account_id = :alice and e.version >= h.version;
      update ledger.balances set pending_debits = pending_debits + 1 where account_id = :alice;
      update ledger.holds set held[1] = held[1] + 1 where id = ${oneHold('open')}`,
    broken: ['pending_balanced', 'currency_sums_to_zero'],
  },
  {
    what: 'the progress of a hold deleted',
    statements: `delete from ledger.holds where id = ${oneHold('open')}`,
    broken: ['hold_has_record', 'hold_amounts', 'pending_is_open_holds'],
  },
  {
    what: 'the deadline of a hold moved',
    statements: `
      update ledger.holds set expires_at = expires_at + interval '1 hour'
      where id = ${oneHold('open')}`,
    broken: ['hold_deadline'],
  },
  {
    what: 'a capture after the deadline',
    statements: `
      update ledger.transfers set expires_at = '2026-03-01T10:00:00Z'
      where id = ${oneHold('open')} or (kind = 'increase' and hold_id = ${oneHold('open')})`,
    broken: ['hold_deadline'],
    says: /capture/,
  },
  {
    what: 'an expiry before the deadline',
    statements: `
      update ledger.transfers set effective_at = effective_at - interval '1 minute'
      where kind = 'expiry';
      update ledger.entries set effective_at = effective_at - interval '1 minute'
      where transfer_id = ${oneMove('expiry')}`,
    broken: ['hold_deadline'],
  },
  {
    what: 'a hold moved to another account',
    statements: `
      update ledger.holds set account_ids = array[:cash, :bob]
      where id = ${oneHold('open')}`,
    broken: ['hold_amounts', 'pending_is_open_holds'],
  },
  {
    what: 'money on a closed account',
    statements: `update ledger.accounts set state = 'closed' where id = :bob`,
    broken: ['closed_account_empty'],
  },
  {
    what: 'a balance given to another tenant',
    statements: `update ledger.balances set tenant = 'other' where account_id = :bob`,
    broken: ['tenants_agree'],
    says: /account acc_\S+: a balance of main; a balance of other/,
  },
  {
    what: 'an account given to another tenant',
    statements: `update ledger.accounts set tenant = 'other' where id = :closed`,
    broken: ['tenants_agree'],
  },
  {
    what: 'a transfer given to another tenant',
    statements: `update ledger.transfers set tenant = 'other' where id = ${oneMove('void')}`,
    broken: ['tenants_agree'],
    says: /leg \d+: a transfer of main; a transfer of other/,
  },
  {
    what: 'the progress of a hold given to another tenant',
    statements: `update ledger.holds set tenant = 'other' where id = ${oneHold('open')}`,
    broken: ['tenants_agree'],
  },
  {
    what: 'everything shown to everybody',
    statements: 'alter table ledger.accounts disable row level security',
    broken: ['tenants_apart'],
    says: /table ledger.accounts: row-level security/,
  },
  {
    what: 'a policy that shows more',
    statements: 'create policy other on ledger.holds using (true)',
    broken: ['tenants_apart'],
  },
  {
    what: 'a policy that no longer asks for the tenant',
    statements: 'alter policy own_tenant on ledger.transfers using (true)',
    broken: ['tenants_apart'],
  },
  {
    what: 'a segment without its row',
    statements: 'delete from ledger.segments where segment = 1',
    broken: ['segments_complete'],
  },
  {
    what: 'a partition taken away',
    statements: 'alter table ledger.entries detach partition ledger.entries_000002',
    broken: [
      'balance_is_sum',
      'balance_version',
      'transfer_has_entries',
      'hold_amounts',
      'hold_state',
      'segments_complete',
    ],
  },
  {
    what: 'the protection of history switched off',
    statements: 'alter table ledger.entries disable trigger entries_append_only',
    broken: ['append_only'],
  },
  {
    what: 'the protection against truncating one partition dropped',
    statements: 'drop trigger no_truncate on ledger.entries_000002',
    broken: ['append_only'],
    says: /entries_000002/,
  },
  {
    what: 'the right to edit history given to the server',
    statements: 'grant update on ledger.transfers to florin_app',
    broken: ['append_only'],
  },
  {
    what: 'a counter beyond all sums',
    statements: `
      update ledger.entries set posted_debits = -9223372036854775808 where ${entryOf(':bob', 4)};
      update ledger.entries set posted_debits = 9223372036854775807 where ${entryOf(':bob', 3)}`,
    broken: ['amounts_in_range'],
  },
];
