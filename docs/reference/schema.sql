-- The schema that the migrations and functions make. Written by tools/schema-dump.ts from
-- a fresh database and compared by a test: review a migration by its difference.

create schema accounts;
grant usage on schema accounts to florin_app;

create table accounts.accruals (
  account_id uuid not null,
  place integer not null,
  tenant text not null default platform.tenant(),
  from_day date not null,
  through_day date not null,
  balance numeric(38,0) not null,
  credit_units numeric(60,0) not null,
  debit_units numeric(60,0) not null,
  product_version integer not null,
  is_correction boolean not null,
  accrued_at timestamp with time zone not null,
  constraint accruals_pkey PRIMARY KEY (account_id, place),
  constraint accruals_check CHECK ((from_day <= through_day)),
  constraint accruals_place_check CHECK ((place >= 1)),
  constraint accruals_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts.bank_accounts(id)
);
grant insert, select on accounts.accruals to florin_app;

create table accounts.bank_accounts (
  id uuid not null,
  tenant text not null default platform.tenant(),
  external_id text,
  product text not null,
  currency text not null,
  status text not null,
  status_reason text,
  iban text,
  routing_number text,
  account_number text,
  overdraft bigint not null,
  opened_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint bank_accounts_pkey PRIMARY KEY (id),
  constraint bank_accounts_account_number_check CHECK ((account_number ~ '^[A-Z0-9-]{1,17}$'::text)),
  constraint bank_accounts_check CHECK (((routing_number IS NULL) = (account_number IS NULL))),
  constraint bank_accounts_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint bank_accounts_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 255))),
  constraint bank_accounts_iban_check CHECK ((iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'::text)),
  constraint bank_accounts_overdraft_check CHECK ((overdraft >= 0)),
  constraint bank_accounts_routing_number_check CHECK ((routing_number ~ '^[0-9]{9}$'::text)),
  constraint bank_accounts_status_check CHECK ((status = ANY (ARRAY['active'::text, 'blocked'::text, 'debits_blocked'::text, 'dormant'::text, 'closed'::text]))),
  constraint bank_accounts_status_reason_check CHECK (((length(status_reason) >= 1) AND (length(status_reason) <= 500))),
  constraint bank_accounts_id_fkey FOREIGN KEY (id) REFERENCES ledger.accounts(id)
) with (fillfactor=85);
CREATE INDEX bank_accounts_by_tenant ON accounts.bank_accounts USING btree (tenant, id);
CREATE INDEX bank_accounts_dormant ON accounts.bank_accounts USING btree (tenant, product, id) WHERE (status = 'dormant'::text);
CREATE UNIQUE INDEX bank_accounts_external_id ON accounts.bank_accounts USING btree (external_id, tenant) WHERE (external_id IS NOT NULL);
CREATE UNIQUE INDEX bank_accounts_iban ON accounts.bank_accounts USING btree (iban, tenant) WHERE (iban IS NOT NULL);
CREATE UNIQUE INDEX bank_accounts_number ON accounts.bank_accounts USING btree (account_number, routing_number, tenant) WHERE (account_number IS NOT NULL);
grant insert, select, update on accounts.bank_accounts to florin_app;

create table accounts.bookings (
  transfer_id uuid not null,
  account_id uuid not null,
  tenant text not null default platform.tenant(),
  kind text not null,
  fee text,
  period_end date not null,
  amount bigint not null,
  version bigint not null,
  booked_at timestamp with time zone not null,
  constraint bookings_pkey PRIMARY KEY (account_id, version),
  constraint bookings_check CHECK (((amount > 0) OR (kind <> 'fee'::text))),
  constraint bookings_check1 CHECK (((fee IS NULL) = (kind <> 'fee'::text))),
  constraint bookings_kind_check CHECK ((kind = ANY (ARRAY['interest_credit'::text, 'interest_debit'::text, 'fee'::text]))),
  constraint bookings_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts.bank_accounts(id)
);
grant insert, select on accounts.bookings to florin_app;

create table accounts.customer_changes (
  customer_id uuid not null,
  revision integer not null,
  tenant text not null default platform.tenant(),
  action text not null,
  details jsonb not null,
  sealed jsonb,
  changed_at timestamp with time zone not null,
  actor text not null,
  constraint customer_changes_pkey PRIMARY KEY (customer_id, revision),
  constraint customer_changes_revision_check CHECK ((revision > 0)),
  constraint customer_changes_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES accounts.customers(id)
);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON accounts.customer_changes FOR EACH ROW EXECUTE FUNCTION accounts.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON accounts.customer_changes FOR EACH STATEMENT EXECUTE FUNCTION accounts.refuse_change();
grant insert, select on accounts.customer_changes to florin_app;

create table accounts.customer_lookups (
  hash bytea not null,
  customer_id uuid not null,
  tenant text not null default platform.tenant(),
  kind text not null,
  constraint customer_lookups_pkey PRIMARY KEY (hash, customer_id),
  constraint customer_lookups_hash_check CHECK ((length(hash) = 32)),
  constraint customer_lookups_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'tax_id'::text]))),
  constraint customer_lookups_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES accounts.customers(id)
);
CREATE INDEX customer_lookups_customer ON accounts.customer_lookups USING btree (customer_id);
grant delete, insert, select on accounts.customer_lookups to florin_app;

create table accounts.customers (
  id uuid not null,
  tenant text not null default platform.tenant(),
  external_id text,
  kind text not null,
  verification text not null,
  verification_method text,
  verification_by text,
  verification_at timestamp with time zone,
  verification_expires_at timestamp with time zone,
  revision integer not null,
  particulars_revision integer not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  erased_at timestamp with time zone,
  constraint customers_pkey PRIMARY KEY (id),
  constraint customers_check CHECK (((particulars_revision >= 1) AND (particulars_revision <= revision))),
  constraint customers_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'company'::text]))),
  constraint customers_revision_check CHECK ((revision > 0)),
  constraint customers_tenant_check CHECK ((tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
  constraint customers_verification_check CHECK ((verification = ANY (ARRAY['unverified'::text, 'pending'::text, 'verified'::text, 'refused'::text, 'expired'::text])))
);
CREATE INDEX customers_expiry ON accounts.customers USING btree (verification_expires_at) WHERE ((verification = 'verified'::text) AND (verification_expires_at IS NOT NULL));
CREATE UNIQUE INDEX customers_external_id ON accounts.customers USING btree (external_id, tenant) WHERE (external_id IS NOT NULL);
CREATE INDEX customers_tenant ON accounts.customers USING btree (tenant, id);
grant insert, select on accounts.customers to florin_app;
grant update on accounts.customers (verification) to florin_app;
grant update on accounts.customers (verification_method) to florin_app;
grant update on accounts.customers (verification_by) to florin_app;
grant update on accounts.customers (verification_at) to florin_app;
grant update on accounts.customers (verification_expires_at) to florin_app;
grant update on accounts.customers (revision) to florin_app;
grant update on accounts.customers (particulars_revision) to florin_app;
grant update on accounts.customers (changed_at) to florin_app;
grant update on accounts.customers (erased_at) to florin_app;

create table accounts.fees (
  account_id uuid not null,
  code text not null,
  period_end date not null,
  tenant text not null default platform.tenant(),
  amount bigint not null,
  raised_at timestamp with time zone not null,
  charged_at timestamp with time zone,
  constraint fees_pkey PRIMARY KEY (account_id, code, period_end),
  constraint fees_amount_check CHECK ((amount > 0)),
  constraint fees_code_check CHECK (((length(code) >= 1) AND (length(code) <= 63))),
  constraint fees_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts.bank_accounts(id)
) with (fillfactor=85);
CREATE INDEX fees_due ON accounts.fees USING btree (account_id) WHERE (charged_at IS NULL);
grant insert, select, update on accounts.fees to florin_app;

create table accounts.holders (
  id uuid not null,
  tenant text not null default platform.tenant(),
  account_id uuid not null,
  customer uuid not null,
  role text not null,
  grant_id uuid not null,
  since timestamp with time zone not null,
  ended_at timestamp with time zone,
  ended_by text,
  constraint holders_pkey PRIMARY KEY (id),
  constraint holders_check CHECK (((ended_at IS NULL) = (ended_by IS NULL))),
  constraint holders_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'authorised'::text]))),
  constraint holders_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts.bank_accounts(id),
  constraint holders_customer_fkey FOREIGN KEY (customer) REFERENCES accounts.customers(id)
);
CREATE INDEX holders_by_customer ON accounts.holders USING btree (customer, account_id) WHERE (ended_at IS NULL);
CREATE UNIQUE INDEX holders_now ON accounts.holders USING btree (account_id, customer) WHERE (ended_at IS NULL);
grant insert, select, update on accounts.holders to florin_app;

create table accounts.interest_positions (
  account_id uuid not null,
  tenant text not null default platform.tenant(),
  begins_on date not null,
  accrued_through date not null,
  seen_version bigint not null,
  balance numeric(38,0) not null,
  ahead jsonb not null,
  places integer not null,
  accrued_credit numeric(60,0) not null,
  accrued_debit numeric(60,0) not null,
  due_credit numeric(60,0) not null,
  due_debit numeric(60,0) not null,
  due_through date not null,
  booked_credit numeric(38,0) not null,
  booked_debit numeric(38,0) not null,
  next_booking date,
  last_activity_at timestamp with time zone not null,
  is_over boolean not null default false,
  constraint interest_positions_pkey PRIMARY KEY (account_id),
  constraint interest_positions_check CHECK ((due_through <= accrued_through)),
  constraint interest_positions_places_check CHECK ((places >= 0)),
  constraint interest_positions_seen_version_check CHECK ((seen_version >= 0)),
  constraint interest_positions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts.bank_accounts(id)
) with (fillfactor=70);
CREATE INDEX interest_positions_activity ON accounts.interest_positions USING btree (tenant, last_activity_at) WHERE (NOT is_over);
CREATE INDEX interest_positions_booking ON accounts.interest_positions USING btree (tenant, next_booking, account_id) WHERE ((next_booking IS NOT NULL) AND (NOT is_over));
CREATE INDEX interest_positions_due ON accounts.interest_positions USING btree (tenant, accrued_through, account_id) WHERE (NOT is_over);
grant insert, select, update on accounts.interest_positions to florin_app;

create table accounts.lookup_keys (
  tenant text not null default platform.tenant(),
  wrapped_key bytea not null,
  created_at timestamp with time zone not null,
  constraint lookup_keys_pkey PRIMARY KEY (tenant)
);
grant insert, select on accounts.lookup_keys to florin_app;

create table accounts.products (
  tenant text not null default platform.tenant(),
  code text not null,
  version integer not null,
  effective_from date not null,
  kind text not null,
  currency text not null,
  name text not null,
  terms jsonb not null,
  created_at timestamp with time zone not null,
  created_by text not null,
  constraint products_pkey PRIMARY KEY (code, tenant, version),
  constraint products_code_check CHECK ((code ~ '^[a-z][a-z0-9_-]{0,62}$'::text)),
  constraint products_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint products_kind_check CHECK ((kind = ANY (ARRAY['current'::text, 'savings'::text, 'loan'::text]))),
  constraint products_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint products_terms_check CHECK ((jsonb_typeof(terms) = 'object'::text)),
  constraint products_version_check CHECK ((version >= 1))
);
grant insert, select on accounts.products to florin_app;

create sequence accounts.account_serials;
grant usage on accounts.account_serials to florin_app;

create function accounts.refuse_change() returns trigger language plpgsql volatile set search_path=pg_catalog, pg_temp; -- body 5d2518aad1a568a8
grant execute on function accounts.refuse_change() to public;

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

create schema fraud;
grant usage on schema fraud to florin_app;

create table fraud.alerts (
  id uuid not null,
  tenant text not null default platform.tenant(),
  decision uuid not null,
  case_id uuid,
  snooze_id uuid,
  account_id uuid not null,
  counterparty text,
  subject uuid,
  channel text,
  currency text,
  amount bigint not null,
  mode text not null,
  outcome text not null,
  score double precision,
  rules text[] not null,
  reasons text[] not null,
  event_at timestamp with time zone not null,
  decided_at timestamp with time zone not null,
  raised_at timestamp with time zone not null,
  constraint alerts_pkey PRIMARY KEY (id),
  constraint alerts_decision_key UNIQUE (decision),
  constraint alerts_amount_check CHECK ((amount >= 0)),
  constraint alerts_check CHECK (((case_id IS NULL) <> (snooze_id IS NULL))),
  constraint alerts_mode_check CHECK ((mode = ANY (ARRAY['full'::text, 'rules_only'::text, 'failed_open'::text, 'failed_closed'::text]))),
  constraint alerts_outcome_check CHECK ((outcome = ANY (ARRAY['review'::text, 'challenge'::text, 'decline'::text])))
);
CREATE INDEX alerts_by_account ON fraud.alerts USING btree (account_id, id);
CREATE INDEX alerts_of_case ON fraud.alerts USING btree (case_id, id) WHERE (case_id IS NOT NULL);
grant insert, select on fraud.alerts to florin_app;

create table fraud.annulments (
  id uuid not null,
  tenant text not null default platform.tenant(),
  later_than timestamp with time zone not null,
  decisions bigint not null,
  note text not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint annulments_pkey PRIMARY KEY (id),
  constraint annulments_decisions_check CHECK ((decisions > 0)),
  constraint annulments_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint annulments_note_check CHECK (((length(note) >= 1) AND (length(note) <= 500)))
);
grant insert, select on fraud.annulments to florin_app;

