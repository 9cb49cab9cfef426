-- People: who they are, how they prove it, and where they are signed in. What names a person is
-- encrypted under a key of that person's own, so that destroying the key forgets the person and
-- leaves the id. Nothing here can be used by whoever reads only the database: passwords, secrets
-- and keys are wrapped by the installation's key, and what is random is kept as its hash.
-- Lock: none that matters, the tables are new. Duration: milliseconds.

create table identity.people (
  id uuid primary key,
  tenant text not null check (tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  -- Of the login name, keyed by the installation: finds a person and names nobody. Null until an
  -- invitation was accepted, and after the erasure.
  login_digest bytea unique check (length(login_digest) = 32),
  -- Login name, display name and address, AES-256-GCM under the person's key.
  profile bytea check (length(profile) between 28 and 4096),
  roles text[] not null check (cardinality(roles) between 1 and 16),
  -- On whose behalf a person of the role customer acts.
  customer text check (length(customer) between 1 and 200),
  status text not null check (status in ('invited', 'active', 'disabled', 'erased')),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  check (status <> 'erased' or (login_digest is null and profile is null)),
  check (status <> 'active' or login_digest is not null)
);

create index people_by_tenant on identity.people (tenant, id);

-- The key of a person, wrapped. The row is deleted when the person is erased.
create table identity.person_keys (
  person_id uuid primary key references identity.people (id),
  wrapped_key bytea not null
);

create table identity.passwords (
  person_id uuid primary key references identity.people (id),
  -- The parameters it was made with, so that they can be raised; see RFC 7914 section 2.
  cost_log2 smallint not null check (cost_log2 between 1 and 24),
  block_size smallint not null check (block_size between 1 and 64),
  parallelism smallint not null check (parallelism between 1 and 64),
  salt bytea not null check (length(salt) between 16 and 64),
  wrapped_hash bytea not null,
  changed_at timestamptz not null
);

create table identity.totp_factors (
  person_id uuid primary key references identity.people (id),
  wrapped_secret bytea not null,
  confirmed_at timestamptz not null,
  -- The time step of the latest code that was accepted: it and all before are used up.
  last_step bigint not null check (last_step >= 0)
);

create table identity.passkeys (
  credential_id bytea primary key check (length(credential_id) between 1 and 1023),
  person_id uuid not null references identity.people (id),
  -- COSE_Key (RFC 9052 section 7).
  public_key bytea not null check (length(public_key) between 1 and 4096),
  -- Of signatures, as the authenticator counts; 0 for one that does not.
  counter bigint not null check (counter >= 0),
  transports text[] not null check (cardinality(transports) <= 16),
  is_backed_up boolean not null,
  created_at timestamptz not null,
  used_at timestamptz
);

create index passkeys_by_person on identity.passkeys (person_id);

create table identity.recovery_codes (
  person_id uuid not null references identity.people (id),
  code_hash bytea not null check (length(code_hash) = 32),
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (person_id, code_hash)
);

-- Failed attempts to prove something, by the keyed digest of what was attacked or from where: a
-- login name (whether or not anybody has it), a second factor, an address.
create table identity.attempts (
  key bytea primary key check (length(key) = 32),
  failures integer not null check (failures >= 0),
  last_at timestamptz not null,
  -- Nothing is tried before this moment.
  blocked_until timestamptz not null
);

create index attempts_by_time on identity.attempts (last_at);

-- Browsers that a person has signed in with, by the hash of their cookie. Attempts from them are
-- counted apart, so that nobody else can lock the person out.
create table identity.devices (
  token_hash bytea not null check (length(token_hash) = 32),
  person_id uuid not null references identity.people (id),
  expires_at timestamptz not null,
  primary key (token_hash, person_id)
);

create index devices_by_person on identity.devices (person_id);
create index devices_expiry on identity.devices (expires_at);

-- A code that lets its bearer set the password and second factor of one person, once.
create table identity.invitations (
  id uuid primary key,
  person_id uuid not null references identity.people (id),
  code_hash bytea not null unique check (length(code_hash) = 32),
  -- first: of the first administrator, and void as soon as there is one.
  kind text not null check (kind in ('first', 'person', 'reset')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ending text check (ending in ('accepted', 'withdrawn')),
  check ((ended_at is null) = (ending is null))
);

-- A person has at most one that is open.
create unique index invitations_open on identity.invitations (person_id) where ended_at is null;

-- How far somebody has come who is signing in or accepting an invitation, by the hash of the
-- cookie. Short-lived.
create table identity.sign_ins (
  token_hash bytea primary key check (length(token_hash) = 32),
  purpose text not null check (purpose in ('sign_in', 'invitation')),
  -- The interaction or the invitation it belongs to.
  reference text not null check (length(reference) between 1 and 200),
  person_id uuid not null references identity.people (id),
  -- What was proven so far: pwd, otp, passkey, recovery.
  proven text[] not null check (cardinality(proven) <= 8),
  -- A second factor being set up, wrapped, until its first code confirms it.
  wrapped_totp bytea,
  expires_at timestamptz not null
);

create index sign_ins_by_person on identity.sign_ins (person_id);
create index sign_ins_expiry on identity.sign_ins (expires_at);

-- Where people are signed in: each a grant of the provider, by its id, which every token names.
create table identity.sessions (
  session text primary key check (length(session) between 1 and 200),
  person_id uuid not null references identity.people (id),
  client_id text not null check (length(client_id) between 1 and 300),
  authentication text not null check (length(authentication) between 1 and 100),
  factors smallint not null check (factors between 1 and 2),
  -- Address and browser, under the person's key.
  origin bytea check (length(origin) between 28 and 2048),
  started_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);

create index sessions_by_person on identity.sessions (person_id, started_at);
create index sessions_expiry on identity.sessions (expires_at);

grant select, insert, update on identity.people to florin_app;
grant select, insert, update, delete on identity.person_keys, identity.passwords,
identity.totp_factors, identity.passkeys, identity.recovery_codes, identity.attempts,
identity.devices, identity.invitations, identity.sign_ins, identity.sessions to florin_app;
