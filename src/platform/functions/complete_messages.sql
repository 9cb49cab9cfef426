-- Removes messages that are done, of whoever still has them; answers which those were.
create or replace function queues.complete_messages(
  p_queue text,
  p_numbers bigint[],
  p_leases uuid[],
  p_now timestamptz
) returns setof bigint language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off as $$
declare
  groups constant text[] := queues.lock_groups(p_queue, p_numbers);
begin
  return query
  delete from queues.messages m
  using unnest(p_numbers, p_leases) as r (number, lease)
  where m.number = r.number and m.queue = p_queue and m.lease = r.lease
  returning m.number;
  if groups is not null then
    perform queues.release_groups(p_queue, groups, p_now);
  end if;
end
$$;

grant execute on function queues.complete_messages(
  text, bigint[], uuid[], timestamptz
) to florin_app;
