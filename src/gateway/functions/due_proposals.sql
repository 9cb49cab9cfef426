-- Proposals of all tenants that a job has something to do for: those that expired, and those that
-- were approved and not executed. Runs as the owner; tells nothing of them but where they are.
create or replace function gateway.due_proposals(asked_at timestamptz, count_max integer)
returns table (id uuid, tenant text, state text)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  (select p.id, p.tenant, p.state from gateway.proposals p
    where p.state = 'proposed' and p.expires_at <= asked_at
    order by p.expires_at limit count_max)
  union all
  (select p.id, p.tenant, p.state from gateway.proposals p
    where p.state = 'approved' and (p.leased_until is null or p.leased_until <= asked_at)
    order by p.decided_at limit count_max)
$$;

revoke execute on function gateway.due_proposals(timestamptz, integer) from public;
grant execute on function gateway.due_proposals(timestamptz, integer) to florin_app;
