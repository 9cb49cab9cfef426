// From the legs a caller names to the amounts that move: the checks of each leg's account, the
// legs that move "up to" an amount or "the remainder", and the balance of debits and credits.

import { refuse, type Refused } from '#kernel';
import type { PostRefusal, PostRefusalCode } from '../refusals.ts';
import { availableOf, balanceOf, roomOf } from './balance.ts';
import type { AccountState, Books } from './books.ts';
import type { Leg, Side } from './instruction.ts';

export function no(code: PostRefusalCode, message: string, leg?: number): Refused<PostRefusal> {
  return refuse(leg === undefined ? { code, message } : { code, message, leg });
}

/** What a leg does to an account's counters, in minor units. */
export interface Effect {
  readonly side: Side;
  readonly posted: bigint;
  readonly pending: bigint;
}

/** The account after the effect. Written out, as it runs for every leg of every transfer. */
export function withEffect(state: AccountState, effect: Effect): AccountState {
  const isDebit = effect.side === 'debit';
  const { posted, pending } = effect;
  return {
    id: state.id,
    currency: state.currency,
    normalSide: state.normalSide,
    status: state.status,
    floor: state.floor,
    ceiling: state.ceiling,
    creditLimit: state.creditLimit,
    version: state.version + 1n,
    revision: state.revision,
    postedDebits: isDebit ? state.postedDebits + posted : state.postedDebits,
    postedCredits: isDebit ? state.postedCredits : state.postedCredits + posted,
    pendingDebits: isDebit ? state.pendingDebits + pending : state.pendingDebits,
    pendingCredits: isDebit ? state.pendingCredits : state.pendingCredits + pending,
  };
}

export function checkOpen(
  account: AccountState,
  side: Side,
  leg: number,
): Refused<PostRefusal> | undefined {
  const { status, id } = account;
  if (status === 'open') return undefined;
  if (status === 'closed') return no('account_closed', `account ${id} is closed`, leg);
  if (status === 'frozen' || status === `${side}s_frozen`) {
    return no('account_frozen', `account ${id} is frozen for ${side}s`, leg);
  }
  return undefined;
}

/** The accounts of the legs, in leg order, or the first leg's fault. */
export function checkLegs(
  books: Books,
  legs: readonly Leg[],
): AccountState[] | Refused<PostRefusal> {
  const accounts: AccountState[] = [];
  for (let index = 0; index < legs.length; index += 1) {
    const leg = legs[index] as Leg;
    const account = books.accounts.get(leg.accountId);
    if (account === undefined) {
      return no('account_not_found', `there is no account ${leg.accountId}`, index);
    }
    const fault =
      (account.status === 'closed' ? checkOpen(account, leg.side, index) : undefined) ??
      checkCurrency(account, leg, index) ??
      checkOpen(account, leg.side, index) ??
      (leg.conditions === undefined ? undefined : checkConditions(account, leg, index));
    if (fault !== undefined) return fault;
    accounts.push(account);
  }
  return accounts;
}

/** At least one debit and one credit; at most one leg a currency that takes the remainder. */
export function checkForm(books: Books, legs: readonly Leg[]): Refused<PostRefusal> | undefined {
  let hasDebit = false;
  let hasCredit = false;
  let remaining: Set<string> | undefined;
  for (let index = 0; index < legs.length; index += 1) {
    const leg = legs[index] as Leg;
    if (leg.side === 'debit') hasDebit = true;
    else hasCredit = true;
    if (leg.amount !== 'remaining') continue;
    const currency = books.accounts.get(leg.accountId)?.currency ?? leg.currency ?? `leg ${index}`;
    remaining ??= new Set();
    if (remaining.has(currency)) {
      return no('two_remaining_legs', `two legs in ${currency} take the remainder`, index);
    }
    remaining.add(currency);
  }
  if (hasDebit && hasCredit) return undefined;
  return no('too_few_legs', 'a transfer needs at least one debit leg and one credit leg');
}

function checkCurrency(
  account: AccountState,
  leg: Leg,
  index: number,
): Refused<PostRefusal> | undefined {
  if (leg.currency === undefined || leg.currency === account.currency) return undefined;
  const message = `account ${account.id} is in ${account.currency}, the leg in ${leg.currency}`;
  return no('currency_mismatch', message, index);
}

function checkConditions(
  account: AccountState,
  leg: Leg,
  index: number,
): Refused<PostRefusal> | undefined {
  const { availableAtLeast, balanceAtLeast, version } = leg.conditions ?? {};
  const available = availableOf(account, account);
  if (availableAtLeast !== undefined && available < availableAtLeast) {
    const message = `account ${account.id} has ${available}, asked for ${availableAtLeast}`;
    return no('condition_available_not_met', message, index);
  }
  const balance = balanceOf(account.normalSide, account);
  if (balanceAtLeast !== undefined && balance < balanceAtLeast) {
    const message = `account ${account.id} is at ${balance}, asked for ${balanceAtLeast}`;
    return no('condition_balance_not_met', message, index);
  }
  if (version !== undefined && account.version !== version) {
    const message = `account ${account.id} is at version ${account.version}, asked for ${version}`;
    return no('condition_version_not_met', message, index);
  }
  return undefined;
}

