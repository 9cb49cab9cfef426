// Fills a ledger with valid history without posting it: rounds in which every account pays the next
// one, written set by set. `florin verify` passes afterwards; only the engine's work is skipped.

import type { Session } from '#platform';

/** Rounds in one segment: two entries per account and round, two million entries with 100,000. */
const ROUNDS_PER_SEGMENT = 10;

export async function fill(
  owner: Session,
  rounds: number,
  log: (line: string) => void,
): Promise<number> {
  let entries = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await owner.query({ text: 'begin' });
    if (round > 1 && round % ROUNDS_PER_SEGMENT === 1) {
      await owner.query({ text: 'select ledger.open_segment(now())' });
    }
    const [row] = await owner.query<{ entries: bigint }>({ text: ROUND });
    await owner.query({ text: 'commit' });
    entries += Number(row?.entries ?? 0n);
    if (round % ROUNDS_PER_SEGMENT === 0) log(`  ${entries.toLocaleString('en')} entries`);
  }
  await owner.query({ text: 'vacuum analyze ledger.entries, ledger.transfers, ledger.balances' });
  await owner.query({ text: 'checkpoint' });
  return entries;
}

// Account i is debited by transfer i and credited by transfer i - 1, the first by the last.
const ROUND = `
with payer as materialized (
  select b.account_id, b.version, b.posted_debits, b.posted_credits,
    coalesce(lag(b.account_id) over w, last_value(b.account_id) over all_rows) as paid_by,
    ('01900000-0000-7' || lpad(to_hex(b.version % 4096), 3, '0') || '-8000-'
      || lpad(to_hex((random() * 1e14)::bigint), 12, '0'))::uuid as transfer_id
  from ledger.balances b
  window w as (order by b.account_id),
    all_rows as (order by b.account_id
      rows between unbounded preceding and unbounded following)
), stamped as (
  select now() as at, (select max(segment) from ledger.segments) as segment
), new_transfers as (
  insert into ledger.transfers (id, kind, effective_at, recorded_at, actor)
  select p.transfer_id, 'transfer', s.at, s.at, 'bench' from payer p, stamped s
), debits as (
  insert into ledger.entries
  select s.segment, p.account_id, p.version + 1, p.transfer_id, 0, true, 1, 0,
    p.posted_debits + 1, p.posted_credits, 0, 0, s.at, s.at
  from payer p, stamped s
  returning 1
), credits as (
  insert into ledger.entries
  select s.segment, p.account_id, p.version + 2, payer.transfer_id, 1, false, 1, 0,
    p.posted_debits + 1, p.posted_credits + 1, 0, 0, s.at, s.at
  from payer p join payer on payer.account_id = p.paid_by, stamped s
  returning 1
), new_balances as (
  update ledger.balances b set version = p.version + 2, posted_debits = p.posted_debits + 1,
    posted_credits = p.posted_credits + 1,
    changed_at_us = greatest(b.changed_at_us, (extract(epoch from s.at) * 1000000)::bigint)
  from payer p, stamped s where b.account_id = p.account_id
)
select (select count(*) from debits) + (select count(*) from credits) as entries`;
