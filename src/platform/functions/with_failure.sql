-- A message's failures with one more; the last twenty, so that what is redriven again and again
-- stays small.
create or replace function queues.with_failure(
  p_failures jsonb,
  p_attempt smallint,
  p_code text,
  p_reason text,
  p_now timestamptz
) returns jsonb language sql stable as $$
  select case when jsonb_array_length(f.all_of_them) > 20
    then f.all_of_them - 0 else f.all_of_them end
  from (
    select coalesce(p_failures, '[]') || jsonb_build_object(
      'attempt', p_attempt,
      'at', to_char(p_now at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'code', p_code,
      'message', p_reason
    ) as all_of_them
  ) as f
$$;

grant execute on function queues.with_failure(
  jsonb, smallint, text, text, timestamptz
) to florin_app;
