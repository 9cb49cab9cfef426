-- Who people, clients and tokens are: the schema, and what ends a credential before its time. Lock:
-- none that matters, the schema is new. Duration: milliseconds.

create schema identity;

-- A session that was ended. Every token names its session, and is refused from this moment on.
create table identity.revoked_sessions (
  session text primary key check (length(session) between 1 and 200),
  revoked_at timestamptz not null,
  -- When the last token of the session is over, and the row may go.
  expires_at timestamptz not null
);

-- Tokens of a subject that were issued before this moment are refused, whatever their session.
create table identity.revoked_subjects (
  subject text primary key check (length(subject) between 1 and 300),
  before timestamptz not null
);

-- A proof that may be used once (a DPoP proof, a client assertion, a code of a second factor), by
-- the hash of who made it and its own id. The first to insert it has used it.
create table identity.used_proofs (
  proof bytea primary key check (length(proof) = 32),
  expires_at timestamptz not null
);

create index used_proofs_expiry on identity.used_proofs (expires_at);
create index revoked_sessions_expiry on identity.revoked_sessions (expires_at);

grant usage on schema identity to florin_app;
grant select, insert, update, delete on identity.revoked_sessions, identity.revoked_subjects,
identity.used_proofs to florin_app;