create table fraud.batches (
  id uuid not null,
  tenant text not null default platform.tenant(),
  made_at timestamp with time zone not null,
  decisions integer not null,
  run uuid not null,
  ordinal bigint not null,
  folded_up_to bigint not null,
  revision bigint not null,
  feature_set text not null,
  rule_set_version integer,
  rule_set_fingerprint text,
  model text,
  challenger text,
  sha256 bytea not null,
  constraint batches_pkey PRIMARY KEY (id),
  constraint batches_challenger_check CHECK (((length(challenger) >= 1) AND (length(challenger) <= 100))),
  constraint batches_decisions_check CHECK ((decisions > 0)),
  constraint batches_feature_set_check CHECK (((length(feature_set) >= 1) AND (length(feature_set) <= 100))),
  constraint batches_folded_up_to_check CHECK ((folded_up_to >= 0)),
  constraint batches_model_check CHECK (((length(model) >= 1) AND (length(model) <= 100))),
  constraint batches_ordinal_check CHECK ((ordinal >= 0)),
  constraint batches_revision_check CHECK ((revision >= 0)),
  constraint batches_rule_set_fingerprint_check CHECK ((length(rule_set_fingerprint) = 64)),
  constraint batches_sha256_check CHECK ((length(sha256) = 32))
);
CREATE UNIQUE INDEX batches_of_run ON fraud.batches USING btree (run, ordinal);
grant insert, select on fraud.batches to florin_app;

create table fraud.case_entries (
  case_id uuid not null,
  ordinal integer not null,
  tenant text not null default platform.tenant(),
  kind text not null,
  made_by text not null,
  made_at timestamp with time zone not null,
  text text,
  details jsonb not null,
  constraint case_entries_pkey PRIMARY KEY (case_id, ordinal),
  constraint case_entries_details_check CHECK ((pg_column_size(details) <= 16384)),
  constraint case_entries_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 20))),
  constraint case_entries_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint case_entries_ordinal_check CHECK ((ordinal > 0)),
  constraint case_entries_text_check CHECK (((length(text) >= 1) AND (length(text) <= 10000)))
);
CREATE INDEX case_entries_written ON fraud.case_entries USING btree (case_id, ordinal) WHERE (text IS NOT NULL);
grant insert, select on fraud.case_entries to florin_app;

create table fraud.case_reports (
  id uuid not null,
  tenant text not null default platform.tenant(),
  case_id uuid not null,
  version integer not null,
  made_by text not null,
  made_at timestamp with time zone not null,
  document bytea not null,
  sha256 bytea not null,
  constraint case_reports_pkey PRIMARY KEY (id),
  constraint case_reports_case_id_version_key UNIQUE (case_id, version),
  constraint case_reports_document_check CHECK (((length(document) >= 2) AND (length(document) <= 67108864))),
  constraint case_reports_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint case_reports_sha256_check CHECK ((length(sha256) = 32)),
  constraint case_reports_version_check CHECK ((version > 0)),
  constraint case_reports_case_id_fkey FOREIGN KEY (case_id) REFERENCES fraud.cases(id)
);
grant insert, select on fraud.case_reports to florin_app;

create table fraud.cases (
  id uuid not null,
  tenant text not null default platform.tenant(),
  account_id uuid not null,
  queue text not null,
  priority text not null,
  state text not null,
  assignee text,
  wait_until timestamp with time zone,
  due_at timestamp with time zone not null,
  is_overdue boolean not null,
  alerts integer not null,
  outcome text,
  pattern text,
  opened_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  entries integer not null,
  journal bytea not null,
  constraint cases_pkey PRIMARY KEY (id),
  constraint cases_alerts_check CHECK ((alerts > 0)),
  constraint cases_assignee_check CHECK (((length(assignee) >= 1) AND (length(assignee) <= 600))),
  constraint cases_check CHECK (((state = 'closed'::text) = (outcome IS NOT NULL))),
  constraint cases_check1 CHECK (((state = 'closed'::text) = (closed_at IS NOT NULL))),
  constraint cases_check2 CHECK (((state = 'waiting'::text) = (wait_until IS NOT NULL))),
  constraint cases_check3 CHECK (((state = 'open'::text) = (assignee IS NULL))),
  constraint cases_check4 CHECK (((pattern IS NULL) OR (outcome = 'fraud'::text))),
  constraint cases_entries_check CHECK ((entries > 0)),
  constraint cases_journal_check CHECK ((length(journal) = 32)),
  constraint cases_outcome_check CHECK ((outcome = ANY (ARRAY['fraud'::text, 'genuine'::text, 'inconclusive'::text]))),
  constraint cases_pattern_check CHECK (((length(pattern) >= 1) AND (length(pattern) <= 100))),
  constraint cases_priority_check CHECK ((priority = ANY (ARRAY['urgent'::text, 'high'::text, 'normal'::text]))),
  constraint cases_queue_check CHECK ((queue ~ '^[a-z][a-z0-9_-]{0,39}$'::text)),
  constraint cases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'assigned'::text, 'waiting'::text, 'closed'::text])))
) with (fillfactor=80);
CREATE INDEX cases_by_account ON fraud.cases USING btree (account_id, id);
CREATE INDEX cases_closed ON fraud.cases USING btree (due_at, id) WHERE (state = 'closed'::text);
CREATE INDEX cases_due ON fraud.cases USING btree (due_at, id) WHERE (state <> 'closed'::text);
CREATE UNIQUE INDEX cases_of_account ON fraud.cases USING btree (tenant, account_id) WHERE (state <> 'closed'::text);
CREATE INDEX cases_running ON fraud.cases USING btree (due_at) WHERE ((state = ANY (ARRAY['open'::text, 'assigned'::text])) AND (NOT is_overdue));
CREATE INDEX cases_unclaimed ON fraud.cases USING btree (tenant, due_at, id) WHERE (state = 'open'::text);
CREATE INDEX cases_waiting ON fraud.cases USING btree (wait_until) WHERE (state = 'waiting'::text);
grant insert, select on fraud.cases to florin_app;
grant update on fraud.cases (queue) to florin_app;
grant update on fraud.cases (priority) to florin_app;
grant update on fraud.cases (state) to florin_app;
grant update on fraud.cases (assignee) to florin_app;
grant update on fraud.cases (wait_until) to florin_app;
grant update on fraud.cases (due_at) to florin_app;
grant update on fraud.cases (is_overdue) to florin_app;
grant update on fraud.cases (alerts) to florin_app;
grant update on fraud.cases (outcome) to florin_app;
grant update on fraud.cases (pattern) to florin_app;
grant update on fraud.cases (changed_at) to florin_app;
grant update on fraud.cases (closed_at) to florin_app;
grant update on fraud.cases (entries) to florin_app;
grant update on fraud.cases (journal) to florin_app;

create table fraud.choices (
  id uuid not null,
  tenant text not null default platform.tenant(),
  place text not null,
  revision bigint not null,
  chosen uuid,
  note text,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint choices_pkey PRIMARY KEY (id),
  constraint choices_tenant_place_revision_key UNIQUE (tenant, place, revision),
  constraint choices_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint choices_note_check CHECK (((length(note) >= 1) AND (length(note) <= 500))),
  constraint choices_place_check CHECK ((place = ANY (ARRAY['rule_set'::text, 'champion'::text, 'challenger'::text]))),
  constraint choices_revision_check CHECK ((revision > 0))
);
grant insert, select on fraud.choices to florin_app;

create table fraud.configurations (
  tenant text not null default platform.tenant(),
  revision bigint not null,
  list_entries integer not null,
  constraint configurations_pkey PRIMARY KEY (tenant),
  constraint configurations_list_entries_check CHECK ((list_entries >= 0)),
  constraint configurations_revision_check CHECK ((revision >= 0))
);
grant insert, select on fraud.configurations to florin_app;
grant update on fraud.configurations (revision) to florin_app;
grant update on fraud.configurations (list_entries) to florin_app;

create table fraud.decisions (
  id uuid not null,
  tenant text not null default platform.tenant(),
  batch uuid not null,
  subject uuid,
  account_id uuid not null,
  event_at timestamp with time zone not null,
  decided_at timestamp with time zone not null,
  amount bigint not null,
  keys jsonb not null,
  took_us double precision not null,
  mode text not null,
  outcome text not null,
  shadow_outcome text not null,
  score double precision,
  challenger_score double precision,
  features bytea not null,
  rule_reasons jsonb,
  model_reasons jsonb,
  constraint decisions_pkey PRIMARY KEY (id),
  constraint decisions_amount_check CHECK ((amount >= 0)),
  constraint decisions_mode_check CHECK ((mode = ANY (ARRAY['full'::text, 'rules_only'::text, 'failed_open'::text, 'failed_closed'::text]))),
  constraint decisions_outcome_check CHECK ((outcome = ANY (ARRAY['approve'::text, 'review'::text, 'challenge'::text, 'decline'::text]))),
  constraint decisions_shadow_outcome_check CHECK ((shadow_outcome = ANY (ARRAY['approve'::text, 'review'::text, 'challenge'::text, 'decline'::text]))),
  constraint decisions_took_us_check CHECK ((took_us >= (0)::double precision))
);
CREATE INDEX decisions_not_approved ON fraud.decisions USING btree (tenant, id) WHERE (outcome <> 'approve'::text);
grant insert, select on fraud.decisions to florin_app;

create table fraud.drift_seen (
  tenant text not null default platform.tenant(),
  run uuid not null,
  model text not null,
  level text not null,
  seen_at timestamp with time zone not null,
  constraint drift_seen_pkey PRIMARY KEY (tenant, run),
  constraint drift_seen_level_check CHECK ((level = ANY (ARRAY['steady'::text, 'warning'::text, 'alarm'::text]))),
  constraint drift_seen_model_check CHECK (((length(model) >= 1) AND (length(model) <= 100)))
);
grant delete, insert, select, update on fraud.drift_seen to florin_app;

create table fraud.drift_told (
  tenant text not null default platform.tenant(),
  model text not null,
  level text not null,
  told_at timestamp with time zone not null,
  constraint drift_told_pkey PRIMARY KEY (tenant),
  constraint drift_told_level_check CHECK ((level = ANY (ARRAY['steady'::text, 'warning'::text, 'alarm'::text]))),
  constraint drift_told_model_check CHECK (((length(model) >= 1) AND (length(model) <= 100)))
);
grant insert, select, update on fraud.drift_told to florin_app;

create table fraud.labels (
  id uuid not null,
  tenant text not null default platform.tenant(),
  decision uuid not null,
  is_fraud boolean not null,
  known_at timestamp with time zone not null,
  source text not null,
  pattern text,
  case_id uuid,
  made_by text not null,
  external_id text,
  constraint labels_pkey PRIMARY KEY (id),
  constraint labels_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 200))),
  constraint labels_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint labels_pattern_check CHECK (((length(pattern) >= 1) AND (length(pattern) <= 100))),
  constraint labels_source_check CHECK ((source = ANY (ARRAY['case'::text, 'chargeback'::text, 'customer'::text, 'import'::text]))),
  constraint labels_decision_fkey FOREIGN KEY (decision) REFERENCES fraud.decisions(id)
);
CREATE UNIQUE INDEX labels_external_id ON fraud.labels USING btree (tenant, source, external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX labels_of_decision ON fraud.labels USING btree (decision, id);
grant insert, select on fraud.labels to florin_app;

create table fraud.lake_positions (
  name text not null,
  "position" bigint not null,
  planned bigint,
  constraint lake_positions_pkey PRIMARY KEY (name),
  constraint lake_positions_check CHECK ((planned > "position")),
  constraint lake_positions_name_check CHECK ((name ~ '^[a-z]+$'::text)),
  constraint lake_positions_position_check CHECK (("position" >= 0))
);
grant select, update on fraud.lake_positions to florin_app;

create table fraud.list_changes (
  id uuid not null,
  tenant text not null default platform.tenant(),
  revision bigint not null,
  purpose text not null,
  put integer not null,
  taken integer not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint list_changes_pkey PRIMARY KEY (id),
  constraint list_changes_tenant_revision_key UNIQUE (tenant, revision),
  constraint list_changes_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint list_changes_purpose_check CHECK ((purpose = ANY (ARRAY['allow'::text, 'block'::text, 'watch'::text]))),
  constraint list_changes_put_check CHECK ((put >= 0)),
  constraint list_changes_revision_check CHECK ((revision > 0)),
  constraint list_changes_taken_check CHECK ((taken >= 0))
);
grant insert, select on fraud.list_changes to florin_app;

create table fraud.list_entries (
  id uuid not null,
  tenant text not null default platform.tenant(),
  purpose text not null,
  kind text not null,
  value text not null,
  listed_from timestamp with time zone not null,
  listed_until timestamp with time zone,
  note text,
  put_revision bigint not null,
  taken_revision bigint,
  put_at timestamp with time zone not null,
  put_by text not null,
  constraint list_entries_pkey PRIMARY KEY (id),
  constraint list_entries_check CHECK ((listed_until > listed_from)),
  constraint list_entries_check1 CHECK ((taken_revision > put_revision)),
  constraint list_entries_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 64))),
  constraint list_entries_note_check CHECK (((length(note) >= 1) AND (length(note) <= 500))),
  constraint list_entries_purpose_check CHECK ((purpose = ANY (ARRAY['allow'::text, 'block'::text, 'watch'::text]))),
  constraint list_entries_put_by_check CHECK (((length(put_by) >= 1) AND (length(put_by) <= 600))),
  constraint list_entries_put_revision_check CHECK ((put_revision > 0)),
  constraint list_entries_value_check CHECK (((length(value) >= 1) AND (length(value) <= 256)))
);
CREATE INDEX list_entries_ending ON fraud.list_entries USING btree (tenant, listed_until) WHERE ((taken_revision IS NULL) AND (listed_until IS NOT NULL));
CREATE UNIQUE INDEX list_entries_in_force ON fraud.list_entries USING btree (tenant, purpose, kind, value) WHERE (taken_revision IS NULL);
CREATE INDEX list_entries_put ON fraud.list_entries USING btree (tenant, put_revision, id);
CREATE INDEX list_entries_taken ON fraud.list_entries USING btree (tenant, taken_revision, id) WHERE (taken_revision IS NOT NULL);
grant insert, select on fraud.list_entries to florin_app;
grant update on fraud.list_entries (taken_revision) to florin_app;

