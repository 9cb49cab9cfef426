-- Whose rows a session sees: the setting florin.tenant, which every session of Florin has. Without
-- it nothing is seen. Lock: none. Duration: milliseconds.

-- Whose a new row is: of the tenant whose transaction makes it; the bank's own jobs make rows of
-- the first tenant, unless they say whose.
create function platform.tenant() returns text language sql stable
set search_path = pg_catalog, pg_temp as $$
  select case
    when coalesce(current_setting('florin.tenant', true), '') in ('', '*') then 'main'
    else current_setting('florin.tenant', true)
  end
$$;

grant execute on function platform.tenant() to florin_app;
