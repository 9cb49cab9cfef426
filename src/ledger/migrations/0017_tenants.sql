-- Every account belongs to a tenant, and what was posted to it does too; row-level security keeps
-- tenants apart. Lock: access exclusive on the ledger's tables. Duration: milliseconds for columns
-- and policies; two unique indexes are built anew, about a second for each million transfers.
-- breaking: processes of before would find rows of all tenants by external id

alter table ledger.accounts add column tenant text not null default 'main';
alter table ledger.balances add column tenant text not null default 'main';
alter table ledger.transfers add column tenant text not null default 'main';
alter table ledger.holds add column tenant text not null default 'main';
alter table ledger.period_closes add column tenant text not null default 'main';

-- What is there belongs to the first tenant; from now on the transaction says whose a row is.
alter table ledger.accounts alter column tenant set default platform.tenant();
alter table ledger.balances alter column tenant set default platform.tenant();
alter table ledger.transfers alter column tenant set default platform.tenant();
alter table ledger.holds alter column tenant set default platform.tenant();
alter table ledger.period_closes alter column tenant set default platform.tenant();

alter table ledger.accounts add check (tenant ~ '^[a-z0-9][a-z0-9-]{0,39}$');

-- Names are each tenant's own. They come first in the index: what is asked for is a name, and the
-- policies below say whose.
alter table ledger.accounts drop constraint accounts_external_id_key;
create unique index accounts_external_id on ledger.accounts (external_id, tenant);
drop index ledger.transfers_external_id;
create unique index transfers_external_id on ledger.transfers (external_id, tenant)
where external_id is not null;
alter table ledger.period_closes drop constraint period_closes_pkey;
alter table ledger.period_closes add primary key (tenant, closed_before);

alter table ledger.accounts enable row level security;
alter table ledger.balances enable row level security;
alter table ledger.transfers enable row level security;
alter table ledger.holds enable row level security;
alter table ledger.period_closes enable row level security;
alter table ledger.entries enable row level security;

-- Asked once for a statement, not once for a row.
create policy own_tenant on ledger.accounts
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on ledger.balances
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on ledger.transfers
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on ledger.holds
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));
create policy own_tenant on ledger.period_closes
using ((select current_setting('florin.tenant', true)) in (tenant, '*'));

-- An entry is its account's, and is written only beside a balance that the tenant could change.
create policy own_accounts on ledger.entries for select
using ((select current_setting('florin.tenant', true)) = '*'
  or exists (select from ledger.accounts a where a.id = account_id));
create policy beside_balances on ledger.entries for insert with check (true);

-- A partition has no policies of its own, so nobody may read it past its parent.
do $$
declare
  part regclass;
begin
  for part in select i.inhrelid::regclass from pg_catalog.pg_inherits i
    where i.inhparent = 'ledger.entries'::regclass
  loop
    execute format('revoke all on %s from florin_app', part);
  end loop;
end
$$;
