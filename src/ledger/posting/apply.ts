// Puts decided effects on the books: new counters and versions, the limits that must hold after the
// whole transfer, and the transfer's record with its entries.

import { limits } from '#config';
import { DAY_US, idOf, type AccountId, type Instant, type Refused, type TransferId } from '#kernel';
import type { PostRefusal } from '../refusals.ts';
import { availableOf, expectedOf } from './balance.ts';
import { put, type AccountState, type Books, type Desk } from './books.ts';
import type { Exchange, Instruction } from './instruction.ts';
import { no, withEffect, type Effect } from './legs.ts';
import type { Entry, StoredTransfer, TransferKind } from './transfer.ts';

/** An effect on a leg's account. An effect of nothing at all makes no entry. */
export interface LegEffect extends Effect {
  readonly accountId: AccountId;
  readonly leg: number;
}

/** What the record says beside its entries. */
export interface Heading {
  readonly kind: TransferKind;
  readonly effectiveAt: Instant;
  readonly exchange?: Exchange | undefined;
  readonly holdId?: TransferId | undefined;
  readonly reversesId?: TransferId | undefined;
  readonly expiresAt?: Instant | undefined;
}

/** The largest count the database's bigint can take. */
const COUNTER_MAX = 2n ** 63n - 1n;
const EFFECTIVE_AHEAD_MAX_US = limits.effectiveAheadMaxDays.value * DAY_US;
/** 1900-01-01T00:00:00Z: an effective time before it is a slip of the pen. */
const EFFECTIVE_AT_MIN_US = -2_208_988_800_000_000;

/** The value date asked for, or the recorded time; refused when it lies outside of all reason. */
export function effectiveAtOf(
  books: Books,
  instruction: Instruction,
): Instant | Refused<PostRefusal> {
  const asked = instruction.effectiveAt;
  if (asked === undefined) return books.time;
  if (asked >= EFFECTIVE_AT_MIN_US && asked <= books.time + EFFECTIVE_AHEAD_MAX_US) return asked;
  return no('effective_at_out_of_range', 'effective_at lies before 1900 or too far ahead');
}

export function checkPeriod(books: Books, effectiveAt: Instant): Refused<PostRefusal> | undefined {
  if (books.closedBefore === undefined || effectiveAt >= books.closedBefore) return undefined;
  return no('period_closed', 'the effective time lies in a closed period');
}

/**
 * Applies the effects as one transfer, or refuses it and changes nothing. With `isLimited` the
 * limits of every account touched must hold afterwards, as far as this transfer strained them.
 */
export function apply(
  desk: Desk,
  heading: Heading,
  effects: readonly LegEffect[],
  options: { readonly isLimited: boolean; readonly instruction?: Instruction | undefined },
): StoredTransfer | Refused<PostRefusal> {
  const { accounts, time } = desk.books;
  const after = new Map<AccountId, AccountState>();
  const entries: Entry[] = [];
  for (const effect of effects) {
    const { accountId, leg, side, posted, pending } = effect;
    if (posted === 0n && pending === 0n) continue;
    const loaded = accounts.get(accountId) as AccountState;
    const before = after.get(accountId) ?? loaded;
    const state = withEffect(before, effect);
    if (isBeyondRange(state)) {
      return no('amount_overflow', `account ${accountId} would count beyond ${COUNTER_MAX}`, leg);
    }
    after.set(accountId, state);
    entries.push({
      accountId,
      leg,
      side,
      posted,
      pending,
      version: state.version,
      postedDebits: state.postedDebits,
      postedCredits: state.postedCredits,
      pendingDebits: state.pendingDebits,
      pendingCredits: state.pendingCredits,
    });
  }
  if (options.isLimited) {
    for (const state of after.values()) {
      const fault = checkLimits(accounts.get(state.id) as AccountState, state, effects);
      if (fault !== undefined) return fault;
    }
  }
  for (const state of after.values()) replaceAccount(desk, state);
  const transfer = recordOf(desk, heading, entries, options.instruction, time);
  desk.transfers.push(transfer);
  return transfer;
}

function replaceAccount(desk: Desk, state: AccountState): void {
  const before = desk.books.accounts.get(state.id) as AccountState;
  if (!desk.accountsBefore.has(state.id)) put(desk, desk.accountsBefore, state.id, before);
  put(desk, desk.books.accounts, state.id, state);
}

function isBeyondRange(state: AccountState): boolean {
  return (
    state.postedDebits + state.pendingDebits > COUNTER_MAX ||
    state.postedCredits + state.pendingCredits > COUNTER_MAX
  );
}

function checkLimits(
  before: AccountState,
  after: AccountState,
  effects: readonly LegEffect[],
): Refused<PostRefusal> | undefined {
  const leg = (): number => effects.find(({ accountId }) => accountId === after.id)?.leg ?? 0;
  if (after.floor !== null) {
    const available = availableOf(after, after);
    const was = availableOf(before, before);
    if (available < 0n && available < was) {
      const message = `account ${after.id} has ${was} available, ${was - available} would leave`;
      return no('insufficient_available', message, leg());
    }
  }
  if (after.ceiling !== null) {
    const expected = expectedOf(after.normalSide, after);
    if (expected > after.ceiling && expected > expectedOf(before.normalSide, before)) {
      const message = `account ${after.id} would rise to ${expected}, above ${after.ceiling}`;
      return no('ceiling_exceeded', message, leg());
    }
  }
  return undefined;
}

function recordOf(
  desk: Desk,
  heading: Heading,
  entries: readonly Entry[],
  instruction: Instruction | undefined,
  recordedAt: Instant,
): StoredTransfer {
  return {
    id: idOf('trf', desk.nextId()),
    kind: heading.kind,
    externalId: instruction?.externalId,
    description: instruction?.description,
    metadata: instruction?.metadata,
    exchange: heading.exchange,
    holdId: heading.holdId,
    reversesId: heading.reversesId,
    expiresAt: heading.expiresAt,
    effectiveAt: heading.effectiveAt,
    recordedAt,
    entries,
    contentHash: '',
  };
}
