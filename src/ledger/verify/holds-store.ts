// The statements that recompute every hold from the entries of its transfers: the hold itself, its
// increases and captures, and the void or expiry that gave back what was left.

// All transfers of all holds, with the hold they belong to.
const moves = `
moves as (
  select coalesce(t.hold_id, t.id) as hold_id, t.id, t.kind, t.expires_at, t.effective_at,
    t.recorded_at
  from ledger.transfers t
  where t.kind in ('hold', 'increase', 'capture', 'void', 'expiry')
)`;

// Leg by leg against the recorded progress. What is left of an open hold is what its entries hold
// and have not given back; a hold that has ended has nothing left.
export const holdLegs = `
with ${moves},
recomputed as (
  select m.hold_id, e.leg,
    sum(e.pending) filter (where e.pending > 0) as held,
    coalesce(sum(e.posted) filter (where m.kind = 'capture'), 0) as captured,
    sum(e.pending) as remaining,
    min(e.account_id::text)::uuid as account_first, max(e.account_id::text)::uuid as account_last,
    bool_and(e.is_debit) as all_debit, bool_or(e.is_debit) as any_debit
  from moves m join ledger.entries e on e.transfer_id = m.id
  group by m.hold_id, e.leg
),
recorded as (
  select h.id as hold_id, (l.place - 1)::integer as leg, l.account_id, l.side, l.held, l.captured,
    h.state
  from ledger.holds h cross join lateral
    unnest(h.account_ids, h.sides, h.held, h.captured) with ordinality
    as l (account_id, side, held, captured, place)
),
legs as (
  select coalesce(r.hold_id, p.hold_id) as hold_id, coalesce(r.leg, p.leg) as leg,
    p.account_id, p.side, p.state, p.hold_id is not null as has_record,
    coalesce(r.held, 0) as held, coalesce(r.captured, 0) as captured,
    coalesce(r.remaining, 0) as remaining, p.held as p_held, p.captured as p_captured,
    r.account_first, r.account_last, r.all_debit, r.any_debit, r.hold_id is not null as has_entries
  from recomputed r full join recorded p on p.hold_id = r.hold_id and p.leg = r.leg
),
breaches as (
  select 'hold_amounts' as rule, hold_id, leg,
    format('held %s, captured %s', held, captured) as expected,
    case when has_record then format('held %s, captured %s', p_held, p_captured)
      else 'no such leg' end as found
  from legs where not has_record or p_held <> held or p_captured <> captured
  union all
  select 'hold_amounts', hold_id, leg, format('account %s on the %s side', account_id, side),
    format('entries of account %s%s, %s', account_first,
      case when account_first <> account_last then ' and others' else '' end,
      case when all_debit then 'debits' when any_debit then 'both sides' else 'credits' end)
  from legs
  where has_record and has_entries and (account_first <> account_id or account_last <> account_id
    or all_debit <> (side = 'debit') or any_debit <> (side = 'debit'))
  union all
  select 'hold_amounts', hold_id, leg,
    case when state = 'open' then held - captured || ' left' else 'nothing left' end,
    remaining || ' left'
  from legs where remaining <> case when state = 'open' then held - captured else 0 end
  union all
  select 'hold_within', hold_id, leg, 'at most ' || held || ' captured', captured || ' captured'
  from legs where captured > held or p_captured > p_held
)
select rule, null::uuid as account_id, null::bigint as version, hold_id as transfer_id, leg,
  null as subject, expected, found
from breaches`;

// The deadline in force for a move is the one of the latest hold or increase recorded up to then
// that set one. Times are compared as whole microseconds; "never" is a number beyond all of them.
export const holdStates = `
with ${moves},
timed as (
  select m.*, (extract(epoch from m.recorded_at) * 1000000)::bigint as recorded_us,
    (extract(epoch from m.effective_at) * 1000000)::bigint as effective_us,
    case when m.expires_at is not null then (extract(epoch from m.expires_at) * 1000000)::bigint
      when m.kind = 'hold' then 9007199254740991 end as set_us
  from moves m
),
in_force as (
  select t.*, (max(case when set_us is not null then array[recorded_us, set_us] end)
    over (partition by hold_id order by recorded_us
      groups between unbounded preceding and current row))[2] as deadline_us
  from timed t
),
summed as (
  select m.hold_id, sum(e.pending) as remaining
  from moves m join ledger.entries e on e.transfer_id = m.id
  group by m.hold_id
),
lives as (
  select hold_id, count(*) filter (where kind = 'void') as voids,
    count(*) filter (where kind = 'expiry') as expiries,
    (max(case when set_us is not null then array[recorded_us, set_us] end))[2] as deadline_us,
    max(recorded_us) as latest_us,
    max(recorded_us) filter (where kind in ('void', 'expiry')) as ended_us
  from timed group by hold_id
),
states as (
  select coalesce(l.hold_id, h.id) as hold_id, l.hold_id is not null as has_transfer,
    h.id is not null as has_record, h.state, l.voids, l.expiries, l.latest_us, l.ended_us,
    case when l.expiries > 0 then 'expired' when l.voids > 0 then 'voided'
      when s.remaining = 0 then 'captured' else 'open' end as expected_state,
    case when l.deadline_us < 9007199254740991 then l.deadline_us end as deadline_us,
    (extract(epoch from h.expires_at) * 1000000)::bigint as recorded_deadline_us
  from lives l
  left join summed s on s.hold_id = l.hold_id
  full join ledger.holds h on h.id = l.hold_id
),
breaches as (
  select 'hold_has_record' as rule, hold_id,
    case when has_transfer then 'its progress' else 'a transfer of kind hold' end as expected,
    'none' as found
  from states where not has_record or not has_transfer
  union all
  select 'hold_state', hold_id, expected_state, state::text
  from states where has_record and has_transfer and state::text <> expected_state
  union all
  select 'hold_state', hold_id, 'ended once',
    format('%s voids and %s expiries, the latest move after the end', voids, expiries)
  from states where voids + expiries > 1 or latest_us > ended_us
  union all
  select 'hold_deadline', hold_id,
    coalesce('deadline ' || to_timestamp(deadline_us / 1000000.0), 'no deadline'),
    coalesce('deadline ' || to_timestamp(recorded_deadline_us / 1000000.0), 'no deadline')
  from states
  where has_record and has_transfer and deadline_us is distinct from recorded_deadline_us
  union all
  select 'hold_deadline', hold_id, 'recorded before ' || to_timestamp(deadline_us / 1000000.0),
    format('%s %s recorded %s', kind, id, recorded_at)
  from in_force
  where kind in ('capture', 'increase', 'void') and recorded_us >= deadline_us
  union all
  select 'hold_deadline', hold_id, 'expired at ' || to_timestamp(deadline_us / 1000000.0),
    format('expiry effective %s, recorded %s', effective_at, recorded_at)
  from in_force
  where kind = 'expiry' and (effective_us <> deadline_us or recorded_us < deadline_us)
)
select rule, null::uuid as account_id, null::bigint as version, hold_id as transfer_id,
  null::integer as leg, null as subject, expected, found
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