create table fraud.log (
  "position" bigint not null,
  tenant text not null,
  kind text not null,
  id uuid not null,
  constraint log_pkey PRIMARY KEY ("position"),
  constraint log_id_key UNIQUE (id),
  constraint log_kind_check CHECK ((kind = ANY (ARRAY['batch'::text, 'label'::text, 'annulment'::text])))
);
CREATE INDEX log_of_tenant ON fraud.log USING btree (tenant, "position");
grant insert, select on fraud.log to florin_app;

create table fraud.models (
  id uuid not null,
  tenant text not null default platform.tenant(),
  version text not null,
  feature_set text not null,
  content bytea not null,
  sha256 bytea not null,
  drift jsonb,
  card jsonb,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint models_pkey PRIMARY KEY (id),
  constraint models_tenant_version_key UNIQUE (tenant, version),
  constraint models_content_check CHECK (((length(content) >= 1) AND (length(content) <= 67108864))),
  constraint models_feature_set_check CHECK (((length(feature_set) >= 1) AND (length(feature_set) <= 100))),
  constraint models_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint models_sha256_check CHECK ((length(sha256) = 32)),
  constraint models_version_check CHECK (((length(version) >= 1) AND (length(version) <= 100)))
);
grant insert, select on fraud.models to florin_app;

create table fraud.policies (
  id uuid not null,
  tenant text not null default platform.tenant(),
  product text,
  revision bigint not null,
  is_screened boolean not null,
  on_failure text not null,
  deadline_us integer not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint policies_pkey PRIMARY KEY (id),
  constraint policies_tenant_product_revision_key UNIQUE NULLS NOT DISTINCT (tenant, product, revision),
  constraint policies_deadline_us_check CHECK ((deadline_us > 0)),
  constraint policies_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint policies_on_failure_check CHECK ((on_failure = ANY (ARRAY['open'::text, 'closed'::text]))),
  constraint policies_product_check CHECK (((length(product) >= 1) AND (length(product) <= 100))),
  constraint policies_revision_check CHECK ((revision > 0))
);
grant insert, select on fraud.policies to florin_app;

create table fraud.rule_sets (
  id uuid not null,
  tenant text not null default platform.tenant(),
  version integer not null,
  name text not null,
  fingerprint text not null,
  feature_set text not null,
  rules integer not null,
  source text not null,
  made_at timestamp with time zone not null,
  made_by text not null,
  constraint rule_sets_pkey PRIMARY KEY (id),
  constraint rule_sets_tenant_version_key UNIQUE (tenant, version),
  constraint rule_sets_feature_set_check CHECK (((length(feature_set) >= 1) AND (length(feature_set) <= 100))),
  constraint rule_sets_fingerprint_check CHECK ((length(fingerprint) = 64)),
  constraint rule_sets_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint rule_sets_name_check CHECK (((length(name) >= 1) AND (length(name) <= 64))),
  constraint rule_sets_rules_check CHECK ((rules >= 0)),
  constraint rule_sets_source_check CHECK (((octet_length(source) >= 1) AND (octet_length(source) <= 524288))),
  constraint rule_sets_version_check CHECK ((version > 0))
);
grant insert, select on fraud.rule_sets to florin_app;

create table fraud.snoozes (
  id uuid not null,
  tenant text not null default platform.tenant(),
  account_id uuid,
  counterparty text,
  rule text,
  until timestamp with time zone not null,
  reason text not null,
  made_by text not null,
  made_at timestamp with time zone not null,
  ended_by text,
  ended_at timestamp with time zone,
  constraint snoozes_pkey PRIMARY KEY (id),
  constraint snoozes_check CHECK ((num_nonnulls(account_id, counterparty, rule) > 0)),
  constraint snoozes_check1 CHECK ((until > made_at)),
  constraint snoozes_check2 CHECK (((ended_by IS NULL) = (ended_at IS NULL))),
  constraint snoozes_counterparty_check CHECK (((length(counterparty) >= 1) AND (length(counterparty) <= 256))),
  constraint snoozes_ended_by_check CHECK (((length(ended_by) >= 1) AND (length(ended_by) <= 600))),
  constraint snoozes_made_by_check CHECK (((length(made_by) >= 1) AND (length(made_by) <= 600))),
  constraint snoozes_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
  constraint snoozes_rule_check CHECK (((length(rule) >= 1) AND (length(rule) <= 256)))
);
CREATE INDEX snoozes_until ON fraud.snoozes USING btree (tenant, until);
grant insert, select on fraud.snoozes to florin_app;
grant update on fraud.snoozes (ended_by) to florin_app;
grant update on fraud.snoozes (ended_at) to florin_app;

create table fraud.undocumented_cases (
  case_id uuid not null,
  tenant text not null default platform.tenant(),
  since timestamp with time zone not null,
  constraint undocumented_cases_pkey PRIMARY KEY (case_id)
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX undocumented_cases_since ON fraud.undocumented_cases USING btree (tenant, since, case_id);
grant delete, insert, select on fraud.undocumented_cases to florin_app;

create schema gateway;
grant usage on schema gateway to florin_app;

create table gateway.grant_days (
  grant_id uuid not null,
  day date not null,
  used bigint not null,
  constraint grant_days_pkey PRIMARY KEY (grant_id, day),
  constraint grant_days_used_check CHECK ((used >= 0)),
  constraint grant_days_grant_id_fkey FOREIGN KEY (grant_id) REFERENCES gateway.grants(id)
) with (fillfactor=70);
grant insert, select, update on gateway.grant_days to florin_app;

create table gateway.grants (
  id uuid not null,
  tenant text not null,
  grantee_kind text not null,
  grantee text not null,
  object_kind text not null,
  object_id text not null,
  acts text[] not null,
  currency text,
  transfer_max bigint,
  day_max bigint,
  time_zone text not null,
  weekdays smallint[] not null,
  minute_from smallint not null,
  minute_to smallint not null,
  valid_from timestamp with time zone not null,
  valid_to timestamp with time zone,
  created_at timestamp with time zone not null,
  created_by text not null,
  revoked_at timestamp with time zone,
  revoked_by text,
  constraint grants_pkey PRIMARY KEY (id),
  constraint grants_acts_check CHECK ((((cardinality(acts) >= 1) AND (cardinality(acts) <= 4)) AND (acts <@ ARRAY['read'::text, 'credit'::text, 'debit'::text, 'manage'::text]))),
  constraint grants_check CHECK ((minute_from < minute_to)),
  constraint grants_check1 CHECK ((valid_to > valid_from)),
  constraint grants_check2 CHECK (((currency IS NOT NULL) OR ((transfer_max IS NULL) AND (day_max IS NULL)))),
  constraint grants_check3 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
  constraint grants_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint grants_day_max_check CHECK ((day_max > 0)),
  constraint grants_grantee_check CHECK (((length(grantee) >= 1) AND (length(grantee) <= 300))),
  constraint grants_grantee_kind_check CHECK ((grantee_kind = ANY (ARRAY['subject'::text, 'customer'::text]))),
  constraint grants_minute_from_check CHECK (((minute_from >= 0) AND (minute_from <= 1439))),
  constraint grants_minute_to_check CHECK (((minute_to >= 1) AND (minute_to <= 1440))),
  constraint grants_object_id_check CHECK (((length(object_id) >= 1) AND (length(object_id) <= 100))),
  constraint grants_object_kind_check CHECK ((object_kind = ANY (ARRAY['account'::text, 'hold'::text, 'transfer'::text]))),
  constraint grants_tenant_check CHECK (((length(tenant) >= 1) AND (length(tenant) <= 63))),
  constraint grants_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 64))),
  constraint grants_transfer_max_check CHECK ((transfer_max > 0)),
  constraint grants_weekdays_check CHECK ((((cardinality(weekdays) >= 1) AND (cardinality(weekdays) <= 7)) AND (weekdays <@ ARRAY[(1)::smallint, (2)::smallint, (3)::smallint, (4)::smallint, (5)::smallint, (6)::smallint, (7)::smallint])))
);
CREATE INDEX grants_by_grantee ON gateway.grants USING btree (grantee, object_id, tenant) WHERE (revoked_at IS NULL);
CREATE INDEX grants_by_id ON gateway.grants USING btree (tenant, id);
grant insert, select, update on gateway.grants to florin_app;

create table gateway.idempotent_requests (
  key bytea not null,
  fingerprint bytea not null,
  owner uuid not null,
  leased_until timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  status smallint,
  headers text,
  encoding smallint,
  body bytea,
  constraint idempotent_requests_pkey PRIMARY KEY (key),
  constraint idempotent_requests_check CHECK ((num_nulls(status, headers, encoding, body) = ANY (ARRAY[0, 4]))),
  constraint idempotent_requests_encoding_check CHECK ((encoding = ANY (ARRAY[0, 1]))),
  constraint idempotent_requests_fingerprint_check CHECK ((length(fingerprint) = 32)),
  constraint idempotent_requests_key_check CHECK ((length(key) = 16)),
  constraint idempotent_requests_status_check CHECK (((status >= 200) AND (status <= 499)))
) with (fillfactor=20);
CREATE INDEX idempotent_requests_expiry ON gateway.idempotent_requests USING btree (expires_at);
grant delete, insert, select, update on gateway.idempotent_requests to florin_app;
comment on column gateway.idempotent_requests.headers is 'a JSON object of texts';
comment on column gateway.idempotent_requests.encoding is '0: the bytes; 1: a zstd frame of them';

create table gateway.legacy_differences (
  id uuid not null,
  rule_id uuid not null,
  method text not null,
  path text not null,
  request_id text not null,
  findings jsonb not null,
  wrapped_values bytea not null,
  at timestamp with time zone not null,
  constraint legacy_differences_pkey PRIMARY KEY (id),
  constraint legacy_differences_path_check CHECK ((length(path) <= 2000)),
  constraint legacy_differences_request_id_check CHECK ((length(request_id) <= 100)),
  constraint legacy_differences_wrapped_values_check CHECK ((length(wrapped_values) <= 8192))
);
CREATE INDEX legacy_differences_at ON gateway.legacy_differences USING btree (at, id);
grant delete, insert, select on gateway.legacy_differences to florin_app;

create table gateway.legacy_rules (
  id uuid not null,
  "position" integer not null,
  method text,
  path text not null,
  tenant text,
  percent integer not null,
  mode text not null,
  answered_by text not null,
  ignored text[] not null,
  revision integer not null,
  changed_at timestamp with time zone not null,
  constraint legacy_rules_pkey PRIMARY KEY (id),
  constraint legacy_rules_position_key UNIQUE ("position"),
  constraint legacy_rules_answered_by_check CHECK ((answered_by = ANY (ARRAY['here'::text, 'legacy'::text]))),
  constraint legacy_rules_check CHECK (((mode = 'shadow'::text) OR (answered_by = mode))),
  constraint legacy_rules_ignored_check CHECK ((cardinality(ignored) <= 100)),
  constraint legacy_rules_method_check CHECK ((method = ANY (ARRAY['GET'::text, 'POST'::text, 'PUT'::text, 'PATCH'::text, 'DELETE'::text]))),
  constraint legacy_rules_mode_check CHECK ((mode = ANY (ARRAY['here'::text, 'legacy'::text, 'shadow'::text]))),
  constraint legacy_rules_path_check CHECK (((path ~~ '/%'::text) AND (length(path) <= 300))),
  constraint legacy_rules_percent_check CHECK (((percent >= 1) AND (percent <= 100))),
  constraint legacy_rules_position_check CHECK ((("position" >= 1) AND ("position" <= 1000000))),
  constraint legacy_rules_revision_check CHECK ((revision > 0)),
  constraint legacy_rules_tenant_check CHECK (((length(tenant) >= 1) AND (length(tenant) <= 100)))
);
grant delete, insert, select, update on gateway.legacy_rules to florin_app;

create table gateway.limit_states (
  key uuid not null,
  tenant text collate "C" not null,
  customer text collate "C" not null,
  plan integer not null,
  revision integer not null,
  admitted integer not null,
  percent integer not null,
  turn bigint not null,
  decided_at_us bigint not null,
  level bigint not null,
  daily_ends_us bigint not null,
  daily_used bigint not null,
  weekly_ends_us bigint not null,
  weekly_used bigint not null,
  monthly_ends_us bigint not null,
  monthly_used bigint not null,
  constraint limit_states_pkey PRIMARY KEY (key),
  constraint limit_states_customer_check CHECK (((length(customer) >= 1) AND (length(customer) <= 600))),
  constraint limit_states_level_check CHECK ((level >= 0)),
  constraint limit_states_plan_fkey FOREIGN KEY (plan) REFERENCES gateway.plans(number)
) with (fillfactor=50);
CREATE INDEX limit_states_plan ON gateway.limit_states USING btree (plan);
grant delete, insert, select, update on gateway.limit_states to florin_app;

create table gateway.plan_of_customer (
  tenant text collate "C" not null,
  customer text collate "C" not null,
  plan integer not null,
  assigned_at timestamp with time zone not null,
  constraint plan_of_customer_pkey PRIMARY KEY (tenant, customer),
  constraint plan_of_customer_customer_check CHECK (((length(customer) >= 1) AND (length(customer) <= 600))),
  constraint plan_of_customer_plan_fkey FOREIGN KEY (plan) REFERENCES gateway.plans(number)
);
CREATE INDEX plan_of_customer_plan ON gateway.plan_of_customer USING btree (plan, customer);
grant delete, insert, select, update on gateway.plan_of_customer to florin_app;

