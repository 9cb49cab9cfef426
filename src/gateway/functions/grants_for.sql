-- The mandates in force for many questions at once: of each tenant, its own, and only those of the
-- grantees and objects that were asked for. Runs as the owner, since the questions are of several
-- tenants. `used` holds what the days around now were used for, by day.
create or replace function gateway.grants_for(
  asked_at timestamptz, tenants text[], subjects text[], customers text[], kinds text[], ids text[]
) returns table (
  place bigint, id uuid, acts text[], currency text, transfer_max bigint, day_max bigint,
  time_zone text, weekdays smallint[], minute_from smallint, minute_to smallint, used jsonb
)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select a.place, g.id, g.acts, g.currency, g.transfer_max, g.day_max, g.time_zone, g.weekdays,
    g.minute_from, g.minute_to,
    case when g.day_max is null then null else (
      select coalesce(jsonb_object_agg(d.day, d.used::text), '{}'::jsonb)
      from gateway.grant_days d
      where d.grant_id = g.id
        and d.day between (asked_at at time zone 'UTC')::date - 1
          and (asked_at at time zone 'UTC')::date + 1) end
  from unnest(tenants, subjects, customers, kinds, ids) with ordinality
    as a (tenant, subject, customer, kind, object_id, place)
  join gateway.grants g on g.tenant = a.tenant and g.object_id = a.object_id
    and g.object_kind = a.kind
    and g.grantee = case g.grantee_kind when 'subject' then a.subject else a.customer end
  where g.grantee in (a.subject, a.customer)
    and g.revoked_at is null
    and g.valid_from <= asked_at and (g.valid_to is null or g.valid_to > asked_at)
  order by a.place, g.id
$$;

revoke execute on function gateway.grants_for(
  timestamptz, text[], text[], text[], text[], text[]
) from public;
grant execute on function gateway.grants_for(
  timestamptz, text[], text[], text[], text[], text[]
) to florin_app;
