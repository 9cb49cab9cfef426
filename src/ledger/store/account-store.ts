// Owns the SQL on accounts: reading them with their counters, inserting them, changing them under
// the lock of their balances row, and the closes of periods. A row is parsed here and nowhere else.

import { formatInstant, idOf, uuidOf, type AccountId, type Instant, type Uuid } from '#kernel';
import { uuidArray, type Queryable, type Transaction } from '#platform';
import { balancesOf, limitsOf, type Account, type OpenAccount } from '../account.ts';
import type { AccountStatus } from '../posting/books.ts';
import type { Metadata, Side } from '../posting/instruction.ts';

export interface AccountRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly external_id: string | null;
  readonly path: string;
  readonly name: string;
  readonly currency: string;
  readonly normal_side: Side;
  readonly state: AccountStatus;
  readonly floor: bigint | null;
  readonly ceiling: bigint | null;
  readonly credit_limit: bigint;
  readonly metadata: Metadata | null;
  readonly opened_at_us: bigint;
  readonly changed_at_us: bigint;
  readonly version: bigint;
  readonly posted_debits: bigint;
  readonly posted_credits: bigint;
  readonly pending_debits: bigint;
  readonly pending_credits: bigint;
}

const attributes = `a.id, a.tenant, a.external_id, a.path, a.name, a.currency, a.normal_side,
  a.state, a.floor, a.ceiling, a.credit_limit, a.metadata,
  (extract(epoch from a.opened_at) * 1000000)::bigint as opened_at_us,
  (extract(epoch from a.changed_at) * 1000000)::bigint as changed_at_us,
  b.version, b.posted_debits, b.posted_credits`;

/** Accounts with their counters as stored: holds past their deadline count until they are swept. */
const storedAccounts = `select ${attributes}, b.pending_debits, b.pending_credits
  from ledger.accounts a join ledger.balances b on b.account_id = a.id`;

/**
 * Accounts with their counters at the time $1: what a hold reserved is free from its deadline on,
 * also before it is swept. Few holds are ever due and unswept, so their sum is made first.
 */
const currentAccounts = `with due as (
    select leg.account_id,
      sum(case leg.side when 'debit' then leg.held - leg.captured else 0 end)::bigint as debits,
      sum(case leg.side when 'credit' then leg.held - leg.captured else 0 end)::bigint as credits
    from ledger.holds h,
      unnest(h.account_ids, h.sides, h.held, h.captured) as leg (account_id, side, held, captured)
    where h.state = 'open' and h.expires_at <= $1::timestamptz
    group by leg.account_id
  )
  select ${attributes}, b.pending_debits - coalesce(d.debits, 0) as pending_debits,
    b.pending_credits - coalesce(d.credits, 0) as pending_credits
  from ledger.accounts a join ledger.balances b on b.account_id = a.id
    left join due d on d.account_id = a.id`;

