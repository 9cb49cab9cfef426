-- When the calendar day, week (from Monday) or month that holds a time ends in a time zone. Times
-- are microseconds since 1970.
create or replace function gateway.window_end(unit text, time_zone text, at_us bigint)
returns bigint language sql stable as $$
  select (extract(epoch from (date_trunc(
    unit, to_timestamp(at_us / 1000000) at time zone time_zone) + ('1 ' || unit)::interval
  ) at time zone time_zone) * 1000000)::bigint
$$;
