-- Products, bank accounts, who holds them, and what they earn and cost. Lock: none that matters,
-- the tables are new; ledger.accounts is locked against writes for the foreign key. Duration:
-- milliseconds.

-- A product as it is from a day on. A version never changes; another is added after it.
create table accounts.products (
  tenant text not null default platform.tenant(),
  code text not null check (code ~ '^[a-z][a-z0-9_-]{0,62}$'),
  version integer not null check (version >= 1),
  effective_from date not null,
  kind text not null check (kind in ('current', 'savings', 'loan')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  name text not null check (length(name) between 1 and 100),
  -- Limits, numbers, interest, fees and dormancy, as src/accounts/products spells them.
  terms jsonb not null check (jsonb_typeof(terms) = 'object'),
  created_at timestamptz not null,
  created_by text not null,
  primary key (code, tenant, version)
);

-- Its id is the id of its account in the ledger.
create table accounts.bank_accounts (
  id uuid primary key references ledger.accounts (id),
  tenant text not null default platform.tenant(),
  external_id text check (length(external_id) between 1 and 255),
  product text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null check (
    status in ('active', 'blocked', 'debits_blocked', 'dormant', 'closed')
  ),
  status_reason text check (length(status_reason) between 1 and 500),
  iban text check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
  routing_number text check (routing_number ~ '^[0-9]{9}$'),
  account_number text check (account_number ~ '^[A-Z0-9-]{1,17}$'),
  -- Minor units it may be overdrawn by.
  overdraft bigint not null check (overdraft >= 0),
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  check ((routing_number is null) = (account_number is null))
) with (fillfactor = 85);

-- Names are each tenant's own, and are asked for without it.
create unique index bank_accounts_external_id on accounts.bank_accounts (external_id, tenant)
where external_id is not null;
create unique index bank_accounts_iban on accounts.bank_accounts (iban, tenant)
where iban is not null;
create unique index bank_accounts_number
on accounts.bank_accounts (account_number, routing_number, tenant)
where account_number is not null;
create index bank_accounts_by_tenant on accounts.bank_accounts (tenant, id);

create index bank_accounts_dormant on accounts.bank_accounts (tenant, product, id)
where status = 'dormant';

-- Serial numbers of the account numbers the bank makes; gaps are no harm.
create sequence accounts.account_serials;

-- Who holds an account, from when until when. Never deleted; it ends.
create table accounts.holders (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  account_id uuid not null references accounts.bank_accounts (id),
  customer uuid not null references accounts.customers (id),
  role text not null check (role in ('owner', 'authorised')),
  -- The mandate at the edge that goes with it.
  grant_id uuid not null,
  since timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  check ((ended_at is null) = (ended_by is null))
);

create unique index holders_now on accounts.holders (account_id, customer)
where ended_at is null;
create index holders_by_customer on accounts.holders (customer, account_id)
where ended_at is null;

-- How far the interest of an account has come. Units are those of src/accounts/interest: whole
-- parts of a minor unit of which nothing was rounded. Accrued and booked only rise, except where an
-- entry with an earlier value date corrects what was accrued.
create table accounts.interest_positions (
  account_id uuid primary key references accounts.bank_accounts (id),
  tenant text not null default platform.tenant(),
  -- The first day that counts, and the last that was counted.
  begins_on date not null,
  accrued_through date not null,
  -- Entries of the ledger up to this version are in it.
  seen_version bigint not null check (seen_version >= 0),
  -- Minor units at the end of that day: what the bank owes, or is owed where negative.
  balance numeric(38, 0) not null,
  -- What has a value date after that day: minor units by date.
  ahead jsonb not null,
  -- Accruals so far.
  places integer not null check (places >= 0),
  accrued_credit numeric(60, 0) not null,
  accrued_debit numeric(60, 0) not null,
  -- Of that, what had accrued when the last period ended, and which that was.
  due_credit numeric(60, 0) not null,
  due_debit numeric(60, 0) not null,
  due_through date not null,
  -- Minor units.
  booked_credit numeric(38, 0) not null,
  booked_debit numeric(38, 0) not null,
  -- When what is due is booked, or tried again.
  next_booking date,
  last_activity_at timestamptz not null,
  -- The account is closed.
  is_over boolean not null default false,
  check (due_through <= accrued_through)
) with (fillfactor = 70);

create index interest_positions_due
on accounts.interest_positions (tenant, accrued_through, account_id) where not is_over;
create index interest_positions_booking
on accounts.interest_positions (tenant, next_booking, account_id)
where next_booking is not null and not is_over;
create index interest_positions_activity
on accounts.interest_positions (tenant, last_activity_at) where not is_over;

-- What a run of days with the same balance earned and cost. Additive: a correction says what is
-- different.
create table accounts.accruals (
  account_id uuid not null references accounts.bank_accounts (id),
  place integer not null check (place >= 1),
  tenant text not null default platform.tenant(),
  from_day date not null,
  through_day date not null,
  balance numeric(38, 0) not null,
  credit_units numeric(60, 0) not null,
  debit_units numeric(60, 0) not null,
  product_version integer not null,
  is_correction boolean not null,
  accrued_at timestamptz not null,
  primary key (account_id, place),
  check (from_day <= through_day)
);

-- A fee that fell due. It is charged once; until then it is tried again.
create table accounts.fees (
  account_id uuid not null references accounts.bank_accounts (id),
  code text not null check (length(code) between 1 and 63),
  period_end date not null,
  tenant text not null default platform.tenant(),
  amount bigint not null check (amount > 0),
  raised_at timestamptz not null,
  charged_at timestamptz,
  primary key (account_id, code, period_end)
) with (fillfactor = 85);

create index fees_due on accounts.fees (account_id) where charged_at is null;

-- What was posted to an account as interest or fee, by the id of the transfer.
create table accounts.bookings (
  transfer_id uuid not null,
  account_id uuid not null references accounts.bank_accounts (id),
  tenant text not null default platform.tenant(),
  kind text not null check (kind in ('interest_credit', 'interest_debit', 'fee')),
  fee text,
  period_end date not null,
  -- Of interest negative where it takes back what was booked too much.
  amount bigint not null check (amount > 0 or kind <> 'fee'),
  -- Of the account in the ledger: the entry that it is.
  version bigint not null,
  booked_at timestamptz not null,
  primary key (account_id, version),
  check ((fee is null) = (kind <> 'fee'))
);

alter table accounts.products enable row level security;
alter table accounts.bank_accounts enable row level security;
alter table accounts.holders enable row level security;
alter table accounts.interest_positions enable row level security;
alter table accounts.accruals enable row level security;
alter table accounts.fees enable row level security;
alter table accounts.bookings enable row level security;

create policy own_tenant on accounts.products
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.bank_accounts
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.holders
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.interest_positions
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.accruals
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.fees
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.bookings
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on accounts.products, accounts.accruals, accounts.bookings to florin_app;
grant select, insert, update on accounts.bank_accounts, accounts.holders,
  accounts.interest_positions, accounts.fees to florin_app;
grant usage on sequence accounts.account_serials to florin_app;
