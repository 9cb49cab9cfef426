// The SQL of posting: locks and reads the part of the books that a batch may touch, and stores what
// was decided. Rows are turned into the engine's states here and nowhere else.

import {
  Fault,
  formatInstant,
  idOf,
  uuidOf,
  type AccountId,
  type Instant,
  type TransferId,
} from '#kernel';
import {
  booleanArray,
  byteaArray,
  int2Array,
  int4Array,
  int8Array,
  timestamptzArray,
  uuidArray,
  violatedConstraint,
  type Caller,
  type Queryable,
  type Transaction,
} from '#platform';
import type {
  AccountState,
  AccountStatus,
  Books,
  HoldLeg,
  HoldState,
  HoldStatus,
  ReversibleLeg,
  ReversibleTransfer,
} from '../posting/books.ts';
import type { Decision } from '../posting/decide.ts';
import type { Side } from '../posting/instruction.ts';
import type { Counters, StoredTransfer, TransferKind } from '../posting/transfer.ts';

/** Positions in the database's enumeration, counted from 1. */
const KIND_NUMBER = {
  transfer: 1,
  hold: 2,
  capture: 3,
  increase: 4,
  void: 5,
  expiry: 6,
  reversal: 7,
} as const satisfies Record<TransferKind, number>;

const HASH_BYTES = 16;

interface LockedRow {
  readonly accounts: string | null;
  readonly known: string[] | null;
  readonly segment: number;
  readonly closed_before_us: bigint | null;
  readonly next_deadline_us: bigint | null;
}

/** What the locks give: the accounts as they are now, and what the batch must respect. */
export interface Locked {
  readonly accounts: Map<AccountId, AccountState>;
  /** The transfers that already have one of the external ids. */
  readonly knownIds: readonly TransferId[];
  readonly segment: number;
  readonly closedBefore: Instant | undefined;
  /** The earliest deadline of all open holds. */
  readonly nextDeadline: Instant | undefined;
  /** The latest recorded time of the accounts. */
  readonly changedAt: Instant | undefined;
}

/**
 * Without `isLocking` a batch waits for others outside the database, where no deadlock is ever
 * detected, so it may wait only briefly inside; a wait of any length means lost ground anyway.
 */
const READ_BOOKS = `select b.* from set_config('lock_timeout', '100ms', true) as brief (setting),
  lateral ledger.lock_books($1, $2, $3 or brief.setting is null) as b`;

/**
 * Reads the accounts and what the batch must respect. With `isLocking` the balances stay locked, in
 * id order, until the transaction ends; without, the store finds out whether they were still so.
 */
export async function lockBooks(
  tx: Transaction,
  accountIds: Iterable<AccountId>,
  externalIds: readonly string[],
  options: { readonly isLocking: boolean } = { isLocking: true },
): Promise<Locked> {
  const uuids = Array.from(accountIds, uuidOf).sort();
  const { isLocking } = options;
  const [row] = await tx.query<LockedRow>({
    name: isLocking ? 'ledger.lock_books' : 'ledger.read_books',
    text: isLocking ? 'select * from ledger.lock_books($1, $2, $3)' : READ_BOOKS,
    values: [uuidArray(uuids), externalIds.length === 0 ? null : externalIds, isLocking],
  });
  const locked = row as LockedRow;
  const accounts = new Map<AccountId, AccountState>();
  let changedAt: number | undefined;
  for (const text of locked.accounts === null ? [] : locked.accounts.split(';')) {
    const fields = text.split(',');
    const account = accountOf(fields);
    accounts.set(account.id, account);
    const changed = Number(fields[7]);
    if (changedAt === undefined || changed > changedAt) changedAt = changed;
  }
  return {
    accounts,
    knownIds: (locked.known ?? []).map((id) => idOf('trf', id)),
    segment: locked.segment,
    closedBefore: instantOrNone(locked.closed_before_us),
    nextDeadline: instantOrNone(locked.next_deadline_us),
    changedAt: changedAt as Instant | undefined,
  };
}

function instantOrNone(us: bigint | null): Instant | undefined {
  return us === null ? undefined : (Number(us) as Instant);
}

