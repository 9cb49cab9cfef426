// Books what is due: interest that accrued by the end of a period, and fees. What an account cannot
// pay now stays due and is tried again each day; what was booked is never booked twice, because the
// position moves in the same transaction.

import { record, type AuditRecord } from '#audit';
import { assert, DAY_US, formatDate, startOfDay, type AccountId, type Instant } from '#kernel';
import { openAccounts, post, type Instruction, type Leg, type Posted } from '#ledger';
import { emit, type Transaction } from '#platform';
import { accountsActions } from '../audit-actions.ts';
import type { FeeDue, Position } from './accrue.ts';
import {
  insertBookings,
  markCharged,
  selectFeesDue,
  updatePositions,
  type Booking,
} from './position-store.ts';
import { minorOf } from './rate.ts';

/** Something to book, and the instruction that does it. */
interface Due {
  readonly position: Position;
  readonly kind: Booking['kind'];
  readonly fee: FeeDue | undefined;
  readonly periodEnd: Instant;
  /** Minor units; negative where too much was booked before. */
  readonly amount: bigint;
}

/** Books what is due of locked positions. What is not paid in full is due again tomorrow. */
export async function bookPositions(
  tx: Transaction,
  positions: readonly Position[],
  currencyOf: ReadonlyMap<AccountId, string>,
): Promise<readonly Position[]> {
  const dues = await duesOf(tx, positions);
  const books = await ownBooks(tx, new Set(currencyOf.values()));
  const instructions = dues.map((due) => {
    const currency = currencyOf.get(due.position.accountId) ?? '';
    return instructionOf(due, books.get(currency) as OwnBooks);
  });
  const posted = await postDue(tx, instructions);
  const bookings: (Booking | undefined)[] = dues.map((due, index) => {
    return bookingOf(due, posted[index]);
  });
  const after = positions.map((position) => afterBooking(tx.now, position, dues, bookings));
  await note(tx, { dues, bookings, after });
  return after;
}

/** Interest first, then fees, oldest first. */
export async function duesOf(tx: Transaction, positions: readonly Position[]): Promise<Due[]> {
  const fees = Map.groupBy(
    await selectFeesDue(
      tx,
      positions.map(({ accountId }) => accountId),
    ),
    ({ accountId }) => accountId,
  );
  return positions.flatMap((position) => {
    const { due, booked, dueThrough: periodEnd, accountId } = position;
    const dues: Due[] = [];
    const common = { position, fee: undefined, periodEnd };
    const credit = minorOf(due.credit) - booked.credit;
    const debit = minorOf(due.debit) - booked.debit;
    if (credit !== 0n) dues.push({ ...common, kind: 'interest_credit', amount: credit });
    if (debit !== 0n) dues.push({ ...common, kind: 'interest_debit', amount: debit });
    for (const fee of fees.get(accountId) ?? []) {
      dues.push({ position, fee, kind: 'fee', periodEnd: fee.periodEnd, amount: fee.amount });
    }
    return dues;
  });
}

interface OwnBooks {
  readonly interestPaid: AccountId;
  readonly interestEarned: AccountId;
  readonly fees: AccountId;
}

/** The bank's own side of interest and fees, opened where it is not there yet. */
async function ownBooks(
  tx: Transaction,
  currencies: ReadonlySet<string>,
): Promise<Map<string, OwnBooks>> {
  const list = [...currencies];
  const opened = await openAccounts(
    tx,
    list.flatMap((currency) => [
      {
        externalId: `accounts:interest:paid:${currency}`,
        path: 'expenses:interest',
        currency,
        normalSide: 'debit' as const,
      },
      {
        externalId: `accounts:interest:earned:${currency}`,
        path: 'income:interest',
        currency,
        normalSide: 'credit' as const,
      },
      {
        externalId: `accounts:fees:${currency}`,
        path: 'income:fees',
        currency,
        normalSide: 'credit' as const,
      },
    ]),
  );
  const ids = opened.map((result) => {
    assert(result.ok, 'the external ids of interest and fees are for nobody else');
    return result.value.id;
  });
  return new Map(
    list.map((currency, index) => {
      const [interestPaid, interestEarned, fees] = ids.slice(index * 3, index * 3 + 3);
      return [currency, { interestPaid, interestEarned, fees } as OwnBooks];
    }),
  );
}

