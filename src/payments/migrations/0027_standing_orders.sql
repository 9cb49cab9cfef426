-- Standing orders: what is paid again and again, and what became of each day it was due. Lock: none
-- that matters, the tables are new. Duration: milliseconds.

create table payments.standing_orders (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  external_id text collate "C" check (length(external_id) between 1 and 255),
  -- Who pays.
  account_id uuid not null references ledger.accounts (id),
  -- Who is paid: an account of ours, an IBAN, or a number with the bank it is at.
  creditor_account_id uuid references ledger.accounts (id),
  creditor_iban text check (creditor_iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'),
  creditor_number text check (creditor_number ~ '^[A-Za-z0-9]{1,34}$'),
  creditor_agent text check (creditor_agent ~ '^[A-Z0-9]{2,11}$'),
  creditor_name text check (length(creditor_name) between 1 and 140),
  -- By which rail another bank is paid.
  rail text check (rail ~ '^[a-z][a-z0-9_]{0,29}$'),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- Minor units: a fixed amount, or all that is above what is kept.
  amount bigint check (amount > 0),
  sweep_keep bigint check (sweep_keep >= 0),
  remittance text check (length(remittance) between 1 and 140),
  purpose text check (purpose ~ '^[A-Za-z0-9_]{1,35}$'),
  frequency text not null check (frequency in
    ('daily', 'weekly', 'monthly', 'quarterly', 'half_yearly', 'yearly')),
  -- Of the month; the last where the month is shorter.
  day smallint check (day between 1 and 31),
  starts_on date not null,
  ends_on date check (ends_on >= starts_on),
  occurrence_max integer check (occurrence_max > 0),
  calendar text not null check (calendar in ('every_day', 'target', 'us_fed')),
  business_day_rule text not null check (business_day_rule in
    ('none', 'following', 'preceding', 'modified_following', 'skip')),
  -- Where there is not enough: further tries on a day, and further days.
  retries_a_day smallint not null check (retries_a_day between 0 and 20),
  retry_days smallint not null check (retry_days between 0 and 30),
  status text not null check (status in ('active', 'suspended', 'ended')),
  status_reason text check (length(status_reason) between 1 and 100),
  -- The next occurrence, counted from 0: when it is due, and when it is paid. None once it ended.
  next_index integer not null check (next_index >= 0),
  next_due_on date,
  next_pay_on date,
  revision integer not null check (revision > 0),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check ((amount is null) <> (sweep_keep is null)),
  check (num_nonnulls(creditor_account_id, creditor_iban, creditor_number) = 1),
  check ((creditor_number is null) = (creditor_agent is null)),
  check ((frequency in ('daily', 'weekly')) = (day is null)),
  check ((next_due_on is null) = (next_pay_on is null)),
  check (status <> 'ended' or next_due_on is null)
) with (fillfactor = 80);

create unique index standing_orders_external_id
on payments.standing_orders (external_id, tenant) where external_id is not null;
create index standing_orders_due on payments.standing_orders (next_pay_on, id)
where status = 'active';
create index standing_orders_by_account on payments.standing_orders (account_id, id);
create index standing_orders_by_id on payments.standing_orders (tenant, id);

-- A day on which an order was due: once for each order and date, whatever is run twice.
create table payments.standing_order_occurrences (
  order_id uuid not null references payments.standing_orders (id),
  tenant text not null default platform.tenant(),
  due_on date not null,
  pay_on date not null,
  state text not null check (state in ('waiting', 'paid', 'failed', 'skipped')),
  -- A stable code: why it waits, failed or was skipped.
  reason text check (length(reason) between 1 and 100),
  amount bigint check (amount > 0),
  -- The payment that was made of it, also where that was declined.
  payment_id uuid,
  attempts integer not null check (attempts >= 0),
  attempts_of_day smallint not null check (attempts_of_day >= 0),
  days_tried smallint not null check (days_tried >= 0),
  retry_at timestamptz,
  first_tried_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (order_id, due_on),
  check ((state = 'waiting') = (retry_at is not null)),
  check (state <> 'paid' or payment_id is not null),
  check ((state = 'paid') = (reason is null))
) with (fillfactor = 90);

create index standing_order_occurrences_waiting
on payments.standing_order_occurrences (retry_at, order_id) where state = 'waiting';

alter table payments.standing_orders enable row level security;
alter table payments.standing_order_occurrences enable row level security;

create policy own_tenant on payments.standing_orders
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.standing_order_occurrences
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert, update on payments.standing_orders, payments.standing_order_occurrences
to florin_app;
