// The statements that recompute every transfer from its entries: that it has them, that its sides
// are equal per currency, that it does what its kind says, and that reversals and closes were
// respected.

// Legs up to this one are told apart by a bit each; transfers with more are counted one by one.
const LEG_BITS = 62;

// One pass over all entries, grouped by transfer. Currencies are numbered, so that a transfer in
// one currency, nearly every one, is summed without comparing text.
export const transferEntries = `
with account_currencies as (
  select a.id, c.number
  from ledger.accounts a
  join (
    select currency, (row_number() over (order by currency))::integer as number
    from (select distinct currency from ledger.accounts) as d
  ) as c on c.currency = a.currency
),
recomputed as (
  select e.transfer_id, count(*) as entries, count(c.number) as known_accounts,
    min(c.number) as first_currency, max(c.number) as last_currency,
    sum(case when e.is_debit then e.posted else -e.posted end) as posted_difference,
    sum(case when e.is_debit then e.pending else -e.pending end) as pending_difference,
    min(e.posted) as posted_min, max(e.posted) as posted_max,
    min(e.pending) as pending_min, max(e.pending) as pending_max,
    min(e.effective_at) as effective_first, max(e.effective_at) as effective_last,
    min(e.recorded_at) as recorded_first, max(e.recorded_at) as recorded_last,
    min(e.leg) as leg_min, max(e.leg) as leg_max,
    bit_or(1::bigint << least(greatest(e.leg, 0), ${LEG_BITS})) as legs
  from ledger.entries e left join account_currencies c on c.id = e.account_id
  group by e.transfer_id
),
suspects as materialized (
  select coalesce(r.transfer_id, t.id) as id, t.id is not null as has_transfer, t.kind,
    t.effective_at, t.recorded_at, r.*,
    case
      when t.id is null then true
      when t.kind in ('transfer', 'reversal')
        then r.posted_min > 0 and r.pending_min = 0 and r.pending_max = 0
      when t.kind in ('hold', 'increase') then r.posted_max = 0 and r.pending_min > 0
      when t.kind = 'capture' then r.pending_max < 0 and r.posted_max > 0
      else r.posted_max = 0 and r.pending_max < 0
    end as fits_kind,
    bit_count(r.legs::bit(64)) as legs_distinct
  from recomputed r full join ledger.transfers t on t.id = r.transfer_id
  where t.id is null or r.transfer_id is null
    or r.known_accounts <> r.entries
    or r.first_currency <> r.last_currency
    or r.posted_difference <> 0 or r.pending_difference <> 0
    or r.effective_first <> t.effective_at or r.effective_last <> t.effective_at
    or r.recorded_first <> t.recorded_at or r.recorded_last <> t.recorded_at
    or bit_count(r.legs::bit(64)) <> r.entries or r.leg_min < 0
    or not case
      when t.kind in ('transfer', 'reversal')
        then r.posted_min > 0 and r.pending_min = 0 and r.pending_max = 0
      when t.kind in ('hold', 'increase') then r.posted_max = 0 and r.pending_min > 0
      when t.kind = 'capture' then r.pending_max < 0 and r.posted_max > 0
      else r.posted_max = 0 and r.pending_max < 0
    end
),
sides as (
  select s.id, coalesce(a.currency, '?') as currency,
    coalesce(sum(e.posted) filter (where e.is_debit), 0) as posted_debits,
    coalesce(sum(e.posted) filter (where not e.is_debit), 0) as posted_credits,
    coalesce(sum(e.pending) filter (where e.is_debit), 0) as pending_debits,
    coalesce(sum(e.pending) filter (where not e.is_debit), 0) as pending_credits
  from suspects s
  join ledger.entries e on e.transfer_id = s.id
  left join ledger.accounts a on a.id = e.account_id
  where s.first_currency <> s.last_currency or s.posted_difference <> 0
    or s.pending_difference <> 0
  group by s.id, a.currency
),
breaches as (
  select 'entry_has_transfer' as rule, s.id, null::integer as leg, 'a transfer' as expected,
    s.entries || ' entries without it' as found
  from suspects s where not s.has_transfer
  union all
  select 'transfer_has_entries', s.id, null, 'entries', 'none'
  from suspects s where s.transfer_id is null
  union all
  select 'entry_has_account', s.id, null, s.entries || ' entries with an account',
    s.known_accounts || ' of them'
  from suspects s where s.known_accounts <> s.entries
  union all
  select 'times_agree', s.id, null,
    format('effective %s, recorded %s', s.effective_at, s.recorded_at),
    format('effective %s to %s, recorded %s to %s', s.effective_first, s.effective_last,
      s.recorded_first, s.recorded_last)
  from suspects s
  where s.effective_first <> s.effective_at or s.effective_last <> s.effective_at
    or s.recorded_first <> s.recorded_at or s.recorded_last <> s.recorded_at
  union all
  select 'entries_fit_kind', s.id, null,
    case when s.kind in ('transfer', 'reversal') then 'posted amounts above 0, none pending'
      when s.kind in ('hold', 'increase') then 'pending amounts above 0, none posted'
      when s.kind = 'capture' then 'posted amounts, and pending ones below 0'
      else 'pending amounts below 0, none posted' end || ' in ' || article,
    format('posted %s to %s, pending %s to %s', s.posted_min, s.posted_max, s.pending_min,
      s.pending_max)
  from (select *, 'a transfer of kind ' || kind as article from suspects) as s
  where s.fits_kind is false
  union all
  select 'posted_balanced', b.id, null, format('%s %s credits', b.posted_debits, b.currency),
    format('%s %s credits', b.posted_credits, b.currency)
  from sides b where b.posted_debits <> b.posted_credits
  union all
  select 'pending_balanced', b.id, null, format('%s %s credits', b.pending_debits, b.currency),
    format('%s %s credits', b.pending_credits, b.currency)
  from sides b where b.pending_debits <> b.pending_credits
  union all
  select 'leg_numbers', s.id, e.leg, 'each leg once, from 0', 'leg ' || e.leg || ' ' || count(*)
    || ' times'
  from suspects s join ledger.entries e on e.transfer_id = s.id
  where s.legs_distinct <> s.entries or s.leg_min < 0
  group by s.id, e.leg
  having count(*) > 1 or e.leg < 0
)
select rule, null::uuid as account_id, null::bigint as version, id as transfer_id, leg,
  null as subject, expected, found
from breaches`;

