-- Anchors of the log, the archive of its older months, and legal holds. Lock: share on audit.places
-- while its index is built. Duration: about a second for ten million places.

-- Places are written in the order of time, so the rows of a month lie together.
create index places_month on audit.places using brin (month) with (autosummarize = on);

-- One row for each digest in the store of objects: it names the one before it, so that none can be
-- taken out, changed or moved without all that follow telling.
create table audit.anchors (
  number bigint primary key check (number > 0),
  starts_at timestamptz not null,
  ends_at timestamptz not null unique check (ends_at > starts_at),
  object_key text not null unique,
  sha256 bytea not null check (length(sha256) = 32),
  signature bytea not null check (length(signature) = 64),
  size bigint not null check (size >= 0),
  root bytea not null check (length(root) = 32),
  manifests_through bigint not null check (manifests_through >= 0),
  written_at timestamptz not null
);

comment on column audit.anchors.manifests_through is
'the number of the latest manifest that this anchor or one before it lists';

-- How many leaves are in the ranges.
create function audit.leaves_in(runs int8multirange) returns bigint
language sql immutable strict parallel safe as $$
  select coalesce(sum(upper(r.run) - lower(r.run)), 0)::bigint from unnest(runs) as r (run)
$$;

-- One row for each object of the archive: the leaves of one month and retention class, a line each,
-- compressed. That no leaf is in two objects is held by the constraint.
create table audit.archives (
  number bigint primary key check (number > 0),
  month integer not null,
  retention text not null check (retention in ('security', 'books', 'aml')),
  object_key text not null unique,
  sha256 bytea not null check (length(sha256) = 32),
  bytes bigint not null check (bytes > 0),
  leaf_bytes bigint not null check (leaf_bytes > 0),
  leaf_count integer not null check (leaf_count > 0),
  runs int8multirange not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  retain_until timestamptz not null,
  archived_at timestamptz not null,
  check (leaf_count = audit.leaves_in(runs)),
  exclude using gist (runs with &&)
);

create index archives_month on audit.archives (month, number);
create index archives_retain_until on audit.archives (retain_until);

comment on column audit.archives.leaf_bytes is 'the lines before compression';
comment on column audit.archives.runs is 'the indexes of its leaves, which stand in this order';

-- One row for each signed list of archive objects. A month has more than one where records of it
-- came late.
create table audit.manifests (
  number bigint primary key check (number > 0),
  month integer not null,
  object_key text not null unique,
  sha256 bytea not null check (length(sha256) = 32),
  signature bytea not null check (length(signature) = 64),
  size bigint not null check (size >= 0),
  leaf_count bigint not null check (leaf_count > 0),
  object_count integer not null check (object_count > 0),
  leaves_before bigint not null,
  archives_through bigint not null,
  archived_at timestamptz not null,
  unique (month, leaves_before)
);

comment on column audit.manifests.leaves_before is
'every leaf of the month with a lower index is archived';
comment on column audit.manifests.archives_through is
'the number of the latest archive object of the month that this or an earlier one lists';

-- Months whose bundles are only in the archive.
create table audit.removed_months (
  month integer primary key,
  bundle_count bigint not null,
  leaf_count bigint not null,
  removed_at timestamptz not null default now()
);

-- An archive object is given up first, and then removed: whoever places a legal hold in between
-- finds it gone in the books already.
create table audit.archive_expiries (
  archive bigint primary key references audit.archives (number),
  expired_at timestamptz not null,
  actor text not null
);

create table audit.archive_removals (
  archive bigint primary key references audit.archive_expiries (archive),
  removed_at timestamptz not null
);

create table audit.legal_holds (
  id uuid primary key,
  placed_at timestamptz not null,
  actor text not null,
  reason text not null check (length(reason) between 1 and 1000),
  from_month integer not null,
  to_month integer not null check (to_month >= from_month),
  retention text check (retention in ('security', 'books', 'aml'))
);

comment on column audit.legal_holds.retention is 'null: all classes';

create table audit.legal_hold_releases (
  hold_id uuid primary key references audit.legal_holds (id),
  released_at timestamptz not null,
  actor text not null
);

-- That a hold, or its release, has reached every object it concerns.
create table audit.legal_hold_settlements (
  hold_id uuid not null references audit.legal_holds (id),
  event text not null check (event in ('placed', 'released')),
  settled_at timestamptz not null,
  primary key (hold_id, event)
);

create view audit.active_legal_holds as
select h.id, h.placed_at, h.actor, h.reason, h.from_month, h.to_month, h.retention
from audit.legal_holds as h
where not exists (select from audit.legal_hold_releases as r where r.hold_id = h.id);

select audit.protect(name) from unnest(array['anchors', 'archives', 'manifests', 'removed_months',
  'archive_expiries', 'archive_removals', 'legal_holds', 'legal_hold_releases',
  'legal_hold_settlements']) as name;

grant select on audit.anchors, audit.archives, audit.manifests, audit.removed_months,
audit.archive_expiries, audit.archive_removals, audit.legal_holds, audit.legal_hold_releases,
audit.legal_hold_settlements, audit.active_legal_holds to florin_app;
grant insert on audit.anchors, audit.archives, audit.manifests, audit.archive_expiries,
audit.archive_removals, audit.legal_holds, audit.legal_hold_releases,
audit.legal_hold_settlements to florin_app;