create table gateway.plans (
  number integer not null generated always as identity,
  tenant text collate "C" not null,
  name text collate "C" not null,
  burst integer not null,
  rate integer not null,
  rate_per text not null,
  refill bigint not null generated always as ((rate *
CASE rate_per
    WHEN 'second'::text THEN (3600)::bigint
    WHEN 'minute'::text THEN (60)::bigint
    ELSE (1)::bigint
END)),
  daily bigint,
  weekly bigint,
  monthly bigint,
  time_zone text not null,
  revision integer not null,
  changed_at timestamp with time zone not null,
  constraint plans_pkey PRIMARY KEY (number),
  constraint plans_tenant_name_key UNIQUE (tenant, name),
  constraint plans_burst_check CHECK (((burst >= 1) AND (burst <= 1000000))),
  constraint plans_daily_check CHECK (((daily >= 1) AND (daily <= '1000000000000'::bigint))),
  constraint plans_monthly_check CHECK (((monthly >= 1) AND (monthly <= '1000000000000'::bigint))),
  constraint plans_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,39}$'::text)),
  constraint plans_rate_check CHECK (((rate >= 1) AND (rate <= 100000))),
  constraint plans_rate_per_check CHECK ((rate_per = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text]))),
  constraint plans_revision_check CHECK ((revision > 0)),
  constraint plans_tenant_check CHECK (((length(tenant) >= 1) AND (length(tenant) <= 100))),
  constraint plans_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 64))),
  constraint plans_weekly_check CHECK (((weekly >= 1) AND (weekly <= '1000000000000'::bigint)))
);
grant delete, insert, select, update on gateway.plans to florin_app;

create table gateway.processes (
  id uuid not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint processes_pkey PRIMARY KEY (id)
);
grant delete, insert, select, update on gateway.processes to florin_app;

create table gateway.proposals (
  id uuid not null,
  tenant text not null,
  operation_id text not null,
  permission text not null,
  summary text not null,
  beneficiaries text[] not null,
  execution_key text not null,
  request text not null,
  request_hash bytea not null,
  maker text not null,
  customer text not null,
  maker_principal jsonb not null,
  state text not null,
  proposed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  decided_at timestamp with time zone,
  decided_by text,
  reason text,
  leased_until timestamp with time zone,
  executed_at timestamp with time zone,
  answer_status smallint,
  answer text,
  constraint proposals_pkey PRIMARY KEY (id),
  constraint proposals_answer_status_check CHECK (((answer_status >= 200) AND (answer_status <= 599))),
  constraint proposals_check CHECK ((expires_at > proposed_at)),
  constraint proposals_check1 CHECK ((decided_by <> maker)),
  constraint proposals_check2 CHECK (((state = ANY (ARRAY['approved'::text, 'rejected'::text, 'executed'::text])) = (decided_by IS NOT NULL))),
  constraint proposals_check3 CHECK (((decided_by IS NULL) = (decided_at IS NULL))),
  constraint proposals_check4 CHECK (((state = 'executed'::text) = (executed_at IS NOT NULL))),
  constraint proposals_check5 CHECK (((executed_at IS NULL) = (answer_status IS NULL))),
  constraint proposals_customer_check CHECK (((length(customer) >= 1) AND (length(customer) <= 300))),
  constraint proposals_execution_key_check CHECK (((length(execution_key) >= 20) AND (length(execution_key) <= 100))),
  constraint proposals_maker_check CHECK (((length(maker) >= 1) AND (length(maker) <= 300))),
  constraint proposals_operation_id_check CHECK (((length(operation_id) >= 1) AND (length(operation_id) <= 100))),
  constraint proposals_permission_check CHECK (((length(permission) >= 1) AND (length(permission) <= 100))),
  constraint proposals_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
  constraint proposals_request_check CHECK ((length(request) <= 1048576)),
  constraint proposals_request_hash_check CHECK ((length(request_hash) = 32)),
  constraint proposals_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'approved'::text, 'rejected'::text, 'executed'::text, 'expired'::text, 'withdrawn'::text]))),
  constraint proposals_summary_check CHECK (((length(summary) >= 1) AND (length(summary) <= 200))),
  constraint proposals_tenant_check CHECK (((length(tenant) >= 1) AND (length(tenant) <= 63)))
);
CREATE INDEX proposals_by_id ON gateway.proposals USING btree (tenant, id);
CREATE INDEX proposals_by_maker ON gateway.proposals USING btree (tenant, maker, id);
CREATE INDEX proposals_due ON gateway.proposals USING btree (decided_at) WHERE (state = 'approved'::text);
CREATE INDEX proposals_open ON gateway.proposals USING btree (expires_at) WHERE (state = 'proposed'::text);
CREATE TRIGGER proposals_guarded BEFORE DELETE OR UPDATE ON gateway.proposals FOR EACH ROW EXECUTE FUNCTION gateway.guard_proposal();
grant insert, select, update on gateway.proposals to florin_app;

create table gateway.quota_facts (
  tenant text collate "C" not null,
  customer text collate "C" not null,
  policy text not null,
  window_ends_us bigint not null,
  percent smallint not null,
  plan text collate "C" not null,
  quota bigint not null,
  used bigint not null,
  reached_at_us bigint not null,
  told_at timestamp with time zone,
  constraint quota_facts_pkey PRIMARY KEY (tenant, customer, policy, window_ends_us, percent),
  constraint quota_facts_percent_check CHECK ((percent = ANY (ARRAY[80, 90, 100]))),
  constraint quota_facts_policy_check CHECK ((policy = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text])))
);
CREATE INDEX quota_facts_untold ON gateway.quota_facts USING btree (reached_at_us) WHERE (told_at IS NULL);
grant delete, insert, select, update on gateway.quota_facts to florin_app;

create table gateway.signature_keys (
  key_id text collate "C" not null,
  owner text not null,
  algorithm text not null,
  key bytea not null,
  is_required boolean not null,
  added_at timestamp with time zone not null,
  constraint signature_keys_pkey PRIMARY KEY (key_id),
  constraint signature_keys_algorithm_check CHECK ((algorithm = ANY (ARRAY['ed25519'::text, 'ecdsa-p256-sha256'::text, 'rsa-pss-sha512'::text, 'hmac-sha256'::text]))),
  constraint signature_keys_key_check CHECK (((length(key) >= 16) AND (length(key) <= 4096))),
  constraint signature_keys_key_id_check CHECK ((key_id ~ '^[A-Za-z0-9._:/#-]{1,200}$'::text)),
  constraint signature_keys_owner_check CHECK (((length(owner) >= 1) AND (length(owner) <= 300)))
);
grant delete, insert, select on gateway.signature_keys to florin_app;

create sequence gateway.plans_number_seq;

create function gateway.admit_requests(p_at_us bigint, p_keys uuid[], p_counts integer[], p_costs integer[], OUT answers text, OUT facts integer) returns record language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off set enable_bitmapscan=off; -- body dbc17422861428e9
grant execute on function gateway.admit_requests(bigint,uuid[],integer[],integer[]) to public;

create function gateway.charge_states(p_keys uuid[], p_costs bigint[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off set enable_bitmapscan=off; -- body 6f3046c6823ab39d
grant execute on function gateway.charge_states(uuid[],bigint[]) to public;

create function gateway.claim_requests(p_keys bytea[], p_fingerprints bytea[], p_owner uuid, p_lease interval, p_kept interval) returns SETOF gateway.idempotent_requests language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body a1c9f1a8859f485d
grant execute on function gateway.claim_requests(bytea[],bytea[],uuid,interval,interval) to public;

create function gateway.due_proposals(asked_at timestamp with time zone, count_max integer) returns TABLE(id uuid, tenant text, state text) language sql stable security definer set search_path=pg_catalog, pg_temp; -- body 7b28a0607a745951
grant execute on function gateway.due_proposals(timestamp with time zone,integer) to florin_app;

create function gateway.finish_requests(p_keys bytea[], p_owners uuid[], p_statuses smallint[], p_headers text[], p_encodings smallint[], p_bodies bytea[]) returns integer language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body c6c63fda93af4cec
grant execute on function gateway.finish_requests(bytea[],uuid[],smallint[],text[],smallint[],bytea[]) to public;

create function gateway.grants_for(asked_at timestamp with time zone, tenants text[], subjects text[], customers text[], kinds text[], ids text[]) returns TABLE(place bigint, id uuid, acts text[], currency text, transfer_max bigint, day_max bigint, time_zone text, weekdays smallint[], minute_from smallint, minute_to smallint, used jsonb) language sql stable security definer set search_path=pg_catalog, pg_temp; -- body 8a615901a6febce0
grant execute on function gateway.grants_for(timestamp with time zone,text[],text[],text[],text[],text[]) to florin_app;

create function gateway.guard_proposal() returns trigger language plpgsql volatile set search_path=pg_catalog, pg_temp; -- body 835812b0a963a907
grant execute on function gateway.guard_proposal() to public;

create function gateway.is_approval_waiting() returns boolean language sql stable security definer set search_path=pg_catalog, pg_temp; -- body 676f3559c602d17b
grant execute on function gateway.is_approval_waiting() to florin_app;

create function gateway.release_request(p_key bytea, p_owner uuid) returns SETOF gateway.idempotent_requests language plpgsql volatile; -- body f3b595102345b23a
grant execute on function gateway.release_request(bytea,uuid) to public;

create function gateway.window_end(unit text, time_zone text, at_us bigint) returns bigint language sql stable; -- body 1e1180ddd8476b16
grant execute on function gateway.window_end(text,text,bigint) to public;

create schema identity;
grant usage on schema identity to florin_app;

create table identity.artifacts (
  id bytea not null,
  model text not null,
  payload bytea not null,
  uid bytea,
  grants text[] not null,
  subject text,
  client_id text,
  issued_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  consumed_at timestamp with time zone,
  constraint artifacts_pkey PRIMARY KEY (id),
  constraint artifacts_client_id_check CHECK (((length(client_id) >= 1) AND (length(client_id) <= 300))),
  constraint artifacts_id_check CHECK ((length(id) = 32)),
  constraint artifacts_model_check CHECK ((model = ANY (ARRAY['AccessToken'::text, 'AuthorizationCode'::text, 'ClientCredentials'::text, 'Grant'::text, 'Interaction'::text, 'PushedAuthorizationRequest'::text, 'RefreshToken'::text, 'Session'::text]))),
  constraint artifacts_payload_check CHECK (((length(payload) >= 29) AND (length(payload) <= 131072))),
  constraint artifacts_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 300))),
  constraint artifacts_uid_check CHECK ((length(uid) = 32))
);
CREATE INDEX artifacts_by_client ON identity.artifacts USING btree (client_id) WHERE (model = 'Grant'::text);
CREATE INDEX artifacts_by_grant ON identity.artifacts USING gin (grants);
CREATE INDEX artifacts_by_uid ON identity.artifacts USING btree (uid) WHERE (uid IS NOT NULL);
CREATE INDEX artifacts_expiry ON identity.artifacts USING btree (expires_at);
grant delete, insert, select, update on identity.artifacts to florin_app;

create table identity.attempts (
  key bytea not null,
  failures integer not null,
  last_at timestamp with time zone not null,
  blocked_until timestamp with time zone not null,
  constraint attempts_pkey PRIMARY KEY (key),
  constraint attempts_failures_check CHECK ((failures >= 0)),
  constraint attempts_key_check CHECK ((length(key) = 32))
);
CREATE INDEX attempts_by_time ON identity.attempts USING btree (last_at);
grant delete, insert, select, update on identity.attempts to florin_app;

create table identity.client_secrets (
  hash bytea not null,
  client_id uuid not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  constraint client_secrets_pkey PRIMARY KEY (hash),
  constraint client_secrets_hash_check CHECK ((length(hash) = 32)),
  constraint client_secrets_client_id_fkey FOREIGN KEY (client_id) REFERENCES identity.clients(id)
);
CREATE INDEX client_secrets_of_client ON identity.client_secrets USING btree (client_id);
grant delete, insert, select, update on identity.client_secrets to florin_app;

