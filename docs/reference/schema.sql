-- The schema that the migrations and functions make. Written by tools/schema-dump.ts from
-- a fresh database and compared by a test: review a migration by its difference.

create schema ledger;
grant usage on schema ledger to florin_app;

create type ledger.account_state as enum ('open', 'debits_frozen', 'credits_frozen', 'frozen', 'closed');

create type ledger.hold_state as enum ('open', 'captured', 'voided', 'expired');

create type ledger.side as enum ('debit', 'credit');

create type ledger.transfer_kind as enum ('transfer', 'hold', 'capture', 'increase', 'void', 'expiry', 'reversal');

create table ledger.accounts (
  id uuid not null,
  external_id text,
  path text not null,
  name text not null default ''::text,
  currency text not null,
  normal_side ledger.side not null,
  state ledger.account_state not null default 'open'::ledger.account_state,
  floor bigint,
  ceiling bigint,
  credit_limit bigint not null default 0,
  metadata jsonb,
  opened_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint accounts_pkey PRIMARY KEY (id),
  constraint accounts_external_id_key UNIQUE (external_id),
  constraint accounts_check CHECK (((ceiling IS NULL) OR (floor IS NULL) OR (ceiling >= floor))),
  constraint accounts_credit_limit_check CHECK ((credit_limit >= 0))
);
CREATE INDEX accounts_path ON ledger.accounts USING btree (path text_pattern_ops, id);
grant insert, select, update on ledger.accounts to florin_app;

create table ledger.balances (
  account_id uuid not null,
  version bigint not null default 0,
  revision bigint not null default 0,
  posted_debits bigint not null default 0,
  posted_credits bigint not null default 0,
  pending_debits bigint not null default 0,
  pending_credits bigint not null default 0,
  changed_at_us bigint not null,
  constraint balances_pkey PRIMARY KEY (account_id),
  constraint balances_pending_credits_check CHECK ((pending_credits >= 0)),
  constraint balances_pending_debits_check CHECK ((pending_debits >= 0)),
  constraint balances_posted_credits_check CHECK ((posted_credits >= 0)),
  constraint balances_posted_debits_check CHECK ((posted_debits >= 0)),
  constraint balances_version_check CHECK ((version >= 0)),
  constraint balances_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.accounts(id)
) with (fillfactor=50);
grant insert, select, update on ledger.balances to florin_app;
comment on column ledger.balances.changed_at_us is 'recorded time of the latest entry, microseconds since 1970; never decreases';

create table ledger.entries (
  segment integer not null,
  account_id uuid not null,
  version bigint not null,
  transfer_id uuid not null,
  leg smallint not null,
  is_debit boolean not null,
  posted bigint not null,
  pending bigint not null,
  posted_debits bigint not null,
  posted_credits bigint not null,
  pending_debits bigint not null,
  pending_credits bigint not null,
  effective_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  constraint entries_pkey PRIMARY KEY (account_id, version, segment),
  constraint entries_posted_check CHECK ((posted >= 0))
) partition by LIST (segment);
CREATE INDEX entries_transfer ON ONLY ledger.entries USING btree (transfer_id);
CREATE TRIGGER entries_append_only BEFORE DELETE OR UPDATE ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.entries to florin_app;
comment on column ledger.entries.posted is 'amount moved for good on this side';
comment on column ledger.entries.pending is 'change of the amount held on this side: positive for a hold, negative for its release';

-- The first of the partitions, which are added while the bank runs.
create table ledger.entries_000001 partition of ledger.entries FOR VALUES IN (1);
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.entries_000001 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant select on ledger.entries_000001 to florin_app;

create table ledger.holds (
  id uuid not null,
  state ledger.hold_state not null default 'open'::ledger.hold_state,
  expires_at timestamp with time zone,
  account_ids uuid[] not null,
  sides ledger.side[] not null,
  held bigint[] not null,
  captured bigint[] not null,
  constraint holds_pkey PRIMARY KEY (id),
  constraint holds_id_fkey FOREIGN KEY (id) REFERENCES ledger.transfers(id)
) with (fillfactor=70);
CREATE INDEX holds_deadline ON ledger.holds USING btree (expires_at, id) WHERE ((state = 'open'::ledger.hold_state) AND (expires_at IS NOT NULL));
grant insert, select, update on ledger.holds to florin_app;

create table ledger.period_closes (
  closed_before timestamp with time zone not null,
  closed_at timestamp with time zone not null,
  actor text not null,
  constraint period_closes_pkey PRIMARY KEY (closed_before)
);
CREATE TRIGGER period_closes_append_only BEFORE DELETE OR UPDATE ON ledger.period_closes FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER period_closes_no_truncate BEFORE TRUNCATE ON ledger.period_closes FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.period_closes to florin_app;

