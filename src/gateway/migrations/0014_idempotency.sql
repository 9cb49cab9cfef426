-- Requests that may be repeated: who has begun one, and what it was answered with. Lock: none that
-- matters, the table is new. Duration: milliseconds.

create table gateway.idempotent_requests (
  -- The first half of SHA-256 over the tenant, the caller and the key that it gave.
  key bytea primary key check (length(key) = 16),
  -- SHA-256 over what was asked for: the same key never stands for two contents.
  fingerprint bytea not null check (length(fingerprint) = 32),
  -- Of the claim: whoever lost it cannot finish the request any more.
  owner uuid not null,
  -- From then on an unfinished request is taken to be abandoned, and another may claim it.
  leased_until timestamptz not null,
  expires_at timestamptz not null,
  -- The answer, written in the transaction of its effect; all null until then.
  status smallint check (status between 200 and 499),
  headers text,
  encoding smallint check (encoding in (0, 1)),
  body bytea,
  check (num_nulls(status, headers, encoding, body) in (0, 4))
);

comment on column gateway.idempotent_requests.headers is 'a JSON object of texts';
comment on column gateway.idempotent_requests.encoding is '0: the bytes; 1: a zstd frame of them';

-- A frame cannot be compressed further.
alter table gateway.idempotent_requests alter column body set storage external;

create index idempotent_requests_expiry on gateway.idempotent_requests (expires_at);

grant select, insert, update, delete on gateway.idempotent_requests to florin_app;