create table identity.clients (
  id uuid not null,
  name text not null,
  tenant text not null,
  roles text[] not null,
  customer text,
  profile text not null,
  authentication text not null,
  binding text not null,
  grants text[] not null,
  scopes text[] not null,
  redirect_uris text[] not null,
  logout_uris text[] not null,
  is_native boolean not null,
  is_first_party boolean not null,
  jwks jsonb,
  certificate jsonb,
  state text not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint clients_pkey PRIMARY KEY (id),
  constraint clients_authentication_check CHECK ((authentication = ANY (ARRAY['none'::text, 'client_secret_basic'::text, 'private_key_jwt'::text, 'tls_client_auth'::text, 'self_signed_tls_client_auth'::text]))),
  constraint clients_binding_check CHECK ((binding = ANY (ARRAY['none'::text, 'dpop'::text, 'mtls'::text]))),
  constraint clients_check CHECK (((profile <> 'fapi2'::text) OR ((binding <> 'none'::text) AND (authentication <> ALL (ARRAY['none'::text, 'client_secret_basic'::text]))))),
  constraint clients_customer_check CHECK (((length(customer) >= 1) AND (length(customer) <= 200))),
  constraint clients_grants_check CHECK (((cardinality(grants) >= 1) AND (cardinality(grants) <= 3))),
  constraint clients_logout_uris_check CHECK ((cardinality(logout_uris) <= 16)),
  constraint clients_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint clients_profile_check CHECK ((profile = ANY (ARRAY['standard'::text, 'fapi2'::text]))),
  constraint clients_redirect_uris_check CHECK ((cardinality(redirect_uris) <= 16)),
  constraint clients_roles_check CHECK ((cardinality(roles) <= 16)),
  constraint clients_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 32))),
  constraint clients_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text]))),
  constraint clients_tenant_check CHECK ((tenant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'::text))
);
grant insert, select, update on identity.clients to florin_app;

create table identity.devices (
  token_hash bytea not null,
  person_id uuid not null,
  expires_at timestamp with time zone not null,
  constraint devices_pkey PRIMARY KEY (token_hash, person_id),
  constraint devices_token_hash_check CHECK ((length(token_hash) = 32)),
  constraint devices_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
CREATE INDEX devices_by_person ON identity.devices USING btree (person_id);
CREATE INDEX devices_expiry ON identity.devices USING btree (expires_at);
grant delete, insert, select, update on identity.devices to florin_app;

create table identity.invitations (
  id uuid not null,
  person_id uuid not null,
  code_hash bytea not null,
  kind text not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  ending text,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_code_hash_key UNIQUE (code_hash),
  constraint invitations_check CHECK (((ended_at IS NULL) = (ending IS NULL))),
  constraint invitations_code_hash_check CHECK ((length(code_hash) = 32)),
  constraint invitations_ending_check CHECK ((ending = ANY (ARRAY['accepted'::text, 'withdrawn'::text]))),
  constraint invitations_kind_check CHECK ((kind = ANY (ARRAY['first'::text, 'person'::text, 'reset'::text]))),
  constraint invitations_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
CREATE UNIQUE INDEX invitations_open ON identity.invitations USING btree (person_id) WHERE (ended_at IS NULL);
grant delete, insert, select, update on identity.invitations to florin_app;

create table identity.passkeys (
  credential_id bytea not null,
  person_id uuid not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  is_backed_up boolean not null,
  created_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint passkeys_pkey PRIMARY KEY (credential_id),
  constraint passkeys_counter_check CHECK ((counter >= 0)),
  constraint passkeys_credential_id_check CHECK (((length(credential_id) >= 1) AND (length(credential_id) <= 1023))),
  constraint passkeys_public_key_check CHECK (((length(public_key) >= 1) AND (length(public_key) <= 4096))),
  constraint passkeys_transports_check CHECK ((cardinality(transports) <= 16)),
  constraint passkeys_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
CREATE INDEX passkeys_by_person ON identity.passkeys USING btree (person_id);
grant delete, insert, select, update on identity.passkeys to florin_app;

create table identity.passwords (
  person_id uuid not null,
  cost_log2 smallint not null,
  block_size smallint not null,
  parallelism smallint not null,
  salt bytea not null,
  wrapped_hash bytea not null,
  changed_at timestamp with time zone not null,
  constraint passwords_pkey PRIMARY KEY (person_id),
  constraint passwords_block_size_check CHECK (((block_size >= 1) AND (block_size <= 64))),
  constraint passwords_cost_log2_check CHECK (((cost_log2 >= 1) AND (cost_log2 <= 24))),
  constraint passwords_parallelism_check CHECK (((parallelism >= 1) AND (parallelism <= 64))),
  constraint passwords_salt_check CHECK (((length(salt) >= 16) AND (length(salt) <= 64))),
  constraint passwords_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
grant delete, insert, select, update on identity.passwords to florin_app;

create table identity.people (
  id uuid not null,
  tenant text not null,
  login_digest bytea,
  profile bytea,
  roles text[] not null,
  customer text,
  status text not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint people_pkey PRIMARY KEY (id),
  constraint people_login_digest_key UNIQUE (login_digest),
  constraint people_check CHECK (((status <> 'erased'::text) OR ((login_digest IS NULL) AND (profile IS NULL)))),
  constraint people_check1 CHECK (((status <> 'active'::text) OR (login_digest IS NOT NULL))),
  constraint people_customer_check CHECK (((length(customer) >= 1) AND (length(customer) <= 200))),
  constraint people_login_digest_check CHECK ((length(login_digest) = 32)),
  constraint people_profile_check CHECK (((length(profile) >= 28) AND (length(profile) <= 4096))),
  constraint people_roles_check CHECK (((cardinality(roles) >= 1) AND (cardinality(roles) <= 16))),
  constraint people_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'active'::text, 'disabled'::text, 'erased'::text]))),
  constraint people_tenant_check CHECK ((tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text))
);
CREATE INDEX people_by_tenant ON identity.people USING btree (tenant, id);
grant insert, select, update on identity.people to florin_app;

create table identity.person_keys (
  person_id uuid not null,
  wrapped_key bytea not null,
  constraint person_keys_pkey PRIMARY KEY (person_id),
  constraint person_keys_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
grant delete, insert, select, update on identity.person_keys to florin_app;

create table identity.provider_secrets (
  name text not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null,
  constraint provider_secrets_pkey PRIMARY KEY (name),
  constraint provider_secrets_name_check CHECK ((name ~ '^[a-z][a-z-]{0,62}$'::text))
);
grant insert, select on identity.provider_secrets to florin_app;

create table identity.recovery_codes (
  person_id uuid not null,
  code_hash bytea not null,
  created_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint recovery_codes_pkey PRIMARY KEY (person_id, code_hash),
  constraint recovery_codes_code_hash_check CHECK ((length(code_hash) = 32)),
  constraint recovery_codes_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
grant delete, insert, select, update on identity.recovery_codes to florin_app;

create table identity.revoked_sessions (
  session text not null,
  revoked_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  constraint revoked_sessions_pkey PRIMARY KEY (session),
  constraint revoked_sessions_session_check CHECK (((length(session) >= 1) AND (length(session) <= 200)))
);
CREATE INDEX revoked_sessions_expiry ON identity.revoked_sessions USING btree (expires_at);
grant delete, insert, select, update on identity.revoked_sessions to florin_app;

create table identity.revoked_subjects (
  subject text not null,
  before timestamp with time zone not null,
  constraint revoked_subjects_pkey PRIMARY KEY (subject),
  constraint revoked_subjects_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 300)))
);
grant delete, insert, select, update on identity.revoked_subjects to florin_app;

create table identity.sessions (
  session text not null,
  person_id uuid not null,
  client_id text not null,
  authentication text not null,
  factors smallint not null,
  origin bytea,
  started_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint sessions_pkey PRIMARY KEY (session),
  constraint sessions_authentication_check CHECK (((length(authentication) >= 1) AND (length(authentication) <= 100))),
  constraint sessions_client_id_check CHECK (((length(client_id) >= 1) AND (length(client_id) <= 300))),
  constraint sessions_factors_check CHECK (((factors >= 1) AND (factors <= 2))),
  constraint sessions_origin_check CHECK (((length(origin) >= 28) AND (length(origin) <= 2048))),
  constraint sessions_session_check CHECK (((length(session) >= 1) AND (length(session) <= 200))),
  constraint sessions_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
CREATE INDEX sessions_by_person ON identity.sessions USING btree (person_id, started_at);
CREATE INDEX sessions_expiry ON identity.sessions USING btree (expires_at);
grant delete, insert, select, update on identity.sessions to florin_app;

create table identity.sign_ins (
  token_hash bytea not null,
  purpose text not null,
  reference text not null,
  person_id uuid not null,
  proven text[] not null,
  wrapped_totp bytea,
  expires_at timestamp with time zone not null,
  constraint sign_ins_pkey PRIMARY KEY (token_hash),
  constraint sign_ins_proven_check CHECK ((cardinality(proven) <= 8)),
  constraint sign_ins_purpose_check CHECK ((purpose = ANY (ARRAY['sign_in'::text, 'invitation'::text]))),
  constraint sign_ins_reference_check CHECK (((length(reference) >= 1) AND (length(reference) <= 200))),
  constraint sign_ins_token_hash_check CHECK ((length(token_hash) = 32)),
  constraint sign_ins_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
CREATE INDEX sign_ins_by_person ON identity.sign_ins USING btree (person_id);
CREATE INDEX sign_ins_expiry ON identity.sign_ins USING btree (expires_at);
grant delete, insert, select, update on identity.sign_ins to florin_app;

create table identity.signing_keys (
  kid text not null,
  algorithm text not null,
  public_jwk jsonb not null,
  wrapped_private bytea,
  created_at timestamp with time zone not null,
  signs_from timestamp with time zone not null,
  signs_until timestamp with time zone,
  published_until timestamp with time zone,
  constraint signing_keys_pkey PRIMARY KEY (kid),
  constraint signing_keys_algorithm_check CHECK ((algorithm = ANY (ARRAY['ES256'::text, 'PS256'::text, 'EdDSA'::text]))),
  constraint signing_keys_check CHECK (((signs_until IS NULL) = (published_until IS NULL))),
  constraint signing_keys_check1 CHECK ((published_until >= signs_until)),
  constraint signing_keys_kid_check CHECK ((length(kid) = 43))
);
CREATE UNIQUE INDEX signing_keys_latest ON identity.signing_keys USING btree (algorithm) WHERE (signs_until IS NULL);
grant insert, select, update on identity.signing_keys to florin_app;

create table identity.totp_factors (
  person_id uuid not null,
  wrapped_secret bytea not null,
  confirmed_at timestamp with time zone not null,
  last_step bigint not null,
  constraint totp_factors_pkey PRIMARY KEY (person_id),
  constraint totp_factors_last_step_check CHECK ((last_step >= 0)),
  constraint totp_factors_person_id_fkey FOREIGN KEY (person_id) REFERENCES identity.people(id)
);
grant delete, insert, select, update on identity.totp_factors to florin_app;

create table identity.used_proofs (
  proof bytea not null,
  expires_at timestamp with time zone not null,
  constraint used_proofs_pkey PRIMARY KEY (proof),
  constraint used_proofs_proof_check CHECK ((length(proof) = 32))
);
CREATE INDEX used_proofs_expiry ON identity.used_proofs USING btree (expires_at);
grant delete, insert, select, update on identity.used_proofs to florin_app;

create schema keyvalues;
grant usage on schema keyvalues to florin_app;

create table keyvalues.items (
  table_name text not null,
  tenant text not null default platform.tenant(),
  key text not null,
  value jsonb not null,
  version bigint not null,
  expires_at timestamp with time zone,
  constraint items_pkey PRIMARY KEY (table_name, key, tenant),
  constraint items_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255))),
  constraint items_table_name_check CHECK ((table_name ~ '^[a-z][a-z0-9_-]{0,62}$'::text)),
  constraint items_version_check CHECK ((version > 0))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05);
CREATE INDEX items_expiry ON keyvalues.items USING btree (expires_at) WHERE (expires_at IS NOT NULL);
grant delete, insert, select, update on keyvalues.items to florin_app;

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
  tenant text not null default platform.tenant(),
  constraint accounts_pkey PRIMARY KEY (id),
  constraint accounts_check CHECK (((ceiling IS NULL) OR (floor IS NULL) OR (ceiling >= floor))),
  constraint accounts_credit_limit_check CHECK ((credit_limit >= 0)),
  constraint accounts_tenant_check CHECK ((tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text))
);
CREATE UNIQUE INDEX accounts_external_id ON ledger.accounts USING btree (external_id, tenant);
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
  tenant text not null default platform.tenant(),
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

create table ledger.holds (
  id uuid not null,
  state ledger.hold_state not null default 'open'::ledger.hold_state,
  expires_at timestamp with time zone,
  account_ids uuid[] not null,
  sides ledger.side[] not null,
  held bigint[] not null,
  captured bigint[] not null,
  tenant text not null default platform.tenant(),
  constraint holds_pkey PRIMARY KEY (id),
  constraint holds_id_fkey FOREIGN KEY (id) REFERENCES ledger.transfers(id)
) with (fillfactor=70);
CREATE INDEX holds_deadline ON ledger.holds USING btree (expires_at, id) WHERE ((state = 'open'::ledger.hold_state) AND (expires_at IS NOT NULL));
grant insert, select, update on ledger.holds to florin_app;

