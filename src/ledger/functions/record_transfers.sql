-- Stores transfers and their entries. Rows come as parallel arrays; an entry names its transfer and
-- account by position in p_ids and p_accounts. A column that no row uses is a single NULL; so is
-- p_actors where one actor did all of it.
drop function if exists ledger.record_transfers(
  timestamptz, text, integer, uuid[], smallint[], text[], bytea[], text[], text[], text[], uuid[],
  uuid[], timestamptz[], timestamptz[], uuid[], integer[], integer[], bigint[], smallint[],
  boolean[], bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]
);

create or replace function ledger.record_transfers(
  p_recorded_at timestamptz,
  p_actor text,
  p_segment integer,
  p_ids uuid[],
  p_kinds smallint[],
  p_external_ids text[],
  p_content_hashes bytea[],
  p_descriptions text[],
  p_metadata text[],
  p_exchanges text[],
  p_hold_ids uuid[],
  p_reverses_ids uuid[],
  p_expires_at timestamptz[],
  p_effective_at timestamptz[],
  p_accounts uuid[],
  e_transfers integer[],
  e_accounts integer[],
  e_versions bigint[],
  e_legs smallint[],
  e_is_debit boolean[],
  e_posted bigint[],
  e_pending bigint[],
  e_posted_debits bigint[],
  e_posted_credits bigint[],
  e_pending_debits bigint[],
  e_pending_credits bigint[],
  p_actors text[]
) returns void language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
declare
  kinds constant ledger.transfer_kind[] := enum_range(null::ledger.transfer_kind);
  -- Asked once: as the default of its column it would be asked for each row.
  own_tenant constant text := platform.tenant();
begin
  insert into ledger.transfers (id, tenant, kind, external_id, content_hash, description, metadata,
    exchange, hold_id, reverses_id, expires_at, effective_at, recorded_at, actor)
  select t.id, own_tenant, kinds[t.kind], t.external_id, t.content_hash, t.description,
    t.metadata::jsonb, t.exchange::jsonb, t.hold_id, t.reverses_id, t.expires_at,
    coalesce(t.effective_at, p_recorded_at), p_recorded_at, coalesce(t.actor, p_actor)
  from unnest(p_ids, p_kinds, p_external_ids, p_content_hashes, p_descriptions, p_metadata,
    p_exchanges, p_hold_ids, p_reverses_ids, p_expires_at, p_effective_at, p_actors)
  as t (id, kind, external_id, content_hash, description, metadata, exchange, hold_id,
    reverses_id, expires_at, effective_at, actor);

  insert into ledger.entries (segment, account_id, version, transfer_id, leg, is_debit, posted,
    pending, posted_debits, posted_credits, pending_debits, pending_credits, effective_at,
    recorded_at)
  select p_segment, p_accounts[e.account], e.version, p_ids[e.transfer], e.leg, e.is_debit,
    e.posted, coalesce(e.pending, 0), e.posted_debits, e.posted_credits,
    coalesce(e.pending_debits, 0), coalesce(e.pending_credits, 0),
    coalesce(p_effective_at[e.transfer], p_recorded_at), p_recorded_at
  from unnest(e_transfers, e_accounts, e_versions, e_legs, e_is_debit, e_posted, e_pending,
    e_posted_debits, e_posted_credits, e_pending_debits, e_pending_credits)
  as e (transfer, account, version, leg, is_debit, posted, pending, posted_debits,
    posted_credits, pending_debits, pending_credits);
end
$$;
