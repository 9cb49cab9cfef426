-- Sets balances, in the order given, which is id order, so that two of these wait and never
-- deadlock. A balance that is not at the version the decision began from means that the decision
-- rests on something old: serialization_failure, and the caller decides again.
create or replace function ledger.record_balances(
  p_recorded_at timestamptz,
  p_accounts uuid[],
  p_versions_before bigint[],
  p_revisions bigint[],
  p_versions bigint[],
  p_posted_debits bigint[],
  p_posted_credits bigint[],
  p_pending_debits bigint[],
  p_pending_credits bigint[]
) returns void language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
declare
  recorded_at_us constant bigint := (extract(epoch from p_recorded_at) * 1000000)::bigint;
  changed integer;
begin
  update ledger.balances b set version = n.version, posted_debits = n.posted_debits,
    posted_credits = n.posted_credits, pending_debits = coalesce(n.pending_debits, 0),
    pending_credits = coalesce(n.pending_credits, 0), changed_at_us = recorded_at_us
  from unnest(p_accounts, p_versions_before, p_revisions, p_versions, p_posted_debits,
    p_posted_credits, p_pending_debits, p_pending_credits)
  as n (account_id, version_before, revision, version, posted_debits, posted_credits,
    pending_debits, pending_credits)
  where b.account_id = n.account_id and b.version = n.version_before
    and b.revision = n.revision;
  get diagnostics changed = row_count;
  if changed <> cardinality(p_accounts) then
    raise exception '% of % balances were not as decided upon',
      cardinality(p_accounts) - changed, cardinality(p_accounts)
      using errcode = 'serialization_failure';
  end if;
end
$$;
