-- Customers: people and companies, and everything that ever changed about them. What is known of a
-- person is sealed under the person's own key, so that destroying the key erases the person and
-- leaves every row as it is. Lock: none that matters, the tables are new. Duration: milliseconds.

create table accounts.customers (
  id uuid primary key,
  tenant text not null default platform.tenant()
    check (tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
  external_id text,
  kind text not null check (kind in ('person', 'company')),
  verification text not null
    check (verification in ('unverified', 'pending', 'verified', 'refused', 'expired')),
  verification_method text,
  verification_by text,
  verification_at timestamptz,
  verification_expires_at timestamptz,
  -- Counts the changes, from 1.
  revision integer not null check (revision > 0),
  -- The change that holds what is known of the customer now.
  particulars_revision integer not null check (particulars_revision between 1 and revision),
  created_at timestamptz not null,
  changed_at timestamptz not null,
  erased_at timestamptz
);

-- The name comes first: it is what is asked for, and the policy says whose.
create unique index customers_external_id on accounts.customers (external_id, tenant)
where external_id is not null;
create index customers_tenant on accounts.customers (tenant, id);
create index customers_expiry on accounts.customers (verification_expires_at)
where verification = 'verified' and verification_expires_at is not null;

-- Each change, once, for ever: names of fields and states in clear, values sealed.
create table accounts.customer_changes (
  customer_id uuid not null references accounts.customers (id),
  revision integer not null check (revision > 0),
  tenant text not null default platform.tenant(),
  action text not null,
  -- What the record of the change says in the audit log, word for word.
  details jsonb not null,
  -- {ciphertext, commitment}, both base64; null where nothing of the person changed.
  sealed jsonb,
  changed_at timestamptz not null,
  actor text not null,
  primary key (customer_id, revision)
);

-- What an e-mail address or a tax id is found by: an HMAC under a key of the tenant's own, gone
-- when the customer is erased.
create table accounts.customer_lookups (
  hash bytea not null check (length(hash) = 32),
  customer_id uuid not null references accounts.customers (id),
  tenant text not null default platform.tenant(),
  kind text not null check (kind in ('email', 'tax_id')),
  primary key (hash, customer_id)
);

create index customer_lookups_customer on accounts.customer_lookups (customer_id);

-- The key of those hashes, wrapped under the installation's.
create table accounts.lookup_keys (
  tenant text primary key default platform.tenant(),
  wrapped_key bytea not null,
  created_at timestamptz not null
);

alter table accounts.customers enable row level security;
alter table accounts.customer_changes enable row level security;
alter table accounts.customer_lookups enable row level security;
alter table accounts.lookup_keys enable row level security;

create policy own_tenant on accounts.customers
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.customer_changes
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.customer_lookups
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on accounts.lookup_keys
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

-- History is append-only, for the owner too.
create function accounts.refuse_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'history is append-only: % on %.% is refused', tg_op, tg_table_schema,
    tg_table_name using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete on accounts.customer_changes
for each row execute function accounts.refuse_change();
create trigger no_truncate before truncate on accounts.customer_changes
for each statement execute function accounts.refuse_change();

grant select, insert on accounts.customers, accounts.customer_changes, accounts.customer_lookups,
accounts.lookup_keys to florin_app;
grant update (verification, verification_method, verification_by, verification_at,
  verification_expires_at, revision, particulars_revision, changed_at, erased_at)
on accounts.customers to florin_app;
grant delete on accounts.customer_lookups to florin_app;
