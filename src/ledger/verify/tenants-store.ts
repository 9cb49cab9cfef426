// The statements about whose the rows are: that what belongs to an account is of its tenant, and
// that the database shows each tenant its own rows and no others.

// Entries are only read where there is more than one tenant: one alone cannot disagree with itself.
export const tenants = `
with several as materialized (
  select count(*) > 1 as is_so
  from (
    select tenant from ledger.accounts
    union select tenant from ledger.balances
    union select tenant from ledger.transfers
    union select tenant from ledger.holds
  ) as t
)
select 'tenants_agree' as rule, b.account_id, null::bigint as version, null::uuid as transfer_id,
  null::integer as leg, null as subject, 'a balance of ' || a.tenant as expected,
  'a balance of ' || b.tenant as found
from ledger.balances b join ledger.accounts a on a.id = b.account_id
where a.tenant <> b.tenant
union all
select 'tenants_agree', e.account_id, e.version, t.id, e.leg, null,
  'a transfer of ' || a.tenant, 'a transfer of ' || t.tenant
from ledger.entries e join ledger.accounts a on a.id = e.account_id
join ledger.transfers t on t.id = e.transfer_id
where (select is_so from several) and a.tenant <> t.tenant
union all
select 'tenants_agree', null, null, h.id, null, null, 'a hold of ' || t.tenant,
  'a hold of ' || h.tenant
from ledger.holds h join ledger.transfers t on t.id = h.id
where h.tenant <> t.tenant`;

// Policies add up, so one too many shows more.
export const separation = `
with wanted as (
  select ('ledger.' || name)::regclass::oid as id, policy, verb
  from (values ('accounts', 'own_tenant', '*'), ('balances', 'own_tenant', '*'),
    ('transfers', 'own_tenant', '*'), ('holds', 'own_tenant', '*'),
    ('period_closes', 'own_tenant', '*'), ('entries', 'own_accounts', 'r'),
    ('entries', 'beside_balances', 'a')) as w (name, policy, verb)
),
breaches as (
  select distinct c.oid as id, 'row-level security' as expected, 'none that is active' as found
  from wanted w join pg_class c on c.oid = w.id where not c.relrowsecurity
  union all
  select coalesce(w.id, p.polrelid), coalesce('policy ' || w.policy, 'no other policy'),
    coalesce('policy ' || p.polname, 'none')
  from wanted w
  full join (select * from pg_policy where polrelid in (select id from wanted)) p
    on p.polrelid = w.id and p.polname = w.policy and p.polcmd::text = w.verb
      and (w.verb = 'a' or pg_get_expr(p.polqual, p.polrelid) like '%florin.tenant%')
  where w.id is null or p.oid is null
)
select 'tenants_apart' as rule, null::uuid as account_id, null::bigint as version,
  null::uuid as transfer_id, null::integer as leg, 'table ' || id::regclass as subject, expected,
  found
from breaches`;
