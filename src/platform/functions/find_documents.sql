-- The ids of the documents of an index that the session's tenant may see, the greatest first. Runs
-- as the owner, and therefore asks itself whose each is: a policy would keep the indexes of words
-- from being used, because what they compare with is the caller's.
-- p_parts are patterns of what is looked for anywhere in a text, the rarest kind first. They count
-- only where there is an index for them; what must hold instead is in p_beginnings.
create or replace function search.find_documents(
  p_index text,
  p_terms text,
  p_parts text[],
  p_beginnings text,
  p_after text,
  p_limit integer
) returns setof text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan as $$
declare
  seen_by text := current_setting('florin.tenant', true);
  has_parts boolean := p_parts <> '{}' and to_regclass('search.documents_parts') is not null;
  wanted tsquery := case when has_parts then p_terms else p_beginnings end;
  pattern text := case when has_parts then p_parts[1] end;
  patterns text[] := case when has_parts then p_parts[2:] else '{}' end;
begin
  return query select d.id from search.documents d
    where d.index_name = p_index
      and (seen_by = '*' or d.tenant = seen_by)
      and (wanted is null or d.terms @@ wanted)
      and (pattern is null or d.body like pattern)
      and (patterns = '{}' or d.body like all(patterns))
      and (p_after is null or d.id < p_after)
    order by d.id desc limit p_limit;
end
$$;

revoke execute on function search.find_documents(text, text, text[], text, text, integer)
from public;
grant execute on function search.find_documents(text, text, text[], text, text, integer)
to florin_app;
