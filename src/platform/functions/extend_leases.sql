-- Leases of messages are extended, if whoever asks still has them; answers which those were.
create or replace function queues.extend_leases(
  p_queue text,
  p_numbers bigint[],
  p_leases uuid[],
  p_until timestamptz
) returns setof bigint language sql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off as $$
  update queues.messages m set ready_at = p_until
  from unnest(p_numbers, p_leases) as r (number, lease)
  where m.number = r.number and m.queue = p_queue and m.lease = r.lease
  returning m.number
$$;

grant execute on function queues.extend_leases(text, bigint[], uuid[], timestamptz) to florin_app;
