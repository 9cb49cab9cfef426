-- Reference records of imported banks, as their files had them, in English words and typed columns.
-- Applied at each import, so every statement does nothing where it was applied before.
-- Lock: none on existing rows. Duration: milliseconds. Amounts are minor units of CZK (haler).

create schema if not exists berka;

create table if not exists berka.districts (
  source text not null,
  district_id integer not null,
  name text not null,
  region text not null,
  inhabitants integer not null,
  municipalities_to_499 integer not null,
  municipalities_to_1999 integer not null,
  municipalities_to_9999 integer not null,
  municipalities_above integer not null,
  cities integer not null,
  urban_percent numeric,
  average_salary numeric,
  unemployment_percent_1995 numeric,
  unemployment_percent_1996 numeric,
  entrepreneurs_per_1000 numeric,
  crimes_1995 numeric,
  crimes_1996 numeric,
  primary key (source, district_id)
);

create table if not exists berka.clients (
  source text not null,
  client_id integer not null,
  district_id integer not null,
  birth_date date not null,
  sex text not null check (sex in ('female', 'male')),
  primary key (source, client_id),
  foreign key (source, district_id) references berka.districts
);

-- The ledger's account of a row has the external id SOURCE:account:ACCOUNT_ID.
create table if not exists berka.accounts (
  source text not null,
  account_id integer not null,
  district_id integer not null,
  statement text not null check (statement in ('monthly', 'weekly', 'after_transaction')),
  opened_on date not null,
  primary key (source, account_id),
  foreign key (source, district_id) references berka.districts
);

create table if not exists berka.ownerships (
  source text not null,
  ownership_id integer not null,
  client_id integer not null,
  account_id integer not null,
  role text not null check (role in ('owner', 'disponent')),
  primary key (source, ownership_id),
  foreign key (source, client_id) references berka.clients,
  foreign key (source, account_id) references berka.accounts
);

create table if not exists berka.permanent_orders (
  source text not null,
  order_id integer not null,
  account_id integer not null,
  bank_to text not null,
  account_to text not null,
  amount_minor bigint not null check (amount_minor > 0),
  purpose text not null,
  primary key (source, order_id),
  foreign key (source, account_id) references berka.accounts
);

create table if not exists berka.loans (
  source text not null,
  loan_id integer not null,
  account_id integer not null,
  granted_on date not null,
  amount_minor bigint not null check (amount_minor > 0),
  duration_months integer not null check (duration_months > 0),
  payment_minor bigint not null check (payment_minor > 0),
  state text not null,
  primary key (source, loan_id),
  foreign key (source, account_id) references berka.accounts
);

create table if not exists berka.cards (
  source text not null,
  card_id integer not null,
  ownership_id integer not null,
  type text not null check (type in ('classic', 'junior', 'gold')),
  issued_on date not null,
  primary key (source, card_id),
  foreign key (source, ownership_id) references berka.ownerships
);

-- Rows of a file's cut last day that do not follow from the row before: known, not in the books.
create table if not exists berka.transactions_set_aside (
  source text not null,
  trans_id integer not null,
  account_id integer not null,
  made_on date not null,
  signed_amount_minor bigint not null,
  printed_balance_minor bigint not null,
  original text not null,
  primary key (source, trans_id),
  foreign key (source, account_id) references berka.accounts
);

grant usage on schema berka to florin_app;
grant select on all tables in schema berka to florin_app;
