// The statements that recompute every hold from the entries of its transfers: the hold itself, its
// increases and captures, and the void or expiry that gave back what was left.

// Legs are matched with their account and side, so that an entry on another account shows up twice:
// as a leg of the hold that lacks its amounts, and as a leg that the hold does not have. What is
// left of an open hold is what its entries hold and have not given back; one that has ended has
// nothing left. A hold's deadline is that of its latest hold or increase that set one; among
// several in one microsecond any may be the latest, but the hold itself comes first. Nearly every
// hold has just one, so the deadline in force at each move is only worked out for the others.
export const holds = `
with moves as (
  select coalesce(t.hold_id, t.id) as hold_id, t.id, t.kind, t.effective_at, t.recorded_at,
    case when t.expires_at is not null then t.expires_at
      when t.kind = 'hold' then timestamptz 'infinity' end as sets_deadline
  from ledger.transfers t
  where t.kind in ('hold', 'increase', 'capture', 'void', 'expiry')
),
recomputed as materialized (
  select m.hold_id, e.leg, e.account_id, e.is_debit,
    coalesce(sum(e.pending) filter (where e.pending > 0), 0) as held,
    coalesce(sum(e.posted) filter (where m.kind = 'capture'), 0) as captured,
    sum(e.pending) as remaining
  from moves m join ledger.entries e on e.transfer_id = m.id
  group by m.hold_id, e.leg, e.account_id, e.is_debit
),
recorded as (
  select h.id as hold_id, (l.place - 1)::integer as leg, l.account_id,
    l.side = 'debit' as is_debit, l.held, l.captured, h.state
  from ledger.holds h cross join lateral
    unnest(h.account_ids, h.sides, h.held, h.captured) with ordinality
    as l (account_id, side, held, captured, place)
),
legs as (
  select coalesce(p.hold_id, r.hold_id) as hold_id, coalesce(p.leg, r.leg) as leg,
    coalesce(p.account_id, r.account_id) as account_id,
    coalesce(p.is_debit, r.is_debit) as is_debit, p.state, coalesce(r.held, 0) as held,
    coalesce(r.captured, 0) as captured, coalesce(r.remaining, 0) as remaining,
    p.held as p_held, p.captured as p_captured
  from recomputed r full join recorded p on p.hold_id = r.hold_id and p.leg = r.leg
    and p.account_id = r.account_id and p.is_debit = r.is_debit
  where p.hold_id is null or p.held <> coalesce(r.held, 0)
    or p.captured <> coalesce(r.captured, 0) or p.captured > p.held
    or coalesce(r.captured, 0) > coalesce(r.held, 0)
    or coalesce(r.remaining, 0) <> case when p.state = 'open' then p.held - p.captured else 0 end
),
lives as materialized (
  select hold_id,
    count(*) filter (where kind = 'void') as voids,
    count(*) filter (where kind = 'expiry') as expiries,
    count(sets_deadline) as deadlines,
    max(sets_deadline) as deadline,
    max(recorded_at) as latest_at,
    max(recorded_at) filter (where kind in ('capture', 'increase', 'void')) as used_at,
    max(recorded_at) filter (where kind in ('void', 'expiry')) as ended_at,
    min(recorded_at) filter (where kind = 'expiry') as expired_at,
    min(effective_at) filter (where kind = 'expiry') as expiry_effective_at
  from moves group by hold_id
),
several as materialized (
  select m.*, case when m.kind = 'hold' then m.recorded_at - interval '1 microsecond'
    else m.recorded_at end as made_at
  from moves m
  where m.hold_id in (select hold_id from lives where deadlines > 1)
),
deadlines as (
  select hold_id, made_at, min(sets_deadline) as earliest, max(sets_deadline) as latest
  from several where sets_deadline is not null group by hold_id, made_at
),
in_force as (
  select s.*, d.earliest, d.latest
  from (
    select several.*, max(case when sets_deadline is not null then made_at end)
      over (partition by hold_id order by made_at
        groups between unbounded preceding and current row) as set_at
    from several
  ) s
  join deadlines d on d.hold_id = s.hold_id and d.made_at = s.set_at
),
final as (
  select distinct on (hold_id) hold_id, earliest, latest
  from deadlines order by hold_id, made_at desc
),
left_over as (
  select hold_id, sum(remaining) as remaining from recomputed group by hold_id
),
states as (
  select coalesce(l.hold_id, h.id) as hold_id, l.hold_id is not null as has_transfer,
    h.id is not null as has_record, h.state, l.voids, l.expiries, l.deadlines, l.latest_at,
    l.used_at, l.ended_at, l.expired_at, l.expiry_effective_at,
    case when l.expiries > 0 then 'expired' when l.voids > 0 then 'voided'
      when o.remaining = 0 then 'captured' else 'open' end::ledger.hold_state as expected_state,
    coalesce(f.earliest, l.deadline) as deadline, coalesce(f.latest, l.deadline) as deadline_max,
    coalesce(h.expires_at, 'infinity') as recorded_deadline
  from lives l
  left join left_over o on o.hold_id = l.hold_id
  left join final f on f.hold_id = l.hold_id
  full join ledger.holds h on h.id = l.hold_id
),
breaches as (
  select 'hold_amounts' as rule, hold_id, leg,
    format('held %s, captured %s of %s account %s', held, captured,
      case when is_debit then 'debit' else 'credit' end, account_id) as expected,
    case when p_held is null then 'no such leg'
      else format('held %s, captured %s', p_held, p_captured) end as found
  from legs where p_held is null or p_held <> held or p_captured <> captured
  union all
  select 'hold_amounts', hold_id, leg,
    case when state = 'open' then p_held - p_captured || ' left' else 'nothing left' end,
    remaining || ' left'
  from legs
  where p_held is not null
    and remaining <> case when state = 'open' then p_held - p_captured else 0 end
  union all
  select 'hold_within', hold_id, leg, format('at most %s captured', least(held, p_held)),
    greatest(captured, p_captured) || ' captured'
  from legs where captured > held or p_captured > p_held
  union all
  select 'hold_has_record', hold_id, null,
    case when has_transfer then 'its progress' else 'a transfer of kind hold' end, 'none'
  from states where not has_record or not has_transfer
  union all
  select 'hold_state', hold_id, null, expected_state::text, state::text
  from states where has_record and has_transfer and state <> expected_state
  union all
  select 'hold_state', hold_id, null, 'ended once',
    format('%s voids and %s expiries, the latest move after the end', voids, expiries)
  from states where voids + expiries > 1 or latest_at > ended_at
  union all
  select 'hold_deadline', hold_id, null, 'deadline ' || deadline, 'deadline ' || recorded_deadline
  from states
  where has_record and has_transfer and recorded_deadline not between deadline and deadline_max
  union all
  select 'hold_deadline', hold_id, null, 'used before ' || deadline, 'used at ' || used_at
  from states where deadlines = 1 and used_at >= deadline
  union all
  select 'hold_deadline', hold_id, null, 'expired at ' || deadline,
    format('expiry effective %s, recorded %s', expiry_effective_at, expired_at)
  from states where deadlines = 1 and (expiry_effective_at <> deadline or expired_at < deadline)
  union all
  select 'hold_deadline', hold_id, null, 'used before ' || latest,
    format('%s %s at %s', kind, id, recorded_at)
  from in_force where kind in ('capture', 'increase', 'void') and recorded_at >= latest
  union all
  select 'hold_deadline', hold_id, null, 'expired at ' || latest,
    format('expiry effective %s, recorded %s', effective_at, recorded_at)
  from in_force
  where kind = 'expiry'
    and (effective_at not between earliest and latest or recorded_at < effective_at)
)
select rule, null::uuid as account_id, null::bigint as version, hold_id as transfer_id, leg,
  null as subject, expected, found
from breaches`;

// The books' pending counters against what is left of every open hold.
export const pendingTotals = `
with open_legs as (
  select l.account_id,
    coalesce(sum(l.held - l.captured) filter (where l.side = 'debit'), 0) as debits,
    coalesce(sum(l.held - l.captured) filter (where l.side = 'credit'), 0) as credits
  from ledger.holds h cross join lateral
    unnest(h.account_ids, h.sides, h.held, h.captured) as l (account_id, side, held, captured)
  where h.state = 'open'
  group by l.account_id
)
select 'pending_is_open_holds' as rule, coalesce(b.account_id, o.account_id) as account_id,
  null::bigint as version, null::uuid as transfer_id, null::integer as leg, null as subject,
  format('pending %s debit, %s credit', coalesce(o.debits, 0), coalesce(o.credits, 0)) as expected,
  format('pending %s debit, %s credit', b.pending_debits, b.pending_credits) as found
from open_legs o full join ledger.balances b on b.account_id = o.account_id
where coalesce(b.pending_debits, 0) <> coalesce(o.debits, 0)
  or coalesce(b.pending_credits, 0) <> coalesce(o.credits, 0)`;