export function accountOf(row: AccountRow): Account {
  const counters = {
    postedDebits: row.posted_debits,
    postedCredits: row.posted_credits,
    pendingDebits: row.pending_debits,
    pendingCredits: row.pending_credits,
  };
  const limits = {
    normalSide: row.normal_side,
    floor: row.floor,
    ceiling: row.ceiling,
    creditLimit: row.credit_limit,
  };
  return {
    ...limits,
    id: idOf('acc', row.id),
    tenant: row.tenant,
    externalId: row.external_id ?? undefined,
    path: row.path,
    name: row.name,
    currency: row.currency,
    state: row.state,
    metadata: row.metadata ?? undefined,
    openedAt: Number(row.opened_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
    balances: balancesOf(limits, counters, row.version),
  };
}

/** The account at a time, or undefined. Its balances are one consistent row. */
export async function findAccount(
  queryable: Queryable,
  id: AccountId,
  now: Instant,
): Promise<Account | undefined> {
  const rows = await queryable.query<AccountRow>({
    name: 'ledger.find_account',
    text: `${currentAccounts} where a.id = $2`,
    values: [formatInstant(now), uuidOf(id)],
  });
  return rows[0] === undefined ? undefined : accountOf(rows[0]);
}

/** Those of the accounts that there are, in any order. */
export async function findAccounts(
  queryable: Queryable,
  ids: readonly AccountId[],
  now: Instant,
): Promise<Account[]> {
  const rows = await queryable.query<AccountRow>({
    name: 'ledger.find_accounts',
    text: `${currentAccounts} where a.id = any($2)`,
    values: [formatInstant(now), uuidArray(ids.map(uuidOf))],
  });
  return rows.map(accountOf);
}

export async function findAccountByExternalId(
  queryable: Queryable,
  externalId: string,
  now: Instant,
): Promise<Account | undefined> {
  const rows = await queryable.query<AccountRow>({
    name: 'ledger.find_account_by_external_id',
    text: `${currentAccounts} where a.external_id = $2`,
    values: [formatInstant(now), externalId],
  });
  return rows[0] === undefined ? undefined : accountOf(rows[0]);
}

/** Which accounts to list: in the order of path, then id, after a place in that order. */
export interface AccountFilter {
  /** This path and everything below it. */
  readonly path?: string | undefined;
  readonly currency?: string | undefined;
  readonly state?: AccountStatus | undefined;
  readonly externalId?: string | undefined;
  readonly after?: { readonly path: string; readonly id: AccountId } | undefined;
  readonly limit: number;
}

// The index on path sorts by bytes (text_pattern_ops), so the comparisons do too. In ASCII a
// semicolon follows the colon: the paths below "a" lie from "a:" up to, not including, "a;".
export async function selectAccounts(
  queryable: Queryable,
  filter: AccountFilter,
  now: Instant,
): Promise<Account[]> {
  const { path, currency, state, externalId, after, limit } = filter;
  const values: unknown[] = [formatInstant(now)];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where: string[] = [];
  if (path !== undefined) {
    const [from, below, end] = [bind(path), bind(`${path}:`), bind(`${path};`)];
    where.push(`a.path ~>=~ ${from} and a.path ~<~ ${end}`);
    where.push(`(a.path = ${from} or a.path ~>=~ ${below})`);
  }
  if (currency !== undefined) where.push(`a.currency = ${bind(currency)}`);
  if (state !== undefined) where.push(`a.state = ${bind(state)}::ledger.account_state`);
  if (externalId !== undefined) where.push(`a.external_id = ${bind(externalId)}`);
  if (after !== undefined) {
    const [place, id] = [bind(after.path), bind(uuidOf(after.id))];
    where.push(`a.path ~>=~ ${place} and (a.path ~>~ ${place} or a.id > ${id}::uuid)`);
  }
  const condition = where.length === 0 ? '' : `where ${where.join(' and ')}`;
  const rows = await queryable.query<AccountRow>({
    text: `${currentAccounts} ${condition} order by a.path using ~<~, a.id limit ${bind(limit)}`,
    values,
  });
  return rows.map(accountOf);
}

export async function selectAccountsByExternalId(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<Account[]> {
  const rows = await queryable.query<AccountRow>({
    name: 'ledger.accounts_by_external_id',
    text: `${storedAccounts} where a.external_id = any($1::text[])`,
    values: [externalIds],
  });
  return rows.map(accountOf);
}

export interface NewAccount {
  readonly id: AccountId;
  readonly asked: OpenAccount;
}

/**
 * Inserts the accounts whose external id is free, with a balances row of zeros, and answers with
 * the ids inserted. Waits for a concurrent transaction that opens the same external id.
 */
export async function insertAccounts(
  tx: Transaction,
  accounts: readonly NewAccount[],
): Promise<Set<AccountId>> {
  const column = <Value>(pick: (account: OpenAccount) => Value): Value[] =>
    accounts.map(({ asked }) => pick(asked));
  const rows = await tx.query<{ id: Uuid }>({
    name: 'ledger.insert_accounts',
    text: `with opened as (
        insert into ledger.accounts (id, external_id, path, name, currency, normal_side, floor,
          ceiling, credit_limit, metadata, opened_at, changed_at)
        select n.id, n.external_id, n.path, n.name, n.currency, n.normal_side, n.floor, n.ceiling,
          n.credit_limit, n.metadata::jsonb, $11::timestamptz, $11::timestamptz
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
          $6::ledger.side[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
          as n (id, external_id, path, name, currency, normal_side, floor, ceiling, credit_limit,
            metadata)
        on conflict (tenant, external_id) do nothing
        returning id
      )
      insert into ledger.balances (account_id, changed_at_us)
      select id, $12 from opened returning account_id as id`,
    values: [
      accounts.map(({ id }) => uuidOf(id)),
      column(({ externalId }) => externalId ?? null),
      column(({ path }) => path),
      column(({ name }) => name ?? ''),
      column(({ currency }) => currency),
      column(({ normalSide }) => normalSide),
      column((asked) => limitsOf(asked).floor),
      column((asked) => limitsOf(asked).ceiling),
      column((asked) => limitsOf(asked).creditLimit),
      column(({ metadata }) => (metadata === undefined ? null : JSON.stringify(metadata))),
      formatInstant(tx.now),
      BigInt(tx.now),
    ],
  });
  return new Set(rows.map(({ id }) => idOf('acc', id)));
}

/** The account under the lock of its balances row, which every posting to it takes first. */
export async function lockAccount(tx: Transaction, id: AccountId): Promise<Account | undefined> {
  await tx.query({
    name: 'ledger.lock_account',
    text: `select from ledger.balances where account_id = $1 for update`,
    values: [uuidOf(id)],
  });
  // A second statement, because at read committed only it sees what the lock was waiting for.
  const rows = await tx.query<AccountRow>({
    name: 'ledger.locked_account',
    text: `${storedAccounts} where a.id = $1`,
    values: [uuidOf(id)],
  });
  return rows[0] === undefined ? undefined : accountOf(rows[0]);
}

/**
 * Writes the attributes that can change, and counts the change for those who decided on old ones.
 */
export async function updateAccount(tx: Transaction, account: Account): Promise<void> {
  const { metadata } = account;
  await tx.query({
    name: 'ledger.update_account',
    text: `with counted as (
        update ledger.balances set revision = revision + 1 where account_id = $1
        returning account_id
      )
      update ledger.accounts a set name = $2, state = $3::ledger.account_state, floor = $4,
        ceiling = $5, credit_limit = $6, metadata = $7::jsonb, changed_at = $8::timestamptz
      from counted where a.id = counted.account_id`,
    values: [
      uuidOf(account.id),
      account.name,
      account.state,
      account.floor,
      account.ceiling,
      account.creditLimit,
      metadata === undefined ? null : JSON.stringify(metadata),
      formatInstant(account.changedAt),
    ],
  });
}
