-- Gives messages to whoever asks, under a lease. Of each group only the first is given, and only
-- while none of the group has been begun: decided under the group's lock, which everybody takes who
-- lets one of a group go, so that nobody decides on what is changing. What turns out to wait behind
-- another of its group is taken out of the index of what is ready, once, until that one is gone; so
-- neither a long group nor a poisoned one is looked through again and again.
create or replace function queues.receive_messages(
  p_queue text,
  p_now timestamptz,
  p_until timestamptz,
  p_lease uuid,
  p_max integer,
  p_attempts_max integer
) returns setof queues.messages language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off as $$
declare
  wanted integer := p_max;
  given integer;
  picked bigint[];
  is_any_exhausted boolean;
  exhausted bigint[];
  candidates bigint[];
  locked text[];
  blocked bigint[];
begin
  for round in 1..20 loop
    select array_agg(c.number) filter (where c.group_key is null),
      array_agg(c.number) filter (where c.group_key is not null),
      bool_or(c.attempts >= p_attempts_max)
    into picked, candidates, is_any_exhausted
    from (
      select m.number, m.group_key, m.attempts from queues.messages m
      where m.queue = p_queue and m.ready_at <= p_now
      order by m.ready_at, m.number
      limit wanted
      for update skip locked
    ) as c;

    blocked := null;
    if candidates is not null then
      -- A group whose lock another has is left for later: waiting for it could be in a circle.
      select array_agg(g.group_key) into locked
      from (
        select distinct m.group_key from queues.messages m where m.number = any(candidates)
      ) as g
      where pg_try_advisory_xact_lock(hashtextextended(g.group_key, hashtext(p_queue)));

      -- Seen anew, now that the groups are locked.
      select array_agg(m.number) into blocked
      from queues.messages m
      where m.number = any(candidates) and m.group_key = any(locked)
        and (
          -- The first of the group, which is this one or another: whole rows are compared, so that
          -- only the index of groups can be looked into, however the statistics stand.
          m.number > (
            select o.number from queues.messages o
            where o.group_key is not null
              and (o.queue, o.group_key, o.number) > (p_queue, m.group_key, 0)
            order by o.queue, o.group_key, o.number
            limit 1
          )
          or exists (
            select from queues.messages o
            where o.queue = p_queue and o.group_key = m.group_key and o.attempts > 0
              and o.number <> m.number
          )
        );
      if blocked is not null then
        update queues.messages m set ready_at = null where m.number = any(blocked);
      end if;
      select array_cat(picked, array_agg(m.number)) into picked
      from queues.messages m
      where m.number = any(candidates) and m.group_key = any(locked)
        and not (m.number = any(coalesce(blocked, '{}')));
    end if;

    -- Whoever had these for the last time has not been heard of since.
    exhausted := null;
    if is_any_exhausted then
      select array_agg(m.number) into exhausted
      from queues.messages m
      where m.number = any(picked) and m.attempts >= p_attempts_max;
    end if;
    if exhausted is not null then
      perform queues.bury_messages(p_queue, exhausted, null,
        array_fill('lease_expired'::text, array[cardinality(exhausted)]),
        array_fill('Whoever was at work on it was not heard of again.'::text,
          array[cardinality(exhausted)]),
        p_now);
    end if;

    given := 0;
    if picked is not null then
      return query
      update queues.messages m
      set ready_at = p_until, lease = p_lease, attempts = m.attempts + 1
      where m.number = any(picked)
      returning m.*;
      get diagnostics given = row_count;
    end if;
    wanted := wanted - given;
    exit when wanted <= 0 or (blocked is null and exhausted is null);
  end loop;
end
$$;

grant execute on function queues.receive_messages(
  text, timestamptz, timestamptz, uuid, integer, integer
) to florin_app;
