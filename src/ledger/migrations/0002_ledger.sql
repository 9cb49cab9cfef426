-- The ledger's tables. Lock: none that matters, the schema is new. Duration: milliseconds.
-- Amounts are bigint minor units of the account's currency. Debits and credits are counted apart
-- and never netted, so every counter only grows, but for pending ones, which holds give back.

create schema ledger;

create type ledger.side as enum ('debit', 'credit');
create type ledger.account_state as enum (
  'open', 'debits_frozen', 'credits_frozen', 'frozen', 'closed'
);
create type ledger.transfer_kind as enum (
  'transfer', 'hold', 'capture', 'increase', 'void', 'expiry', 'reversal'
);
create type ledger.hold_state as enum ('open', 'captured', 'voided', 'expired');

-- What an account is. Its balance lives apart, in a narrow row that postings rewrite.
create table ledger.accounts (
  id uuid primary key,
  external_id text unique,
  path text not null,
  name text not null default '',
  currency text not null,
  normal_side ledger.side not null,
  state ledger.account_state not null default 'open',
  floor bigint,
  ceiling bigint,
  credit_limit bigint not null default 0 check (credit_limit >= 0),
  metadata jsonb,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  check (ceiling is null or floor is null or ceiling >= floor)
);

create index accounts_path on ledger.accounts (path text_pattern_ops, id);

-- What an account holds: the counters after its latest entry. revision counts the changes of its
-- attributes, so that a decision made on old limits is noticed. Half-empty pages keep updates HOT.
create table ledger.balances (
  account_id uuid primary key references ledger.accounts (id),
  version bigint not null default 0 check (version >= 0),
  revision bigint not null default 0,
  posted_debits bigint not null default 0 check (posted_debits >= 0),
  posted_credits bigint not null default 0 check (posted_credits >= 0),
  pending_debits bigint not null default 0 check (pending_debits >= 0),
  pending_credits bigint not null default 0 check (pending_credits >= 0),
  changed_at_us bigint not null
) with (fillfactor = 50);

comment on column ledger.balances.changed_at_us is
'recorded time of the latest entry, microseconds since 1970; never decreases';

-- Each accepted instruction, once, for ever.
create table ledger.transfers (
  id uuid primary key,
  kind ledger.transfer_kind not null,
  external_id text,
  content_hash bytea,
  description text,
  metadata jsonb,
  exchange jsonb,
  hold_id uuid,
  reverses_id uuid,
  expires_at timestamptz,
  effective_at timestamptz not null,
  recorded_at timestamptz not null,
  actor text not null
);

create unique index transfers_external_id on ledger.transfers (external_id)
where external_id is not null;
create index transfers_hold on ledger.transfers (hold_id) where hold_id is not null;
create index transfers_reverses on ledger.transfers (reverses_id) where reverses_id is not null;

-- One row per leg of a transfer. version runs 1, 2, 3 … per account, without a gap;
-- the four counters are the account's after this entry. Partitioned by segment, a number that rises
-- when the current partition is full, so that the indexes being written stay small at any size.
create table ledger.entries (
  segment integer not null,
  account_id uuid not null,
  version bigint not null,
  transfer_id uuid not null,
  leg smallint not null,
  is_debit boolean not null,
  posted bigint not null check (posted >= 0),
  pending bigint not null,
  posted_debits bigint not null,
  posted_credits bigint not null,
  pending_debits bigint not null,
  pending_credits bigint not null,
  effective_at timestamptz not null,
  recorded_at timestamptz not null,
  primary key (account_id, version, segment)
) partition by list (segment);

create index entries_transfer on ledger.entries (transfer_id);

comment on column ledger.entries.posted is 'amount moved for good on this side';
comment on column ledger.entries.pending is
'change of the amount held on this side: positive for a hold, negative for its release';

create table ledger.segments (
  segment integer primary key,
  opened_at timestamptz not null
);

-- A hold's progress. Leg i is account_ids[i] on sides[i]; remaining = held - captured while open.
create table ledger.holds (
  id uuid primary key references ledger.transfers (id),
  state ledger.hold_state not null default 'open',
  expires_at timestamptz,
  account_ids uuid[] not null,
  sides ledger.side[] not null,
  held bigint[] not null,
  captured bigint[] not null
) with (fillfactor = 70);

create index holds_deadline on ledger.holds (expires_at, id)
where state = 'open' and expires_at is not null;

-- Nothing may be posted with an effective time before the latest of these.
create table ledger.period_closes (
  closed_before timestamptz primary key,
  closed_at timestamptz not null,
  actor text not null
);

-- History is append-only, for the owner too.
create function ledger.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'history is append-only: % on %.% is refused',
    tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger transfers_append_only before update or delete on ledger.transfers
for each row execute function ledger.refuse_change();
create trigger transfers_no_truncate before truncate on ledger.transfers
for each statement execute function ledger.refuse_change();
create trigger entries_append_only before update or delete on ledger.entries
for each row execute function ledger.refuse_change();
create trigger entries_no_truncate before truncate on ledger.entries
for each statement execute function ledger.refuse_change();
create trigger period_closes_append_only before update or delete on ledger.period_closes
for each row execute function ledger.refuse_change();
create trigger period_closes_no_truncate before truncate on ledger.period_closes
for each statement execute function ledger.refuse_change();

-- Opens the next segment. Runs as the owner, because the application role may not create tables.
create function ledger.open_segment(now timestamptz) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  next_segment integer;
  name text;
begin
  perform pg_advisory_xact_lock(hashtext('ledger.open_segment'));
  select coalesce(max(segment), 0) + 1 into next_segment from ledger.segments;
  name := 'entries_' || lpad(next_segment::text, 6, '0');
  execute format('create table ledger.%I (like ledger.entries including all)', name);
  execute format('alter table ledger.entries attach partition ledger.%I for values in (%s)',
    name, next_segment);
  execute format('create trigger no_truncate before truncate on ledger.%I '
    'for each statement execute function ledger.refuse_change()', name);
  insert into ledger.segments (segment, opened_at) values (next_segment, now);
  return next_segment;
end
$$;

select ledger.open_segment(now());

grant usage on schema ledger to florin_app;
grant select on all tables in schema ledger to florin_app;
grant insert on ledger.accounts, ledger.balances, ledger.transfers, ledger.entries, ledger.holds,
ledger.period_closes to florin_app;
grant update on ledger.accounts, ledger.balances, ledger.holds to florin_app;
revoke execute on function ledger.open_segment(timestamptz) from public;
grant execute on function ledger.open_segment(timestamptz) to florin_app;
