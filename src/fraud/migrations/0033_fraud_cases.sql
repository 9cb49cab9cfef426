-- Alerts of what was not approved, the cases that people work through, what is snoozed, and the
-- documents that are filed. Lock: fraud.labels, exclusively, while it gets a column without a
-- value. Duration: milliseconds; the index of labels takes seconds for millions of them.

create table fraud.cases (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  account_id uuid not null,
  -- The list of work it stands in.
  queue text not null check (queue ~ '^[a-z][a-z0-9_-]{0,39}$'),
  priority text not null check (priority in ('urgent', 'high', 'normal')),
  state text not null check (state in ('open', 'assigned', 'waiting', 'closed')),
  assignee text check (length(assignee) between 1 and 600),
  wait_until timestamptz,
  -- While it waits: when it will be due if it waits until then.
  due_at timestamptz not null,
  -- Told of once, until it is reopened.
  is_overdue boolean not null,
  alerts integer not null check (alerts > 0),
  outcome text check (outcome in ('fraud', 'genuine', 'inconclusive')),
  pattern text check (length(pattern) between 1 and 100),
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  closed_at timestamptz,
  -- How many entries its journal has, and the chain of their SHA-256.
  entries integer not null check (entries > 0),
  journal bytea not null check (length(journal) = 32),
  check ((state = 'closed') = (outcome is not null)),
  check ((state = 'closed') = (closed_at is not null)),
  check ((state = 'waiting') = (wait_until is not null)),
  check ((state = 'open') = (assignee is null)),
  check (pattern is null or outcome = 'fraud')
) with (fillfactor = 80);

-- An account has one case under way: its alerts are gathered there.
create unique index cases_of_account on fraud.cases (tenant, account_id) where state <> 'closed';
create index cases_due on fraud.cases (due_at, id) where state <> 'closed';
create index cases_closed on fraud.cases (due_at, id) where state = 'closed';
create index cases_unclaimed on fraud.cases (tenant, due_at, id) where state = 'open';
create index cases_running on fraud.cases (due_at)
where state in ('open', 'assigned') and not is_overdue;
create index cases_waiting on fraud.cases (wait_until) where state = 'waiting';
create index cases_by_account on fraud.cases (account_id, id);

-- What happened to a case, in order: each entry once and for ever.
create table fraud.case_entries (
  case_id uuid not null references fraud.cases (id),
  ordinal integer not null check (ordinal > 0),
  tenant text not null default platform.tenant(),
  kind text not null check (length(kind) between 1 and 20),
  made_by text not null check (length(made_by) between 1 and 600),
  made_at timestamptz not null,
  -- What a person wrote.
  text text check (length(text) between 1 and 10000),
  details jsonb not null check (octet_length(details::text) <= 16384),
  primary key (case_id, ordinal)
);

-- What raises no case for a while: everything that is named must fit.
create table fraud.snoozes (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  account_id uuid,
  counterparty text check (length(counterparty) between 1 and 256),
  rule text check (length(rule) between 1 and 256),
  until timestamptz not null,
  reason text not null check (length(reason) between 1 and 500),
  made_by text not null check (length(made_by) between 1 and 600),
  made_at timestamptz not null,
  ended_by text check (length(ended_by) between 1 and 600),
  ended_at timestamptz,
  check (num_nonnulls(account_id, counterparty, rule) > 0),
  check (until > made_at),
  check ((ended_by is null) = (ended_at is null))
);

create index snoozes_until on fraud.snoozes (tenant, until);

create table fraud.alerts (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  decision uuid not null unique references fraud.decisions (id),
  -- Either the case it belongs to, or the snooze that keeps it out of one.
  case_id uuid references fraud.cases (id),
  snooze_id uuid references fraud.snoozes (id),
  account_id uuid not null,
  counterparty text,
  subject uuid,
  channel text,
  currency text,
  -- Hundredths of a unit of the currency.
  amount bigint not null check (amount >= 0),
  mode text not null check (mode in ('full', 'rules_only', 'failed_open', 'failed_closed')),
  outcome text not null check (outcome in ('review', 'challenge', 'decline')),
  score double precision,
  -- Ids of the rules that count, and the codes of all reasons.
  rules text[] not null,
  reasons text[] not null,
  event_at timestamptz not null,
  decided_at timestamptz not null,
  raised_at timestamptz not null,
  check ((case_id is null) <> (snooze_id is null))
);

create index alerts_of_case on fraud.alerts (case_id, id) where case_id is not null;
create index alerts_by_account on fraud.alerts (account_id, id);

-- Documents about suspicious activity, byte for byte as they were made.
create table fraud.case_reports (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  case_id uuid not null references fraud.cases (id),
  version integer not null check (version > 0),
  made_by text not null check (length(made_by) between 1 and 600),
  made_at timestamptz not null,
  -- Canonical JSON.
  document bytea not null check (length(document) between 2 and 67108864),
  sha256 bytea not null check (length(sha256) = 32),
  unique (case_id, version)
);

-- The name that whoever says so has for what he says: the same is taken once.
alter table fraud.labels add column external_id text
check (length(external_id) between 1 and 200);

create unique index labels_external_id on fraud.labels (tenant, source, external_id)
where external_id is not null;

alter table fraud.cases enable row level security;
alter table fraud.case_entries enable row level security;
alter table fraud.snoozes enable row level security;
alter table fraud.alerts enable row level security;
alter table fraud.case_reports enable row level security;

create policy own_tenant on fraud.cases
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.case_entries
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.snoozes
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.alerts
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.case_reports
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on fraud.cases, fraud.case_entries, fraud.snoozes, fraud.alerts,
fraud.case_reports to florin_app;
grant update (queue, priority, state, assignee, wait_until, due_at, is_overdue, alerts, outcome,
  pattern, changed_at, closed_at, entries, journal) on fraud.cases to florin_app;
grant update (ended_by, ended_at) on fraud.snoozes to florin_app;
