// Owns reading what the payments of a simulation left in the database, with SQL of its own, so that
// it is judged without the bank's help.

import type { Queryable } from '#platform';

export interface PaymentRow {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly rail: string | null;
  readonly currency: string;
  readonly amount: bigint;
  readonly end_to_end_id: string | null;
  readonly transaction_id: string | null;
  readonly origin: string | null;
  readonly origin_entry: number | null;
  readonly account_id: string;
  /** In the projection of states, by what it says. */
  readonly told: string | null;
  readonly version: number;
  readonly told_version: number | null;
}

export async function readPayments(q: Queryable): Promise<PaymentRow[]> {
  return await q.query<PaymentRow>({
    text: `select 'pay_' || p.id as id, p.kind::text, p.status::text, p.rail, p.currency, p.amount,
        p.end_to_end_id, p.transaction_id, p.origin, p.origin_entry,
        'acc_' || p.account_id as account_id, i.value->>'status' as told, p.version,
        (i.value->>'version')::integer as told_version
      from payments.payments p left join keyvalues.items i
        on i.table_name = 'payment_statuses' and i.key = 'pay_' || p.id and i.tenant = p.tenant`,
  });
}

export interface BookRow {
  readonly rail: string;
  readonly currency: string;
  readonly book: string;
  /** Its credits less its debits. */
  readonly balance: bigint;
}

export async function readBooks(q: Queryable): Promise<BookRow[]> {
  return await q.query<BookRow>({
    text: `select r.rail, r.currency, r.book, b.posted_credits - b.posted_debits as balance
      from payments.rail_books r join ledger.balances b on b.account_id = r.account_id`,
  });
}

export interface TransitRow {
  readonly rail: string;
  readonly currency: string;
  /** What the suspense account says. */
  readonly transit: bigint;
  /** What payments say that left an account and were neither settled nor rejected. */
  readonly open: bigint;
}

/** Of one moment, whatever goes on. */
export async function readTransit(q: Queryable): Promise<TransitRow[]> {
  return await q.query<TransitRow>({
    text: `select r.rail, r.currency, b.posted_credits - b.posted_debits as transit,
        (select coalesce(sum(p.amount), 0)::bigint from payments.payments p
          where p.rail = r.rail and p.currency = r.currency and p.kind = 'credit_out'
            and p.status in ('accepted', 'submitted', 'unknown')) as open
      from payments.rail_books r join ledger.balances b on b.account_id = r.account_id
      where r.book = 'transit'`,
  });
}

/** By account, credits less debits. */
export async function readBalances(q: Queryable): Promise<ReadonlyMap<string, bigint>> {
  const rows = await q.query<{ id: string; balance: bigint }>({
    text: `select 'acc_' || a.id as id, b.posted_credits - b.posted_debits as balance
      from accounts.bank_accounts a join ledger.balances b on b.account_id = a.id`,
  });
  return new Map(rows.map(({ id, balance }) => [id, balance]));
}

export interface MovementsRow {
  readonly transfers: bigint;
  /** Transfers that a payment made, when it was made or when it changed. */
  readonly explained: bigint;
  /** Movements of payments that have no transfer. */
  readonly missing: bigint;
  readonly out_of_balance: bigint;
}

export async function readMovements(q: Queryable): Promise<MovementsRow | undefined> {
  const [row] = await q.query<MovementsRow>({
    text: `with named as (
        select c.transfer_id as id from payments.changes c where c.transfer_id is not null
        union all
        select p.id from payments.payments p
        where p.kind in ('book', 'credit_out') or p.kind = 'credit_in' and p.status <> 'rejected'
      )
      select (select count(*) from ledger.transfers) as transfers,
        (select count(*) from named n join ledger.transfers t on t.id = n.id) as explained,
        (select count(*) from named n where not exists
          (select from ledger.transfers t where t.id = n.id)) as missing,
        (select coalesce(sum(b.posted_debits - b.posted_credits), 0)::bigint
          from ledger.balances b) as out_of_balance`,
  });
  return row;
}

/** Entries of files that became no payment. */
export async function readUnposted(
  q: Queryable,
): Promise<readonly { readonly entry: bigint; readonly reason: string | null }[]> {
  return await q.query({
    text: `select e.entry, e.reason from payments.file_entries e order by e.entry`,
  });
}

export interface WaitingRow {
  readonly messages: bigint;
  readonly letters: bigint;
  /** Payments that a rail has to decide, but those whose errand is a dead letter. */
  readonly open: bigint;
  readonly files: bigint;
  /** Events that are not yet in their order, or not handled. */
  readonly events: bigint;
}

/** What is still under way. */
export async function readWaiting(q: Queryable): Promise<WaitingRow | undefined> {
  const [row] = await q.query<WaitingRow>({
    text: `select (select count(*) from queues.messages) as messages,
        (select count(*) from queues.dead_letters) as letters,
        (select count(*) from payments.payments p where p.rail = 'sct_inst'
          and p.status in ('accepted', 'submitted', 'unknown') and not exists
            (select from queues.dead_letters d where d.group_key = 'pay_' || p.id)) as open,
        (select count(*) from payments.files f where f.state not in ('completed', 'refused'))
          as files,
        (select count(*) from stream.inbox) + (select max(h.position - c.position)
          from stream.heads h, stream.consumers c) as events`,
  });
  return row;
}

export interface LetterRow {
  readonly id: string;
  readonly queue: string;
  readonly code: string;
}

export async function readLetters(q: Queryable): Promise<LetterRow[]> {
  return await q.query<LetterRow>({
    text: `select 'msg_' || d.id as id, d.queue, d.code
      from queues.dead_letters d`,
  });
}

export async function countChunks(q: Queryable): Promise<bigint> {
  const [row] = await q.query<{ count: bigint }>({
    text: 'select count(*) from payments.file_chunks',
  });
  return row?.count ?? 0n;
}

/** Whoever worked on files is dead: what its leases would still last is not waited for. */
export async function endFileLeases(q: Queryable): Promise<void> {
  await q.query({
    text: `update payments.files set leased_until = now() - interval '1 second'
      where leased_until > now()`,
  });
}

export async function readMessageOutcomes(q: Queryable): Promise<Record<string, number>> {
  const rows = await q.query<{ outcome: string; count: bigint }>({
    text: 'select m.outcome, count(*) from payments.rail_messages m group by 1 order by 1',
  });
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, Number(count)]));
}
