-- Makes dead letters of messages, each for a reason that is added to those it has; answers their
-- numbers. A lease that is given must still be theirs; whoever gives none holds them by a lock.
create or replace function queues.bury_messages(
  p_queue text,
  p_numbers bigint[],
  p_leases uuid[],
  p_codes text[],
  p_reasons text[],
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
  with gone as (
    delete from queues.messages m
    using unnest(p_numbers, p_leases, p_codes, p_reasons) as r (number, lease, code, reason)
    where m.number = r.number and m.queue = p_queue and (r.lease is null or m.lease = r.lease)
    returning m.*, r.code, r.reason
  ),
  buried as (
    insert into queues.dead_letters (id, tenant, queue, group_key, attempts, sent_at, died_at,
      trace_id, body, code, reason, failures)
    select g.id, g.tenant, g.queue, g.group_key, g.attempts, g.sent_at, p_now, g.trace_id, g.body,
      g.code, g.reason,
      queues.with_failure(g.failures, g.attempts, g.code, g.reason, p_now)
    from gone g
    order by g.number
  )
  select g.number from gone g;
  if groups is not null then
    perform queues.release_groups(p_queue, groups, p_now);
  end if;
end
$$;

grant execute on function queues.bury_messages(
  text, bigint[], uuid[], text[], text[], timestamptz
) to florin_app;
