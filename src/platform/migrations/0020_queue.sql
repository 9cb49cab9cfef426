-- Queues: what waits to be done, what is being done, and dead letters. Lock: none that matters, the
-- schema is new. Duration: milliseconds.

create schema queues;

-- A message from when it is sent until it is done or dead. A receipt names the row and the lease.
create table queues.messages (
  number bigint generated always as identity primary key,
  id uuid not null,
  tenant text not null default platform.tenant(),
  queue text not null check (queue ~ '^[a-z][a-z0-9_-]{0,74}$'),
  -- Messages of one group are received in turn, the next when the one before is done or dead.
  group_key text check (length(group_key) between 1 and 128),
  -- From when it may be received: after its delay, its lease, or its pause before another attempt.
  -- Null while it waits behind another of its group.
  ready_at timestamptz,
  -- Of whoever received it last. Whoever else completes it later is refused.
  lease uuid,
  attempts smallint not null default 0 check (attempts >= 0),
  sent_at timestamptz not null,
  trace_id text check (trace_id ~ '^[0-9a-f]{32}$'),
  -- JSON text, byte for byte as it was sent.
  body text not null,
  -- [{"attempt": 1, "at": …, "code": …, "message": …}, …]; null while none has failed.
  failures jsonb
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0);

comment on table queues.messages is
'room is left in its pages and it is vacuumed early: each row is changed once and then removed';

create index messages_ready on queues.messages (queue, ready_at, number)
where ready_at is not null;
create index messages_group on queues.messages (queue, group_key, number)
where group_key is not null;
create index messages_begun on queues.messages (queue, group_key, number)
where group_key is not null and attempts > 0;

create index messages_behind on queues.messages (queue, group_key, number)
where ready_at is null;

-- Which messages were sent not long ago, so that a second one is none.
create table queues.deduplications (
  queue text not null,
  deduplication text not null check (length(deduplication) between 1 and 128),
  tenant text not null default platform.tenant(),
  message_id uuid not null,
  expires_at timestamptz not null,
  primary key (queue, deduplication, tenant)
);

create index deduplications_expiry on queues.deduplications (expires_at);

-- What failed for good, with everything a person needs to see why. A row goes when it is redriven
-- or discarded, which the audit log tells.
create table queues.dead_letters (
  id uuid primary key,
  number bigint generated always as identity unique,
  tenant text not null default platform.tenant(),
  queue text not null,
  group_key text,
  attempts smallint not null,
  sent_at timestamptz not null,
  died_at timestamptz not null,
  trace_id text,
  body text not null,
  -- Why it died: the code and the message of the last failure.
  code text not null,
  reason text not null,
  failures jsonb not null
);

create index dead_letters_queue on queues.dead_letters (queue, number);

-- Which alarms are raised now, so that each is told once.
create table queues.alarms (
  queue text not null,
  alarm text not null check (alarm in ('depth', 'age', 'dead')),
  raised_at timestamptz not null,
  primary key (queue, alarm)
);

alter table queues.messages enable row level security;
alter table queues.deduplications enable row level security;
alter table queues.dead_letters enable row level security;

create policy own_tenant on queues.messages
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on queues.deduplications
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on queues.dead_letters
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant usage on schema queues to florin_app;
grant select, insert, update, delete on queues.messages to florin_app;
grant select, insert, update, delete on queues.deduplications to florin_app;
grant select, insert, delete on queues.dead_letters, queues.alarms to florin_app;
-- To lock letters that are being redriven; nothing of a letter is ever changed.
grant update (number) on queues.dead_letters to florin_app;
