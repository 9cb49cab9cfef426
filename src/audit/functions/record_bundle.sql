-- Stores what one call recorded, and tells the sequencer of it, in the caller's transaction. The
-- identity of the inbox row is drawn here, after the caller took its locks: where one transaction
-- saw another's effect, its number is the greater.
create or replace function audit.record_bundle(
  wanted_month integer,
  bundle_id uuid,
  bundle_recorded_at timestamptz,
  bundle_leaf_count integer,
  bundle_encoding smallint,
  bundle_leaves bytea
) returns void language plpgsql as $$
begin
  if not exists (select from audit.months m where m.month = wanted_month) then
    perform audit.open_month(wanted_month, bundle_recorded_at);
  end if;
  insert into audit.bundles (month, id, recorded_at, leaf_count, encoding, leaves)
  values (wanted_month, bundle_id, bundle_recorded_at, bundle_leaf_count, bundle_encoding,
    bundle_leaves);
  insert into audit.inbox (month, bundle_id) values (wanted_month, bundle_id);
end
$$;
