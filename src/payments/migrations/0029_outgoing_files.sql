-- Files of payments that the bank writes for a network: which numbers they had, what they hold, and
-- whether they were sent. Lock: none that matters, the tables are new. Duration: milliseconds.

-- The numbers that the bank's files have given away, by the first eight digits of its routing
-- number. They belong to the installation, since the network knows one bank and no tenants: whoever
-- holds the row gives numbers, and what was given is given for good.
create table payments.ach_counters (
  origin text primary key check (origin ~ '^[0-9]{8}$'),
  -- Of trace numbers; after the largest they begin again.
  last_sequence integer not null check (last_sequence between 0 and 9999999),
  -- How many files that day has: each has a modifier of its own.
  counted_on date not null,
  files integer not null check (files between 0 and 36)
);

create table payments.outgoing_files (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  format text not null check (format = 'nacha'),
  state text not null check (state in ('written', 'sent')),
  -- Nine digits each: ours, and those of the operator that takes the file.
  origin text not null check (origin ~ '^[0-9]{9}$'),
  destination text not null check (destination ~ '^[0-9]{9}$'),
  created_on date not null,
  modifier text not null check (modifier ~ '^[A-Z0-9]$'),
  effective_on date not null check (effective_on > created_on),
  -- The trace numbers of its entries lie between these.
  first_trace text not null check (first_trace ~ '^[0-9]{15}$'),
  last_trace text not null check (last_trace ~ '^[0-9]{15}$'),
  batches integer not null check (batches > 0),
  entries integer not null check (entries > 0),
  -- Minor units.
  debits bigint not null check (debits >= 0),
  credits bigint not null check (credits >= 0),
  bytes integer not null check (bytes > 0),
  sha256 bytea not null check (length(sha256) = 32),
  -- The content is a sealed object of the store, as the parts of files that come in are.
  sealed_key bytea not null,
  object_id uuid not null,
  written_at timestamptz not null,
  sent_at timestamptz check (sent_at >= written_at),
  check ((state = 'sent') = (sent_at is not null)),
  check (debits + credits > 0)
);

-- The network tells files of a day apart by their modifier, whosever they are.
create unique index outgoing_files_modifier
on payments.outgoing_files (created_on, modifier, origin, destination);
create index outgoing_files_by_id on payments.outgoing_files (tenant, id);

alter table payments.outgoing_files enable row level security;

create policy own_tenant on payments.outgoing_files
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert, update on payments.ach_counters to florin_app;
grant select, insert on payments.outgoing_files to florin_app;
grant update (state, sent_at) on payments.outgoing_files to florin_app;