function accountOf(fields: readonly string[]): AccountState {
  const text = (index: number): string => fields[index] ?? '';
  const limit = (index: number): bigint | null => (text(index) === '' ? null : BigInt(text(index)));
  return {
    id: idOf('acc', text(0)),
    version: BigInt(text(1)),
    revision: BigInt(text(2)),
    postedDebits: BigInt(text(3)),
    postedCredits: BigInt(text(4)),
    pendingDebits: BigInt(text(5)),
    pendingCredits: BigInt(text(6)),
    currency: text(8),
    normalSide: text(9) as Side,
    status: text(10) as AccountStatus,
    floor: limit(11),
    ceiling: limit(12),
    creditLimit: BigInt(text(13)),
  };
}

interface HoldRow {
  readonly id: string;
  readonly state: HoldStatus;
  readonly expires_at_us: bigint | null;
  readonly account_ids: string[];
  readonly sides: Side[];
  readonly held: bigint[];
  readonly captured: bigint[];
}

const HOLD_COLUMNS = `h.id, h.state, (extract(epoch from h.expires_at) * 1000000)::bigint
  as expires_at_us, h.account_ids::text[] as account_ids, h.sides::text[] as sides, h.held,
  h.captured`;

export async function loadHolds(q: Queryable, ids: readonly TransferId[]): Promise<HoldState[]> {
  if (ids.length === 0) return [];
  const rows = await q.query<HoldRow>({
    name: 'ledger.load_holds',
    text: `select ${HOLD_COLUMNS} from ledger.holds h where h.id = any($1)`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  return rows.map(holdOf);
}

/** Open holds whose deadline has come, earliest first. */
export async function loadDueHolds(
  q: Queryable,
  now: Instant,
  countMax: number,
): Promise<HoldState[]> {
  const rows = await q.query<HoldRow>({
    name: 'ledger.load_due_holds',
    text: `select ${HOLD_COLUMNS} from ledger.holds h
      where h.state = 'open' and h.expires_at is not null and h.expires_at <= $1::timestamptz
      order by h.expires_at, h.id limit $2`,
    values: [formatInstant(now), countMax],
  });
  return rows.map(holdOf);
}

/** Whose holds are at their deadline. */
export async function tenantsOfDueHolds(q: Queryable, now: Instant): Promise<string[]> {
  const rows = await q.query<{ tenant: string }>({
    name: 'ledger.tenants_of_due_holds',
    text: `select distinct h.tenant from ledger.holds h
      where h.state = 'open' and h.expires_at is not null and h.expires_at <= $1::timestamptz
      order by h.tenant`,
    values: [formatInstant(now)],
  });
  return rows.map(({ tenant }) => tenant);
}

function holdOf(row: HoldRow): HoldState {
  return {
    id: idOf('trf', row.id),
    status: row.state,
    expiresAt: instantOrNone(row.expires_at_us),
    legs: row.account_ids.map((account, index) => ({
      accountId: idOf('acc', account),
      side: row.sides[index] as Side,
      held: row.held[index] as bigint,
      captured: row.captured[index] as bigint,
    })),
  };
}

interface ReversibleRow {
  readonly id: string;
  readonly kind: TransferKind;
  readonly leg: number;
  readonly account_id: string;
  readonly is_debit: boolean;
  readonly posted: bigint;
  readonly reversed: bigint;
}

/** The posted legs of transfers, with what reversals already took back. */
export async function loadReversibles(
  q: Queryable,
  ids: readonly TransferId[],
): Promise<Map<TransferId, ReversibleTransfer>> {
  if (ids.length === 0) return new Map();
  const rows = await q.query<ReversibleRow>({
    name: 'ledger.load_reversibles',
    text: `select t.id, t.kind, e.leg, e.account_id, e.is_debit, e.posted,
        coalesce((
          select sum(back.posted) from ledger.transfers r
          join ledger.entries back on back.transfer_id = r.id and back.leg = e.leg
          where r.reverses_id = t.id), 0)::bigint as reversed
      from ledger.transfers t join ledger.entries e on e.transfer_id = t.id
      where t.id = any($1) order by t.id, e.leg`,
    values: [uuidArray(ids.map(uuidOf))],
  });
  const found = new Map<TransferId, { kind: TransferKind; legs: ReversibleLeg[] }>();
  for (const row of rows) {
    const id = idOf('trf', row.id);
    const transfer = found.get(id) ?? { kind: row.kind, legs: [] };
    found.set(id, transfer);
    const accountId = idOf('acc', row.account_id);
    const side = row.is_debit ? 'debit' : 'credit';
    // A leg that moved nothing left no entry; it keeps its number, with nothing to reverse.
    while (transfer.legs.length < row.leg) {
      transfer.legs.push({ accountId, side, posted: 0n, reversed: 0n });
    }
    transfer.legs.push({ accountId, side, posted: row.posted, reversed: row.reversed });
  }
  return found;
}

/**
 * Stores the transfers and entries of a decision. The balances must follow in the same transaction.
 * `callers` are those of the instructions, where they are not the transaction's. Throws a retryable
 * Fault when another process took one of the external ids first.
 */
export async function recordTransfers(
  tx: Transaction,
  books: Books,
  segment: number,
  decision: Decision,
  callers?: readonly Caller[],
): Promise<void> {
  if (decision.transfers.length === 0) return;
  try {
    await tx.query({
      name: 'ledger.record_transfers',
      text: RECORD_TRANSFERS,
      values: [...transferValues(tx, books, segment, decision), actorsOf(tx, decision, callers)],
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'transfers_external_id') throw error;
    throw new Fault('external_id_race', { retryable: true, cause: error });
  }
}

/**
 * Stores the balances and holds of a decision. Throws a retryable Fault when the books are no
 * longer as they were decided upon. `consulted` are accounts that the decision leaves as they are
 * but rests upon: they are compared too.
 */
export async function recordBalances(
  tx: Transaction,
  books: Books,
  decision: Decision,
  consulted: readonly AccountState[] = [],
): Promise<void> {
  if (decision.accounts.length > 0) await recordChanges(tx, books, decision);
  await recordHolds(tx, decision);
  // Last, with what changes locked: an account that moves on from here on does so after this batch.
  if (consulted.length > 0) await requireUnchanged(tx, consulted);
}

async function requireUnchanged(tx: Transaction, accounts: readonly AccountState[]): Promise<void> {
  const [row] = await tx.query<{ same: bigint }>({
    name: 'ledger.unchanged_balances',
    text: `select count(*) as same from unnest($1::uuid[], $2::bigint[], $3::bigint[])
        as old (account_id, version, revision)
      join ledger.balances b on b.account_id = old.account_id and b.version = old.version
        and b.revision = old.revision`,
    values: [
      uuidArray(accounts.map(({ id }) => uuidOf(id))),
      int8Array(accounts.map(({ version }) => version)),
      int8Array(accounts.map(({ revision }) => revision)),
    ],
  });
  if (row?.same === BigInt(accounts.length)) return;
  throw new Fault('serialization_failure', { retryable: true });
}

async function recordChanges(tx: Transaction, books: Books, decision: Decision): Promise<void> {
  // Ids alone sort several times faster than the accounts by their ids.
  const byId = new Map(decision.accounts.map((change) => [change.after.id, change]));
  const accounts = [...byId.keys()].sort().flatMap((id) => byId.get(id) ?? []);
  const after = accounts.map((account) => account.after);
  const isPlain = accounts.every((change) => !hasPending(change.after));
  await tx.query({
    name: 'ledger.record_balances',
    text: 'select ledger.record_balances($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: [
      formatInstant(books.time),
      uuidArray(after.map(({ id }) => uuidOf(id))),
      int8Array(accounts.map(({ before }) => before.version)),
      int8Array(accounts.map(({ before }) => before.revision)),
      int8Array(after.map(({ version }) => version)),
      int8Array(after.map(({ postedDebits }) => postedDebits)),
      int8Array(after.map(({ postedCredits }) => postedCredits)),
      isPlain ? null : int8Array(after.map(({ pendingDebits }) => pendingDebits)),
      isPlain ? null : int8Array(after.map(({ pendingCredits }) => pendingCredits)),
    ],
  });
}

const RECORD_TRANSFERS = `select ledger.record_transfers(${Array.from(
  { length: 27 },
  (_, index) => `$${index + 1}`,
).join(', ')})`;

function transferValues(
  tx: Transaction,
  books: Books,
  segment: number,
  { transfers, accounts }: Decision,
): unknown[] {
  const number = new Map(accounts.map(({ after }, index) => [after.id, index + 1]));
  const positions: number[] = [];
  const entries = transfers.flatMap((transfer, index) => {
    for (let count = transfer.entries.length; count > 0; count -= 1) positions.push(index + 1);
    return transfer.entries;
  });
  const isPlain = entries.every((entry) => entry.pending === 0n && !hasPending(entry));
  return [
    formatInstant(books.time),
    tx.actor,
    segment,
    uuidArray(transfers.map(({ id }) => uuidOf(id))),
    int2Array(transfers.map(({ kind }) => KIND_NUMBER[kind])),
    ...headingValues(books, transfers),
    uuidArray(accounts.map(({ after }) => uuidOf(after.id))),
    int4Array(positions),
    int4Array(entries.map(({ accountId }) => number.get(accountId))),
    int8Array(entries.map(({ version }) => version)),
    int2Array(entries.map(({ leg }) => leg)),
    booleanArray(entries.map(({ side }) => side === 'debit')),
    int8Array(entries.map(({ posted }) => posted)),
    isPlain ? null : int8Array(entries.map((entry) => entry.pending)),
    int8Array(entries.map(({ postedDebits }) => postedDebits)),
    int8Array(entries.map(({ postedCredits }) => postedCredits)),
    isPlain ? null : int8Array(entries.map(({ pendingDebits }) => pendingDebits)),
    isPlain ? null : int8Array(entries.map(({ pendingCredits }) => pendingCredits)),
  ];
}

// One actor for all is said once.
function actorsOf(
  tx: Transaction,
  { answers, transfers }: Decision,
  callers: readonly Caller[] = [],
): readonly (string | null)[] | null {
  if (callers.every(({ actor }) => actor === tx.actor)) return null;
  const actors = new Map<TransferId, string>();
  for (const [index, answer] of answers.entries()) {
    const { actor } = callers[index] ?? tx;
    if (answer.ok && !answer.value.isReplay) actors.set(answer.value.transfer.id, actor);
  }
  return transfers.map(({ id }) => actors.get(id) ?? null);
}

function hasPending({ pendingDebits, pendingCredits }: Counters): boolean {
  return pendingDebits !== 0n || pendingCredits !== 0n;
}

// A column that no transfer of the batch uses is sent as one NULL.
function headingValues(books: Books, transfers: readonly StoredTransfer[]): unknown[] {
  const column = <Item>(
    pick: (transfer: StoredTransfer) => Item | undefined,
    encode: (items: (Item | undefined)[]) => unknown,
  ): unknown => {
    const items = transfers.map(pick);
    return items.every((item) => item === undefined) ? null : encode(items);
  };
  const text = (items: (string | undefined)[]): unknown => items.map((item) => item ?? null);
  const json = (value: object | undefined): string | undefined =>
    value === undefined ? undefined : JSON.stringify(value);
  const uuid = (id: TransferId | undefined): string | undefined =>
    id === undefined ? undefined : uuidOf(id);
  const isNow = transfers.every(({ effectiveAt }) => effectiveAt === books.time);
  return [
    column(({ externalId }) => externalId, text),
    column(
      ({ contentHash }) => (contentHash === '' ? undefined : contentHash),
      (items) => byteaArray(items, HASH_BYTES),
    ),
    column(({ description }) => description, text),
    column(({ metadata }) => json(metadata), text),
    column(({ exchange }) => json(exchange), text),
    column(({ holdId }) => uuid(holdId), uuidArray),
    column(({ reversesId }) => uuid(reversesId), uuidArray),
    column(({ expiresAt }) => expiresAt, timestamptzArray),
    isNow ? null : timestamptzArray(transfers.map(({ effectiveAt }) => effectiveAt)),
  ];
}

async function recordHolds(tx: Transaction, decision: Decision): Promise<void> {
  const { holdsOpened, holdsChanged } = decision;
  if (holdsOpened.length + holdsChanged.length === 0) return;
  const holds = [...holdsOpened, ...holdsChanged.map(({ after }) => after)];
  const before = [...holdsOpened, ...holdsChanged.map((change) => change.before)];
  const literal = (states: HoldState[], pick: (leg: HoldLeg) => unknown): string[] =>
    states.map(({ legs }) => `{${legs.map(pick).join(',')}}`);
  await tx.query({
    name: 'ledger.record_holds',
    text: 'select ledger.record_holds($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
    values: [
      uuidArray(holds.map(({ id }) => uuidOf(id))),
      booleanArray(holds.map((_, index) => index < holdsOpened.length)),
      holds.map(({ status }) => status),
      timestamptzArray(holds.map(({ expiresAt }) => expiresAt)),
      literal(holds, ({ accountId }) => uuidOf(accountId)),
      literal(holds, ({ side }) => side),
      literal(holds, ({ held }) => held),
      literal(holds, ({ captured }) => captured),
      literal(before, ({ held }) => held),
      literal(before, ({ captured }) => captured),
    ],
  });
}
