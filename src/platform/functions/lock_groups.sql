-- Waits for the locks of the groups that these messages are of, in one order, so that nobody waits
-- in a circle; answers the groups.
create or replace function queues.lock_groups(p_queue text, p_numbers bigint[]) returns text[]
language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
declare
  groups text[];
begin
  select array_agg(distinct m.group_key) into groups
  from queues.messages m
  where m.number = any(p_numbers) and m.queue = p_queue and m.group_key is not null;
  if groups is not null then
    perform pg_advisory_xact_lock(l.key)
    from (
      select distinct hashtextextended(g, hashtext(p_queue)) as key
      from unnest(groups) as g order by 1
    ) as l;
  end if;
  return groups;
end
$$;

grant execute on function queues.lock_groups(text, bigint[]) to florin_app;
