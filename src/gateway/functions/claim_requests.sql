-- Claims requests for whoever asks, all under one owner, and answers what each key stands for now.
-- A key is free when it was never used, when it has expired, or when whoever began the same request
-- has let the lease run out. Everybody's lease is measured by this server's clock. Keys are taken
-- in order, so that two callers wait for each other and never deadlock; keys that are not free are
-- only read. The commit need not reach the disk: a claim that a crash loses has had no effect, as
-- its effect would have been written after it.
create or replace function gateway.claim_requests(
  p_keys bytea[],
  p_fingerprints bytea[],
  p_owner uuid,
  p_lease interval,
  p_kept interval
) returns setof gateway.idempotent_requests language plpgsql
set plan_cache_mode = force_generic_plan
set enable_hashjoin = off
set enable_mergejoin = off
set enable_seqscan = off as $$
declare
  moment constant timestamptz := clock_timestamp();
  taken integer;
begin
  perform set_config('synchronous_commit', 'off', true);

  -- Nearly always all of them are new.
  return query insert into gateway.idempotent_requests (key, fingerprint, owner, leased_until,
    expires_at)
  select w.key, w.fingerprint, p_owner, moment + p_lease, moment + p_kept
  from unnest(p_keys, p_fingerprints) as w (key, fingerprint)
  order by w.key
  on conflict (key) do nothing
  returning *;
  get diagnostics taken = row_count;
  if taken = cardinality(p_keys) then
    return;
  end if;

  insert into gateway.idempotent_requests as held (key, fingerprint, owner, leased_until,
    expires_at)
  select w.key, w.fingerprint, p_owner, moment + p_lease, moment + p_kept
  from unnest(p_keys, p_fingerprints) as w (key, fingerprint)
  left join gateway.idempotent_requests r on r.key = w.key
  where r.key is null
    or r.expires_at <= moment
    or (r.status is null and r.leased_until <= moment and r.fingerprint = w.fingerprint)
  order by w.key
  on conflict (key) do update
  set fingerprint = excluded.fingerprint, owner = excluded.owner,
    leased_until = excluded.leased_until, expires_at = excluded.expires_at,
    status = null, headers = null, encoding = null, body = null
  where held.expires_at <= moment
    or (held.status is null and held.leased_until <= moment
      and held.fingerprint = excluded.fingerprint);

  return query select r.* from gateway.idempotent_requests r where r.key = any(p_keys);
end
$$;
