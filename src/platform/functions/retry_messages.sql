-- Messages that failed may be received again after their pause, if whoever says so still has them;
-- answers which those were. Until then they keep their group waiting.
create or replace function queues.retry_messages(
  p_queue text,
  p_numbers bigint[],
  p_leases uuid[],
  p_codes text[],
  p_reasons text[],
  p_ready timestamptz[],
  p_now timestamptz
) returns setof bigint language plpgsql
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off as $$
begin
  return query
  update queues.messages m
  set ready_at = r.ready_at, lease = null,
    failures = queues.with_failure(m.failures, m.attempts, r.code, r.reason, p_now)
  from unnest(p_numbers, p_leases, p_codes, p_reasons, p_ready)
    as r (number, lease, code, reason, ready_at)
  where m.number = r.number and m.queue = p_queue and m.lease = r.lease
  returning m.number;
end
$$;

grant execute on function queues.retry_messages(
  text, bigint[], uuid[], text[], text[], timestamptz[], timestamptz
) to florin_app;
