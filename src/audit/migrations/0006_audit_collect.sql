-- Logs of other systems that are collected: which inputs were read, and where their events are kept
-- and found. Lock: none that matters, the tables are new. Duration: milliseconds.

-- An input that was begun to be read: a file by its SHA-256, or a stream.
create table audit.collections (
  id uuid primary key,
  format text not null check (format in ('cloudtrail', 'cloudwatch', 'jsonl', 'vpc-flow')),
  layout text not null,
  source text not null check (source <> '' and length(source) <= 255),
  name text not null check (length(name) <= 1024),
  sha256 bytea check (length(sha256) = 32),
  is_archived boolean not null,
  started_at timestamptz not null,
  -- A stream has no hash before its end, and is never the same as another.
  unique (sha256, format, layout)
);

comment on column audit.collections.layout is
'how the operator said that its lines are laid out; empty where they say it themselves';

-- What was read between two commits, in order: a segment. Its events are an object of JSON lines,
-- and so are its rejects; its input is an object of the bytes as they came. The counts, and how far
-- the input was read, are those of the collection up to the segment's end.
create table audit.collected_segments (
  collection_id uuid not null references audit.collections,
  number integer not null check (number > 0),
  format text not null,
  source text not null,
  events_key text,
  event_count integer not null check (event_count >= 0),
  first_at timestamptz,
  last_at timestamptz,
  terms integer[] not null,
  input_key text,
  rejects_key text,
  items_end bigint not null,
  input_bytes_end bigint not null,
  read_end bigint not null,
  kept_end bigint not null,
  duplicate_end bigint not null,
  malformed_end bigint not null,
  skipped_end bigint not null,
  bad_end bigint not null,
  stored_at timestamptz not null,
  hash bytea not null check (length(hash) = 32),
  primary key (collection_id, number),
  check ((event_count > 0) = (events_key is not null)),
  check ((event_count > 0) = (first_at is not null and last_at is not null))
);

create index collected_segments_last_at
on audit.collected_segments (last_at desc, collection_id desc, number desc)
where event_count > 0;

create index collected_segments_terms on audit.collected_segments using gin (terms);

comment on column audit.collected_segments.terms is
'32-bit hashes of the addresses, accounts, actors, actions and names in its events, each once';

comment on column audit.collected_segments.hash is
'SHA-256 of all that the row says and of the hash of the segment before it';

-- Of a segment: with it, the hash of the last segment says what all of them are. The keys of its
-- objects end in the SHA-256 of their content, so that it says what those are, too.
create function audit.segment_hash(segment audit.collected_segments, hash_before bytea)
returns bytea language sql stable as $$
  select sha256(convert_to(jsonb_build_array(
    encode(hash_before, 'hex'), segment.collection_id, segment.number, segment.format,
    segment.source, segment.events_key, segment.event_count,
    extract(epoch from segment.first_at), extract(epoch from segment.last_at),
    segment.terms::text, segment.input_key, segment.rejects_key, segment.items_end,
    segment.input_bytes_end, segment.read_end, segment.kept_end, segment.duplicate_end,
    segment.malformed_end, segment.skipped_end, segment.bad_end,
    extract(epoch from segment.stored_at))::text, 'UTF8'))
$$;

create function audit.chain_segment() returns trigger language plpgsql as $$
begin
  new.hash := audit.segment_hash(new, (select s.hash from audit.collected_segments s
    where s.collection_id = new.collection_id and s.number = new.number - 1));
  return new;
end
$$;

create trigger chain before insert on audit.collected_segments
for each row execute function audit.chain_segment();

-- An input that was read to its end. segments_hash is that of its last segment.
create table audit.collection_ends (
  collection_id uuid primary key references audit.collections,
  sha256 bytea not null check (length(sha256) = 32),
  input_bytes bigint not null,
  segments integer not null,
  problem text,
  read bigint not null,
  kept bigint not null,
  duplicate bigint not null,
  malformed bigint not null,
  skipped bigint not null,
  bad bigint not null,
  segments_hash bytea check (length(segments_hash) = 32),
  ended_at timestamptz not null,
  check ((segments > 0) = (segments_hash is not null))
);

comment on column audit.collection_ends.problem is
'what kept the rest of the input from being read; null when all of it was';

-- The events that have an id of their own and are stored: 64 bits of its hash.
create table audit.collected_keys (
  key bigint primary key
);

select audit.protect(name) from unnest(array['collections', 'collected_segments',
  'collection_ends', 'collected_keys']) as name;

grant select, insert on audit.collections, audit.collected_segments, audit.collection_ends,
audit.collected_keys to florin_app;
