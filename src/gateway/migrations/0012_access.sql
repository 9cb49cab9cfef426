-- What customers and partners were granted, and what waits for a second person. Each transaction
-- names its tenant (florin.tenant) and sees the rows of no other. Lock: none that matters, the
-- tables are new. Duration: milliseconds.

-- A mandate: who may do what to which object, up to how much, when. Never deleted; it ends.
create table gateway.grants (
  id uuid primary key,
  tenant text not null check (length(tenant) between 1 and 63),
  grantee_kind text not null check (grantee_kind in ('subject', 'customer')),
  grantee text not null check (length(grantee) between 1 and 300),
  object_kind text not null check (object_kind in ('account', 'hold', 'transfer')),
  object_id text not null check (length(object_id) between 1 and 100),
  acts text[] not null check (
    cardinality(acts) between 1 and 4 and acts <@ array['read', 'credit', 'debit', 'manage']
  ),
  -- Minor units of the currency: of one transfer, and of all of a day in the time zone.
  currency text check (currency ~ '^[A-Z]{3}$'),
  transfer_max bigint check (transfer_max > 0),
  day_max bigint check (day_max > 0),
  -- Days and hours in the time zone: 1 is Monday; minutes of the day, the last one excluded.
  time_zone text not null check (length(time_zone) between 1 and 64),
  weekdays smallint[] not null check (
    cardinality(weekdays) between 1 and 7 and weekdays <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[]
  ),
  minute_from smallint not null check (minute_from between 0 and 1439),
  minute_to smallint not null check (minute_to between 1 and 1440),
  valid_from timestamptz not null,
  valid_to timestamptz,
  created_at timestamptz not null,
  created_by text not null,
  revoked_at timestamptz,
  revoked_by text,
  check (minute_from < minute_to),
  check (valid_to > valid_from),
  check (currency is not null or (transfer_max is null and day_max is null)),
  check ((revoked_at is null) = (revoked_by is null))
);

create index grants_by_grantee on gateway.grants (grantee, object_id, tenant)
where revoked_at is null;
create index grants_by_id on gateway.grants (tenant, id);

-- What a mandate with a limit for the day was used for on that day.
create table gateway.grant_days (
  grant_id uuid not null references gateway.grants (id),
  day date not null,
  used bigint not null check (used >= 0),
  primary key (grant_id, day)
) with (fillfactor = 70);

-- A request of one person that waits for another.
create table gateway.proposals (
  id uuid primary key,
  tenant text not null check (length(tenant) between 1 and 63),
  operation_id text not null check (length(operation_id) between 1 and 100),
  permission text not null check (length(permission) between 1 and 100),
  summary text not null check (length(summary) between 1 and 200),
  -- Whom it would give more rights: they may not decide about it.
  beneficiaries text[] not null,
  -- The idempotency key of its execution, which nobody can guess and so use before.
  execution_key text not null check (length(execution_key) between 20 and 100),
  -- Parameters, query and body, as they were checked.
  request text not null check (length(request) <= 1048576),
  request_hash bytea not null check (length(request_hash) = 32),
  maker text not null check (length(maker) between 1 and 300),
  -- On whose behalf the maker acted.
  customer text not null check (length(customer) between 1 and 300),
  -- The maker as it was known then, for the execution.
  maker_principal jsonb not null,
  state text not null check (
    state in ('proposed', 'approved', 'rejected', 'executed', 'expired', 'withdrawn')
  ),
  proposed_at timestamptz not null,
  expires_at timestamptz not null check (expires_at > proposed_at),
  decided_at timestamptz,
  decided_by text check (decided_by <> maker),
  reason text check (length(reason) between 1 and 500),
  -- Until when a process may take for executing it.
  leased_until timestamptz,
  executed_at timestamptz,
  answer_status smallint check (answer_status between 200 and 599),
  answer text,
  check ((state in ('approved', 'rejected', 'executed')) = (decided_by is not null)),
  check ((decided_by is null) = (decided_at is null)),
  check ((state = 'executed') = (executed_at is not null)),
  check ((executed_at is null) = (answer_status is null))
);

create index proposals_by_id on gateway.proposals (tenant, id);
create index proposals_by_maker on gateway.proposals (tenant, maker, id);
create index proposals_open on gateway.proposals (expires_at) where state = 'proposed';
create index proposals_due on gateway.proposals (decided_at) where state = 'approved';

-- What was proposed never changes, nor what was decided: not by a slip of ours either.
create function gateway.guard_proposal() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'DELETE'
    or row(new.id, new.tenant, new.operation_id, new.permission, new.beneficiaries, new.request,
      new.request_hash, new.execution_key, new.maker, new.customer, new.maker_principal,
      new.proposed_at, new.expires_at)
    is distinct from
    row(old.id, old.tenant, old.operation_id, old.permission, old.beneficiaries, old.request,
      old.request_hash, old.execution_key, old.maker, old.customer, old.maker_principal,
      old.proposed_at, old.expires_at)
    or (old.state <> new.state and (old.state, new.state) not in (
      ('proposed', 'approved'), ('proposed', 'rejected'), ('proposed', 'expired'),
      ('proposed', 'withdrawn'), ('approved', 'executed')))
    or (old.decided_by is not null and new.decided_by is distinct from old.decided_by)
    or (old.state = 'executed')
  then
    raise exception 'a proposal is append-only: % on gateway.proposals is refused', tg_op
      using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;

create trigger proposals_guarded before update or delete on gateway.proposals
for each row execute function gateway.guard_proposal();

alter table gateway.grants enable row level security;
alter table gateway.proposals enable row level security;

create policy own_tenant on gateway.grants
using (tenant = current_setting('florin.tenant', true));
create policy own_tenant on gateway.proposals
using (tenant = current_setting('florin.tenant', true));

grant select, insert, update on gateway.grants, gateway.grant_days, gateway.proposals
to florin_app;