create table ledger.period_closes (
  closed_before timestamp with time zone not null,
  closed_at timestamp with time zone not null,
  actor text not null,
  tenant text not null default platform.tenant(),
  constraint period_closes_pkey PRIMARY KEY (tenant, closed_before)
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
  tenant text not null default platform.tenant(),
  constraint transfers_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX transfers_external_id ON ledger.transfers USING btree (external_id, tenant) WHERE (external_id IS NOT NULL);
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

create function ledger.record_transfers(p_recorded_at timestamp with time zone, p_actor text, p_segment integer, p_ids uuid[], p_kinds smallint[], p_external_ids text[], p_content_hashes bytea[], p_descriptions text[], p_metadata text[], p_exchanges text[], p_hold_ids uuid[], p_reverses_ids uuid[], p_expires_at timestamp with time zone[], p_effective_at timestamp with time zone[], p_accounts uuid[], e_transfers integer[], e_accounts integer[], e_versions bigint[], e_legs smallint[], e_is_debit boolean[], e_posted bigint[], e_pending bigint[], e_posted_debits bigint[], e_posted_credits bigint[], e_pending_debits bigint[], e_pending_credits bigint[], p_actors text[]) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_hashjoin=off set enable_mergejoin=off set enable_seqscan=off; -- body 68891db49a114a9b
grant execute on function ledger.record_transfers(timestamp with time zone,text,integer,uuid[],smallint[],text[],bytea[],text[],text[],text[],uuid[],uuid[],timestamp with time zone[],timestamp with time zone[],uuid[],integer[],integer[],bigint[],smallint[],boolean[],bigint[],bigint[],bigint[],bigint[],bigint[],bigint[],text[]) to public;

create function ledger.refuse_change() returns trigger language plpgsql volatile; -- body a4327f4b90a8c2ba
grant execute on function ledger.refuse_change() to public;

create schema payments;
grant usage on schema payments to florin_app;

create type payments.payment_kind as enum ('book', 'credit_out', 'credit_in', 'debit_out', 'debit_in');

create type payments.payment_status as enum ('accepted', 'submitted', 'unknown', 'settled', 'recall_requested', 'returned', 'reversed', 'rejected', 'cancelled', 'declined');

create table payments.ach_counters (
  origin text not null,
  last_sequence integer not null,
  counted_on date not null,
  files integer not null,
  constraint ach_counters_pkey PRIMARY KEY (origin),
  constraint ach_counters_files_check CHECK (((files >= 0) AND (files <= 36))),
  constraint ach_counters_last_sequence_check CHECK (((last_sequence >= 0) AND (last_sequence <= 9999999))),
  constraint ach_counters_origin_check CHECK ((origin ~ '^[0-9]{8}$'::text))
);
grant insert, select, update on payments.ach_counters to florin_app;

create table payments.bank_statement_entries (
  statement_id uuid not null,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null,
  place integer not null,
  amount bigint not null,
  booked_on date not null,
  value_on date not null,
  reference text collate "C",
  servicer_reference text collate "C",
  code text,
  constraint bank_statement_entries_pkey PRIMARY KEY (statement_id, place),
  constraint bank_statement_entries_amount_check CHECK ((amount <> 0)),
  constraint bank_statement_entries_code_check CHECK (((length(code) >= 1) AND (length(code) <= 100))),
  constraint bank_statement_entries_place_check CHECK ((place >= 0)),
  constraint bank_statement_entries_reference_check CHECK (((length(reference) >= 1) AND (length(reference) <= 255))),
  constraint bank_statement_entries_servicer_reference_check CHECK (((length(servicer_reference) >= 1) AND (length(servicer_reference) <= 255))),
  constraint bank_statement_entries_nostro_id_fkey FOREIGN KEY (nostro_id) REFERENCES payments.nostros(id),
  constraint bank_statement_entries_statement_id_fkey FOREIGN KEY (statement_id) REFERENCES payments.bank_statements(id)
);
CREATE INDEX bank_statement_entries_servicer ON payments.bank_statement_entries USING btree (nostro_id, servicer_reference) WHERE (servicer_reference IS NOT NULL);
grant insert, select on payments.bank_statement_entries to florin_app;

create table payments.bank_statements (
  id uuid not null,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null,
  kind text not null,
  reference text collate "C" not null,
  sequence bigint,
  opening bigint,
  closing bigint,
  ends_on date not null,
  entries integer not null,
  sha256 bytea not null,
  recorded_at timestamp with time zone not null,
  constraint bank_statements_pkey PRIMARY KEY (id),
  constraint bank_statements_check CHECK (((kind = 'statement'::text) = (opening IS NOT NULL))),
  constraint bank_statements_check1 CHECK (((opening IS NULL) = (closing IS NULL))),
  constraint bank_statements_entries_check CHECK ((entries >= 0)),
  constraint bank_statements_kind_check CHECK ((kind = ANY (ARRAY['statement'::text, 'notification'::text]))),
  constraint bank_statements_reference_check CHECK (((length(reference) >= 1) AND (length(reference) <= 100))),
  constraint bank_statements_sha256_check CHECK ((length(sha256) = 32)),
  constraint bank_statements_nostro_id_fkey FOREIGN KEY (nostro_id) REFERENCES payments.nostros(id)
);
CREATE INDEX bank_statements_by_nostro ON payments.bank_statements USING btree (nostro_id, id);
CREATE UNIQUE INDEX bank_statements_content ON payments.bank_statements USING btree (nostro_id, sha256);
CREATE UNIQUE INDEX bank_statements_reference ON payments.bank_statements USING btree (nostro_id, kind, reference);
grant insert, select on payments.bank_statements to florin_app;

create table payments.breaks (
  id uuid not null,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null,
  kind text not null,
  amount bigint not null,
  statement_id uuid,
  place integer,
  account_id uuid,
  version bigint,
  state text not null,
  assignee text,
  resolution text,
  note text,
  match_id uuid,
  transfer_id uuid,
  wait_until date,
  since_on date not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint breaks_pkey PRIMARY KEY (id),
  constraint breaks_assignee_check CHECK (((length(assignee) >= 1) AND (length(assignee) <= 600))),
  constraint breaks_check CHECK (((state = 'resolved'::text) = (resolution IS NOT NULL))),
  constraint breaks_check1 CHECK (((state <> 'assigned'::text) OR (assignee IS NOT NULL))),
  constraint breaks_check2 CHECK (((state = 'waiting'::text) = (wait_until IS NOT NULL))),
  constraint breaks_kind_check CHECK ((kind = ANY (ARRAY['statement_only'::text, 'books_only'::text, 'amount_differs'::text, 'statement_gap'::text]))),
  constraint breaks_note_check CHECK (((length(note) >= 1) AND (length(note) <= 500))),
  constraint breaks_resolution_check CHECK ((resolution = ANY (ARRAY['matched'::text, 'linked'::text, 'written_off'::text, 'accepted'::text]))),
  constraint breaks_state_check CHECK ((state = ANY (ARRAY['open'::text, 'assigned'::text, 'waiting'::text, 'resolved'::text]))),
  constraint breaks_match_id_fkey FOREIGN KEY (match_id) REFERENCES payments.matches(id),
  constraint breaks_nostro_id_fkey FOREIGN KEY (nostro_id) REFERENCES payments.nostros(id),
  constraint breaks_statement_id_place_fkey FOREIGN KEY (statement_id, place) REFERENCES payments.bank_statement_entries(statement_id, place)
) with (fillfactor=80);
CREATE INDEX breaks_by_id ON payments.breaks USING btree (tenant, id);
CREATE UNIQUE INDEX breaks_of_book_entry ON payments.breaks USING btree (account_id, version) WHERE ((state <> 'resolved'::text) AND (version IS NOT NULL));
CREATE UNIQUE INDEX breaks_of_statement_entry ON payments.breaks USING btree (statement_id, place) WHERE ((state <> 'resolved'::text) AND (place IS NOT NULL));
CREATE INDEX breaks_unresolved ON payments.breaks USING btree (nostro_id, since_on, id) WHERE (state <> 'resolved'::text);
grant insert, select, update on payments.breaks to florin_app;

create table payments.changes (
  payment_id uuid not null,
  version integer not null,
  tenant text not null default platform.tenant(),
  before payments.payment_status not null,
  status payments.payment_status not null,
  reason text,
  transfer_id uuid,
  changed_at timestamp with time zone not null,
  constraint changes_pkey PRIMARY KEY (payment_id, version),
  constraint changes_version_check CHECK ((version > 1)),
  constraint changes_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments.payments(id)
);
grant insert, select on payments.changes to florin_app;

create table payments.file_agreements (
  id uuid not null,
  tenant text not null default platform.tenant(),
  sender text not null,
  format text not null,
  role text not null,
  acceptance text not null,
  rail text not null,
  settlement_account uuid,
  currency text not null,
  are_debits_allowed boolean not null,
  entry_max bigint,
  file_max bigint,
  mapping jsonb,
  state text not null,
  revision integer not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint file_agreements_pkey PRIMARY KEY (id),
  constraint file_agreements_acceptance_check CHECK ((acceptance = ANY (ARRAY['whole'::text, 'partial'::text]))),
  constraint file_agreements_check CHECK (((role = 'incoming'::text) OR (settlement_account IS NOT NULL))),
  constraint file_agreements_check1 CHECK (((format = 'csv'::text) = (mapping IS NOT NULL))),
  constraint file_agreements_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint file_agreements_entry_max_check CHECK ((entry_max > 0)),
  constraint file_agreements_file_max_check CHECK ((file_max > 0)),
  constraint file_agreements_format_check CHECK ((format ~ '^[a-z0-9][a-z0-9_.]{0,39}$'::text)),
  constraint file_agreements_mapping_check CHECK ((octet_length((mapping)::text) <= 16384)),
  constraint file_agreements_rail_check CHECK ((rail ~ '^[a-z][a-z0-9_]{0,29}$'::text)),
  constraint file_agreements_revision_check CHECK ((revision > 0)),
  constraint file_agreements_role_check CHECK ((role = ANY (ARRAY['incoming'::text, 'outgoing'::text]))),
  constraint file_agreements_sender_check CHECK ((sender ~ '^[a-z0-9][a-z0-9-]{0,39}$'::text)),
  constraint file_agreements_state_check CHECK ((state = ANY (ARRAY['active'::text, 'ended'::text]))),
  constraint file_agreements_settlement_account_fkey FOREIGN KEY (settlement_account) REFERENCES ledger.accounts(id)
);
CREATE INDEX file_agreements_by_id ON payments.file_agreements USING btree (tenant, id);
CREATE UNIQUE INDEX file_agreements_in_force ON payments.file_agreements USING btree (sender, format, tenant) WHERE (state = 'active'::text);
grant insert, select, update on payments.file_agreements to florin_app;

create table payments.file_answers (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  format text not null,
  bytes bigint not null,
  sha256 bytea not null,
  parts uuid[] not null,
  recorded_at timestamp with time zone not null,
  constraint file_answers_pkey PRIMARY KEY (file_id),
  constraint file_answers_bytes_check CHECK ((bytes >= 0)),
  constraint file_answers_format_check CHECK (((length(format) >= 1) AND (length(format) <= 40))),
  constraint file_answers_parts_check CHECK (((cardinality(parts) >= 1) AND (cardinality(parts) <= 100000))),
  constraint file_answers_sha256_check CHECK ((length(sha256) = 32)),
  constraint file_answers_file_id_fkey FOREIGN KEY (file_id) REFERENCES payments.files(id)
);
grant insert, select on payments.file_answers to florin_app;

create table payments.file_chunks (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  first_entry bigint not null,
  entries integer not null,
  posted integer not null,
  returned integer not null,
  noted integer not null,
  left_out integer not null,
  debits bigint not null,
  credits bigint not null,
  recorded_at timestamp with time zone not null,
  constraint file_chunks_pkey PRIMARY KEY (file_id, first_entry),
  constraint file_chunks_check CHECK (((((posted + returned) + noted) + left_out) = entries)),
  constraint file_chunks_credits_check CHECK ((credits >= 0)),
  constraint file_chunks_debits_check CHECK ((debits >= 0)),
  constraint file_chunks_entries_check CHECK ((entries > 0)),
  constraint file_chunks_first_entry_check CHECK ((first_entry >= 0)),
  constraint file_chunks_left_out_check CHECK ((left_out >= 0)),
  constraint file_chunks_noted_check CHECK ((noted >= 0)),
  constraint file_chunks_posted_check CHECK ((posted >= 0)),
  constraint file_chunks_returned_check CHECK ((returned >= 0)),
  constraint file_chunks_file_id_fkey FOREIGN KEY (file_id) REFERENCES payments.files(id)
);
grant insert, select on payments.file_chunks to florin_app;

create table payments.file_entries (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  entry bigint not null,
  record bigint not null,
  outcome text not null,
  reason text,
  account_id uuid,
  payment_id uuid,
  trace text,
  constraint file_entries_pkey PRIMARY KEY (file_id, entry),
  constraint file_entries_entry_check CHECK ((entry >= 0)),
  constraint file_entries_outcome_check CHECK ((outcome = ANY (ARRAY['returned'::text, 'noted'::text, 'left_out'::text]))),
  constraint file_entries_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 100))),
  constraint file_entries_record_check CHECK ((record >= 0)),
  constraint file_entries_trace_check CHECK (((length(trace) >= 1) AND (length(trace) <= 100)))
);
grant insert, select on payments.file_entries to florin_app;

create table payments.file_faults (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  number integer not null,
  scope text not null,
  rule text not null,
  message text not null,
  record bigint not null,
  field text,
  batch bigint,
  entry bigint,
  constraint file_faults_pkey PRIMARY KEY (file_id, number),
  constraint file_faults_batch_check CHECK ((batch >= 0)),
  constraint file_faults_entry_check CHECK ((entry >= 0)),
  constraint file_faults_field_check CHECK (((length(field) >= 1) AND (length(field) <= 200))),
  constraint file_faults_message_check CHECK (((length(message) >= 1) AND (length(message) <= 1000))),
  constraint file_faults_number_check CHECK ((number >= 0)),
  constraint file_faults_record_check CHECK ((record >= 0)),
  constraint file_faults_rule_check CHECK (((length(rule) >= 1) AND (length(rule) <= 100))),
  constraint file_faults_scope_check CHECK ((scope = ANY (ARRAY['file'::text, 'batch'::text, 'entry'::text]))),
  constraint file_faults_file_id_fkey FOREIGN KEY (file_id) REFERENCES payments.files(id)
);
grant insert, select on payments.file_faults to florin_app;

create table payments.file_parts (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  place bigint not null,
  bytes integer not null,
  object_id uuid not null,
  recorded_at timestamp with time zone not null,
  constraint file_parts_pkey PRIMARY KEY (file_id, place),
  constraint file_parts_bytes_check CHECK ((bytes > 0)),
  constraint file_parts_place_check CHECK ((place >= 0)),
  constraint file_parts_file_id_fkey FOREIGN KEY (file_id) REFERENCES payments.files(id)
);
grant insert, select on payments.file_parts to florin_app;

create table payments.files (
  id uuid not null,
  tenant text not null default platform.tenant(),
  agreement_id uuid not null,
  sender text not null,
  format text not null,
  source text not null,
  name text not null,
  bytes bigint not null,
  received_bytes bigint not null,
  sha256 bytea not null,
  sealed_key bytea not null,
  state text not null,
  reason text,
  message_id text,
  entries bigint,
  batches bigint,
  debits bigint,
  credits bigint,
  faults bigint not null,
  checked_bytes bigint not null,
  attempts integer not null,
  leased_by uuid,
  leased_until timestamp with time zone,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint files_pkey PRIMARY KEY (id),
  constraint files_attempts_check CHECK ((attempts >= 0)),
  constraint files_batches_check CHECK ((batches >= 0)),
  constraint files_bytes_check CHECK ((bytes > 0)),
  constraint files_check CHECK (((received_bytes >= 0) AND (received_bytes <= bytes))),
  constraint files_check1 CHECK (((state = ANY (ARRAY['refused'::text, 'failed'::text])) = (reason IS NOT NULL))),
  constraint files_check2 CHECK (((leased_by IS NULL) = (leased_until IS NULL))),
  constraint files_checked_bytes_check CHECK ((checked_bytes >= 0)),
  constraint files_credits_check CHECK ((credits >= 0)),
  constraint files_debits_check CHECK ((debits >= 0)),
  constraint files_entries_check CHECK ((entries >= 0)),
  constraint files_faults_check CHECK ((faults >= 0)),
  constraint files_message_id_check CHECK (((length(message_id) >= 1) AND (length(message_id) <= 200))),
  constraint files_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
  constraint files_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 100))),
  constraint files_sha256_check CHECK ((length(sha256) = 32)),
  constraint files_source_check CHECK ((source = ANY (ARRAY['upload'::text, 'folder'::text, 'store'::text]))),
  constraint files_state_check CHECK ((state = ANY (ARRAY['uploading'::text, 'received'::text, 'accepted'::text, 'posted'::text, 'completed'::text, 'refused'::text, 'failed'::text, 'abandoned'::text]))),
  constraint files_agreement_id_fkey FOREIGN KEY (agreement_id) REFERENCES payments.file_agreements(id)
) with (fillfactor=70);
CREATE INDEX files_by_id ON payments.files USING btree (tenant, id);
CREATE UNIQUE INDEX files_content ON payments.files USING btree (sha256, sender, tenant) WHERE (state <> ALL (ARRAY['refused'::text, 'abandoned'::text]));
CREATE INDEX files_due ON payments.files USING btree (id) WHERE (state = ANY (ARRAY['received'::text, 'accepted'::text, 'posted'::text]));
CREATE UNIQUE INDEX files_message ON payments.files USING btree (message_id, sender, format, tenant) WHERE ((state <> ALL (ARRAY['refused'::text, 'abandoned'::text])) AND (message_id IS NOT NULL));
CREATE INDEX files_unfinished ON payments.files USING btree (changed_at) WHERE (state = 'uploading'::text);
grant insert, select, update on payments.files to florin_app;

