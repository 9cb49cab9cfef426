-- Gives committed events their place in the one order, and answers the last position given. Whoever
-- finds another process at it changes nothing. Each statement sees what committed before it, so the
-- bundles are read after the head is locked. The commit need not reach the disk by itself: whatever
-- a consumer commits later takes it along, and without that nothing has been done with the places.
create or replace function stream.sequence_events(p_bundles_max integer) returns bigint
language plpgsql as $$
declare
  head bigint;
  placed bigint;
begin
  if not exists (select from stream.inbox) then
    return (select h.position from stream.heads h);
  end if;
  select h.position into head from stream.heads h for update skip locked;
  if not found then
    return (select h.position from stream.heads h);
  end if;
  perform set_config('synchronous_commit', 'off', true);

  with waiting as (
    delete from stream.inbox i
    where i.number in (
      select w.number from stream.inbox w order by w.number limit p_bundles_max
    )
    returning i.number, i.event_count
  ),
  numbered as (
    select w.number, w.event_count, sum(w.event_count) over (order by w.number) as through
    from waiting w
  ),
  inserted as (
    insert into stream.places (first_position, event_count, bundle)
    select head + n.through - n.event_count + 1, n.event_count, n.number from numbered n
  )
  select coalesce(max(n.through), 0) into placed from numbered n;

  if placed > 0 then
    update stream.heads set position = head + placed;
  end if;
  return head + placed;
end
$$;

grant execute on function stream.sequence_events(integer) to florin_app;
