-- Statements of other banks about our accounts with them, what each entry was matched with, and
-- what a person must look at. Lock: none that matters, the tables are new. Duration: milliseconds.

-- An account that we hold with another bank: its name there, and the books that mirror it.
create table payments.nostros (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  -- As the statements name it: an IBAN, or another number.
  number text collate "C" not null check (number ~ '^[A-Za-z0-9]{1,34}$'),
  account_id uuid not null references ledger.accounts (id),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- What differences are written off to, once two people agree.
  write_off_account_id uuid references ledger.accounts (id),
  -- The rules in their order, each with its bounds.
  rules jsonb not null check (octet_length(rules::text) <= 16384),
  -- Entries of the books up to this version of the account are all matched, or not waited for.
  matched_up_to bigint not null check (matched_up_to >= 0),
  revision integer not null check (revision > 0),
  created_at timestamptz not null,
  changed_at timestamptz not null
);

create unique index nostros_number on payments.nostros (number, currency, tenant);
create unique index nostros_account on payments.nostros (account_id);

create table payments.bank_statements (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null references payments.nostros (id),
  -- statement: a whole period with balances (camt.053). notification: entries alone (camt.054).
  kind text not null check (kind in ('statement', 'notification')),
  -- The other bank's name for it: the same is never taken twice.
  reference text collate "C" not null check (length(reference) between 1 and 100),
  sequence bigint,
  -- Minor units as the other bank counts, what we have with it as positive.
  opening bigint,
  closing bigint,
  -- The day of its closing balance, or of its latest entry.
  ends_on date not null,
  entries integer not null check (entries >= 0),
  sha256 bytea not null check (length(sha256) = 32),
  recorded_at timestamptz not null,
  check ((kind = 'statement') = (opening is not null)),
  check ((opening is null) = (closing is null))
);

create unique index bank_statements_reference
on payments.bank_statements (nostro_id, kind, reference);
create unique index bank_statements_content on payments.bank_statements (nostro_id, sha256);
create index bank_statements_by_nostro on payments.bank_statements (nostro_id, id);

create table payments.bank_statement_entries (
  statement_id uuid not null references payments.bank_statements (id),
  tenant text not null default platform.tenant(),
  nostro_id uuid not null references payments.nostros (id),
  place integer not null check (place >= 0),
  -- Minor units: above zero where the other bank credited us.
  amount bigint not null check (amount <> 0),
  booked_on date not null,
  value_on date not null,
  -- Our name for it, and the other bank's.
  reference text collate "C" check (length(reference) between 1 and 255),
  servicer_reference text collate "C" check (length(servicer_reference) between 1 and 255),
  code text check (length(code) between 1 and 100),
  primary key (statement_id, place)
);

create index bank_statement_entries_servicer
on payments.bank_statement_entries (nostro_id, servicer_reference)
where servicer_reference is not null;

-- What belongs together, by which rule: entries of statements with entries of the books.
create table payments.matches (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null references payments.nostros (id),
  rule text not null check (length(rule) between 1 and 100),
  matched_by text not null check (length(matched_by) between 1 and 600),
  recorded_at timestamptz not null
);

create table payments.matched_statement_entries (
  statement_id uuid not null,
  place integer not null,
  tenant text not null default platform.tenant(),
  match_id uuid not null references payments.matches (id),
  primary key (statement_id, place),
  foreign key (statement_id, place) references payments.bank_statement_entries
);

create index matched_statement_entries_match on payments.matched_statement_entries (match_id);

create table payments.matched_book_entries (
  account_id uuid not null references ledger.accounts (id),
  -- The entry of the account, by the account's version.
  version bigint not null check (version > 0),
  tenant text not null default platform.tenant(),
  match_id uuid not null references payments.matches (id),
  primary key (account_id, version)
);

create index matched_book_entries_match on payments.matched_book_entries (match_id);

-- What no rule matched, or what does not add up, until a person has dealt with it.
create table payments.breaks (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  nostro_id uuid not null references payments.nostros (id),
  kind text not null check (kind in
    ('statement_only', 'books_only', 'amount_differs', 'statement_gap')),
  -- Minor units, of the side that has it; of amount_differs and statement_gap the difference.
  amount bigint not null,
  statement_id uuid,
  place integer,
  account_id uuid,
  version bigint,
  state text not null check (state in ('open', 'assigned', 'waiting', 'resolved')),
  assignee text check (length(assignee) between 1 and 600),
  resolution text check (resolution in ('matched', 'linked', 'written_off', 'accepted')),
  note text check (length(note) between 1 and 500),
  match_id uuid references payments.matches (id),
  transfer_id uuid,
  wait_until date,
  -- Of the day it is about: what waits longest comes first.
  since_on date not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check ((state = 'resolved') = (resolution is not null)),
  check (state <> 'assigned' or assignee is not null),
  check ((state = 'waiting') = (wait_until is not null)),
  foreign key (statement_id, place) references payments.bank_statement_entries
) with (fillfactor = 80);

create unique index breaks_of_statement_entry on payments.breaks (statement_id, place)
where state <> 'resolved' and place is not null;
create unique index breaks_of_book_entry on payments.breaks (account_id, version)
where state <> 'resolved' and version is not null;
create index breaks_unresolved on payments.breaks (nostro_id, since_on, id)
where state <> 'resolved';
create index breaks_by_id on payments.breaks (tenant, id);

alter table payments.nostros enable row level security;
alter table payments.bank_statements enable row level security;
alter table payments.bank_statement_entries enable row level security;
alter table payments.matches enable row level security;
alter table payments.matched_statement_entries enable row level security;
alter table payments.matched_book_entries enable row level security;
alter table payments.breaks enable row level security;

create policy own_tenant on payments.nostros
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.bank_statements
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.bank_statement_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.matches
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.matched_statement_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.matched_book_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.breaks
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on payments.nostros, payments.bank_statements, payments.bank_statement_entries,
payments.matches, payments.matched_statement_entries, payments.matched_book_entries,
payments.breaks to florin_app;
grant update on payments.nostros, payments.breaks to florin_app;