create table payments.matched_book_entries (
  account_id uuid not null,
  version bigint not null,
  tenant text not null default platform.tenant(),
  match_id uuid not null,
  constraint matched_book_entries_pkey PRIMARY KEY (account_id, version),
  constraint matched_book_entries_version_check CHECK ((version > 0)),
  constraint matched_book_entries_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.accounts(id),
  constraint matched_book_entries_match_id_fkey FOREIGN KEY (match_id) REFERENCES payments.matches(id)
);
CREATE INDEX matched_book_entries_match ON payments.matched_book_entries USING btree (match_id);
grant insert, select on payments.matched_book_entries to florin_app;

create table payments.matched_statement_entries (
  statement_id uuid not null,
  place integer not null,
  tenant text not null default platform.tenant(),
  match_id uuid not null,
  constraint matched_statement_entries_pkey PRIMARY KEY (statement_id, place),
  constraint matched_statement_entries_match_id_fkey FOREIGN KEY (match_id) REFERENCES payments.matches(id),
  constraint matched_statement_entries_statement_id_place_fkey FOREIGN KEY (statement_id, place) REFERENCES payments.bank_statement_entries(statement_id, place)
);
CREATE INDEX matched_statement_entries_match ON payments.matched_statement_entries USING btree (match_id);
grant insert, select on payments.matched_statement_entries to florin_app;

create table payments.matches (
  id uuid not null,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null,
  rule text not null,
  matched_by text not null,
  recorded_at timestamp with time zone not null,
  constraint matches_pkey PRIMARY KEY (id),
  constraint matches_matched_by_check CHECK (((length(matched_by) >= 1) AND (length(matched_by) <= 600))),
  constraint matches_rule_check CHECK (((length(rule) >= 1) AND (length(rule) <= 100))),
  constraint matches_nostro_id_fkey FOREIGN KEY (nostro_id) REFERENCES payments.nostros(id)
);
grant insert, select on payments.matches to florin_app;

create table payments.nostros (
  id uuid not null,
  tenant text not null default platform.tenant(),
  number text collate "C" not null,
  account_id uuid not null,
  currency text not null,
  write_off_account_id uuid,
  rules jsonb not null,
  matched_up_to bigint not null,
  revision integer not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint nostros_pkey PRIMARY KEY (id),
  constraint nostros_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint nostros_matched_up_to_check CHECK ((matched_up_to >= 0)),
  constraint nostros_number_check CHECK ((number ~ '^[A-Za-z0-9]{1,34}$'::text)),
  constraint nostros_revision_check CHECK ((revision > 0)),
  constraint nostros_rules_check CHECK ((octet_length((rules)::text) <= 16384)),
  constraint nostros_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.accounts(id),
  constraint nostros_write_off_account_id_fkey FOREIGN KEY (write_off_account_id) REFERENCES ledger.accounts(id)
);
CREATE UNIQUE INDEX nostros_account ON payments.nostros USING btree (account_id);
CREATE UNIQUE INDEX nostros_number ON payments.nostros USING btree (number, currency, tenant);
grant insert, select, update on payments.nostros to florin_app;

create table payments.outgoing_files (
  id uuid not null,
  tenant text not null default platform.tenant(),
  format text not null,
  state text not null,
  origin text not null,
  destination text not null,
  created_on date not null,
  modifier text not null,
  effective_on date not null,
  first_trace text not null,
  last_trace text not null,
  batches integer not null,
  entries integer not null,
  debits bigint not null,
  credits bigint not null,
  bytes integer not null,
  sha256 bytea not null,
  sealed_key bytea not null,
  object_id uuid not null,
  written_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  constraint outgoing_files_pkey PRIMARY KEY (id),
  constraint outgoing_files_batches_check CHECK ((batches > 0)),
  constraint outgoing_files_bytes_check CHECK ((bytes > 0)),
  constraint outgoing_files_check CHECK ((effective_on > created_on)),
  constraint outgoing_files_check1 CHECK ((sent_at >= written_at)),
  constraint outgoing_files_check2 CHECK (((state = 'sent'::text) = (sent_at IS NOT NULL))),
  constraint outgoing_files_check3 CHECK (((debits + credits) > 0)),
  constraint outgoing_files_credits_check CHECK ((credits >= 0)),
  constraint outgoing_files_debits_check CHECK ((debits >= 0)),
  constraint outgoing_files_destination_check CHECK ((destination ~ '^[0-9]{9}$'::text)),
  constraint outgoing_files_entries_check CHECK ((entries > 0)),
  constraint outgoing_files_first_trace_check CHECK ((first_trace ~ '^[0-9]{15}$'::text)),
  constraint outgoing_files_format_check CHECK ((format = 'nacha'::text)),
  constraint outgoing_files_last_trace_check CHECK ((last_trace ~ '^[0-9]{15}$'::text)),
  constraint outgoing_files_modifier_check CHECK ((modifier ~ '^[A-Z0-9]$'::text)),
  constraint outgoing_files_origin_check CHECK ((origin ~ '^[0-9]{9}$'::text)),
  constraint outgoing_files_sha256_check CHECK ((length(sha256) = 32)),
  constraint outgoing_files_state_check CHECK ((state = ANY (ARRAY['written'::text, 'sent'::text])))
);
CREATE INDEX outgoing_files_by_id ON payments.outgoing_files USING btree (tenant, id);
CREATE UNIQUE INDEX outgoing_files_modifier ON payments.outgoing_files USING btree (created_on, modifier, origin, destination);
grant insert, select on payments.outgoing_files to florin_app;
grant update on payments.outgoing_files (state) to florin_app;
grant update on payments.outgoing_files (sent_at) to florin_app;

create table payments.payments (
  id uuid not null,
  tenant text not null default platform.tenant(),
  kind payments.payment_kind not null,
  status payments.payment_status not null,
  version integer not null default 1,
  reason text,
  rail text,
  account_id uuid not null,
  counter_account_id uuid,
  amount bigint not null,
  currency text not null,
  party jsonb,
  external_id text,
  end_to_end_id text,
  transaction_id text,
  remittance text,
  requested_on date,
  origin text,
  origin_entry integer,
  accepted_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  enquire_at timestamp with time zone,
  constraint payments_pkey PRIMARY KEY (id),
  constraint payments_amount_check CHECK ((amount > 0)),
  constraint payments_check CHECK (((kind = 'book'::payments.payment_kind) = (counter_account_id IS NOT NULL))),
  constraint payments_check1 CHECK (((kind = 'book'::payments.payment_kind) = (rail IS NULL))),
  constraint payments_check2 CHECK (((origin IS NULL) = (origin_entry IS NULL))),
  constraint payments_version_check CHECK ((version > 0))
) with (fillfactor=85);
CREATE INDEX payments_account ON payments.payments USING btree (account_id, id);
CREATE INDEX payments_counter_account ON payments.payments USING btree (counter_account_id, id) WHERE (counter_account_id IS NOT NULL);
CREATE INDEX payments_end_to_end_id ON payments.payments USING btree (end_to_end_id, id) WHERE (end_to_end_id IS NOT NULL);
CREATE INDEX payments_enquire_at ON payments.payments USING btree (enquire_at) WHERE (enquire_at IS NOT NULL);
CREATE UNIQUE INDEX payments_external_id ON payments.payments USING btree (external_id, tenant) WHERE (external_id IS NOT NULL);
CREATE INDEX payments_open ON payments.payments USING btree (rail, id) WHERE (status = ANY (ARRAY['accepted'::payments.payment_status, 'submitted'::payments.payment_status, 'unknown'::payments.payment_status]));
CREATE UNIQUE INDEX payments_origin ON payments.payments USING btree (origin, origin_entry, tenant) WHERE (origin IS NOT NULL);
CREATE INDEX payments_transaction_id ON payments.payments USING btree (transaction_id, rail) WHERE (transaction_id IS NOT NULL);
grant insert, select on payments.payments to florin_app;
grant update on payments.payments (status) to florin_app;
grant update on payments.payments (version) to florin_app;
grant update on payments.payments (reason) to florin_app;
grant update on payments.payments (transaction_id) to florin_app;
grant update on payments.payments (changed_at) to florin_app;
grant update on payments.payments (enquire_at) to florin_app;
comment on column payments.payments.enquire_at is 'when the rail is asked (again) what became of it, unless it has answered';

create table payments.rail_books (
  tenant text not null default platform.tenant(),
  rail text not null,
  currency text not null,
  book text not null,
  account_id uuid not null,
  constraint rail_books_pkey PRIMARY KEY (rail, currency, book, tenant)
);
grant insert, select on payments.rail_books to florin_app;

create table payments.rail_messages (
  rail text not null,
  message_id text not null,
  tenant text not null default platform.tenant(),
  kind text not null,
  payment_id uuid,
  outcome text not null,
  received_at timestamp with time zone not null,
  constraint rail_messages_pkey PRIMARY KEY (rail, message_id, tenant)
);
CREATE INDEX rail_messages_payment ON payments.rail_messages USING btree (payment_id) WHERE (payment_id IS NOT NULL);
grant insert, select on payments.rail_messages to florin_app;

create table payments.standing_order_occurrences (
  order_id uuid not null,
  tenant text not null default platform.tenant(),
  due_on date not null,
  pay_on date not null,
  state text not null,
  reason text,
  amount bigint,
  payment_id uuid,
  attempts integer not null,
  attempts_of_day smallint not null,
  days_tried smallint not null,
  retry_at timestamp with time zone,
  first_tried_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint standing_order_occurrences_pkey PRIMARY KEY (order_id, due_on),
  constraint standing_order_occurrences_amount_check CHECK ((amount > 0)),
  constraint standing_order_occurrences_attempts_check CHECK ((attempts >= 0)),
  constraint standing_order_occurrences_attempts_of_day_check CHECK ((attempts_of_day >= 0)),
  constraint standing_order_occurrences_check CHECK (((state = 'waiting'::text) = (retry_at IS NOT NULL))),
  constraint standing_order_occurrences_check1 CHECK (((state <> 'paid'::text) OR (payment_id IS NOT NULL))),
  constraint standing_order_occurrences_check2 CHECK (((state = 'paid'::text) = (reason IS NULL))),
  constraint standing_order_occurrences_days_tried_check CHECK ((days_tried >= 0)),
  constraint standing_order_occurrences_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 100))),
  constraint standing_order_occurrences_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'paid'::text, 'failed'::text, 'skipped'::text]))),
  constraint standing_order_occurrences_order_id_fkey FOREIGN KEY (order_id) REFERENCES payments.standing_orders(id)
) with (fillfactor=90);
CREATE INDEX standing_order_occurrences_waiting ON payments.standing_order_occurrences USING btree (retry_at, order_id) WHERE (state = 'waiting'::text);
grant insert, select, update on payments.standing_order_occurrences to florin_app;

