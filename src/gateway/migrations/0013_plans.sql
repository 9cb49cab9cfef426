-- Plans: how often a customer may ask, who has which plan, and what has been asked. Lock: none that
-- matters, the tables are new. Duration: milliseconds.

create table gateway.plans (
  number integer primary key generated always as identity,
  tenant text collate "C" not null check (length(tenant) between 1 and 100),
  name text collate "C" not null check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
  -- The token bucket: how many requests at once, and how many come back in each period.
  burst integer not null check (burst between 1 and 1000000),
  rate integer not null check (rate between 1 and 100000),
  rate_per text not null check (rate_per in ('second', 'minute', 'hour')),
  -- The same in parts of a request and microseconds: 3,600,000,000 parts are one request, so that
  -- every rate is a whole number.
  refill bigint not null generated always as (
    rate * case rate_per when 'second' then 3600::bigint when 'minute' then 60 else 1 end) stored,
  -- Requests in a calendar day, week (from Monday) and month of the time zone; null is no quota.
  daily bigint check (daily between 1 and 1000000000000),
  weekly bigint check (weekly between 1 and 1000000000000),
  monthly bigint check (monthly between 1 and 1000000000000),
  time_zone text not null check (length(time_zone) between 1 and 64),
  -- 1, 2, 3 …: a process that knows this revision knows the plan.
  revision integer not null check (revision > 0),
  changed_at timestamptz not null,
  unique (tenant, name)
);

-- Customers whose plan is not the default one.
create table gateway.plan_of_customer (
  tenant text collate "C" not null,
  customer text collate "C" not null check (length(customer) between 1 and 600),
  plan integer not null references gateway.plans (number),
  assigned_at timestamptz not null,
  primary key (tenant, customer)
);

create index plan_of_customer_plan on gateway.plan_of_customer (plan, customer);

-- What a customer has asked: one narrow row, changed with every decision. Pages keep room, so that
-- a change stays on its page and no index is touched. Times are microseconds since 1970.
create table gateway.limit_states (
  -- The first 16 bytes of SHA-256 of the tenant, a zero byte and the customer: the shortest key,
  -- because it is compared with every decision.
  key uuid primary key,
  tenant text collate "C" not null,
  customer text collate "C" not null check (length(customer) between 1 and 600),
  -- The plan in force, copied here so that a decision reads one row.
  plan integer not null references gateway.plans (number),
  -- Of the plan, at the latest decision.
  revision integer not null,
  -- How many requests the latest decision admitted, of those it was asked about.
  admitted integer not null,
  -- How much of the quota that is most used up was used after it, in whole percent.
  percent integer not null,
  -- 1, 2, 3 …: decisions of one customer in the one order in which they were made.
  turn bigint not null,
  -- The time of the latest decision. It never goes back.
  decided_at_us bigint not null,
  -- What the bucket holds, in parts of a request.
  level bigint not null check (level >= 0),
  daily_ends_us bigint not null,
  daily_used bigint not null,
  weekly_ends_us bigint not null,
  weekly_used bigint not null,
  monthly_ends_us bigint not null,
  monthly_used bigint not null
) with (fillfactor = 50);

create index limit_states_plan on gateway.limit_states (plan);

-- That a customer has used 80, 90 or 100 % of a quota: once for each window. Made with the decision
-- that reached it, told later.
create table gateway.quota_facts (
  tenant text collate "C" not null,
  customer text collate "C" not null,
  policy text not null check (policy in ('daily', 'weekly', 'monthly')),
  window_ends_us bigint not null,
  percent smallint not null check (percent in (80, 90, 100)),
  plan text collate "C" not null,
  quota bigint not null,
  used bigint not null,
  reached_at_us bigint not null,
  told_at timestamptz,
  primary key (tenant, customer, policy, window_ends_us, percent)
);

create index quota_facts_untold on gateway.quota_facts (reached_at_us) where told_at is null;

-- Server processes that are alive: each says so every few seconds.
create table gateway.processes (
  id uuid primary key,
  started_at timestamptz not null,
  seen_at timestamptz not null
);

alter table gateway.plans enable row level security;
alter table gateway.plan_of_customer enable row level security;
alter table gateway.limit_states enable row level security;
alter table gateway.quota_facts enable row level security;

-- A session sees the rows of its tenant; the bank's own jobs see all. Asked once for a statement,
-- not once for a row.
create policy own_tenant on gateway.plans
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on gateway.plan_of_customer
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on gateway.limit_states
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on gateway.quota_facts
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert, update, delete on gateway.plans, gateway.plan_of_customer,
gateway.limit_states, gateway.quota_facts, gateway.processes to florin_app;
