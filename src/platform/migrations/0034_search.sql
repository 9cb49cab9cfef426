-- What is found by its words. Lock: none that matters, the schema is new. Duration: milliseconds.

create schema search;

create table search.documents (
  index_name text not null check (index_name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  tenant text not null default platform.tenant(),
  id text collate "C" not null check (length(id) between 1 and 255),
  -- As words are compared: without accents, in small letters.
  body text collate "C" not null,
  -- The beginnings of its words, and what it is filtered by, as "=name=value".
  terms tsvector not null,
  primary key (index_name, tenant, id)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

create index documents_terms on search.documents using gin (terms);

alter table search.documents enable row level security;

create policy own_tenant on search.documents
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

grant usage on schema search to florin_app;
grant select, insert, update, delete on search.documents to florin_app;

-- Parts of words are found with the help of an extension that not every server has. Without it only
-- beginnings of words are found; once there is an index of this name, parts are found as well.
do $$
declare
  home text;
begin
  create extension if not exists pg_trgm with schema search;
  select n.nspname into home
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
  execute format(
    'create index documents_parts on search.documents using gin (body %I.gin_trgm_ops)', home
  );
exception
  when feature_not_supported or undefined_file or insufficient_privilege then
    raise notice 'search finds beginnings of words only: %', sqlerrm;
end
$$;