/** The amount of each leg, in leg order; zero where an up-to leg finds nothing to move. */
export function resolveAmounts(
  legs: readonly Leg[],
  accounts: readonly AccountState[],
  isHold: boolean,
): bigint[] | Refused<PostRefusal> {
  const isPlain = legs.every((leg) => leg.upTo !== true && leg.amount !== 'remaining');
  const amounts = isPlain
    ? legs.map((leg) => leg.amount as bigint)
    : resolveOpenAmounts(legs, accounts, isHold);
  if (!Array.isArray(amounts)) return amounts;
  if (!isPlain && amounts.every((amount) => amount === 0n)) {
    return no('nothing_to_move', 'the limits of the accounts leave nothing to move');
  }
  if (isPair(legs, accounts) && amounts[0] === amounts[1]) return amounts;
  const totals = totalsOf(legs, accounts, amounts);
  for (const [currency, total] of totals) {
    if (total.debit === total.credit) continue;
    const message = `debits of ${total.debit} and credits of ${total.credit} in ${currency} differ`;
    return no('unbalanced', message);
  }
  return amounts;
}

/** One debit and one credit in one currency: nearly every transfer there is. */
export function isPair(
  legs: readonly { readonly side: Side }[],
  accounts: readonly { readonly currency: string }[],
): boolean {
  return (
    legs.length === 2 &&
    legs[0]?.side !== legs[1]?.side &&
    accounts[0]?.currency === accounts[1]?.currency
  );
}

export interface Totals {
  debit: bigint;
  credit: bigint;
}

/** Per currency, the sum of each side. */
export function totalsOf(
  legs: readonly { readonly side: Side }[],
  accounts: readonly { readonly currency: string }[],
  amounts: readonly bigint[],
): Map<string, Totals> {
  const totals = new Map<string, Totals>();
  for (let index = 0; index < legs.length; index += 1) {
    const currency = (accounts[index] as AccountState).currency;
    let total = totals.get(currency);
    if (total === undefined) {
      total = { debit: 0n, credit: 0n };
      totals.set(currency, total);
    }
    total[(legs[index] as Leg).side] += amounts[index] as bigint;
  }
  return totals;
}

// The gap that the up-to legs of one side must fill when no leg of their currency takes the
// remainder: the fixed total of the other side less that of their own.
interface Gap {
  readonly side: Side;
  left: bigint;
}

function resolveOpenAmounts(
  legs: readonly Leg[],
  accounts: readonly AccountState[],
  isHold: boolean,
): bigint[] | Refused<PostRefusal> {
  const gaps = gapsOf(legs, accounts);
  if (gaps === undefined) {
    return no('unbalanced', 'both sides move up to an amount and no leg takes the remainder');
  }
  const drafts = new Map<string, AccountState>();
  const amounts: bigint[] = [];
  for (let index = 0; index < legs.length; index += 1) {
    const leg = legs[index] as Leg;
    const loaded = accounts[index] as AccountState;
    const account = drafts.get(leg.accountId) ?? loaded;
    let amount = leg.amount === 'remaining' ? 0n : leg.amount;
    if (leg.upTo === true) {
      const gap = gaps.get(account.currency);
      amount = least(amount, roomOf(account, account, leg.side), gap?.left);
      if (gap !== undefined) gap.left -= amount;
    }
    amounts.push(amount);
    const effect = { side: leg.side, posted: isHold ? 0n : amount, pending: isHold ? amount : 0n };
    drafts.set(leg.accountId, withEffect(account, effect));
  }
  for (const [currency, gap] of gaps) {
    if (gap.left <= 0n) continue;
    const message = `the ${gap.side} legs in ${currency} fall short by ${gap.left}`;
    return no('insufficient_available', message);
  }
  return fillRemaining(legs, accounts, amounts);
}

function gapsOf(
  legs: readonly Leg[],
  accounts: readonly AccountState[],
): Map<string, Gap> | undefined {
  const gaps = new Map<string, Gap>();
  for (let index = 0; index < legs.length; index += 1) {
    const leg = legs[index] as Leg;
    const currency = (accounts[index] as AccountState).currency;
    if (leg.upTo !== true) continue;
    const peers = legs.filter((_, peer) => (accounts[peer] as AccountState).currency === currency);
    if (peers.some((peer) => peer.amount === 'remaining')) continue;
    if (peers.some((peer) => peer.upTo === true && peer.side !== leg.side)) return undefined;
    const fixed = (side: Side): bigint =>
      peers.reduce((sum, peer) => {
        const isFixed = peer.side === side && peer.upTo !== true;
        return isFixed ? sum + (peer.amount as bigint) : sum;
      }, 0n);
    const left = fixed(leg.side === 'debit' ? 'credit' : 'debit') - fixed(leg.side);
    gaps.set(currency, { side: leg.side, left: left > 0n ? left : 0n });
  }
  return gaps;
}

function fillRemaining(
  legs: readonly Leg[],
  accounts: readonly AccountState[],
  amounts: bigint[],
): bigint[] | Refused<PostRefusal> {
  const totals = totalsOf(legs, accounts, amounts);
  for (let index = 0; index < legs.length; index += 1) {
    const leg = legs[index] as Leg;
    if (leg.amount !== 'remaining') continue;
    const { debit, credit } = totals.get((accounts[index] as AccountState).currency) as Totals;
    const remaining = leg.side === 'debit' ? credit - debit : debit - credit;
    if (remaining > 0n) {
      amounts[index] = remaining;
    } else if (debit === 0n && credit === 0n) {
      return no('nothing_to_move', 'the limits of the accounts leave nothing to move', index);
    } else {
      return no('unbalanced', `nothing remains for the ${leg.side} leg`, index);
    }
  }
  return amounts;
}

function least(amount: bigint, ...bounds: (bigint | undefined)[]): bigint {
  let result = amount;
  for (const bound of bounds) if (bound !== undefined && bound < result) result = bound;
  return result;
}
