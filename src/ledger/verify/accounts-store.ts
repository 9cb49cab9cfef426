// The statements that recompute every account from its entries. They share no code with posting and
// rely on nothing that posting wrote but the entries themselves.

// One pass over all entries in the order of each account's versions. An entry is compared with the
// one before it; the sums of all with the account's balance, and per currency with each other. The
// details of a breach are only put together where there is one, so that sound books cost no more
// than reading them.
export const accountEntries = `
with steps as (
  select account_id, version, is_debit, posted, pending,
    posted_debits, posted_credits, pending_debits, pending_credits, recorded_at,
    lag(version, 1, 0::bigint) over w as version_before,
    lag(recorded_at) over w as recorded_before,
    lag(posted_debits, 1, 0::bigint) over w as posted_debits_before,
    lag(posted_credits, 1, 0::bigint) over w as posted_credits_before,
    lag(pending_debits, 1, 0::bigint) over w as pending_debits_before,
    lag(pending_credits, 1, 0::bigint) over w as pending_credits_before
  from ledger.entries
  window w as (partition by account_id order by version)
),
recomputed as (
  select account_id,
    max(version) as version,
    max(recorded_at) as recorded_at,
    coalesce(sum(posted) filter (where is_debit), 0) as posted_debits,
    coalesce(sum(posted) filter (where not is_debit), 0) as posted_credits,
    coalesce(sum(pending) filter (where is_debit), 0) as pending_debits,
    coalesce(sum(pending) filter (where not is_debit), 0) as pending_credits,
    jsonb_agg(jsonb_build_object('version', version,
      'expected', 'version ' || version_before + 1,
      'found', case when version = version_before then 'version ' || version || ' twice'
        else 'version ' || version end))
      filter (where version <> version_before + 1) as sequence_breaches,
    jsonb_agg(jsonb_build_object('version', version,
      'expected', 'not before ' || recorded_before, 'found', recorded_at))
      filter (where recorded_at < recorded_before) as order_breaches,
    jsonb_agg(jsonb_build_object('version', version,
      'expected', format('posted %s debit, %s credit; pending %s debit, %s credit',
        posted_debits_before + case when is_debit then posted else 0 end,
        posted_credits_before + case when is_debit then 0 else posted end,
        pending_debits_before + case when is_debit then pending else 0 end,
        pending_credits_before + case when is_debit then 0 else pending end),
      'found', format('posted %s debit, %s credit; pending %s debit, %s credit',
        posted_debits, posted_credits, pending_debits, pending_credits)))
      filter (where
        posted_debits <> posted_debits_before + case when is_debit then posted else 0 end
        or posted_credits <> posted_credits_before + case when is_debit then 0 else posted end
        or pending_debits <> pending_debits_before + case when is_debit then pending else 0 end
        or pending_credits <> pending_credits_before + case when is_debit then 0 else pending end)
      as running_breaches
  from steps group by account_id
),
currencies as (
  select a.currency,
    sum(r.posted_debits) as posted_debits, sum(r.posted_credits) as posted_credits,
    sum(r.pending_debits) as pending_debits, sum(r.pending_credits) as pending_credits
  from recomputed r join ledger.accounts a on a.id = r.account_id
  group by a.currency
),
suspects as materialized (
  select coalesce(r.account_id, b.account_id) as account_id,
    b.account_id is not null as has_balance, b.version as b_version,
    b.posted_debits as b_posted_debits, b.posted_credits as b_posted_credits,
    b.pending_debits as b_pending_debits, b.pending_credits as b_pending_credits,
    b.changed_at_us,
    coalesce(r.version, 0) as version,
    (extract(epoch from r.recorded_at) * 1000000)::bigint as recorded_us,
    coalesce(r.posted_debits, 0) as posted_debits, coalesce(r.posted_credits, 0) as posted_credits,
    coalesce(r.pending_debits, 0) as pending_debits,
    coalesce(r.pending_credits, 0) as pending_credits,
    r.sequence_breaches, r.order_breaches, r.running_breaches
  from recomputed r full join ledger.balances b on b.account_id = r.account_id
  where r.sequence_breaches is not null or r.order_breaches is not null
    or r.running_breaches is not null or b.account_id is null
    or b.version <> coalesce(r.version, 0)
    or b.posted_debits <> coalesce(r.posted_debits, 0)
    or b.posted_credits <> coalesce(r.posted_credits, 0)
    or b.pending_debits <> coalesce(r.pending_debits, 0)
    or b.pending_credits <> coalesce(r.pending_credits, 0)
    or b.changed_at_us <> (extract(epoch from r.recorded_at) * 1000000)::bigint
)
select f.rule, s.account_id, f.version, null::uuid as transfer_id, null::integer as leg,
  null as subject, f.expected, f.found
from suspects s cross join lateral (
  select 'balance_is_sum' as rule, null::bigint as version,
    format('posted %s debit, %s credit; pending %s debit, %s credit',
      s.posted_debits, s.posted_credits, s.pending_debits, s.pending_credits) as expected,
    format('posted %s debit, %s credit; pending %s debit, %s credit', s.b_posted_debits,
      s.b_posted_credits, s.b_pending_debits, s.b_pending_credits) as found
  where s.has_balance and (s.b_posted_debits, s.b_posted_credits, s.b_pending_debits,
    s.b_pending_credits)
    <> (s.posted_debits, s.posted_credits, s.pending_debits, s.pending_credits)
  union all
  select 'balance_version', null, format('version %s', s.version),
    format('version %s', s.b_version)
  where s.b_version <> s.version
  union all
  select 'balance_version', null, 'changed at ' || to_timestamp(s.recorded_us / 1000000.0),
    'changed at ' || to_timestamp(s.changed_at_us / 1000000.0)
  where s.changed_at_us <> s.recorded_us
  union all
  select 'account_has_balance', null, 'a balance row', 'entries but no balance row'
  where not s.has_balance
  union all
  select 'version_sequence', (b ->> 'version')::bigint, b ->> 'expected', b ->> 'found'
  from jsonb_array_elements(s.sequence_breaches) as b
  union all
  select 'recorded_order', (b ->> 'version')::bigint, b ->> 'expected', b ->> 'found'
  from jsonb_array_elements(s.order_breaches) as b
  union all
  select 'running_balance', (b ->> 'version')::bigint, b ->> 'expected', b ->> 'found'
  from jsonb_array_elements(s.running_breaches) as b
) as f
union all
select 'currency_sums_to_zero', null, null, null, null, 'currency ' || currency,
  format('posted %s, pending %s on both sides', posted_debits, pending_debits),
  format('posted %s, pending %s credits', posted_credits, pending_credits)
from currencies
where posted_debits <> posted_credits or pending_debits <> pending_credits`;

