-- The platform's own schema, and the role the application works as. Lock: none that matters, the
-- schema is new. Duration: milliseconds.

-- Roles belong to the whole cluster, so another database may be creating this one at the same time:
-- losing that race is fine, the role is there. A superuser may take any role without a grant.
do $$
declare
  is_superuser boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
  -- Since PostgreSQL 16 a member may be one without the right to take the role.
  needed text := case when current_setting('server_version_num')::integer < 160000
    then 'member' else 'set' end;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'florin_app') then
    begin
      create role florin_app nologin;
    exception
      when duplicate_object or unique_violation then
        null;
    end;
  end if;
  if not is_superuser and not pg_catalog.pg_has_role(current_user, 'florin_app', needed) then
    for attempt in 1..20 loop
      begin
        execute format('grant florin_app to %I', current_user);
        exit;
      exception
        -- A grant for the same role from another database in this very moment.
        when unique_violation or internal_error then
          if attempt = 20 then
            raise;
          end if;
          perform pg_catalog.pg_sleep(0.05);
      end;
    end loop;
  end if;
exception
  when insufficient_privilege then
    raise exception 'the user % may not create or grant roles; as an administrator, run once: '
      'create role florin_app nologin; grant florin_app to %', current_user, current_user
      using errcode = 'insufficient_privilege';
end
$$;

create schema platform;

-- Which migrations this database has had. A file never changes once it is here.
create table platform.migrations (
  number integer primary key check (number > 0),
  name text not null unique,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  breaking boolean not null,
  applied_at timestamptz not null default now()
);

comment on column platform.migrations.breaking is
'processes started before this migration must have ended before it is applied';

-- Which version of each function file is in force: these change, and are applied again.
create table platform.functions (
  path text primary key,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at timestamptz not null default now()
);

grant usage on schema platform to florin_app;
grant select on platform.migrations, platform.functions to florin_app;
