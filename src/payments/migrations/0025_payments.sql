-- Payments, the history of their states, the books of rails and the messages that came over them.
-- Lock: none that matters, the tables are new. Duration: milliseconds.

create type payments.payment_kind as enum (
  'book', 'credit_out', 'credit_in', 'debit_out', 'debit_in'
);
create type payments.payment_status as enum (
  'accepted', 'submitted', 'unknown', 'settled', 'recall_requested', 'returned', 'reversed',
  'rejected', 'cancelled', 'declined'
);

-- One row a payment: what was asked, which never changes, and the state it is in, which changes
-- tell. A payment that moved money at once has the UUID of that transfer. Accounts were found by
-- the posting in the same transaction; foreign keys would cost two look-ups a payment. What is left
-- free in pages keeps changes of state beside their rows.
create table payments.payments (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  kind payments.payment_kind not null,
  status payments.payment_status not null,
  version integer not null default 1 check (version > 0),
  reason text,
  rail text,
  account_id uuid not null,
  counter_account_id uuid,
  amount bigint not null check (amount > 0),
  currency text not null,
  party jsonb,
  external_id text,
  end_to_end_id text,
  transaction_id text,
  remittance text,
  requested_on date,
  origin text,
  origin_entry integer,
  accepted_at timestamptz not null,
  changed_at timestamptz not null,
  enquire_at timestamptz,
  check ((kind = 'book') = (counter_account_id is not null)),
  check ((kind = 'book') = (rail is null)),
  check ((origin is null) = (origin_entry is null))
) with (fillfactor = 85);

comment on column payments.payments.enquire_at is
'when the rail is asked (again) what became of it, unless it has answered';

create index payments_account on payments.payments (account_id, id);
create index payments_counter_account on payments.payments (counter_account_id, id)
where counter_account_id is not null;
create unique index payments_external_id on payments.payments (external_id, tenant)
where external_id is not null;
create unique index payments_origin on payments.payments (origin, origin_entry, tenant)
where origin is not null;
create index payments_end_to_end_id on payments.payments (end_to_end_id, id)
where end_to_end_id is not null;
create index payments_transaction_id on payments.payments (transaction_id, rail)
where transaction_id is not null;
create index payments_enquire_at on payments.payments (enquire_at) where enquire_at is not null;
-- What is to be given to rails, and what rails have not answered.
create index payments_open on payments.payments (rail, id)
where status in ('accepted', 'submitted', 'unknown');

-- Each change of state after the first, for ever.
create table payments.changes (
  payment_id uuid not null references payments.payments (id),
  version integer not null check (version > 1),
  tenant text not null default platform.tenant(),
  before payments.payment_status not null,
  status payments.payment_status not null,
  reason text,
  transfer_id uuid,
  changed_at timestamptz not null,
  primary key (payment_id, version)
);

-- The ledger accounts of each rail: which is which.
create table payments.rail_books (
  tenant text not null default platform.tenant(),
  rail text not null,
  currency text not null,
  book text not null,
  account_id uuid not null,
  primary key (rail, currency, book, tenant)
);

-- Each message that came over a rail, once, and what was made of it.
create table payments.rail_messages (
  rail text not null,
  message_id text not null,
  tenant text not null default platform.tenant(),
  kind text not null,
  payment_id uuid,
  outcome text not null,
  received_at timestamptz not null,
  primary key (rail, message_id, tenant)
);

create index rail_messages_payment on payments.rail_messages (payment_id)
where payment_id is not null;

alter table payments.payments enable row level security;
alter table payments.changes enable row level security;
alter table payments.rail_books enable row level security;
alter table payments.rail_messages enable row level security;

create policy own_tenant on payments.payments
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.changes
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.rail_books
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on payments.rail_messages
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on payments.payments to florin_app;
grant update (status, version, reason, transaction_id, changed_at, enquire_at)
on payments.payments to florin_app;
grant select, insert on payments.changes to florin_app;
grant select, insert on payments.rail_books to florin_app;
grant select, insert on payments.rail_messages to florin_app;
