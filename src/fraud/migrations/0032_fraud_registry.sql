-- What screening runs by: rule sets, models, lists and policies, and which of them were in force
-- when. Lock: none that matters. Duration: milliseconds.

-- Counts the changes of what is in force. The row is locked by whoever makes one, so that a change
-- with a lower number is never seen after one with a higher.
create table fraud.configurations (
  tenant text primary key default platform.tenant(),
  revision bigint not null check (revision >= 0),
  -- Entries in force, so that their number is known without counting them.
  list_entries integer not null check (list_entries >= 0)
);

create table fraud.rule_sets (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  version integer not null check (version > 0),
  name text not null check (length(name) between 1 and 64),
  fingerprint text not null check (length(fingerprint) = 64),
  -- The features whose places the fingerprint is over.
  feature_set text not null check (length(feature_set) between 1 and 100),
  rules integer not null check (rules >= 0),
  -- As it was given, in JSON.
  source text not null check (octet_length(source) between 1 and 524288),
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600),
  unique (tenant, version)
);

create table fraud.models (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  -- Follows from the trees.
  version text not null check (length(version) between 1 and 100),
  feature_set text not null check (length(feature_set) between 1 and 100),
  content bytea not null check (length(content) between 1 and 67108864),
  sha256 bytea not null check (length(sha256) = 32),
  -- What the rows it was trained on looked like.
  drift jsonb,
  card jsonb,
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600),
  unique (tenant, version)
);
-- A model is as good as random to a compressor, which would only take time.
alter table fraud.models alter column content set storage external;

-- Which of them was chosen from a revision on, until the next choice for the same place.
create table fraud.choices (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  place text not null check (place in ('rule_set', 'champion', 'challenger')),
  revision bigint not null check (revision > 0),
  -- None: from there on there is none in this place.
  chosen uuid,
  -- Why, where whoever chose had more to say.
  note text check (length(note) between 1 and 500),
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600),
  unique (tenant, place, revision)
);

-- What a product asks of screening from a revision on.
create table fraud.policies (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  -- None: every product that has no policy of its own.
  product text check (length(product) between 1 and 100),
  revision bigint not null check (revision > 0),
  is_screened boolean not null,
  on_failure text not null check (on_failure in ('open', 'closed')),
  deadline_us integer not null check (deadline_us > 0),
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600),
  unique nulls not distinct (tenant, product, revision)
);

-- One change of the lists, with what the audit log says of it.
create table fraud.list_changes (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  revision bigint not null check (revision > 0),
  purpose text not null check (purpose in ('allow', 'block', 'watch')),
  put integer not null check (put >= 0),
  taken integer not null check (taken >= 0),
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600),
  unique (tenant, revision)
);

create table fraud.list_entries (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  purpose text not null check (purpose in ('allow', 'block', 'watch')),
  kind text not null check (length(kind) between 1 and 64),
  value text not null check (length(value) between 1 and 256),
  listed_from timestamptz not null,
  listed_until timestamptz check (listed_until > listed_from),
  note text check (length(note) between 1 and 500),
  -- In force from one revision up to, and without, the other.
  put_revision bigint not null check (put_revision > 0),
  taken_revision bigint check (taken_revision > put_revision),
  put_at timestamptz not null,
  put_by text not null check (length(put_by) between 1 and 600)
);

create unique index list_entries_in_force on fraud.list_entries (tenant, purpose, kind, value)
where taken_revision is null;
create index list_entries_ending on fraud.list_entries (tenant, listed_until)
where taken_revision is null and listed_until is not null;
create index list_entries_put on fraud.list_entries (tenant, put_revision, id);
create index list_entries_taken on fraud.list_entries (tenant, taken_revision, id)
where taken_revision is not null;

-- How far what models are given has drifted, as each process that screens saw it last.
create table fraud.drift_seen (
  tenant text not null default platform.tenant(),
  run uuid not null,
  model text not null check (length(model) between 1 and 100),
  level text not null check (level in ('steady', 'warning', 'alarm')),
  seen_at timestamptz not null,
  primary key (tenant, run)
);

-- What was last told of it.
create table fraud.drift_told (
  tenant text primary key default platform.tenant(),
  model text not null check (length(model) between 1 and 100),
  level text not null check (level in ('steady', 'warning', 'alarm')),
  told_at timestamptz not null
);

alter table fraud.configurations enable row level security;
alter table fraud.rule_sets enable row level security;
alter table fraud.models enable row level security;
alter table fraud.choices enable row level security;
alter table fraud.policies enable row level security;
alter table fraud.list_changes enable row level security;
alter table fraud.list_entries enable row level security;
alter table fraud.drift_seen enable row level security;
alter table fraud.drift_told enable row level security;

create policy own_tenant on fraud.configurations
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.rule_sets
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.models
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.choices
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.policies
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.list_changes
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.list_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.drift_seen
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.drift_told
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on fraud.rule_sets, fraud.models, fraud.choices, fraud.policies,
fraud.list_changes to florin_app;
grant select, insert, update (revision, list_entries) on fraud.configurations to florin_app;
grant select, insert, update (taken_revision) on fraud.list_entries to florin_app;
grant select, insert, update, delete on fraud.drift_seen to florin_app;
grant select, insert, update on fraud.drift_told to florin_app;
