-- The search index of the audit log: which bundles hold which terms. It proves nothing and can be
-- made again from the log. Lock: none that matters, the tables are new. Duration: milliseconds.

-- A run of consecutive places that is indexed: of at most 65,536 leaves, unless it is one place.
-- Blocks follow one another without a gap; what comes after the last one is not indexed yet.
create table audit.term_blocks (
  first_leaf bigint primary key check (first_leaf >= 0),
  leaf_count integer not null check (leaf_count > 0),
  earliest_at timestamptz not null,
  latest_at timestamptz not null,
  unread integer[] not null
);

comment on column audit.term_blocks.earliest_at is
'the earliest and latest time of its bundles, by their ids, in whole milliseconds';
comment on column audit.term_blocks.unread is
'offsets of places whose bundle could not be read, which may hold any term';

-- A term is a hash of 32 bits. Its first 8 bits are the bucket; the postings of a bucket are sorted
-- entries of 5 bytes: the other 24 bits, and in 16 bits how far the place's first leaf is from the
-- block's. Rows are only ever added, a block at a time: a general inverted index (GIN) would change
-- as many pages as there are terms, at five times the cost and size.
create table audit.terms (
  bucket smallint not null check (bucket between 0 and 255),
  first_leaf bigint not null,
  postings bytea not null check (length(postings) % 5 = 0),
  primary key (bucket, first_leaf)
);

alter table audit.terms alter column postings set storage external;

select audit.protect(name) from unnest(array['term_blocks', 'terms']) as name;

grant select, insert on audit.term_blocks, audit.terms to florin_app;
