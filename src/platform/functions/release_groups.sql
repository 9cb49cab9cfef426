-- Of each group, the first that waits behind another may be looked at again. Whoever receives it
-- decides anew whether it is its turn. Asked under the groups' locks, after one of each has gone.
-- Comparing whole rows leaves only the index of what waits behind to be looked into, once for each
-- group, however the statistics stand.
create or replace function queues.release_groups(
  p_queue text,
  p_groups text[],
  p_now timestamptz
) returns void language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off as $$
begin
  update queues.messages m set ready_at = p_now
  from unnest(p_groups) as g (group_key)
  cross join lateral (
    select n.number, n.queue, n.group_key from queues.messages n
    where n.ready_at is null and (n.queue, n.group_key, n.number) > (p_queue, g.group_key, 0)
    order by n.queue, n.group_key, n.number
    limit 1
  ) as f
  where m.number = f.number and f.queue = p_queue and f.group_key = g.group_key;
end
$$;

grant execute on function queues.release_groups(text, text[], timestamptz) to florin_app;
