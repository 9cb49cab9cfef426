-- Counts requests that were admitted without asking here, while this database could not be reached:
-- they are taken from the bucket as far as it goes and from the quotas even beyond. The customers
-- must be in the order of their keys, as for every decision.
create or replace function gateway.charge_states(p_keys uuid[], p_costs bigint[])
returns void language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off as $$
begin
  -- To ask for nothing brings the states up to date: buckets fill, windows that are over end.
  perform gateway.admit_requests(
    null, p_keys, array_fill(0, array[cardinality(p_keys)]),
    array_fill(1, array[cardinality(p_keys)]));
  update gateway.limit_states s
  set level = greatest(0, s.level - least(w.cost, 1000000) * 3600000000),
    daily_used = s.daily_used + w.cost, weekly_used = s.weekly_used + w.cost,
    monthly_used = s.monthly_used + w.cost
  from unnest(p_keys, p_costs) as w (key, cost)
  where s.key = w.key;
end
$$;
