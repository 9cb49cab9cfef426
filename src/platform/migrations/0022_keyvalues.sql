-- Values by key, for what is looked up often and can be made again: statuses, projections. Lock:
-- none that matters, the schema is new. Duration: milliseconds.

create schema keyvalues;

create table keyvalues.items (
  table_name text not null check (table_name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  tenant text not null default platform.tenant(),
  key text not null check (length(key) between 1 and 255),
  value jsonb not null,
  -- 1 when it is new, and one more with each change: what a conditional put is conditional on.
  version bigint not null check (version > 0),
  expires_at timestamptz,
  primary key (table_name, key, tenant)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

create index items_expiry on keyvalues.items (expires_at) where expires_at is not null;

alter table keyvalues.items enable row level security;

create policy own_tenant on keyvalues.items
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant usage on schema keyvalues to florin_app;
grant select, insert, update, delete on keyvalues.items to florin_app;
