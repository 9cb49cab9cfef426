-- The schema that the migrations and functions make. Written by tools/schema-dump.ts from
-- a fresh database and compared by a test: review a migration by its difference.

create schema audit;
grant usage on schema audit to florin_app;

create table audit.alarms (
  alarm text not null,
  instance text not null,
  turn integer not null,
  is_raised boolean not null,
  since timestamp with time zone not null,
  at timestamp with time zone not null,
  figures jsonb not null,
  constraint alarms_pkey PRIMARY KEY (alarm, instance, turn),
  constraint alarms_alarm_check CHECK ((alarm ~ '^[a-z_]{1,40}$'::text)),
  constraint alarms_instance_check CHECK ((length(instance) <= 255)),
  constraint alarms_turn_check CHECK ((turn > 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.alarms FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.alarms FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.alarms to florin_app;

create table audit.anchors (
  number bigint not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  object_key text not null,
  sha256 bytea not null,
  signature bytea not null,
  size bigint not null,
  root bytea not null,
  manifests_through bigint not null,
  written_at timestamp with time zone not null,
  constraint anchors_pkey PRIMARY KEY (number),
  constraint anchors_ends_at_key UNIQUE (ends_at),
  constraint anchors_object_key_key UNIQUE (object_key),
  constraint anchors_check CHECK ((ends_at > starts_at)),
  constraint anchors_manifests_through_check CHECK ((manifests_through >= 0)),
  constraint anchors_number_check CHECK ((number > 0)),
  constraint anchors_root_check CHECK ((length(root) = 32)),
  constraint anchors_sha256_check CHECK ((length(sha256) = 32)),
  constraint anchors_signature_check CHECK ((length(signature) = 64)),
  constraint anchors_size_check CHECK ((size >= 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.anchors FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.anchors FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.anchors to florin_app;
comment on column audit.anchors.manifests_through is 'the number of the latest manifest that this anchor or one before it lists';

create table audit.archive_expiries (
  archive bigint not null,
  expired_at timestamp with time zone not null,
  actor text not null,
  constraint archive_expiries_pkey PRIMARY KEY (archive),
  constraint archive_expiries_archive_fkey FOREIGN KEY (archive) REFERENCES audit.archives(number)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.archive_expiries FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.archive_expiries FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.archive_expiries to florin_app;

create table audit.archive_removals (
  archive bigint not null,
  removed_at timestamp with time zone not null,
  constraint archive_removals_pkey PRIMARY KEY (archive),
  constraint archive_removals_archive_fkey FOREIGN KEY (archive) REFERENCES audit.archive_expiries(archive)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.archive_removals FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.archive_removals FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.archive_removals to florin_app;

create table audit.archives (
  number bigint not null,
  month integer not null,
  retention text not null,
  object_key text not null,
  sha256 bytea not null,
  bytes bigint not null,
  leaf_bytes bigint not null,
  leaf_count integer not null,
  runs int8multirange not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  retain_until timestamp with time zone not null,
  archived_at timestamp with time zone not null,
  constraint archives_pkey PRIMARY KEY (number),
  constraint archives_object_key_key UNIQUE (object_key),
  constraint archives_bytes_check CHECK ((bytes > 0)),
  constraint archives_check CHECK ((leaf_count = audit.leaves_in(runs))),
  constraint archives_leaf_bytes_check CHECK ((leaf_bytes > 0)),
  constraint archives_leaf_count_check CHECK ((leaf_count > 0)),
  constraint archives_number_check CHECK ((number > 0)),
  constraint archives_retention_check CHECK ((retention = ANY (ARRAY['security'::text, 'books'::text, 'aml'::text]))),
  constraint archives_sha256_check CHECK ((length(sha256) = 32)),
  constraint archives_runs_excl EXCLUDE USING gist (runs WITH &&)
);
CREATE INDEX archives_month ON audit.archives USING btree (month, number);
CREATE INDEX archives_retain_until ON audit.archives USING btree (retain_until);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.archives FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.archives FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.archives to florin_app;
comment on column audit.archives.leaf_bytes is 'the lines before compression';
comment on column audit.archives.runs is 'the indexes of its leaves, which stand in this order';

create table audit.bundles (
  month integer not null,
  id uuid not null,
  recorded_at timestamp with time zone not null,
  leaf_count integer not null,
  encoding smallint not null,
  leaves bytea not null,
  constraint bundles_pkey PRIMARY KEY (id, month),
  constraint bundles_encoding_check CHECK ((encoding = ANY (ARRAY[0, 1]))),
  constraint bundles_leaf_count_check CHECK ((leaf_count > 0))
) partition by LIST (month);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.bundles FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.bundles FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.bundles to florin_app;
comment on column audit.bundles.month is 'of recorded_at in UTC, as 202611';
comment on column audit.bundles.encoding is '0: the lines as they are; 1: a zstd frame of them';

create table audit.checkpoints (
  size bigint not null,
  root bytea not null,
  note text not null,
  created_at timestamp with time zone not null,
  constraint checkpoints_pkey PRIMARY KEY (size),
  constraint checkpoints_root_check CHECK ((length(root) = 32)),
  constraint checkpoints_size_check CHECK ((size >= 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.checkpoints FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.checkpoints to florin_app;

create table audit.collected_keys (
  key bigint not null,
  constraint collected_keys_pkey PRIMARY KEY (key)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.collected_keys FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.collected_keys FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.collected_keys to florin_app;

create table audit.collected_segments (
  collection_id uuid not null,
  number integer not null,
  format text not null,
  source text not null,
  events_key text,
  event_count integer not null,
  first_at timestamp with time zone,
  last_at timestamp with time zone,
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
  stored_at timestamp with time zone not null,
  hash bytea not null,
  constraint collected_segments_pkey PRIMARY KEY (collection_id, number),
  constraint collected_segments_check CHECK (((event_count > 0) = (events_key IS NOT NULL))),
  constraint collected_segments_check1 CHECK (((event_count > 0) = ((first_at IS NOT NULL) AND (last_at IS NOT NULL)))),
  constraint collected_segments_event_count_check CHECK ((event_count >= 0)),
  constraint collected_segments_hash_check CHECK ((length(hash) = 32)),
  constraint collected_segments_number_check CHECK ((number > 0)),
  constraint collected_segments_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES audit.collections(id)
);
CREATE INDEX collected_segments_last_at ON audit.collected_segments USING btree (last_at DESC, collection_id DESC, number DESC) WHERE (event_count > 0);
CREATE INDEX collected_segments_terms ON audit.collected_segments USING gin (terms);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.collected_segments FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER chain BEFORE INSERT ON audit.collected_segments FOR EACH ROW EXECUTE FUNCTION audit.chain_segment();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.collected_segments FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.collected_segments to florin_app;
comment on column audit.collected_segments.terms is '32-bit hashes of the addresses, accounts, actors, actions and names in its events, each once';
comment on column audit.collected_segments.hash is 'SHA-256 of all that the row says and of the hash of the segment before it';

create table audit.collection_ends (
  collection_id uuid not null,
  sha256 bytea not null,
  input_bytes bigint not null,
  segments integer not null,
  problem text,
  read bigint not null,
  kept bigint not null,
  duplicate bigint not null,
  malformed bigint not null,
  skipped bigint not null,
  bad bigint not null,
  segments_hash bytea,
  ended_at timestamp with time zone not null,
  constraint collection_ends_pkey PRIMARY KEY (collection_id),
  constraint collection_ends_check CHECK (((segments > 0) = (segments_hash IS NOT NULL))),
  constraint collection_ends_segments_hash_check CHECK ((length(segments_hash) = 32)),
  constraint collection_ends_sha256_check CHECK ((length(sha256) = 32)),
  constraint collection_ends_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES audit.collections(id)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.collection_ends FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.collection_ends FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.collection_ends to florin_app;
comment on column audit.collection_ends.problem is 'what kept the rest of the input from being read; null when all of it was';

create table audit.collections (
  id uuid not null,
  format text not null,
  layout text not null,
  source text not null,
  name text not null,
  sha256 bytea,
  is_archived boolean not null,
  started_at timestamp with time zone not null,
  constraint collections_pkey PRIMARY KEY (id),
  constraint collections_sha256_format_layout_key UNIQUE (sha256, format, layout),
  constraint collections_format_check CHECK ((format = ANY (ARRAY['cloudtrail'::text, 'cloudwatch'::text, 'jsonl'::text, 'vpc-flow'::text]))),
  constraint collections_name_check CHECK ((length(name) <= 1024)),
  constraint collections_sha256_check CHECK ((length(sha256) = 32)),
  constraint collections_source_check CHECK (((source <> ''::text) AND (length(source) <= 255)))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.collections FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.collections FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.collections to florin_app;
comment on column audit.collections.layout is 'how the operator said that its lines are laid out; empty where they say it themselves';

create table audit.erasures (
  subject_id text not null,
  erased_at timestamp with time zone not null,
  actor text not null,
  constraint erasures_pkey PRIMARY KEY (subject_id, erased_at)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.erasures FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.erasures FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.erasures to florin_app;

create table audit.inbox (
  number bigint not null generated always as identity,
  month integer not null,
  bundle_id uuid not null,
  constraint inbox_pkey PRIMARY KEY (number)
);
grant delete, insert, select on audit.inbox to florin_app;

create table audit.legal_hold_releases (
  hold_id uuid not null,
  released_at timestamp with time zone not null,
  actor text not null,
  constraint legal_hold_releases_pkey PRIMARY KEY (hold_id),
  constraint legal_hold_releases_hold_id_fkey FOREIGN KEY (hold_id) REFERENCES audit.legal_holds(id)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.legal_hold_releases FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.legal_hold_releases FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.legal_hold_releases to florin_app;

create table audit.legal_hold_settlements (
  hold_id uuid not null,
  event text not null,
  settled_at timestamp with time zone not null,
  constraint legal_hold_settlements_pkey PRIMARY KEY (hold_id, event),
  constraint legal_hold_settlements_event_check CHECK ((event = ANY (ARRAY['placed'::text, 'released'::text]))),
  constraint legal_hold_settlements_hold_id_fkey FOREIGN KEY (hold_id) REFERENCES audit.legal_holds(id)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.legal_hold_settlements FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.legal_hold_settlements FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.legal_hold_settlements to florin_app;

create table audit.legal_holds (
  id uuid not null,
  placed_at timestamp with time zone not null,
  actor text not null,
  reason text not null,
  from_month integer not null,
  to_month integer not null,
  retention text,
  constraint legal_holds_pkey PRIMARY KEY (id),
  constraint legal_holds_check CHECK ((to_month >= from_month)),
  constraint legal_holds_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 1000))),
  constraint legal_holds_retention_check CHECK ((retention = ANY (ARRAY['security'::text, 'books'::text, 'aml'::text])))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.legal_holds FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.legal_holds FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.legal_holds to florin_app;
comment on column audit.legal_holds.retention is 'null: all classes';

create table audit.logs (
  is_only boolean not null default true,
  origin text not null,
  begun_at timestamp with time zone not null,
  constraint logs_pkey PRIMARY KEY (is_only),
  constraint logs_is_only_check CHECK (is_only),
  constraint logs_origin_check CHECK ((origin ~ '^[^\s+]{1,255}$'::text))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.logs FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.logs FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.logs to florin_app;

create table audit.manifests (
  number bigint not null,
  month integer not null,
  object_key text not null,
  sha256 bytea not null,
  signature bytea not null,
  size bigint not null,
  leaf_count bigint not null,
  object_count integer not null,
  leaves_before bigint not null,
  archives_through bigint not null,
  archived_at timestamp with time zone not null,
  constraint manifests_pkey PRIMARY KEY (number),
  constraint manifests_month_leaves_before_key UNIQUE (month, leaves_before),
  constraint manifests_object_key_key UNIQUE (object_key),
  constraint manifests_leaf_count_check CHECK ((leaf_count > 0)),
  constraint manifests_number_check CHECK ((number > 0)),
  constraint manifests_object_count_check CHECK ((object_count > 0)),
  constraint manifests_sha256_check CHECK ((length(sha256) = 32)),
  constraint manifests_signature_check CHECK ((length(signature) = 64)),
  constraint manifests_size_check CHECK ((size >= 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.manifests FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.manifests FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.manifests to florin_app;
comment on column audit.manifests.leaves_before is 'every leaf of the month with a lower index is archived';
comment on column audit.manifests.archives_through is 'the number of the latest archive object of the month that this or an earlier one lists';

create table audit.months (
  month integer not null,
  opened_at timestamp with time zone not null,
  constraint months_pkey PRIMARY KEY (month)
);
grant select on audit.months to florin_app;

create table audit.nodes (
  level smallint not null,
  index bigint not null,
  hash bytea not null,
  constraint nodes_pkey PRIMARY KEY (level, index),
  constraint nodes_hash_check CHECK ((length(hash) = 32)),
  constraint nodes_index_check CHECK ((index >= 0)),
  constraint nodes_level_check CHECK ((level > 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.nodes FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.nodes FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.nodes to florin_app;

create table audit.places (
  first_leaf bigint not null,
  leaf_count integer not null,
  month integer not null,
  bundle_id uuid not null,
  hashes bytea not null,
  sequenced_at timestamp with time zone not null,
  constraint places_pkey PRIMARY KEY (first_leaf),
  constraint places_bundle_id_key UNIQUE (bundle_id),
  constraint places_check CHECK ((length(hashes) = (32 * leaf_count))),
  constraint places_first_leaf_check CHECK ((first_leaf >= 0)),
  constraint places_leaf_count_check CHECK ((leaf_count > 0))
);
CREATE INDEX places_month ON audit.places USING brin (month) WITH (autosummarize='on');
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.places FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.places FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.places to florin_app;
comment on column audit.places.hashes is 'SHA-256(0x00 || leaf) of each leaf (RFC 6962 2.1), 32 bytes after another';

create table audit.removed_months (
  month integer not null,
  bundle_count bigint not null,
  leaf_count bigint not null,
  removed_at timestamp with time zone not null default now(),
  constraint removed_months_pkey PRIMARY KEY (month)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.removed_months FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.removed_months FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant select on audit.removed_months to florin_app;

create table audit.signing_keys (
  public_key bytea not null,
  since_size bigint not null,
  added_at timestamp with time zone not null,
  constraint signing_keys_pkey PRIMARY KEY (public_key),
  constraint signing_keys_public_key_check CHECK ((length(public_key) = 32)),
  constraint signing_keys_since_size_check CHECK ((since_size >= 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.signing_keys FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.signing_keys to florin_app;

create table audit.subjects (
  id text not null,
  wrapped_key bytea not null,
  created_at timestamp with time zone not null,
  constraint subjects_pkey PRIMARY KEY (id),
  constraint subjects_id_check CHECK ((length(id) <= 255))
);
grant delete, insert, select on audit.subjects to florin_app;

create table audit.term_blocks (
  first_leaf bigint not null,
  leaf_count integer not null,
  earliest_at timestamp with time zone not null,
  latest_at timestamp with time zone not null,
  unread integer[] not null,
  constraint term_blocks_pkey PRIMARY KEY (first_leaf),
  constraint term_blocks_first_leaf_check CHECK ((first_leaf >= 0)),
  constraint term_blocks_leaf_count_check CHECK ((leaf_count > 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.term_blocks FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.term_blocks FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.term_blocks to florin_app;
comment on column audit.term_blocks.earliest_at is 'the earliest and latest time of its bundles, by their ids, in whole milliseconds';
comment on column audit.term_blocks.unread is 'offsets of places whose bundle could not be read, which may hold any term';

create table audit.terms (
  bucket smallint not null,
  first_leaf bigint not null,
  postings bytea not null,
  constraint terms_pkey PRIMARY KEY (bucket, first_leaf),
  constraint terms_bucket_check CHECK (((bucket >= 0) AND (bucket <= 255))),
  constraint terms_postings_check CHECK (((length(postings) % 5) = 0))
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON audit.terms FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON audit.terms FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
grant insert, select on audit.terms to florin_app;

create view audit.active_legal_holds as
 SELECT id,
    placed_at,
    actor,
    reason,
    from_month,
    to_month,
    retention
   FROM audit.legal_holds h
  WHERE NOT (EXISTS ( SELECT
           FROM audit.legal_hold_releases r
          WHERE r.hold_id = h.id));
grant select on audit.active_legal_holds to florin_app;

create sequence audit.inbox_number_seq;

create function audit.chain_segment() returns trigger language plpgsql volatile; -- body 3aa79b65f6e911c0
grant execute on function audit.chain_segment() to public;

create function audit.drop_month(wanted integer) returns boolean language plpgsql volatile security definer set search_path=pg_catalog, pg_temp set lock_timeout=2s; -- body 1dd5def91c160101
grant execute on function audit.drop_month(integer) to florin_app;

create function audit.leaves_in(runs int8multirange) returns bigint language sql immutable strict parallel safe; -- body 187ef21e573ba9fa
grant execute on function audit.leaves_in(int8multirange) to public;

create function audit.open_month(wanted integer, now timestamp with time zone) returns void language plpgsql volatile security definer set search_path=pg_catalog, pg_temp; -- body 49d2f26b347237b7
grant execute on function audit.open_month(integer,timestamp with time zone) to florin_app;

create function audit.protect(name text) returns void language plpgsql volatile set search_path=pg_catalog, pg_temp; -- body 7b56b001e507629f

create function audit.record_bundle(wanted_month integer, bundle_id uuid, bundle_recorded_at timestamp with time zone, bundle_leaf_count integer, bundle_encoding smallint, bundle_leaves bytea) returns void language plpgsql volatile; -- body d78975c3a137c43d
grant execute on function audit.record_bundle(integer,uuid,timestamp with time zone,integer,smallint,bytea) to public;

create function audit.refuse_change() returns trigger language plpgsql volatile; -- body 658d10f51f8b8404
grant execute on function audit.refuse_change() to public;

create function audit.segment_hash(segment audit.collected_segments, hash_before bytea) returns bytea language sql stable; -- body 7788893508c93ff2
grant execute on function audit.segment_hash(audit.collected_segments,bytea) to public;

create schema ledger;
grant usage on schema ledger to florin_app;

create type ledger.account_state as enum ('open', 'debits_frozen', 'credits_frozen', 'frozen', 'closed');

create type ledger.hold_state as enum ('open', 'captured', 'voided', 'expired');

create type ledger.side as enum ('debit', 'credit');

create type ledger.transfer_kind as enum ('transfer', 'hold', 'capture', 'increase', 'void', 'expiry', 'reversal');

create table ledger.accounts (
  id uuid not null,
  external_id text,
  path text not null,
  name text not null default ''::text,
  currency text not null,
  normal_side ledger.side not null,
  state ledger.account_state not null default 'open'::ledger.account_state,
  floor bigint,
  ceiling bigint,
  credit_limit bigint not null default 0,
  metadata jsonb,
  opened_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint accounts_pkey PRIMARY KEY (id),
  constraint accounts_external_id_key UNIQUE (external_id),
  constraint accounts_check CHECK (((ceiling IS NULL) OR (floor IS NULL) OR (ceiling >= floor))),
  constraint accounts_credit_limit_check CHECK ((credit_limit >= 0))
);
CREATE INDEX accounts_path ON ledger.accounts USING btree (path text_pattern_ops, id);
grant insert, select, update on ledger.accounts to florin_app;

create table ledger.balances (
  account_id uuid not null,
  version bigint not null default 0,
  revision bigint not null default 0,
  posted_debits bigint not null default 0,
  posted_credits bigint not null default 0,
  pending_debits bigint not null default 0,
  pending_credits bigint not null default 0,
  changed_at_us bigint not null,
  constraint balances_pkey PRIMARY KEY (account_id),
  constraint balances_pending_credits_check CHECK ((pending_credits >= 0)),
  constraint balances_pending_debits_check CHECK ((pending_debits >= 0)),
  constraint balances_posted_credits_check CHECK ((posted_credits >= 0)),
  constraint balances_posted_debits_check CHECK ((posted_debits >= 0)),
  constraint balances_version_check CHECK ((version >= 0)),
  constraint balances_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.accounts(id)
) with (fillfactor=50);
grant insert, select, update on ledger.balances to florin_app;
comment on column ledger.balances.changed_at_us is 'recorded time of the latest entry, microseconds since 1970; never decreases';

create table ledger.entries (
  segment integer not null,
  account_id uuid not null,
  version bigint not null,
  transfer_id uuid not null,
  leg smallint not null,
  is_debit boolean not null,
  posted bigint not null,
  pending bigint not null,
  posted_debits bigint not null,
  posted_credits bigint not null,
  pending_debits bigint not null,
  pending_credits bigint not null,
  effective_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  constraint entries_pkey PRIMARY KEY (account_id, version, segment),
  constraint entries_posted_check CHECK ((posted >= 0))
) partition by LIST (segment);
CREATE INDEX entries_transfer ON ONLY ledger.entries USING btree (transfer_id);
CREATE TRIGGER entries_append_only BEFORE DELETE OR UPDATE ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER entries_no_truncate BEFORE TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.entries to florin_app;
comment on column ledger.entries.posted is 'amount moved for good on this side';
comment on column ledger.entries.pending is 'change of the amount held on this side: positive for a hold, negative for its release';

-- The first of the partitions, which are added while the bank runs.
create table ledger.entries_000001 partition of ledger.entries FOR VALUES IN (1);
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger.entries_000001 FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant select on ledger.entries_000001 to florin_app;

create table ledger.holds (
  id uuid not null,
  state ledger.hold_state not null default 'open'::ledger.hold_state,
  expires_at timestamp with time zone,
  account_ids uuid[] not null,
  sides ledger.side[] not null,
  held bigint[] not null,
  captured bigint[] not null,
  constraint holds_pkey PRIMARY KEY (id),
  constraint holds_id_fkey FOREIGN KEY (id) REFERENCES ledger.transfers(id)
) with (fillfactor=70);
CREATE INDEX holds_deadline ON ledger.holds USING btree (expires_at, id) WHERE ((state = 'open'::ledger.hold_state) AND (expires_at IS NOT NULL));
grant insert, select, update on ledger.holds to florin_app;

create table ledger.period_closes (
  closed_before timestamp with time zone not null,
  closed_at timestamp with time zone not null,
  actor text not null,
  constraint period_closes_pkey PRIMARY KEY (closed_before)
);
CREATE TRIGGER period_closes_append_only BEFORE DELETE OR UPDATE ON ledger.period_closes FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER period_closes_no_truncate BEFORE TRUNCATE ON ledger.period_closes FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.period_closes to florin_app;

create table ledger.segments (
  segment integer not null,
  opened_at timestamp with time zone not null,
  constraint segments_pkey PRIMARY KEY (segment)
);
grant select on ledger.segments to florin_app;

create table ledger.transfers (
  id uuid not null,
  kind ledger.transfer_kind not null,
  external_id text,
  content_hash bytea,
  description text,
  metadata jsonb,
  exchange jsonb,
  hold_id uuid,
  reverses_id uuid,
  expires_at timestamp with time zone,
  effective_at timestamp with time zone not null,
  recorded_at timestamp with time zone not null,
  actor text not null,
  constraint transfers_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX transfers_external_id ON ledger.transfers USING btree (external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX transfers_hold ON ledger.transfers USING btree (hold_id) WHERE (hold_id IS NOT NULL);
CREATE INDEX transfers_reverses ON ledger.transfers USING btree (reverses_id) WHERE (reverses_id IS NOT NULL);
CREATE TRIGGER transfers_append_only BEFORE DELETE OR UPDATE ON ledger.transfers FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER transfers_no_truncate BEFORE TRUNCATE ON ledger.transfers FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
grant insert, select on ledger.transfers to florin_app;

create function ledger.lock_books(p_accounts uuid[], p_external_ids text[], p_is_locking boolean, OUT accounts text, OUT known uuid[], OUT segment integer, OUT closed_before_us bigint, OUT next_deadline_us bigint) returns record language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body abd608b98248b30e
grant execute on function ledger.lock_books(uuid[],text[],boolean) to public;

create function ledger.open_segment(now timestamp with time zone) returns integer language plpgsql volatile security definer set search_path=pg_catalog, pg_temp; -- body 149f688f52aa247f
grant execute on function ledger.open_segment(timestamp with time zone) to florin_app;

create function ledger.record_balances(p_recorded_at timestamp with time zone, p_accounts uuid[], p_versions_before bigint[], p_revisions bigint[], p_versions bigint[], p_posted_debits bigint[], p_posted_credits bigint[], p_pending_debits bigint[], p_pending_credits bigint[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body a7f80c5d54a13922
grant execute on function ledger.record_balances(timestamp with time zone,uuid[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[]) to public;

create function ledger.record_holds(p_ids uuid[], p_is_new boolean[], p_states text[], p_expires_at timestamp with time zone[], p_accounts text[], p_sides text[], p_held text[], p_captured text[], p_held_before text[], p_captured_before text[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body 68e490a3773285e4
grant execute on function ledger.record_holds(uuid[],boolean[],text[],timestamp with time zone[],text[],text[],text[],text[],text[],text[]) to public;

create function ledger.record_transfers(p_recorded_at timestamp with time zone, p_actor text, p_segment integer, p_ids uuid[], p_kinds smallint[], p_external_ids text[], p_content_hashes bytea[], p_descriptions text[], p_metadata text[], p_exchanges text[], p_hold_ids uuid[], p_reverses_ids uuid[], p_expires_at timestamp with time zone[], p_effective_at timestamp with time zone[], p_accounts uuid[], e_transfers integer[], e_accounts integer[], e_versions bigint[], e_legs smallint[], e_is_debit boolean[], e_posted bigint[], e_pending bigint[], e_posted_debits bigint[], e_posted_credits bigint[], e_pending_debits bigint[], e_pending_credits bigint[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body f359e2b4a4958c3c
grant execute on function ledger.record_transfers(timestamp with time zone,text,integer,uuid[],smallint[],text[],bytea[],text[],text[],text[],uuid[],uuid[],timestamp with time zone[],timestamp with time zone[],uuid[],integer[],integer[],bigint[],smallint[],boolean[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[]) to public;

create function ledger.refuse_change() returns trigger language plpgsql volatile; -- body a4327f4b90a8c2ba
grant execute on function ledger.refuse_change() to public;

create schema platform;
grant usage on schema platform to florin_app;

create table platform.functions (
  path text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint functions_pkey PRIMARY KEY (path),
  constraint functions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
grant select on platform.functions to florin_app;

create table platform.migrations (
  number integer not null,
  name text not null,
  sha256 text not null,
  breaking boolean not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (number),
  constraint migrations_name_key UNIQUE (name),
  constraint migrations_number_check CHECK ((number > 0)),
  constraint migrations_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
grant select on platform.migrations to florin_app;
comment on column platform.migrations.breaking is 'processes started before this migration must have ended before it is applied';
