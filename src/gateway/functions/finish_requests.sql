-- Keeps the answers of requests, in the transaction of what they did, and answers how many of them
-- were still claimed by their owners. Where one was not, the caller must roll back: another has
-- taken its place and does the same.
create or replace function gateway.finish_requests(
  p_keys bytea[],
  p_owners uuid[],
  p_statuses smallint[],
  p_headers text[],
  p_encodings smallint[],
  p_bodies bytea[]
) returns integer language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
declare
  finished integer;
begin
  update gateway.idempotent_requests r
  set status = f.status, headers = f.headers, encoding = f.encoding, body = f.body
  from unnest(p_keys, p_owners, p_statuses, p_headers, p_encodings, p_bodies)
    as f (key, owner, status, headers, encoding, body)
  where r.key = f.key and r.owner = f.owner and r.status is null;
  get diagnostics finished = row_count;
  return finished;
end
$$;
