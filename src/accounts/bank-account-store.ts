// Owns the SQL of bank accounts and their holders. A row is parsed here and nowhere else.

import {
  formatDate,
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Currency,
  type Id,
  type Instant,
  type Uuid,
} from '#kernel';
import { uuidArray, type Queryable, type Transaction } from '#platform';
import type {
  AccountNumber,
  BankAccount,
  BankAccountStatus,
  CustomerId,
  Holder,
  HolderRole,
} from './account.ts';

interface BankAccountRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly product: string;
  readonly currency: Currency;
  readonly status: BankAccountStatus;
  readonly status_reason: string | null;
  readonly iban: string | null;
  readonly routing_number: string | null;
  readonly account_number: string | null;
  readonly external_id: string | null;
  readonly overdraft: bigint;
  readonly opened_at_us: bigint;
  readonly changed_at_us: bigint;
  /** `owner:<uuid>`, in order. */
  readonly holders: readonly string[];
}

const columns = `b.id, b.tenant, b.product, b.currency, b.status, b.status_reason, b.iban,
  b.routing_number, b.account_number, b.external_id, b.overdraft,
  (extract(epoch from b.opened_at) * 1000000)::bigint as opened_at_us,
  (extract(epoch from b.changed_at) * 1000000)::bigint as changed_at_us,
  array(select h.role || ':' || h.customer from accounts.holders h
    where h.account_id = b.id and h.ended_at is null
    order by h.role desc, h.id) as holders`;