// From the balances alone, which the pass above has shown to follow from the entries.
export const accountStates = `
with figures as (
  select a.id, a.state, a.floor, a.ceiling, a.credit_limit, b.account_id,
    case a.normal_side when 'debit' then b.posted_debits::numeric - b.posted_credits
      else b.posted_credits::numeric - b.posted_debits end as balance,
    case a.normal_side when 'debit' then b.pending_credits else b.pending_debits end as pending_out,
    case a.normal_side when 'debit' then b.pending_debits else b.pending_credits end as pending_in
  from ledger.accounts a left join ledger.balances b on b.account_id = a.id
)
select f.rule, g.id as account_id, null::bigint as version, null::uuid as transfer_id,
  null::integer as leg, null as subject, f.expected, f.found
from figures g cross join lateral (
  select 'account_has_balance' as rule, 'a balance row' as expected, 'none' as found
  where g.account_id is null
  union all
  select 'closed_account_empty', 'balance 0, pending 0',
    format('balance %s, pending %s out, %s in', g.balance, g.pending_out, g.pending_in)
  where g.state = 'closed' and (g.balance <> 0 or g.pending_out <> 0 or g.pending_in <> 0)
  union all
  select 'limits_kept', 'available 0 or more',
    format('available %s', g.balance - g.pending_out + g.credit_limit - g.floor)
  where g.floor is not null and g.balance - g.pending_out + g.credit_limit - g.floor < 0
  union all
  select 'limits_kept', format('at most the ceiling of %s', g.ceiling),
    format('%s with what is pending', g.balance + g.pending_in)
  where g.ceiling is not null and g.balance + g.pending_in > g.ceiling
) as f
where g.account_id is null or g.state = 'closed' or g.floor is not null or g.ceiling is not null`;