function instructionOf(due: Due, books: OwnBooks): Instruction {
  const { accountId } = due.position;
  const { kind, amount, periodEnd, fee } = due;
  const own = ownBookOf(kind, books);
  const size = amount < 0n ? -amount : amount;
  const isCredit = (kind === 'interest_credit') === amount > 0n;
  const legs: Leg[] = isCredit
    ? [
        { accountId: own, side: 'debit', amount: size },
        { accountId, side: 'credit', amount: size },
      ]
    : [
        // A fee is charged whole; interest as far as there is money, and the rest later.
        { accountId, side: 'debit', amount: size, upTo: fee === undefined },
        { accountId: own, side: 'credit', amount: fee === undefined ? 'remaining' : size },
      ];
  const period = formatDate(periodEnd);
  return {
    kind: 'transfer',
    legs,
    effectiveAt: (periodEnd + DAY_US) as Instant,
    description: fee === undefined ? `Interest to ${period}` : `Fee ${fee.code} to ${period}`,
    metadata: { booking: fee === undefined ? kind : `fee.${fee.code}`, period_end: period },
  };
}

function ownBookOf(kind: Booking['kind'], books: OwnBooks): AccountId {
  if (kind === 'fee') return books.fees;
  return kind === 'interest_credit' ? books.interestPaid : books.interestEarned;
}

/** In a period that is closed already, as of now. */
async function postDue(
  tx: Transaction,
  instructions: readonly Instruction[],
): Promise<(Posted | undefined)[]> {
  const answers = await post(tx, instructions);
  const late = answers.flatMap((answer, index) => {
    return !answer.ok && answer.refusal.code === 'period_closed' ? [index] : [];
  });
  const again = await post(
    tx,
    late.map((index) => ({ ...(instructions[index] as Instruction), effectiveAt: tx.now })),
  );
  const isLate = new Map(late.map((index, place) => [index, again[place]]));
  return answers.map((first, index) => {
    const answer = isLate.get(index) ?? first;
    return answer.ok ? answer.value : undefined;
  });
}

function bookingOf(due: Due, posted: Posted | undefined): Booking | undefined {
  const { accountId } = due.position;
  const entry = posted?.transfer.entries.find((each) => each.accountId === accountId);
  if (posted === undefined || entry === undefined) return undefined;
  const { kind, fee, periodEnd, amount } = due;
  return {
    transferId: posted.transfer.id,
    accountId,
    kind,
    fee: fee?.code,
    periodEnd,
    amount: amount < 0n ? -entry.posted : entry.posted,
    version: entry.version,
  };
}

function afterBooking(
  now: Instant,
  position: Position,
  dues: readonly Due[],
  bookings: readonly (Booking | undefined)[],
): Position {
  let { credit, debit } = position.booked;
  let isLeft = false;
  for (const [index, due] of dues.entries()) {
    if (due.position !== position) continue;
    const booked = bookings[index]?.amount ?? 0n;
    if (booked !== due.amount) isLeft = true;
    if (due.kind === 'interest_credit') credit += booked;
    if (due.kind === 'interest_debit') debit += booked;
  }
  const tomorrow = (startOfDay(now) + DAY_US) as Instant;
  return { ...position, booked: { credit, debit }, nextBooking: isLeft ? tomorrow : undefined };
}

interface Booked {
  readonly dues: readonly Due[];
  readonly bookings: readonly (Booking | undefined)[];
  readonly after: readonly Position[];
}

async function note(tx: Transaction, { dues, bookings, after }: Booked): Promise<void> {
  const made = bookings.flatMap((booking) => booking ?? []);
  await insertBookings(tx, made);
  await markCharged(
    tx,
    dues.flatMap(({ fee }, index) => (bookings[index] === undefined ? [] : (fee ?? []))),
  );
  await updatePositions(tx, after);
  await record(tx, made.map(recordOf));
  await emit(
    tx,
    made.map(({ accountId, kind, amount, transferId, periodEnd }) => ({
      type: kind === 'fee' ? 'account.fee_charged' : 'account.interest_booked',
      subject: accountId,
      data: {
        amount: String(amount),
        kind,
        period_end: formatDate(periodEnd),
        transfer_id: transferId,
      },
    })),
  );
}

function recordOf({ kind, fee, periodEnd, amount, accountId, transferId }: Booking): AuditRecord {
  const name = kind === 'fee' ? 'accounts.fee.charge' : 'accounts.interest.book';
  const period = formatDate(periodEnd);
  const after = { account_id: accountId, amount: String(amount), fee, kind, period_end: period };
  return { action: accountsActions[name], target: transferId, after };
}