create table payments.standing_orders (
  id uuid not null,
  tenant text not null default platform.tenant(),
  external_id text collate "C",
  account_id uuid not null,
  creditor_account_id uuid,
  creditor_iban text,
  creditor_number text,
  creditor_agent text,
  creditor_name text,
  rail text,
  currency text not null,
  amount bigint,
  sweep_keep bigint,
  remittance text,
  purpose text,
  frequency text not null,
  day smallint,
  starts_on date not null,
  ends_on date,
  occurrence_max integer,
  calendar text not null,
  business_day_rule text not null,
  retries_a_day smallint not null,
  retry_days smallint not null,
  status text not null,
  status_reason text,
  next_index integer not null,
  next_due_on date,
  next_pay_on date,
  revision integer not null,
  created_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  constraint standing_orders_pkey PRIMARY KEY (id),
  constraint standing_orders_amount_check CHECK ((amount > 0)),
  constraint standing_orders_business_day_rule_check CHECK ((business_day_rule = ANY (ARRAY['none'::text, 'following'::text, 'preceding'::text, 'modified_following'::text, 'skip'::text]))),
  constraint standing_orders_calendar_check CHECK ((calendar = ANY (ARRAY['every_day'::text, 'target'::text, 'us_fed'::text]))),
  constraint standing_orders_check CHECK ((ends_on >= starts_on)),
  constraint standing_orders_check1 CHECK (((amount IS NULL) <> (sweep_keep IS NULL))),
  constraint standing_orders_check2 CHECK ((num_nonnulls(creditor_account_id, creditor_iban, creditor_number) = 1)),
  constraint standing_orders_check3 CHECK (((creditor_number IS NULL) = (creditor_agent IS NULL))),
  constraint standing_orders_check4 CHECK (((frequency = ANY (ARRAY['daily'::text, 'weekly'::text])) = (day IS NULL))),
  constraint standing_orders_check5 CHECK (((next_due_on IS NULL) = (next_pay_on IS NULL))),
  constraint standing_orders_check6 CHECK (((status <> 'ended'::text) OR (next_due_on IS NULL))),
  constraint standing_orders_creditor_agent_check CHECK ((creditor_agent ~ '^[A-Z0-9]{2,11}$'::text)),
  constraint standing_orders_creditor_iban_check CHECK ((creditor_iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'::text)),
  constraint standing_orders_creditor_name_check CHECK (((length(creditor_name) >= 1) AND (length(creditor_name) <= 140))),
  constraint standing_orders_creditor_number_check CHECK ((creditor_number ~ '^[A-Za-z0-9]{1,34}$'::text)),
  constraint standing_orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint standing_orders_day_check CHECK (((day >= 1) AND (day <= 31))),
  constraint standing_orders_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 255))),
  constraint standing_orders_frequency_check CHECK ((frequency = ANY (ARRAY['daily'::text, 'weekly'::text, 'monthly'::text, 'quarterly'::text, 'half_yearly'::text, 'yearly'::text]))),
  constraint standing_orders_next_index_check CHECK ((next_index >= 0)),
  constraint standing_orders_occurrence_max_check CHECK ((occurrence_max > 0)),
  constraint standing_orders_purpose_check CHECK ((purpose ~ '^[A-Za-z0-9_]{1,35}$'::text)),
  constraint standing_orders_rail_check CHECK ((rail ~ '^[a-z][a-z0-9_]{0,29}$'::text)),
  constraint standing_orders_remittance_check CHECK (((length(remittance) >= 1) AND (length(remittance) <= 140))),
  constraint standing_orders_retries_a_day_check CHECK (((retries_a_day >= 0) AND (retries_a_day <= 20))),
  constraint standing_orders_retry_days_check CHECK (((retry_days >= 0) AND (retry_days <= 30))),
  constraint standing_orders_revision_check CHECK ((revision > 0)),
  constraint standing_orders_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'ended'::text]))),
  constraint standing_orders_status_reason_check CHECK (((length(status_reason) >= 1) AND (length(status_reason) <= 100))),
  constraint standing_orders_sweep_keep_check CHECK ((sweep_keep >= 0)),
  constraint standing_orders_account_id_fkey FOREIGN KEY (account_id) REFERENCES ledger.accounts(id),
  constraint standing_orders_creditor_account_id_fkey FOREIGN KEY (creditor_account_id) REFERENCES ledger.accounts(id)
) with (fillfactor=80);
CREATE INDEX standing_orders_by_account ON payments.standing_orders USING btree (account_id, id);
CREATE INDEX standing_orders_by_id ON payments.standing_orders USING btree (tenant, id);
CREATE INDEX standing_orders_due ON payments.standing_orders USING btree (next_pay_on, id) WHERE (status = 'active'::text);
CREATE UNIQUE INDEX standing_orders_external_id ON payments.standing_orders USING btree (external_id, tenant) WHERE (external_id IS NOT NULL);
grant insert, select, update on payments.standing_orders to florin_app;

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

create function platform.tenant() returns text language sql stable set search_path=pg_catalog, pg_temp; -- body d9e63b9fcbb63cba
grant execute on function platform.tenant() to florin_app;
grant execute on function platform.tenant() to public;

create schema queues;
grant usage on schema queues to florin_app;

create table queues.alarms (
  queue text not null,
  alarm text not null,
  raised_at timestamp with time zone not null,
  constraint alarms_pkey PRIMARY KEY (queue, alarm),
  constraint alarms_alarm_check CHECK ((alarm = ANY (ARRAY['depth'::text, 'age'::text, 'dead'::text])))
);
grant delete, insert, select on queues.alarms to florin_app;

create table queues.dead_letters (
  id uuid not null,
  number bigint not null generated always as identity,
  tenant text not null default platform.tenant(),
  queue text not null,
  group_key text,
  attempts smallint not null,
  sent_at timestamp with time zone not null,
  died_at timestamp with time zone not null,
  trace_id text,
  body text not null,
  code text not null,
  reason text not null,
  failures jsonb not null,
  constraint dead_letters_pkey PRIMARY KEY (id),
  constraint dead_letters_number_key UNIQUE (number)
);
CREATE INDEX dead_letters_queue ON queues.dead_letters USING btree (queue, number);
grant delete, insert, select on queues.dead_letters to florin_app;
grant update on queues.dead_letters (number) to florin_app;

create table queues.deduplications (
  queue text not null,
  deduplication text not null,
  tenant text not null default platform.tenant(),
  message_id uuid not null,
  expires_at timestamp with time zone not null,
  constraint deduplications_pkey PRIMARY KEY (queue, deduplication, tenant),
  constraint deduplications_deduplication_check CHECK (((length(deduplication) >= 1) AND (length(deduplication) <= 128)))
);
CREATE INDEX deduplications_expiry ON queues.deduplications USING btree (expires_at);
grant delete, insert, select, update on queues.deduplications to florin_app;

create table queues.messages (
  number bigint not null generated always as identity,
  id uuid not null,
  tenant text not null default platform.tenant(),
  queue text not null,
  group_key text,
  ready_at timestamp with time zone,
  lease uuid,
  attempts smallint not null default 0,
  sent_at timestamp with time zone not null,
  trace_id text,
  body text not null,
  failures jsonb,
  constraint messages_pkey PRIMARY KEY (number),
  constraint messages_attempts_check CHECK ((attempts >= 0)),
  constraint messages_group_key_check CHECK (((length(group_key) >= 1) AND (length(group_key) <= 128))),
  constraint messages_queue_check CHECK ((queue ~ '^[a-z][a-z0-9_-]{0,74}$'::text)),
  constraint messages_trace_id_check CHECK ((trace_id ~ '^[0-9a-f]{32}$'::text))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX messages_begun ON queues.messages USING btree (queue, group_key, number) WHERE ((group_key IS NOT NULL) AND (attempts > 0));
CREATE INDEX messages_behind ON queues.messages USING btree (queue, group_key, number) WHERE (ready_at IS NULL);
CREATE INDEX messages_group ON queues.messages USING btree (queue, group_key, number) WHERE (group_key IS NOT NULL);
CREATE INDEX messages_ready ON queues.messages USING btree (queue, ready_at, number) WHERE (ready_at IS NOT NULL);
grant delete, insert, select, update on queues.messages to florin_app;
comment on table queues.messages is 'room is left in its pages and it is vacuumed early: each row is changed once and then removed';

create sequence queues.dead_letters_number_seq;

create sequence queues.messages_number_seq;

create function queues.bury_messages(p_queue text, p_numbers bigint[], p_leases uuid[], p_codes text[], p_reasons text[], p_now timestamp with time zone) returns SETOF bigint language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_hashjoin=off set enable_mergejoin=off; -- body e1487486c5720ea1
grant execute on function queues.bury_messages(text,bigint[],uuid[],text[],text[],timestamp with time zone) to florin_app;
grant execute on function queues.bury_messages(text,bigint[],uuid[],text[],text[],timestamp with time zone) to public;

create function queues.complete_messages(p_queue text, p_numbers bigint[], p_leases uuid[], p_now timestamp with time zone) returns SETOF bigint language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_hashjoin=off set enable_mergejoin=off; -- body ad75e195a6115b05
grant execute on function queues.complete_messages(text,bigint[],uuid[],timestamp with time zone) to florin_app;
grant execute on function queues.complete_messages(text,bigint[],uuid[],timestamp with time zone) to public;

create function queues.extend_leases(p_queue text, p_numbers bigint[], p_leases uuid[], p_until timestamp with time zone) returns SETOF bigint language sql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_hashjoin=off set enable_mergejoin=off; -- body 762488847edac0ad
grant execute on function queues.extend_leases(text,bigint[],uuid[],timestamp with time zone) to florin_app;
grant execute on function queues.extend_leases(text,bigint[],uuid[],timestamp with time zone) to public;

create function queues.lock_groups(p_queue text, p_numbers bigint[]) returns text[] language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off; -- body 5292304bb6562582
grant execute on function queues.lock_groups(text,bigint[]) to florin_app;
grant execute on function queues.lock_groups(text,bigint[]) to public;

create function queues.receive_messages(p_queue text, p_now timestamp with time zone, p_until timestamp with time zone, p_lease uuid, p_max integer, p_attempts_max integer) returns SETOF queues.messages language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_bitmapscan=off set enable_hashjoin=off set enable_mergejoin=off set enable_sort=off; -- body e9af1a096b420ac9
grant execute on function queues.receive_messages(text,timestamp with time zone,timestamp with time zone,uuid,integer,integer) to florin_app;
grant execute on function queues.receive_messages(text,timestamp with time zone,timestamp with time zone,uuid,integer,integer) to public;

create function queues.release_groups(p_queue text, p_groups text[], p_now timestamp with time zone) returns void language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_bitmapscan=off set enable_hashjoin=off set enable_mergejoin=off set enable_sort=off; -- body db11547663367ce4
grant execute on function queues.release_groups(text,text[],timestamp with time zone) to florin_app;
grant execute on function queues.release_groups(text,text[],timestamp with time zone) to public;

create function queues.retry_messages(p_queue text, p_numbers bigint[], p_leases uuid[], p_codes text[], p_reasons text[], p_ready timestamp with time zone[], p_now timestamp with time zone) returns SETOF bigint language plpgsql volatile set plan_cache_mode=force_generic_plan set enable_seqscan=off set enable_hashjoin=off set enable_mergejoin=off; -- body f8fdeeda90db5e22
grant execute on function queues.retry_messages(text,bigint[],uuid[],text[],text[],timestamp with time zone[],timestamp with time zone) to florin_app;
grant execute on function queues.retry_messages(text,bigint[],uuid[],text[],text[],timestamp with time zone[],timestamp with time zone) to public;

create function queues.with_failure(p_failures jsonb, p_attempt smallint, p_code text, p_reason text, p_now timestamp with time zone) returns jsonb language sql stable; -- body 408ee80636b456d9
grant execute on function queues.with_failure(jsonb,smallint,text,text,timestamp with time zone) to florin_app;
grant execute on function queues.with_failure(jsonb,smallint,text,text,timestamp with time zone) to public;

create schema search;
grant usage on schema search to florin_app;

create extension pg_trgm with schema search;

create table search.documents (
  index_name text not null,
  tenant text not null default platform.tenant(),
  id text collate "C" not null,
  body text collate "C" not null,
  terms tsvector not null,
  constraint documents_pkey PRIMARY KEY (index_name, tenant, id),
  constraint documents_id_check CHECK (((length(id) >= 1) AND (length(id) <= 255))),
  constraint documents_index_name_check CHECK ((index_name ~ '^[a-z][a-z0-9_-]{0,62}$'::text))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05);
CREATE INDEX documents_parts ON search.documents USING gin (body search.gin_trgm_ops);
CREATE INDEX documents_terms ON search.documents USING gin (terms);
grant delete, insert, select, update on search.documents to florin_app;

create function search.find_documents(p_index text, p_terms text, p_parts text[], p_beginnings text, p_after text, p_limit integer) returns SETOF text language plpgsql stable security definer set search_path=pg_catalog, pg_temp set plan_cache_mode=force_custom_plan; -- body 9fdc51b5ce050b18
grant execute on function search.find_documents(text,text,text[],text,text,integer) to florin_app;

create schema stream;
grant usage on schema stream to florin_app;

create table stream.consumers (
  name text not null,
  "position" bigint not null,
  moved_at timestamp with time zone not null,
  constraint consumers_pkey PRIMARY KEY (name),
  constraint consumers_name_check CHECK ((name ~ '^[a-z][a-z0-9-]{0,63}$'::text)),
  constraint consumers_position_check CHECK (("position" >= 0))
) with (fillfactor=50);
grant delete, insert, select, update on stream.consumers to florin_app;

create table stream.events (
  bundle bigint not null,
  ordinal integer not null,
  id uuid not null,
  tenant text not null default platform.tenant(),
  type text not null,
  subject text not null,
  occurred_at timestamp with time zone not null,
  trace_id text,
  data jsonb not null,
  constraint events_pkey PRIMARY KEY (bundle, ordinal),
  constraint events_ordinal_check CHECK ((ordinal >= 0)),
  constraint events_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 100))),
  constraint events_trace_id_check CHECK ((trace_id ~ '^[0-9a-f]{32}$'::text)),
  constraint events_type_check CHECK ((type ~ '^[a-z][a-z_]*(\.[a-z][a-z_]*)+$'::text))
);
grant delete, insert, select on stream.events to florin_app;

create table stream.heads (
  is_only boolean not null default true,
  "position" bigint not null,
  constraint heads_pkey PRIMARY KEY (is_only),
  constraint heads_is_only_check CHECK (is_only),
  constraint heads_position_check CHECK (("position" >= 0))
);
grant select, update on stream.heads to florin_app;

create table stream.inbox (
  number bigint not null generated always as identity,
  event_count integer not null,
  constraint inbox_pkey PRIMARY KEY (number),
  constraint inbox_event_count_check CHECK ((event_count > 0))
) with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);
grant delete, insert, select on stream.inbox to florin_app;

create table stream.places (
  first_position bigint not null,
  event_count integer not null,
  bundle bigint not null,
  constraint places_pkey PRIMARY KEY (first_position),
  constraint places_event_count_check CHECK ((event_count > 0)),
  constraint places_first_position_check CHECK ((first_position > 0))
);
grant delete, insert, select on stream.places to florin_app;

create sequence stream.inbox_number_seq;

create function stream.sequence_events(p_bundles_max integer) returns bigint language plpgsql volatile; -- body aa257117a10d39bf
grant execute on function stream.sequence_events(integer) to florin_app;
grant execute on function stream.sequence_events(integer) to public;
