-- A wave of alerts costs little: what was read and locked when an alert is raised is not looked up
-- again, alerts are found where they are kept, and what cases are found by is written behind them.
-- Lock: fraud.alerts, fraud.case_entries, fraud.cases, fraud.snoozes and fraud.decisions,
-- exclusively, for milliseconds; no writing to fraud.alerts and fraud.case_entries while they get
-- their indexes. Duration: a second for each million alerts, entries and documents.

-- An alert is raised in the transaction that has read its decision, its snooze and its case, and
-- written the case; an entry is written with its case. Nobody may remove rows of any of them.
alter table fraud.alerts drop constraint alerts_decision_fkey;
alter table fraud.alerts drop constraint alerts_case_id_fkey;
alter table fraud.alerts drop constraint alerts_snooze_id_fkey;
alter table fraud.case_entries drop constraint case_entries_case_id_fkey;

-- The same bound without spelling each out as text.
alter table fraud.case_entries drop constraint case_entries_details_check;
alter table fraud.case_entries add constraint case_entries_details_check
check (pg_column_size(details) <= 16384);

-- The latest notes of a case, however many alerts are told of between them.
create index case_entries_written on fraud.case_entries (case_id, ordinal) where text is not null;

-- Cases whose document tells less than there is to be found. They are locked before they are named
-- here, and before they are struck off.
create table fraud.undocumented_cases (
  case_id uuid primary key,
  tenant text not null default platform.tenant(),
  since timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0);

create index undocumented_cases_since on fraud.undocumented_cases (tenant, since, case_id);

alter table fraud.undocumented_cases enable row level security;

create policy own_tenant on fraud.undocumented_cases
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant select, insert, delete on fraud.undocumented_cases to florin_app;

-- Alerts are found in their own table.
delete from search.documents d where d.index_name = 'fraud-alerts';
