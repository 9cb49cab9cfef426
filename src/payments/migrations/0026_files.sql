-- Files of payments: what was agreed with their senders, the files as they came and how far each
-- has got, what is wrong with them, and what became of every entry. Lock: none that matters, the
-- tables are new. Duration: milliseconds.

-- What was agreed with whoever sends files. It ends, and is never deleted.
create table payments.file_agreements (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  -- Whose files: in the watched folder the name of its folder.
  sender text not null check (sender ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  format text not null check (format ~ '^[a-z0-9][a-z0-9_.]{0,39}$'),
  -- incoming: a network pays and collects, on accounts of ours. outgoing: a customer does.
  role text not null check (role in ('incoming', 'outgoing')),
  acceptance text not null check (acceptance in ('whole', 'partial')),
  -- The rail whose books stand behind what the file moves.
  rail text not null check (rail ~ '^[a-z][a-z0-9_]{0,29}$'),
  -- Outgoing: the customer's account, which pays and is paid.
  settlement_account uuid references ledger.accounts (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  are_debits_allowed boolean not null,
  -- Minor units: of one entry, and of all debits or all credits of one file.
  entry_max bigint check (entry_max > 0),
  file_max bigint check (file_max > 0),
  -- Of files whose columns their sender chose.
  mapping jsonb check (octet_length(mapping::text) <= 16384),
  state text not null check (state in ('active', 'ended')),
  revision integer not null check (revision > 0),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check (role = 'incoming' or settlement_account is not null),
  check ((format = 'csv') = (mapping is not null))
);

create unique index file_agreements_in_force on payments.file_agreements (sender, format, tenant)
where state = 'active';
create index file_agreements_by_id on payments.file_agreements (tenant, id);

create table payments.files (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  agreement_id uuid not null references payments.file_agreements (id),
  sender text not null,
  format text not null,
  source text not null check (source in ('upload', 'folder', 'store')),
  name text not null check (length(name) between 1 and 255),
  bytes bigint not null check (bytes > 0),
  received_bytes bigint not null check (received_bytes between 0 and bytes),
  sha256 bytea not null check (length(sha256) = 32),
  -- The key of its content, sealed by the installation's; without it nobody can read the parts.
  sealed_key bytea not null,
  state text not null check (state in
    ('uploading', 'received', 'accepted', 'posted', 'completed', 'refused', 'failed', 'abandoned')),
  -- Of a refusal or failure.
  reason text check (length(reason) between 1 and 100),
  message_id text check (length(message_id) between 1 and 200),
  entries bigint check (entries >= 0),
  batches bigint check (batches >= 0),
  debits bigint check (debits >= 0),
  credits bigint check (credits >= 0),
  faults bigint not null check (faults >= 0),
  -- How far the check has read, for whoever watches.
  checked_bytes bigint not null check (checked_bytes >= 0),
  attempts integer not null check (attempts >= 0),
  leased_by uuid,
  leased_until timestamptz,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check ((state in ('refused', 'failed')) = (reason is not null)),
  check ((leased_by is null) = (leased_until is null))
) with (fillfactor = 70);

-- The same file twice: by its content, and by the name that its sender gave the message. What was
-- refused or given up may be sent again.
create unique index files_content on payments.files (sha256, sender, tenant)
where state not in ('refused', 'abandoned');
create unique index files_message on payments.files (message_id, sender, format, tenant)
where state not in ('refused', 'abandoned') and message_id is not null;
create index files_by_id on payments.files (tenant, id);
create index files_due on payments.files (id) where state in ('received', 'accepted', 'posted');
create index files_unfinished on payments.files (changed_at) where state = 'uploading';

-- A file's content in the order of its bytes; each part is a sealed object of the store.
create table payments.file_parts (
  file_id uuid not null references payments.files (id),
  tenant text not null default platform.tenant(),
  place bigint not null check (place >= 0),
  bytes integer not null check (bytes > 0),
  object_id uuid not null,
  recorded_at timestamptz not null,
  primary key (file_id, place)
);

-- What is wrong with a file, as far as it is kept: files.faults counts all.
create table payments.file_faults (
  file_id uuid not null references payments.files (id),
  tenant text not null default platform.tenant(),
  number integer not null check (number >= 0),
  scope text not null check (scope in ('file', 'batch', 'entry')),
  rule text not null check (length(rule) between 1 and 100),
  message text not null check (length(message) between 1 and 1000),
  record bigint not null check (record >= 0),
  field text check (length(field) between 1 and 200),
  batch bigint check (batch >= 0),
  entry bigint check (entry >= 0),
  primary key (file_id, number)
);

-- A run of entries that was posted in one transaction: where it is, its entries are done.
create table payments.file_chunks (
  file_id uuid not null references payments.files (id),
  tenant text not null default platform.tenant(),
  first_entry bigint not null check (first_entry >= 0),
  entries integer not null check (entries > 0),
  posted integer not null check (posted >= 0),
  returned integer not null check (returned >= 0),
  noted integer not null check (noted >= 0),
  left_out integer not null check (left_out >= 0),
  -- Minor units of what was posted.
  debits bigint not null check (debits >= 0),
  credits bigint not null check (credits >= 0),
  recorded_at timestamptz not null,
  primary key (file_id, first_entry),
  check (posted + returned + noted + left_out = entries)
);

-- What became of each entry that was not made a payment; the others are found by their origin. Its
-- file is known to exist: it is written beside a chunk that says so, and a foreign key would cost a
-- look at the same row for each of millions of entries.
create table payments.file_entries (
  file_id uuid not null,
  tenant text not null default platform.tenant(),
  entry bigint not null check (entry >= 0),
  record bigint not null check (record >= 0),
  -- returned: to be sent back. noted: moves nothing by its nature. left_out: it is at fault.
  outcome text not null check (outcome in ('returned', 'noted', 'left_out')),
  -- R03, AC04, or the code of a refusal.
  reason text check (length(reason) between 1 and 100),
  -- Ours that it was about, where it was found.
  account_id uuid,
  -- The rejected payment that it was made, or the one that it is about.
  payment_id uuid,
  trace text check (length(trace) between 1 and 100),
  primary key (file_id, entry)
);

-- What the bank sends back about a file: a return file, a status report. Sealed as its parts are.
create table payments.file_answers (
  file_id uuid primary key references payments.files (id),
  tenant text not null default platform.tenant(),
  format text not null check (length(format) between 1 and 40),
  bytes bigint not null check (bytes >= 0),
  sha256 bytea not null check (length(sha256) = 32),
  parts uuid[] not null check (cardinality(parts) between 1 and 100000),
  recorded_at timestamptz not null
);

alter table payments.file_agreements enable row level security;
alter table payments.files enable row level security;
alter table payments.file_parts enable row level security;
alter table payments.file_faults enable row level security;
alter table payments.file_chunks enable row level security;
alter table payments.file_entries enable row level security;
alter table payments.file_answers enable row level security;

create policy own_tenant on payments.file_agreements
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.files
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.file_parts
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.file_faults
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.file_chunks
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.file_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.file_answers
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert, update on payments.file_agreements, payments.files to florin_app;
grant select, insert on payments.file_parts, payments.file_faults, payments.file_chunks,
  payments.file_entries, payments.file_answers to florin_app;
