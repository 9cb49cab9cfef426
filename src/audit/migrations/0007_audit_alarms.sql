-- The alarms of the audit log: each row raises one, says that it goes on, or ends it; the latest
-- row of an alarm is what it is. Lock: none that matters, the table is new. Duration: milliseconds.

create table audit.alarms (
  alarm text not null check (alarm ~ '^[a-z_]{1,40}$'),
  -- The process it is about, by a name that survives a restart; '' for the whole installation.
  instance text not null check (length(instance) <= 255),
  -- 1, 2, 3 …: of several processes that see the same, one raises it.
  turn integer not null check (turn > 0),
  is_raised boolean not null,
  -- When it was raised, on every row until it is raised anew.
  since timestamptz not null,
  at timestamptz not null,
  figures jsonb not null,
  primary key (alarm, instance, turn)
);

select audit.protect('alarms');

grant select, insert on audit.alarms to florin_app;
