-- Stores holds opened and holds changed. The arrays of one hold's legs come as array literals. A
-- hold that is not as the decision found it: serialization_failure, and the caller decides again.
create or replace function ledger.record_holds(
  p_ids uuid[],
  p_is_new boolean[],
  p_states text[],
  p_expires_at timestamptz[],
  p_accounts text[],
  p_sides text[],
  p_held text[],
  p_captured text[],
  p_held_before text[],
  p_captured_before text[]
) returns void language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
declare
  opened integer;
  changed integer;
begin
  insert into ledger.holds (id, state, expires_at, account_ids, sides, held, captured)
  select h.id, h.state::ledger.hold_state, h.expires_at, h.accounts::uuid[],
    h.sides::ledger.side[], h.held::bigint[], h.captured::bigint[]
  from unnest(p_ids, p_is_new, p_states, p_expires_at, p_accounts, p_sides, p_held, p_captured)
  as h (id, is_new, state, expires_at, accounts, sides, held, captured)
  where h.is_new;
  get diagnostics opened = row_count;

  update ledger.holds set state = h.state::ledger.hold_state, expires_at = h.expires_at,
    held = h.held::bigint[], captured = h.captured::bigint[]
  from unnest(p_ids, p_is_new, p_states, p_expires_at, p_held, p_captured, p_held_before,
    p_captured_before)
  as h (id, is_new, state, expires_at, held, captured, held_before, captured_before)
  where not h.is_new and holds.id = h.id and holds.state = 'open'
    and holds.held = h.held_before::bigint[] and holds.captured = h.captured_before::bigint[];
  get diagnostics changed = row_count;
  if opened + changed <> cardinality(p_ids) then
    raise exception 'a hold was not as decided upon' using errcode = 'serialization_failure';
  end if;
end
$$;
