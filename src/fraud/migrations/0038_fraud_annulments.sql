-- Taking what was judged at a time that never was out of the state of screening, from a place in
-- the log on. Lock: no writing to fraud.log meanwhile. Duration: a second for each ten million
-- rows.

create table fraud.annulments (
  id uuid primary key,
  tenant text not null default platform.tenant(),
  -- What happened after it is taken out.
  later_than timestamptz not null,
  -- Decisions that are taken out, as far as they were kept then.
  decisions bigint not null check (decisions > 0),
  note text not null check (length(note) between 1 and 500),
  made_at timestamptz not null,
  made_by text not null check (length(made_by) between 1 and 600)
);

alter table fraud.annulments enable row level security;
create policy own_tenant on fraud.annulments
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
grant select, insert on fraud.annulments to florin_app;

alter table fraud.log drop constraint log_kind_check;
alter table fraud.log add constraint log_kind_check
check (kind in ('batch', 'label', 'annulment'));
