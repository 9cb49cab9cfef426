-- The stream of events: what happened, written in the transaction in which it happened, put in one
-- order after it committed, and read by consumers who each know how far they have come. Lock: none
-- that matters, the schema is new. Duration: milliseconds.

create schema stream;

-- Committed bundles that have no place yet: one row for each call of emit. A row becomes visible
-- when its transaction commits, however late that is, so none is ever passed over.
create table stream.inbox (
  number bigint generated always as identity primary key,
  event_count integer not null check (event_count > 0)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0);

create table stream.events (
  -- Of the inbox.
  bundle bigint not null,
  ordinal integer not null check (ordinal >= 0),
  id uuid not null,
  tenant text not null default platform.tenant(),
  type text not null check (type ~ '^[a-z][a-z_]*(\.[a-z][a-z_]*)+$'),
  subject text not null check (length(subject) between 1 and 100),
  occurred_at timestamptz not null,
  trace_id text check (trace_id ~ '^[0-9a-f]{32}$'),
  data jsonb not null,
  primary key (bundle, ordinal)
);

-- A bundle's place in the one order: its events have the positions first_position and on, without
-- a gap. Positions are never used again.
create table stream.places (
  first_position bigint primary key check (first_position > 0),
  event_count integer not null check (event_count > 0),
  bundle bigint not null
);

-- The last position given. It outlives the places, which are removed with what is too old.
create table stream.heads (
  is_only boolean primary key default true check (is_only),
  position bigint not null check (position >= 0)
);

insert into stream.heads (position) values (0);

-- How far each consumer has come: everything up to its position is handled.
create table stream.consumers (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,63}$'),
  position bigint not null check (position >= 0),
  moved_at timestamptz not null
) with (fillfactor = 50);

alter table stream.events enable row level security;

create policy own_tenant on stream.events
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant usage on schema stream to florin_app;
grant select, insert, delete on stream.inbox, stream.events, stream.places to florin_app;
grant select, update on stream.heads to florin_app;
grant select, insert, update, delete on stream.consumers to florin_app;
