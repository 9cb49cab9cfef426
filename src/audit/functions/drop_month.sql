-- Removes the bundles of a month from the database, which no role may do by itself: only a month
-- that is not at hand any more, with nothing of it waiting for a place, and with as many leaves in
-- the archive as in its bundles. Answers false when it was removed before. The counts are taken
-- under a lock that only writers of that month feel; the table of all months is locked at the end,
-- and not waited for long, because every business transaction waits meanwhile.
create or replace function audit.drop_month(wanted integer) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
  partition_name text := 'bundles_' || wanted;
  -- Three months are at hand: this one by the server's clock, and the two before it.
  at_hand_from integer := to_char(
    date_trunc('month', now() at time zone 'UTC') - interval '2 months', 'YYYYMM')::integer;
  stored record;
  placed record;
  archived record;
  flaw text;
begin
  perform pg_advisory_xact_lock(hashtext('audit.drop_month'));
  if exists (select from audit.removed_months r where r.month = wanted) then
    return false;
  end if;
  if wanted >= at_hand_from then
    flaw := 'the month is at hand';
  elsif not exists (select from audit.months m where m.month = wanted) then
    flaw := 'there is no such month';
  else
    execute format('lock table audit.%I in share mode', partition_name);
    execute format('select count(*) as bundles, coalesce(sum(b.leaf_count), 0)::bigint as leaves '
      'from audit.%I b', partition_name) into stored;
    select count(*) as bundles, coalesce(sum(p.leaf_count), 0)::bigint as leaves,
      min(p.first_leaf) as from_leaf, max(p.first_leaf + p.leaf_count) as to_leaf
      into placed from audit.places p where p.month = wanted;
    select coalesce(sum(a.leaf_count), 0)::bigint as leaves,
      min(lower(a.runs)) as from_leaf, max(upper(a.runs)) as to_leaf
      into archived from audit.archives a where a.month = wanted;
    if exists (select from audit.inbox i where i.month = wanted) then
      flaw := 'records of it wait for a place';
    elsif (stored.bundles, stored.leaves) <> (placed.bundles, placed.leaves) then
      flaw := format('it has %s bundles of %s records, but places for %s of %s',
        stored.bundles, stored.leaves, placed.bundles, placed.leaves);
    elsif (archived.leaves, archived.from_leaf, archived.to_leaf)
      is distinct from (placed.leaves, placed.from_leaf, placed.to_leaf) then
      flaw := format('%s of its %s records are archived', archived.leaves, placed.leaves);
    end if;
  end if;
  if flaw is not null then
    raise exception 'the audit log is append-only: drop on audit.% is refused: %',
      partition_name, flaw using errcode = 'restrict_violation';
  end if;
  execute format('drop table audit.%I', partition_name);
  insert into audit.removed_months (month, bundle_count, leaf_count)
  values (wanted, stored.bundles, stored.leaves);
  return true;
end
$$;

revoke execute on function audit.drop_month(integer) from public;
grant execute on function audit.drop_month(integer) to florin_app;