function bankAccountOf(row: BankAccountRow): BankAccount {
  return {
    id: idOf('acc', row.id),
    tenant: row.tenant,
    product: row.product,
    currency: row.currency,
    status: row.status,
    statusReason: row.status_reason ?? undefined,
    owners: row.holders.map(holderOf),
    iban: row.iban ?? undefined,
    routingNumber: row.routing_number ?? undefined,
    accountNumber: row.account_number ?? undefined,
    externalId: row.external_id ?? undefined,
    overdraft: row.overdraft,
    openedAt: Number(row.opened_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
  };
}

function holderOf(text: string): Holder {
  const [role = '', customer = ''] = text.split(':');
  return { role: role as HolderRole, customer: idOf('cus', customer) };
}

/** Those of the accounts that there are, in any order. */
export async function selectBankAccounts(
  queryable: Queryable,
  ids: readonly AccountId[],
): Promise<BankAccount[]> {
  const rows = await queryable.query<BankAccountRow>({
    name: 'accounts.select_bank_accounts',
    text: `select ${columns} from accounts.bank_accounts b where b.id = any($1)`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(bankAccountOf);
}

/** Those of the tenant that have one of the external ids. */
export async function selectByExternalIds(
  queryable: Queryable,
  externalIds: readonly string[],
): Promise<BankAccount[]> {
  const rows = await queryable.query<BankAccountRow>({
    name: 'accounts.select_by_external_ids',
    text: `select ${columns} from accounts.bank_accounts b
      where b.external_id = any($1::text[]) and b.tenant = platform.tenant()`,
    values: [externalIds],
  });
  return rows.map(bankAccountOf);
}

/** One for each number, in order. */
export async function selectByNumbers(
  queryable: Queryable,
  numbers: readonly AccountNumber[],
): Promise<(BankAccount | undefined)[]> {
  const rows = await queryable.query<BankAccountRow & { place: bigint }>({
    name: 'accounts.select_by_numbers',
    text: `with asked as materialized (
        select n.iban, n.routing_number, n.account_number, n.place
        from unnest($1::text[], $2::text[], $3::text[]) with ordinality
          as n (iban, routing_number, account_number, place)
      )
      select n.place, ${columns} from asked n
        join accounts.bank_accounts b on b.iban = n.iban
      union all
      select n.place, ${columns} from asked n
        join accounts.bank_accounts b
          on b.account_number = n.account_number and b.routing_number = n.routing_number`,
    values: [
      numbers.map((each) => ('iban' in each ? each.iban : null)),
      numbers.map((each) => ('iban' in each ? null : each.routingNumber)),
      numbers.map((each) => ('iban' in each ? null : each.accountNumber)),
    ],
  });
  const found: (BankAccount | undefined)[] = numbers.map(() => undefined);
  for (const row of rows) found[Number(row.place) - 1] = bankAccountOf(row);
  return found;
}

/** Which of the customers there are, and were not erased. */
export async function selectCustomers(
  queryable: Queryable,
  customers: readonly CustomerId[],
): Promise<Set<CustomerId>> {
  const rows = await queryable.query<{ id: Uuid }>({
    name: 'accounts.select_holding_customers',
    text: `select c.id from accounts.customers c
      where c.id = any($1) and c.erased_at is null and c.tenant = platform.tenant()`,
    values: [uuidArray(customers.map(uuidOf))],
  });
  return new Set(rows.map(({ id }) => idOf('cus', id)));
}

export async function takeSerials(tx: Transaction, count: number): Promise<bigint[]> {
  const rows = await tx.query<{ serial: bigint }>({
    name: 'accounts.take_serials',
    text: `select nextval('accounts.account_serials') as serial from generate_series(1, $1)`,
    values: [count],
  });
  return rows.map(({ serial }) => serial);
}

/** False where a number or an external id was taken meanwhile: nothing may stay then. */
export async function insertBankAccounts(
  tx: Transaction,
  accounts: readonly BankAccount[],
): Promise<boolean> {
  const column = <Value>(pick: (account: BankAccount) => Value): Value[] => accounts.map(pick);
  const rows = await tx.query({
    name: 'accounts.insert_bank_accounts',
    text: `insert into accounts.bank_accounts (id, external_id, product, currency, status, iban,
        routing_number, account_number, overdraft, opened_at, changed_at)
      select n.id, n.external_id, n.product, n.currency, 'active', n.iban, n.routing_number,
        n.account_number, n.overdraft, $9::timestamptz, $9::timestamptz
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::bigint[])
        as n (id, external_id, product, currency, iban, routing_number, account_number, overdraft)
      on conflict do nothing
      returning 1`,
    values: [
      column(({ id }) => uuidOf(id)),
      column(({ externalId }) => externalId ?? null),
      column(({ product }) => product),
      column(({ currency }) => currency),
      column(({ iban }) => iban ?? null),
      column(({ routingNumber }) => routingNumber ?? null),
      column(({ accountNumber }) => accountNumber ?? null),
      column(({ overdraft }) => overdraft),
      formatInstant(tx.now),
    ],
  });
  return rows.length === accounts.length;
}

export interface HoldingRow {
  readonly id: Uuid;
  readonly account: AccountId;
  readonly customer: CustomerId;
  readonly role: HolderRole;
  readonly grantId: Id<'grt'>;
}

export async function insertHolders(
  tx: Transaction,
  holdings: readonly HoldingRow[],
): Promise<void> {
  await tx.query({
    name: 'accounts.insert_holders',
    text: `insert into accounts.holders (id, account_id, customer, role, grant_id, since)
      select n.id, n.account_id, n.customer, n.role, n.grant_id, $6::timestamptz
      from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[])
        as n (id, account_id, customer, role, grant_id)`,
    values: [
      holdings.map(({ id }) => id),
      holdings.map(({ account }) => uuidOf(account)),
      holdings.map(({ customer }) => uuidOf(customer)),
      holdings.map(({ role }) => role),
      holdings.map(({ grantId }) => uuidOf(grantId)),
      formatInstant(tx.now),
    ],
  });
}

export interface Holding {
  readonly id: Uuid;
  readonly customer: CustomerId;
  /** The mandate at the edge. */
  readonly grantId: Id<'grt'>;
}

/** The holders of now, as rows. */
export async function selectHoldings(queryable: Queryable, account: AccountId): Promise<Holding[]> {
  const rows = await queryable.query<{ id: Uuid; customer: Uuid; grant_id: Uuid }>({
    name: 'accounts.select_holdings',
    text: `select h.id, h.customer, h.grant_id from accounts.holders h
      where h.account_id = $1 and h.ended_at is null order by h.id`,
    values: [uuidOf(account)],
  });
  return rows.map((row) => ({
    id: row.id,
    customer: idOf('cus', row.customer),
    grantId: idOf('grt', row.grant_id),
  }));
}

export async function endHoldings(tx: Transaction, ids: readonly Uuid[]): Promise<void> {
  await tx.query({
    name: 'accounts.end_holdings',
    text: `update accounts.holders set ended_at = $2, ended_by = $3
      where id = any($1::uuid[]) and ended_at is null`,
    values: [ids, formatInstant(tx.now), tx.actor],
  });
}

/** The account, which nobody else changes until the transaction ends. */
export async function lockBankAccount(
  tx: Transaction,
  id: AccountId,
): Promise<BankAccount | undefined> {
  await tx.query({
    name: 'accounts.lock_bank_account',
    text: 'select from accounts.bank_accounts where id = $1 for no key update',
    values: [uuidOf(id)],
  });
  const [account] = await selectBankAccounts(tx, [id]);
  return account;
}

/** Writes what can change of an account. */
export async function updateBankAccount(tx: Transaction, account: BankAccount): Promise<void> {
  await tx.query({
    name: 'accounts.update_bank_account',
    text: `update accounts.bank_accounts set status = $2, status_reason = $3, overdraft = $4,
        changed_at = $5
      where id = $1`,
    values: [
      uuidOf(account.id),
      account.status,
      account.statusReason ?? null,
      account.overdraft,
      formatInstant(account.changedAt),
    ],
  });
}

export interface NewPosition {
  readonly account: AccountId;
  /** The first day that counts. */
  readonly begins: Instant;
}

/** Where the interest of new accounts begins. */
export async function insertPositions(
  tx: Transaction,
  positions: readonly NewPosition[],
): Promise<void> {
  await tx.query({
    name: 'accounts.insert_positions',
    text: `insert into accounts.interest_positions (account_id, begins_on, accrued_through,
        seen_version, balance, ahead, places, accrued_credit, accrued_debit, due_credit, due_debit,
        due_through, booked_credit, booked_debit, last_activity_at)
      select n.account_id, n.begins, n.begins - 1, 0, 0, '{}', 0, 0, 0, 0, 0, n.begins - 1, 0, 0,
        $3::timestamptz
      from unnest($1::uuid[], $2::date[]) as n (account_id, begins)`,
    values: [
      positions.map(({ account }) => uuidOf(account)),
      positions.map(({ begins }) => formatDate(begins)),
      formatInstant(tx.now),
    ],
  });
}

/** What a person asks for counts as use: an account that was woken does not fall asleep again. */
export async function noteActivity(tx: Transaction, accountId: AccountId): Promise<void> {
  await tx.query({
    name: 'accounts.note_activity',
    text: `update accounts.interest_positions set last_activity_at = $2
      where account_id = $1 and last_activity_at < $2`,
    values: [uuidOf(accountId), formatInstant(tx.now)],
  });
}

export interface BankAccountFilter {
  readonly customer?: CustomerId | undefined;
  readonly product?: string | undefined;
  readonly status?: BankAccountStatus | undefined;
  readonly externalId?: string | undefined;
  readonly after?: AccountId | undefined;
  readonly limit: number;
}

/** By id, which is by age. */
export async function listBankAccounts(
  queryable: Queryable,
  filter: BankAccountFilter,
): Promise<BankAccount[]> {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where: string[] = [];
  const { customer, product, status, externalId, after } = filter;
  if (customer !== undefined) {
    where.push(`b.id in (select h.account_id from accounts.holders h
      where h.customer = ${bind(uuidOf(customer))} and h.ended_at is null)`);
  }
  if (product !== undefined) where.push(`b.product = ${bind(product)}`);
  if (status !== undefined) where.push(`b.status = ${bind(status)}`);
  if (externalId !== undefined) where.push(`b.external_id = ${bind(externalId)}`);
  if (after !== undefined) where.push(`b.id > ${bind(uuidOf(after))}::uuid`);
  const condition = where.length === 0 ? '' : `where ${where.join(' and ')}`;
  const rows = await queryable.query<BankAccountRow>({
    text: `select ${columns} from accounts.bank_accounts b ${condition}
      order by b.id limit ${bind(filter.limit)}`,
    values,
  });
  return rows.map(bankAccountOf);
}
