-- Decides about many requests of many customers at once: of each customer a number of equal
-- requests, which are admitted up to the first that the bucket or a quota has no room for. What is
-- refused changes nothing but the time. The customers must be in order and each there once, so that
-- two of these wait for one another and never deadlock. Answers one text for all customers that
-- have a state, fields separated by commas and customers by semicolons, because thousands of rows
-- cost far more than one; and how many quota facts came of it.
create or replace function gateway.admit_requests(
  in p_at_us bigint,
  in p_keys uuid[],
  in p_counts integer[],
  in p_costs integer[],
  out answers text,
  out facts integer
) language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  part constant bigint := 3600000000;
  -- The one clock of all processes, unless a recorded trace is decided again.
  at_us constant bigint :=
    coalesce(p_at_us, (extract(epoch from pg_catalog.clock_timestamp()) * 1000000)::bigint);
begin
  with changed as (
    -- All is computed inside the assignment, because that alone is computed again, from the newest
    -- row, when the update had to wait for another.
    update gateway.limit_states s
    set (turn, decided_at_us, level, daily_ends_us, daily_used, weekly_ends_us, weekly_used,
      monthly_ends_us, monthly_used, admitted, revision, percent) = (
      select s.turn + 1, u.at_us, u.level - c.taken * part,
        u.daily_ends_us, u.daily_used + c.taken,
        u.weekly_ends_us, u.weekly_used + c.taken,
        u.monthly_ends_us, u.monthly_used + c.taken,
        c.taken / w.cost, u.revision,
        greatest((u.daily_used + c.taken) * 100 / u.daily,
          (u.weekly_used + c.taken) * 100 / u.weekly,
          (u.monthly_used + c.taken) * 100 / u.monthly, 0)
      from (
        select t.at_us, p.revision, p.daily, p.weekly, p.monthly,
          least(p.burst * part, s.level
            + least(t.at_us - s.decided_at_us, p.burst * part / p.refill + 1) * p.refill) as level,
          case when t.at_us < s.daily_ends_us then s.daily_ends_us
            else gateway.window_end('day', p.time_zone, t.at_us) end as daily_ends_us,
          case when t.at_us < s.daily_ends_us then s.daily_used else 0 end as daily_used,
          case when t.at_us < s.weekly_ends_us then s.weekly_ends_us
            else gateway.window_end('week', p.time_zone, t.at_us) end as weekly_ends_us,
          case when t.at_us < s.weekly_ends_us then s.weekly_used else 0 end as weekly_used,
          case when t.at_us < s.monthly_ends_us then s.monthly_ends_us
            else gateway.window_end('month', p.time_zone, t.at_us) end as monthly_ends_us,
          case when t.at_us < s.monthly_ends_us then s.monthly_used else 0 end as monthly_used
        from (select greatest(at_us, s.decided_at_us) as at_us) t, gateway.plans p
        where p.number = s.plan
        offset 0
      ) u
      cross join lateral (
        select w.cost * greatest(0, least(w.count, u.level / (w.cost * part),
          (u.daily - u.daily_used) / w.cost, (u.weekly - u.weekly_used) / w.cost,
          (u.monthly - u.monthly_used) / w.cost)) as taken
        offset 0
      ) c
    )
    from unnest(p_keys, p_counts, p_costs)
    with ordinality as w (key, count, cost, place)
    where s.key = w.key
    returning w.place, s.*, s.admitted * w.cost as taken
  ), reached as (
    insert into gateway.quota_facts (tenant, customer, policy, window_ends_us, percent, plan,
      quota, used, reached_at_us)
    select c.tenant, c.customer, q.policy, q.ends_us, f.percent, p.name, q.quota, q.used,
      c.decided_at_us
    from changed c
    join gateway.plans p on p.number = c.plan
    cross join lateral (values
      ('daily', p.daily, c.daily_used, c.daily_ends_us),
      ('weekly', p.weekly, c.weekly_used, c.weekly_ends_us),
      ('monthly', p.monthly, c.monthly_used, c.monthly_ends_us)) q (policy, quota, used, ends_us)
    join (values (80), (90), (100)) f (percent)
      on q.used * 100 >= q.quota * f.percent and (q.used - c.taken) * 100 < q.quota * f.percent
    where c.percent >= 80 and c.taken > 0
    on conflict do nothing
    returning 1
  )
  select array_agg(array[c.place, c.plan, c.revision, c.turn, c.decided_at_us, c.admitted, c.level,
    c.daily_ends_us, c.daily_used, c.weekly_ends_us, c.weekly_used, c.monthly_ends_us,
    c.monthly_used])::text, (select count(*) from reached)
  into answers, facts
  from changed c;
end
$$;
