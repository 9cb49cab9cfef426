// Owns the SQL of interest: positions, what was accrued, fees that fell due, and what was booked.

import {
  formatDate,
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Instant,
  type TransferId,
  type Uuid,
} from '#kernel';
import { int8Array, uuidArray, type Queryable, type Transaction } from '#platform';
import type { Accrual, FeeDue, Position } from './accrue.ts';

interface PositionRow {
  readonly account_id: Uuid;
  readonly product: string;
  readonly begins_us: bigint;
  readonly through_us: bigint;
  readonly seen_version: bigint;
  readonly balance: string;
  readonly ahead: Readonly<Record<string, string>>;
  readonly places: number;
  readonly accrued_credit: string;
  readonly accrued_debit: string;
  readonly due_credit: string;
  readonly due_debit: string;
  readonly due_through_us: bigint;
  readonly booked_credit: string;
  readonly booked_debit: string;
  readonly next_booking_us: bigint | null;
  readonly activity_us: bigint;
}

const us = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint`;

const columns = `p.account_id, b.product, ${us('p.begins_on')} as begins_us,
  ${us('p.accrued_through')} as through_us, p.seen_version, p.balance, p.ahead, p.places,
  p.accrued_credit, p.accrued_debit, p.due_credit, p.due_debit,
  ${us('p.due_through')} as due_through_us, p.booked_credit, p.booked_debit,
  ${us('p.next_booking')} as next_booking_us, ${us('p.last_activity_at')} as activity_us`;

function positionOf(row: PositionRow): Position {
  const ahead = Object.entries(row.ahead).map(([day, amount]) => {
    return [Number(day) as Instant, BigInt(amount)] as const;
  });
  return {
    accountId: idOf('acc', row.account_id),
    product: row.product,
    beginsOn: Number(row.begins_us) as Instant,
    accruedThrough: Number(row.through_us) as Instant,
    seenVersion: row.seen_version,
    balance: BigInt(row.balance),
    ahead: new Map(ahead),
    places: row.places,
    accrued: { credit: BigInt(row.accrued_credit), debit: BigInt(row.accrued_debit) },
    due: { credit: BigInt(row.due_credit), debit: BigInt(row.due_debit) },
    dueThrough: Number(row.due_through_us) as Instant,
    booked: { credit: BigInt(row.booked_credit), debit: BigInt(row.booked_debit) },
    nextBooking:
      row.next_booking_us === null ? undefined : (Number(row.next_booking_us) as Instant),
    lastActivityAt: Number(row.activity_us) as Instant,
  };
}

/** Tenants that have accounts. */
export async function selectTenants(queryable: Queryable): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'accounts.select_tenants',
    text: `with recursive t as (
        select min(b.tenant) as tenant from accounts.bank_accounts b
        union all
        select (select min(b.tenant) from accounts.bank_accounts b where b.tenant > t.tenant)
        from t where t.tenant is not null
      )
      select t.tenant from t where t.tenant is not null`,
  });
  return rows.map(({ tenant }) => tenant);
}

/**
 * Positions of the tenant that are behind a day; those others work on are passed over, and those
 * with something to book by today, which comes first, because it earns too.
 */
export async function lockBehind(
  tx: Transaction,
  { through, countMax }: { readonly through: Instant; readonly countMax: number },
): Promise<Position[]> {
  const rows = await tx.query<PositionRow>({
    name: 'accounts.lock_positions_behind',
    text: `select ${columns} from accounts.interest_positions p
        join accounts.bank_accounts b on b.id = p.account_id
      where p.tenant = platform.tenant() and p.accrued_through < $1::date and not p.is_over
        and (p.next_booking is null or p.next_booking > $3::date)
      order by p.accrued_through, p.account_id limit $2
      for no key update of p skip locked`,
    values: [formatDate(through), countMax, formatDate(tx.now)],
  });
  return rows.map(positionOf);
}

/** Positions of the tenant with something to book by a day. */
export async function lockDue(
  tx: Transaction,
  { by, countMax }: { readonly by: Instant; readonly countMax: number },
): Promise<Position[]> {
  const rows = await tx.query<PositionRow>({
    name: 'accounts.lock_positions_due',
    text: `select ${columns} from accounts.interest_positions p
        join accounts.bank_accounts b on b.id = p.account_id
      where p.tenant = platform.tenant() and p.next_booking <= $1::date and not p.is_over
      order by p.next_booking, p.account_id limit $2
      for no key update of p skip locked`,
    values: [formatDate(by), countMax],
  });
  return rows.map(positionOf);
}

export async function lockPosition(
  tx: Transaction,
  accountId: AccountId,
): Promise<Position | undefined> {
  const [row] = await tx.query<PositionRow>({
    name: 'accounts.lock_position',
    text: `select ${columns} from accounts.interest_positions p
        join accounts.bank_accounts b on b.id = p.account_id
      where p.account_id = $1 for no key update of p`,
    values: [uuidOf(accountId)],
  });
  return row && positionOf(row);
}

export async function selectPosition(
  queryable: Queryable,
  accountId: AccountId,
): Promise<Position | undefined> {
  const [row] = await queryable.query<PositionRow>({
    name: 'accounts.select_position',
    text: `select ${columns} from accounts.interest_positions p
        join accounts.bank_accounts b on b.id = p.account_id
      where p.account_id = $1`,
    values: [uuidOf(accountId)],
  });
  return row && positionOf(row);
}

export async function updatePositions(
  tx: Transaction,
  positions: readonly Position[],
  { isOver = false }: { readonly isOver?: boolean } = {},
): Promise<void> {
  const column = <Value>(pick: (position: Position) => Value): Value[] => positions.map(pick);
  await tx.query({
    name: 'accounts.update_positions',
    text: `update accounts.interest_positions p set accrued_through = n.through,
        seen_version = n.seen_version, balance = n.balance, ahead = n.ahead::jsonb,
        places = n.places, accrued_credit = n.accrued_credit, accrued_debit = n.accrued_debit,
        due_credit = n.due_credit, due_debit = n.due_debit, due_through = n.due_through,
        booked_credit = n.booked_credit, booked_debit = n.booked_debit,
        next_booking = n.next_booking, last_activity_at = n.last_activity_at, is_over = $16
      from unnest($1::uuid[], $2::date[], $3::bigint[], $4::numeric[], $5::text[], $6::int[],
        $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::date[], $12::numeric[],
        $13::numeric[], $14::date[], $15::timestamptz[])
        as n (account_id, through, seen_version, balance, ahead, places, accrued_credit,
          accrued_debit, due_credit, due_debit, due_through, booked_credit, booked_debit,
          next_booking, last_activity_at)
      where p.account_id = n.account_id`,
    values: [
      column(({ accountId }) => uuidOf(accountId)),
      column(({ accruedThrough }) => formatDate(accruedThrough)),
      column(({ seenVersion }) => seenVersion),
      column(({ balance }) => balance),
      column(({ ahead }) => aheadText(ahead)),
      column(({ places }) => places),
      column(({ accrued }) => accrued.credit),
      column(({ accrued }) => accrued.debit),
      column(({ due }) => due.credit),
      column(({ due }) => due.debit),
      column(({ dueThrough }) => formatDate(dueThrough)),
      column(({ booked }) => booked.credit),
      column(({ booked }) => booked.debit),
      column(({ nextBooking }) => (nextBooking === undefined ? null : formatDate(nextBooking))),
      column(({ lastActivityAt }) => formatInstant(lastActivityAt)),
      isOver,
    ],
  });
}

function aheadText(ahead: Position['ahead']): string {
  return JSON.stringify(Object.fromEntries([...ahead].map(([day, sum]) => [day, String(sum)])));
}

export async function insertAccruals(tx: Transaction, accruals: readonly Accrual[]): Promise<void> {
  if (accruals.length === 0) return;
  const column = <Value>(pick: (accrual: Accrual) => Value): Value[] => accruals.map(pick);
  await tx.query({
    name: 'accounts.insert_accruals',
    text: `insert into accounts.accruals (account_id, place, from_day, through_day, balance,
        credit_units, debit_units, product_version, is_correction, accrued_at)
      select n.*, $10::timestamptz
      from unnest($1::uuid[], $2::int[], $3::date[], $4::date[], $5::numeric[], $6::numeric[],
        $7::numeric[], $8::int[], $9::boolean[]) as n`,
    values: [
      column(({ accountId }) => uuidOf(accountId)),
      column(({ place }) => place),
      column(({ from }) => formatDate(from)),
      column(({ through }) => formatDate(through)),
      column(({ balance }) => balance),
      column(({ units }) => units.credit),
      column(({ units }) => units.debit),
      column(({ productVersion }) => productVersion),
      column(({ isCorrection }) => isCorrection),
      formatInstant(tx.now),
    ],
  });
}

interface AccrualRow {
  readonly account_id: Uuid;
  readonly from_us: bigint;
  readonly through_us: bigint;
  readonly balance: string;
}

export type PastAccrual = Pick<Accrual, 'accountId' | 'from' | 'through' | 'balance'>;

/** What was accrued that covers a day from the given one of each account on. */
export async function selectAccrualsFrom(
  queryable: Queryable,
  since: ReadonlyMap<AccountId, Instant>,
): Promise<PastAccrual[]> {
  if (since.size === 0) return [];
  const rows = await queryable.query<AccrualRow>({
    name: 'accounts.select_accruals_from',
    text: `select a.account_id, a.balance, ${us('a.from_day')} as from_us,
        ${us('a.through_day')} as through_us
      from unnest($1::uuid[], $2::date[]) as n (account_id, day)
        join accounts.accruals a on a.account_id = n.account_id and a.through_day >= n.day`,
    values: [[...since.keys()].map(uuidOf), [...since.values()].map((day) => formatDate(day))],
  });
  return rows.map((row) => ({
    accountId: idOf('acc', row.account_id),
    from: Number(row.from_us) as Instant,
    through: Number(row.through_us) as Instant,
    balance: BigInt(row.balance),
  }));
}

export async function insertFees(tx: Transaction, fees: readonly FeeDue[]): Promise<void> {
  if (fees.length === 0) return;
  await tx.query({
    name: 'accounts.insert_fees',
    text: `insert into accounts.fees (account_id, code, period_end, amount, raised_at)
      select n.*, $5::timestamptz
      from unnest($1::uuid[], $2::text[], $3::date[], $4::bigint[]) as n`,
    values: [
      fees.map(({ accountId }) => uuidOf(accountId)),
      fees.map(({ code }) => code),
      fees.map(({ periodEnd }) => formatDate(periodEnd)),
      fees.map(({ amount }) => amount),
      formatInstant(tx.now),
    ],
  });
}

interface FeeRow {
  readonly account_id: Uuid;
  readonly code: string;
  readonly period_end_us: bigint;
  readonly amount: bigint;
}

/** Fees that fell due and were not charged, oldest first. */
export async function selectFeesDue(
  queryable: Queryable,
  accounts: readonly AccountId[],
): Promise<FeeDue[]> {
  const rows = await queryable.query<FeeRow>({
    name: 'accounts.select_fees_due',
    text: `select f.account_id, f.code, ${us('f.period_end')} as period_end_us, f.amount
      from accounts.fees f where f.account_id = any($1) and f.charged_at is null
      order by f.account_id, f.period_end, f.code`,
    values: [uuidArray(accounts.map(uuidOf))],
  });
  return rows.map((row) => ({
    accountId: idOf('acc', row.account_id),
    code: row.code,
    periodEnd: Number(row.period_end_us) as Instant,
    amount: row.amount,
  }));
}

export async function markCharged(tx: Transaction, fees: readonly FeeDue[]): Promise<void> {
  if (fees.length === 0) return;
  await tx.query({
    name: 'accounts.mark_fees_charged',
    text: `update accounts.fees f set charged_at = $4
      from unnest($1::uuid[], $2::text[], $3::date[]) as n (account_id, code, period_end)
      where f.account_id = n.account_id and f.code = n.code and f.period_end = n.period_end`,
    values: [
      fees.map(({ accountId }) => uuidOf(accountId)),
      fees.map(({ code }) => code),
      fees.map(({ periodEnd }) => formatDate(periodEnd)),
      formatInstant(tx.now),
    ],
  });
}

export interface Booking {
  readonly transferId: TransferId;
  readonly accountId: AccountId;
  /** interest_credit: for the account. interest_debit and fee: from it. */
  readonly kind: 'interest_credit' | 'interest_debit' | 'fee';
  /** The fee's code. */
  readonly fee: string | undefined;
  readonly periodEnd: Instant;
  /** Minor units; of interest negative where it takes back what was booked too much. */
  readonly amount: bigint;
  /** The entry of the account in the ledger. */
  readonly version: bigint;
}

export interface PastBooking extends Booking {
  readonly bookedAt: Instant;
}

export async function insertBookings(tx: Transaction, bookings: readonly Booking[]): Promise<void> {
  if (bookings.length === 0) return;
  const column = <Value>(pick: (booking: Booking) => Value): Value[] => bookings.map(pick);
  await tx.query({
    name: 'accounts.insert_bookings',
    text: `insert into accounts.bookings (transfer_id, account_id, kind, fee, period_end, amount,
        version, booked_at)
      select n.*, $8::timestamptz
      from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::bigint[],
        $7::bigint[]) as n`,
    values: [
      column(({ transferId }) => uuidOf(transferId)),
      column(({ accountId }) => uuidOf(accountId)),
      column(({ kind }) => kind),
      column(({ fee }) => fee ?? null),
      column(({ periodEnd }) => formatDate(periodEnd)),
      column(({ amount }) => amount),
      column(({ version }) => version),
      formatInstant(tx.now),
    ],
  });
}

/** Accounts with a status, on which a customer has not been active since a time; oldest first. */
export async function selectIdle(
  queryable: Queryable,
  { product, since, through, countMax }: IdleQuestion,
): Promise<AccountId[]> {
  const rows = await queryable.query<{ account_id: Uuid }>({
    name: 'accounts.select_idle',
    text: `select p.account_id from accounts.interest_positions p
        join accounts.bank_accounts b on b.id = p.account_id
      where p.tenant = platform.tenant() and not p.is_over and p.last_activity_at < $2
        and b.product = $1 and b.status = 'active' and p.accrued_through >= $3::date
      order by p.last_activity_at limit $4`,
    values: [product, formatInstant(since), formatDate(through), countMax],
  });
  return rows.map(({ account_id: id }) => idOf('acc', id));
}

export interface IdleQuestion {
  readonly product: string;
  /** The latest activity is before this. */
  readonly since: Instant;
  /** Whose activity is known up to this day. */
  readonly through: Instant;
  readonly countMax: number;
}

/** Dormant accounts of a product that a customer has used since they fell asleep. */
export async function selectStirred(
  queryable: Queryable,
  { product, countMax }: { readonly product: string; readonly countMax: number },
): Promise<AccountId[]> {
  const rows = await queryable.query<{ account_id: Uuid }>({
    name: 'accounts.select_stirred',
    text: `select p.account_id from accounts.bank_accounts b
        join accounts.interest_positions p on p.account_id = b.id
      where b.tenant = platform.tenant() and b.product = $1 and b.status = 'dormant'
        and p.last_activity_at > b.changed_at
      order by b.id limit $2`,
    values: [product, countMax],
  });
  return rows.map(({ account_id: id }) => idOf('acc', id));
}

/** The transfers by which the bank itself booked on the accounts, after a version of each. */
export async function selectOwnTransfers(
  queryable: Queryable,
  positions: readonly Pick<Position, 'accountId' | 'seenVersion'>[],
): Promise<TransferId[]> {
  const rows = await queryable.query<{ transfer_id: Uuid }>({
    name: 'accounts.select_own_transfers',
    text: `select k.transfer_id
      from unnest($1::uuid[], $2::bigint[]) as n (account_id, after_version)
        join accounts.bookings k on k.account_id = n.account_id and k.version > n.after_version`,
    values: [
      uuidArray(positions.map(({ accountId }) => uuidOf(accountId))),
      int8Array(positions.map(({ seenVersion }) => seenVersion)),
    ],
  });
  return rows.map(({ transfer_id: id }) => idOf('trf', id));
}

/** Newest first, before a version. */
export async function selectBookings(
  queryable: Queryable,
  accountId: AccountId,
  { before, countMax }: { readonly before: bigint | undefined; readonly countMax: number },
): Promise<PastBooking[]> {
  const rows = await queryable.query<{
    transfer_id: Uuid;
    kind: Booking['kind'];
    fee: string | null;
    period_end_us: bigint;
    amount: bigint;
    version: bigint;
    booked_us: bigint;
  }>({
    name: 'accounts.select_bookings',
    text: `select k.transfer_id, k.kind, k.fee, ${us('k.period_end')} as period_end_us, k.amount,
        k.version, ${us('k.booked_at')} as booked_us
      from accounts.bookings k where k.account_id = $1 and ($2::bigint is null or k.version < $2)
      order by k.version desc limit $3`,
    values: [uuidOf(accountId), before ?? null, countMax],
  });
  return rows.map((row) => ({
    transferId: idOf('trf', row.transfer_id),
    accountId,
    kind: row.kind,
    fee: row.fee ?? undefined,
    periodEnd: Number(row.period_end_us) as Instant,
    amount: row.amount,
    version: row.version,
    bookedAt: Number(row.booked_us) as Instant,
  }));
}
