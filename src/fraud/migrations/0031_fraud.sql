-- Screening for fraud: the schema, the decisions, what became known of them, and the one order that
-- the state of screening is folded in. Lock: none that matters. Duration: milliseconds.

create schema fraud;

grant usage on schema fraud to florin_app;

-- Decisions that were made together, by one process with one configuration. Their ids are the run
-- of ids that begins with the batch's own, so that a range of ids finds them.
create table fraud.batches (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  made_at timestamptz not null,
  decisions integer not null check (decisions > 0),
  -- The process that decided, from its start to its end, and its count of batches.
  run uuid not null,
  ordinal bigint not null check (ordinal >= 0),
  -- How far of the log it had folded, besides what it had decided itself.
  folded_up_to bigint not null check (folded_up_to >= 0),
  -- Which rules, lists, models and policies were in force.
  revision bigint not null check (revision >= 0),
  feature_set text not null check (length(feature_set) between 1 and 100),
  rule_set_version integer,
  rule_set_fingerprint text check (length(rule_set_fingerprint) = 64),
  model text check (length(model) between 1 and 100),
  challenger text check (length(challenger) between 1 and 100),
  -- Over the decisions in their order, as the audit log has it.
  sha256 bytea not null check (length(sha256) = 32)
);

create table fraud.decisions (
  -- Of what was screened, whether or not a payment came of it.
  id uuid primary key,
  tenant text not null default platform.tenant(),
  batch uuid not null,
  -- The payment; none where the ledger refused it.
  subject uuid,
  account_id uuid not null,
  event_at timestamptz not null,
  decided_at timestamptz not null,
  -- Hundredths of a unit of the currency.
  amount bigint not null check (amount >= 0),
  -- By kind. What is outside the bank is named by its HMAC alone.
  keys jsonb not null,
  took_us double precision not null check (took_us >= 0),
  mode text not null check (mode in ('full', 'rules_only', 'failed_open', 'failed_closed')),
  outcome text not null check (outcome in ('approve', 'review', 'challenge', 'decline')),
  shadow_outcome text not null
  check (shadow_outcome in ('approve', 'review', 'challenge', 'decline')),
  score double precision,
  challenger_score double precision,
  -- Numbers of eight bytes, low end first, in the order of the set of features; NaN is missing.
  features bytea not null,
  -- Absent where there are none.
  rule_reasons jsonb,
  model_reasons jsonb
);

-- Of declines the rules count the latest; whoever looks for trouble looks at the rest.
create index decisions_not_approved on fraud.decisions (tenant, id) where outcome <> 'approve';

-- What became known of a decision: the latest label counts.
create table fraud.labels (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  decision uuid not null references fraud.decisions (id),
  is_fraud boolean not null,
  known_at timestamptz not null,
  -- Who says so.
  source text not null check (source in ('case', 'chargeback', 'customer', 'import')),
  -- What kind of fraud, where somebody knows.
  pattern text check (length(pattern) between 1 and 100),
  case_id uuid,
  made_by text not null check (length(made_by) between 1 and 600)
);

create index labels_of_decision on fraud.labels (decision, id);

-- The order in which batches and labels are folded: that of the bank's events.
create table fraud.log (
  position bigint primary key,
  tenant text not null,
  kind text not null check (kind in ('batch', 'label')),
  id uuid not null unique
);

alter table fraud.batches enable row level security;
alter table fraud.decisions enable row level security;
alter table fraud.labels enable row level security;
alter table fraud.log enable row level security;

create policy own_tenant on fraud.batches
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.decisions
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.labels
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on fraud.log
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert on fraud.batches, fraud.decisions, fraud.labels, fraud.log to florin_app;
