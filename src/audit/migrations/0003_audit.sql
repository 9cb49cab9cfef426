-- The audit log: bundles of records as they were committed, their places in one total order, the
-- tree over them and its signed checkpoints. Lock: none that matters, the schema is new.
-- Duration: milliseconds.

create schema audit;

-- The log's name, chosen once: the origin line of every checkpoint (C2SP tlog-checkpoint).
create table audit.logs (
  is_only boolean primary key default true check (is_only),
  origin text not null check (origin ~ '^[^\s+]{1,255}$'),
  begun_at timestamptz not null
);

-- Every key that ever signed checkpoints, with the size of the tree when it began to.
create table audit.signing_keys (
  public_key bytea primary key check (length(public_key) = 32),
  since_size bigint not null check (since_size >= 0),
  added_at timestamptz not null
);

-- What one call of a verb recorded, in the transaction of what it did. leaves holds leaf_count
-- lines joined by a line feed: each is one record as canonical JSON (RFC 8785), byte for byte the
-- leaf of the tree. Record i, from 1, has the bundle's id with i added to its last 20 bits.
create table audit.bundles (
  month integer not null,
  id uuid not null,
  recorded_at timestamptz not null,
  leaf_count integer not null check (leaf_count > 0),
  encoding smallint not null check (encoding in (0, 1)),
  leaves bytea not null,
  primary key (id, month)
) partition by list (month);

alter table audit.bundles alter column leaves set storage external;

comment on column audit.bundles.month is 'of recorded_at in UTC, as 202611';
comment on column audit.bundles.encoding is '0: the lines as they are; 1: a zstd frame of them';

create table audit.months (
  month integer primary key,
  opened_at timestamptz not null
);

-- Committed bundles that have no place yet. A row becomes visible when its bundle commits, however
-- late that is, so none is ever passed over. number follows the order in which locks were held.
create table audit.inbox (
  number bigint generated always as identity primary key,
  month integer not null,
  bundle_id uuid not null
);

-- A bundle's place in the total order: its leaves are first_leaf, first_leaf + 1, … Without a gap.
create table audit.places (
  first_leaf bigint primary key check (first_leaf >= 0),
  leaf_count integer not null check (leaf_count > 0),
  month integer not null,
  bundle_id uuid not null unique,
  hashes bytea not null check (length(hashes) = 32 * leaf_count),
  sequenced_at timestamptz not null
);

alter table audit.places alter column hashes set storage external;

comment on column audit.places.hashes is
'SHA-256(0x00 || leaf) of each leaf (RFC 6962 2.1), 32 bytes after another';

-- Roots of complete subtrees: at level l, index i covers leaves i * 256^l to (i + 1) * 256^l - 1.
create table audit.nodes (
  level smallint not null check (level > 0),
  index bigint not null check (index >= 0),
  hash bytea not null check (length(hash) = 32),
  primary key (level, index)
);

-- Signed tree heads, as signed notes.
create table audit.checkpoints (
  size bigint primary key check (size >= 0),
  root bytea not null check (length(root) = 32),
  note text not null,
  created_at timestamptz not null
);

-- The key and the salt of each person or other subject whose fields are sealed, wrapped under the
-- installation's key. Removing a row erases the subject for good.
create table audit.subjects (
  id text primary key check (length(id) <= 255),
  wrapped_key bytea not null,
  created_at timestamptz not null
);

-- Statistics hold samples of values, and so would keep an erased key.
alter table audit.subjects alter column wrapped_key set statistics 0;

create table audit.erasures (
  subject_id text not null,
  erased_at timestamptz not null,
  actor text not null,
  primary key (subject_id, erased_at)
);

-- History is append-only, for the owner too.
create function audit.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only: % on %.% is refused',
    tg_op, tg_table_schema, tg_table_name using errcode = 'restrict_violation';
end
$$;

-- Makes a table append-only. Partitions have row triggers of their own, but no statement triggers.
create function audit.protect(name text) returns void language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  execute format('create trigger append_only before update or delete on audit.%I '
    'for each row execute function audit.refuse_change()', name);
  execute format('create trigger no_truncate before truncate on audit.%I '
    'for each statement execute function audit.refuse_change()', name);
end
$$;

select audit.protect(name) from unnest(array['logs', 'signing_keys', 'bundles', 'places', 'nodes',
  'checkpoints', 'erasures']) as name;

-- Opens the partition of a month. Runs as the owner, because the application role may not create
-- tables.
create function audit.open_month(wanted integer, now timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  name text := 'bundles_' || wanted;
begin
  perform pg_advisory_xact_lock(hashtext('audit.open_month'));
  if exists (select from audit.months m where m.month = wanted) then
    return;
  end if;
  execute format('create table audit.%I (like audit.bundles including all)', name);
  execute format('alter table audit.%I alter column leaves set storage external', name);
  execute format('alter table audit.bundles attach partition audit.%I for values in (%s)',
    name, wanted);
  execute format('create trigger no_truncate before truncate on audit.%I '
    'for each statement execute function audit.refuse_change()', name);
  insert into audit.months (month, opened_at) values (wanted, now);
end
$$;

grant usage on schema audit to florin_app;
grant select on all tables in schema audit to florin_app;
grant insert on audit.logs, audit.signing_keys, audit.bundles, audit.inbox, audit.places,
audit.nodes, audit.checkpoints, audit.subjects, audit.erasures to florin_app;
grant delete on audit.inbox, audit.subjects to florin_app;
revoke execute on function audit.open_month(integer, timestamptz) from public;
revoke execute on function audit.protect(text) from public;
grant execute on function audit.open_month(integer, timestamptz) to florin_app;
