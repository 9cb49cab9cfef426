-- The OpenID provider: its clients, the keys it signs with, and what it must remember between two
-- requests (sessions, grants, codes, refresh tokens). Whoever reads only the database can use none
-- of it: ids are kept as hashes, secrets as hashes, contents and private keys encrypted. Lock: none
-- that matters, the tables are new. Duration: milliseconds.

create table identity.clients (
  id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  tenant text not null check (tenant ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  -- What it may do when it acts for itself.
  roles text[] not null check (cardinality(roles) <= 16),
  -- On whose behalf it acts when it acts for itself.
  customer text check (length(customer) between 1 and 200),
  -- fapi2: the FAPI 2.0 Security Profile (Final) holds for every request of the client.
  profile text not null check (profile in ('standard', 'fapi2')),
  authentication text not null check (authentication in (
    'none', 'client_secret_basic', 'private_key_jwt', 'tls_client_auth',
    'self_signed_tls_client_auth'
  )),
  -- What its tokens are bound to.
  binding text not null check (binding in ('none', 'dpop', 'mtls')),
  grants text[] not null check (cardinality(grants) between 1 and 3),
  scopes text[] not null check (cardinality(scopes) between 1 and 32),
  redirect_uris text[] not null check (cardinality(redirect_uris) <= 16),
  logout_uris text[] not null check (cardinality(logout_uris) <= 16),
  -- Runs on a device of its user: loopback addresses may have any port (RFC 8252 section 7.3).
  is_native boolean not null,
  -- Of the bank itself: people are not asked to consent.
  is_first_party boolean not null,
  -- Its public keys, a JSON Web Key Set.
  jwks jsonb,
  -- What its certificate must be issued for: {"kind", "value"} (RFC 8705 section 2.1.2).
  certificate jsonb,
  state text not null check (state in ('active', 'disabled')),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check (profile <> 'fapi2' or (
    binding <> 'none' and authentication not in ('none', 'client_secret_basic')
  ))
);

-- SHA-256 of 256 random bits. While a secret is being replaced two are good.
create table identity.client_secrets (
  hash bytea primary key check (length(hash) = 32),
  client_id uuid not null references identity.clients (id),
  created_at timestamptz not null,
  expires_at timestamptz
);

create index client_secrets_of_client on identity.client_secrets (client_id);

-- A key is published before it signs and after it has signed; its state follows from the time, so
-- that every process agrees on it.
create table identity.signing_keys (
  kid text primary key check (length(kid) = 43),
  algorithm text not null check (algorithm in ('ES256', 'PS256', 'EdDSA')),
  public_jwk jsonb not null,
  -- The private JWK, wrapped. Null when the key will not sign again.
  wrapped_private bytea,
  created_at timestamptz not null,
  signs_from timestamptz not null,
  -- Null until a successor is known.
  signs_until timestamptz,
  -- When the last token it signed is over.
  published_until timestamptz,
  check ((signs_until is null) = (published_until is null)),
  check (published_until >= signs_until)
);

-- One key of each algorithm has no successor yet.
create unique index signing_keys_latest on identity.signing_keys (algorithm)
where signs_until is null;

-- What the provider derives its cookie keys, nonces and encryption from, wrapped.
create table identity.provider_secrets (
  name text primary key check (name ~ '^[a-z][a-z-]{0,62}$'),
  wrapped bytea not null,
  created_at timestamptz not null
);

create table identity.artifacts (
  -- SHA-256 of the model and of the id, which is the secret of whoever holds the artifact.
  id bytea primary key check (length(id) = 32),
  model text not null check (model in (
    'AccessToken', 'AuthorizationCode', 'ClientCredentials', 'Grant', 'Interaction',
    'PushedAuthorizationRequest', 'RefreshToken', 'Session'
  )),
  -- AES-256-GCM.
  payload bytea not null check (length(payload) between 29 and 131072),
  -- SHA-256 of what a session is called inside of other artifacts.
  uid bytea check (length(uid) = 32),
  -- The grants it belongs to: what tokens call their session. One, but for a login session.
  grants text[] not null,
  subject text check (length(subject) between 1 and 300),
  client_id text check (length(client_id) between 1 and 300),
  -- When its person proved who they are, or else when it was made.
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz
);

create index artifacts_by_uid on identity.artifacts (uid) where uid is not null;
create index artifacts_by_grant on identity.artifacts using gin (grants);
create index artifacts_by_client on identity.artifacts (client_id) where model = 'Grant';
create index artifacts_expiry on identity.artifacts (expires_at);

grant select, insert, update on identity.clients, identity.signing_keys to florin_app;
grant select, insert, update, delete on identity.client_secrets, identity.artifacts to florin_app;
grant select, insert on identity.provider_secrets to florin_app;
