// The statements about the tables themselves: the partitions of the entries, and the locks on
// history that keep the server, and its owner, from editing it.

const columns = `null::uuid as account_id, null::bigint as version, null::uuid as transfer_id,
  null::integer as leg`;

export const segments = `
with partitions as (
  select c.relname::text as name, pg_get_expr(c.relpartbound, c.oid) as bound
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'ledger.entries'::regclass and not i.inhdetachpending
),
wanted as (
  select segment, 'entries_' || lpad(segment::text, 6, '0') as name,
    format('FOR VALUES IN (%s)', segment) as bound
  from ledger.segments
),
breaches as (
  select 'segment ' || w.segment as subject, w.name || ' ' || lower(w.bound) as expected,
    coalesce(p.name || ' ' || lower(p.bound), 'no such partition') as found
  from wanted w left join partitions p on p.name = w.name
  where p.bound is distinct from w.bound
  union all
  select 'partition ' || p.name, 'a segment', 'none'
  from partitions p left join wanted w on w.name = p.name
  where w.name is null
  union all
  select 'segment ' || number, 'a segment of every number', 'none'
  from generate_series(1, (select max(segment) from ledger.segments)) as number
  where not exists (select from ledger.segments s where s.segment = number)
)
select 'segments_complete' as rule, ${columns}, subject, expected, found from breaches`;

export const protection = `
with history as (
  select 'ledger.transfers'::regclass::oid as id
  union all select 'ledger.entries'::regclass::oid
  union all select 'ledger.period_closes'::regclass::oid
  union all select inhrelid from pg_inherits where inhparent = 'ledger.entries'::regclass
),
guards as (
  select h.id, coalesce(bit_or(t.tgtype) filter (where t.tgtype & 1 = 1), 0) as each_row,
    coalesce(bit_or(t.tgtype) filter (where t.tgtype & 1 = 0), 0) as statement
  from history h
  left join pg_trigger t on t.tgrelid = h.id and t.tgenabled in ('O', 'A') and t.tgtype & 2 = 2
    and t.tgqual is null and t.tgfoid = 'ledger.refuse_change()'::regprocedure
  group by h.id
),
breaches as (
  -- pg_trigger.tgtype: 1 each row, 2 before, 8 delete, 16 update, 32 truncate.
  select id, 'a trigger that refuses update and delete' as expected, 'none that is active' as found
  from guards where each_row & 24 <> 24
  union all
  select id, 'a trigger that refuses truncate', 'none that is active'
  from guards
  where statement & 32 <> 32 and id <> 'ledger.period_closes'::regclass
  union all
  select h.id, 'no right of ' || r.rolname || ' to change it', 'update, delete or truncate'
  from history h cross join pg_roles r
  where r.rolname = 'florin_app' and has_table_privilege(r.oid, h.id, 'update, delete, truncate')
)
select 'append_only' as rule, ${columns}, 'table ' || id::regclass as subject, expected, found
from breaches`;

/** How much there is to check. */
export interface CensusRow {
  readonly accounts: bigint;
  readonly entries: bigint;
  readonly transfers: bigint;
  readonly holds: bigint;
  readonly currencies: bigint;
  readonly segments: bigint;
  readonly tables: bigint;
}

export const census = `
select (select count(*) from ledger.accounts) as accounts,
  (select count(*) from ledger.entries) as entries,
  (select count(*) from ledger.transfers) as transfers,
  (select count(*) from ledger.holds) as holds,
  (select count(distinct currency) from ledger.accounts) as currencies,
  (select count(*) from ledger.segments) as segments,
  3 + (select count(*) from pg_inherits where inhparent = 'ledger.entries'::regclass) as tables`;

// Everything sees the books at one moment. Sorting a million entries takes about a hundred
// megabytes; more sessions than processors would only make each other wait.
export const beginSnapshot = 'begin isolation level repeatable read read only';
export const exportSnapshot = 'select pg_export_snapshot() as snapshot, now()::text as at';
export const importSnapshot = (snapshot: string): string =>
  `set transaction snapshot '${snapshot.replaceAll("'", '')}'`;
export const tuneSession = `
select set_config(name, setting, true)
from (values ('work_mem', '128MB'), ('jit', 'off'), ('max_parallel_workers_per_gather', '0'),
  ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'), ('timezone', 'UTC'),
  ('search_path', '')) as s (name, setting)`;

/** Wraps a check's statement: at most `$1` breaches of each rule, with the count of all of them. */
export const limited = (statement: string): string => `
select rule, account_id, version, transfer_id, leg::integer, subject, expected, found, total
from (
  select f.*, count(*) over (partition by rule) as total,
    row_number() over (partition by rule order by account_id, version, transfer_id, leg) as place
  from (${statement}) as f
) as numbered
where place <= $1 order by rule, place`;

/** Whether there is a ledger at all. */
export const presence = `select to_regclass('ledger.entries') is not null as is_present`;
