-- How far the files for analysis have come. Lock: none that matters, the table is new. Duration:
-- milliseconds.

create table fraud.lake_positions (
  -- Of what is fed in.
  name text primary key check (name ~ '^[a-z]+$'),
  -- Everything up to here is in files for good.
  position bigint not null check (position >= 0),
  -- Up to here it is being written: whoever goes on after a crash writes the very same files.
  planned bigint check (planned > position)
);

insert into fraud.lake_positions (name, position) values ('log', 0);

grant select, update on fraud.lake_positions to florin_app;
