-- Whether a request of any tenant was approved and not executed. Runs as the owner; tells nothing
-- of it but that it is there.
create or replace function gateway.is_approval_waiting()
returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select exists (select from gateway.proposals p where p.state = 'approved')
$$;

revoke execute on function gateway.is_approval_waiting() from public;
grant execute on function gateway.is_approval_waiting() to florin_app;