// The closes in force at each moment are looked up by bisection: closed_before only ever rises, and
// a transfer recorded in the very microsecond of a close may have come before it.
export const closedPeriods = `
with closes as (
  select tenant, array_agg(closed_at + interval '1 microsecond' order by closed_at) as moments,
    array_agg(latest order by closed_at) as bounds, max(latest) as latest
  from (
    select tenant, closed_at,
      max(closed_before) over (partition by tenant order by closed_at, closed_before) as latest
    from ledger.period_closes
  ) as c
  group by tenant
)
select 'period_closed' as rule, null::uuid as account_id, null::bigint as version,
  t.id as transfer_id, null::integer as leg, null as subject,
  format('effective at %s or later', c.bounds[width_bucket(t.recorded_at, c.moments)])
    as expected,
  format('effective %s, recorded %s', t.effective_at, t.recorded_at) as found
from closes c join ledger.transfers t on t.tenant = c.tenant
where t.kind in ('transfer', 'capture', 'reversal')
  and t.effective_at < c.latest
  and t.effective_at < c.bounds[width_bucket(t.recorded_at, c.moments)]`;

// Per leg of the transfer that was reversed. The statement reads only reversals and what they
// reverse.
export const reversals = `
with taken_back as (
  select r.reverses_id, e.leg, e.account_id, e.is_debit, sum(e.posted) as posted
  from ledger.transfers r join ledger.entries e on e.transfer_id = r.id
  where r.kind = 'reversal' and r.reverses_id is not null
  group by r.reverses_id, e.leg, e.account_id, e.is_debit
)
select 'reversal_within' as rule, b.account_id, null::bigint as version,
  b.reverses_id as transfer_id, b.leg, null as subject,
  format('at most %s on the other side', coalesce(e.posted, 0)) as expected,
  format('%s taken back', b.posted) as found
from taken_back b
left join ledger.entries e on e.transfer_id = b.reverses_id and e.leg = b.leg
  and e.account_id = b.account_id and e.is_debit <> b.is_debit
where b.posted > coalesce(e.posted, 0)`;

export const references = `
select 'transfer_refers' as rule, null::uuid as account_id, null::bigint as version,
  t.id as transfer_id, null::integer as leg, null as subject,
  case when t.kind = 'reversal' then 'the transfer or capture it reverses'
    when t.kind in ('transfer', 'hold') then 'no other transfer named'
    else 'the hold it belongs to' end as expected,
  format('%s of hold %s (%s), of transfer %s (%s)', t.kind, coalesce(t.hold_id::text, 'none'),
    coalesce(h.kind::text, 'missing'), coalesce(t.reverses_id::text, 'none'),
    coalesce(o.kind::text, 'missing')) as found
from ledger.transfers t
left join ledger.transfers h on h.id = t.hold_id
left join ledger.transfers o on o.id = t.reverses_id
where case
  when t.kind = 'reversal' then t.hold_id is not null or o.id is null
    or o.kind not in ('transfer', 'capture')
  when t.kind in ('transfer', 'hold') then t.hold_id is not null or t.reverses_id is not null
  else t.reverses_id is not null or h.id is null or h.kind <> 'hold'
end`;
