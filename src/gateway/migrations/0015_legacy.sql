-- The existing core behind the gateway: which routes are pointed to it, and where its answers
-- differed from ours. Keys with which partners sign their requests. Lock: none that matters, the
-- tables are new. Duration: milliseconds.

-- The first rule by position that a request meets decides; without one, Florin answers.
create table gateway.legacy_rules (
  id uuid primary key,
  position integer not null unique check (position between 1 and 1000000),
  -- Null is every method.
  method text check (method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
  -- As the table of routes writes paths, with a star at the end for the rest.
  path text not null check (path like '/%' and length(path) <= 300),
  -- Null is every tenant.
  tenant text check (length(tenant) between 1 and 100),
  -- Of a hundred customers, chosen by a hash of their id, so many; the others go to the next rule.
  percent integer not null check (percent between 1 and 100),
  mode text not null check (mode in ('here', 'legacy', 'shadow')),
  -- In a shadow both answer reads, and the caller hears this one. Others are done by it alone.
  answered_by text not null check (answered_by in ('here', 'legacy')),
  -- Places of answers that may differ.
  ignored text[] not null check (cardinality(ignored) <= 100),
  -- 1, 2, 3 …: grows with each change.
  revision integer not null check (revision > 0),
  changed_at timestamptz not null,
  check (mode = 'shadow' or answered_by = mode)
);

-- Samples of answers that were not alike.
create table gateway.legacy_differences (
  id uuid primary key,
  rule_id uuid not null,
  method text not null,
  -- Without its query.
  path text not null check (length(path) <= 2000),
  request_id text not null check (length(request_id) <= 100),
  -- Place and kind of each difference; what differs is not in clear.
  findings jsonb not null,
  -- The values, under the installation's key.
  wrapped_values bytea not null check (length(wrapped_values) <= 8192),
  at timestamptz not null
);

create index legacy_differences_at on gateway.legacy_differences (at, id);

-- Keys of partners who sign their requests (RFC 9421), by the id that stands in a signature.
create table gateway.signature_keys (
  key_id text collate "C" primary key check (key_id ~ '^[A-Za-z0-9._:/#-]{1,200}$'),
  -- The subject whose requests it signs, and nobody else's.
  owner text not null check (length(owner) between 1 and 300),
  algorithm text not null check (
    algorithm in ('ed25519', 'ecdsa-p256-sha256', 'rsa-pss-sha512', 'hmac-sha256')),
  -- Public, in DER; of a shared secret, what the installation's key wrapped.
  key bytea not null check (length(key) between 16 and 4096),
  -- Whether all requests of the owner must be signed.
  is_required boolean not null,
  added_at timestamptz not null
);

grant select, insert, update, delete on gateway.legacy_rules to florin_app;
grant select, insert, delete on gateway.signature_keys to florin_app;
grant select, insert, delete on gateway.legacy_differences to florin_app;