create table ledger.segments (
  segment integer not null,
  opened_at timestamp with time zone not null,
  constraint segments_pkey PRIMARY KEY (segment)
);
grant select on ledger.segments to florin_app;

create table ledger.transfers (
  id uuid not null,
  kind ledger.transfer_kind not null,
  external_id text,
  content_hash bytea,
  description text,
  metadata jsonb,
  exchange jsonb,
  hold_id uuid,
  reverses_id uuid,
  expires_at timestamp with time zone,
  effective_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  actor text not null,
  constraint transfers_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX transfers_external_id ON ledger.transfers USING btree (external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX transfers_hold ON ledger.transfers USING btree (hold_id) WHERE (hold_id IS NOT NULL);
CREATE INDEX transfers_reverses ON ledger.transfers USING btree (reverses_id) WHERE (reverses_id IS NOT NULL);
CREATE TRIGGER transfers_append_only BEFORE DELETE OR UPDATE ON ledger.transfers FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER transfers_no_truncate BEFORE TRUNCATE ON ledger.transfers FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.transfers to florin_app;

create function ledger.lock_books(p_accounts uuid[], p_external_ids text[], p_is_locking boolean, OUT accounts text, OUT known uuid[], OUT segment integer, OUT closed_before_us bigint, OUT next_deadline_us bigint) returns record language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body abd608b98248b30e
grant execute on function ledger.lock_books(uuid[],text[],boolean) to public;

create function ledger.open_segment(now timestamp with time zone) returns integer language plpgsql volatile security definer set search_path=pg_catalog, pg_temp; -- body 149f688f52aa247f
grant execute on function ledger.open_segment(timestamp with time zone) to florin_app;

create function ledger.record_balances(p_recorded_at timestamp with time zone, p_accounts uuid[], p_versions_before bigint[], p_revisions bigint[], p_versions bigint[], p_posted_debits bigint[], p_posted_credits bigint[], p_pending_debits bigint[], p_pending_credits bigint[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body a7f80c5d54a13922
grant execute on function ledger.record_balances(timestamp with time zone,uuid[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[]) to public;

create function ledger.record_holds(p_ids uuid[], p_is_new boolean[], p_states text[], p_expires_at timestamp with time zone[], p_accounts text[], p_sides text[], p_held text[], p_captured text[], p_held_before text[], p_captured_before text[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body 68e490a3773285e4
grant execute on function ledger.record_holds(uuid[],boolean[],text[],timestamp with time zone[],text[],text[],text[],text[],text[],text[]) to public;

create function ledger.record_transfers(p_recorded_at timestamp with time zone, p_actor text, p_segment integer, p_ids uuid[], p_kinds smallint[], p_external_ids text[], p_content_hashes bytea[], p_descriptions text[], p_metadata text[], p_exchanges text[], p_hold_ids uuid[], p_reverses_ids uuid[], p_expires_at timestamp with time zone[], p_effective_at timestamp with time zone[], p_accounts uuid[], e_transfers integer[], e_accounts integer[], e_versions bigint[], e_legs smallint[], e_is_debit boolean[], e_posted bigint[], e_pending bigint[], e_posted_debits bigint[], e_posted_credits bigint[], e_pending_debits bigint[], e_pending_credits bigint[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body f359e2b4a4958c3c
grant execute on function ledger.record_transfers(timestamp with time zone,text,integer,uuid[],smallint[],text[],bytea[],text[],text[],text[],uuid[],uuid[],timestamp with time zone[],timestamp with time zone[],uuid[],integer[],integer[],bigint[],smallint[],boolean[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[]) to public;

create function ledger.refuse_change() returns trigger language plpgsql volatile; -- body a4327f4b90a8c2ba
grant execute on function ledger.refuse_change() to public;

create schema platform;
grant usage on schema platform to florin_app;

create table platform.functions (
  path text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint functions_pkey PRIMARY KEY (path),
  constraint functions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
grant select on platform.functions to florin_app;

create table platform.migrations (
  number integer not null,
  name text not null,
  sha256 text not null,
  breaking boolean not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (number),
  constraint migrations_name_key UNIQUE (name),
  constraint migrations_number_check CHECK ((number > 0)),
  constraint migrations_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
grant select on platform.migrations to florin_app;
comment on column platform.migrations.breaking is 'processes started before this migration must have ended before it is applied';
