-- Gives up the claim of a request that had no effect, and answers what its key stands for then:
-- nothing, or the answer that was kept after all, or another's claim. It waits for a transaction
-- that is about to keep the answer, so what it says is final.
create or replace function gateway.release_request(
  p_key bytea,
  p_owner uuid
) returns setof gateway.idempotent_requests language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from gateway.idempotent_requests r
  where r.key = p_key and r.owner = p_owner and r.status is null;
  return query select r.* from gateway.idempotent_requests r where r.key = p_key;
end
$$;
