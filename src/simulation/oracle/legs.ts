// Owns the oracle's reading of a transfer's legs: whether each account takes part, what the open
// amounts come to, and whether an exchange follows its rate.

import type { Exchange, Leg } from '#ledger';
import { availableOf, balanceOf, isFrozen, moved, roomOf } from './account.ts';
import { accountOf, No, type Resolved, type World } from './world.ts';

/** Everything that can be said of the legs without looking at any amount in an account. */
export function checkForm(world: World, legs: readonly Leg[]): void {
  const sides = new Set(legs.map((leg) => leg.side));
  if (sides.size < 2) throw new No('too_few_legs');
  const takers = legs
    .filter((leg) => leg.amount === 'remaining')
    .map((leg) => world.accounts.get(leg.accountId)?.currency ?? leg.accountId);
  if (new Set(takers).size < takers.length) throw new No('two_remaining_legs');
}

/** A leg in so far as its account has a say in it. */
type Party = Pick<Leg, 'side' | 'currency' | 'conditions'> & { readonly accountId: string };

/** May each leg's account take part, and do its conditions hold? In leg order. */
export function checkAccounts(world: World, legs: readonly Party[]): void {
  for (const { accountId, side, currency, conditions } of legs) {
    const account = accountOf(world, accountId);
    if (account.state === 'closed') throw new No('account_closed');
    if (currency !== undefined && currency !== account.currency) throw new No('currency_mismatch');
    if (isFrozen(account, side)) throw new No('account_frozen');
    const { availableAtLeast, balanceAtLeast, version } = conditions ?? {};
    if (availableAtLeast !== undefined && availableOf(account) < availableAtLeast) {
      throw new No('condition_available_not_met');
    }
    if (balanceAtLeast !== undefined && balanceOf(account) < balanceAtLeast) {
      throw new No('condition_balance_not_met');
    }
    if (version !== undefined && account.version !== version) {
      throw new No('condition_version_not_met');
    }
  }
}

/** What each leg comes to. Legs may come to zero; they stay in the list, in their places. */
export function resolveLegs(world: World, legs: readonly Leg[], isHold: boolean): Resolved[] {
  const amounts = legs.map((leg) =>
    leg.upTo === true || leg.amount === 'remaining' ? undefined : leg.amount,
  );
  // Currencies are settled one by one; where several fail, any of their reasons is true.
  const codes = currenciesOf(world, legs).flatMap((currency) => {
    const places = legs.flatMap((leg, place) =>
      accountOf(world, leg.accountId).currency === currency ? [place] : [],
    );
    const isByLimits = places.some((place) => legs[place]?.amount === 'remaining');
    return isByLimits
      ? fillByLimits(world, legs, places, amounts, isHold)
      : fillByGap(world, legs, places, amounts, isHold);
  });
  if (codes.length > 0) throw new No(...codes);
  if (amounts.every((amount) => amount === 0n)) throw new No('nothing_to_move');
  return legs.map((leg, place) => movementOf(leg, place, amounts[place] ?? 0n, isHold));
}

export function currenciesOf(
  world: World,
  legs: readonly { readonly accountId: string }[],
): string[] {
  return [...new Set(legs.map((leg) => accountOf(world, leg.accountId).currency))];
}

function movementOf(
  leg: Pick<Leg, 'accountId' | 'side'>,
  place: number,
  amount: bigint,
  isHold: boolean,
): Resolved {
  const { accountId, side } = leg;
  const posted = isHold ? 0n : amount;
  const pending = isHold ? amount : 0n;
  return { leg: place, accountId, side, posted, pending };
}

/** Debits minus credits among these legs, open amounts counted as nothing. */
function surplusOf(
  legs: readonly Leg[],
  places: readonly number[],
  amounts: readonly (bigint | undefined)[],
): bigint {
  let surplus = 0n;
  for (const place of places) {
    const amount = amounts[place] ?? 0n;
    surplus += legs[place]?.side === 'debit' ? amount : -amount;
  }
  return surplus;
}

type Amounts = (bigint | undefined)[];

/** The code of what is wrong, if anything is. */
type Fault = [] | [string];

/** One leg takes the remainder, so each up-to leg takes what its account's limits let through. */
function fillByLimits(
  world: World,
  legs: readonly Leg[],
  places: readonly number[],
  amounts: Amounts,
  isHold: boolean,
): Fault {
  let taker: number | undefined;
  for (const place of places) {
    const leg = legs[place];
    if (leg === undefined) continue;
    if (leg.amount === 'remaining') taker = place;
    else if (leg.upTo === true) amounts[place] = mostOf(world, legs, amounts, place, isHold);
  }
  if (taker === undefined) return [];
  const surplus = surplusOf(legs, places, amounts);
  const rest = legs[taker]?.side === 'debit' ? -surplus : surplus;
  if (rest > 0n) {
    amounts[taker] = rest;
    return [];
  }
  const isNothing = places.every((place) => (amounts[place] ?? 0n) === 0n);
  return [isNothing ? 'nothing_to_move' : 'unbalanced'];
}

/** What an up-to leg can take: its account's limits count after the legs that come before it. */
function mostOf(
  world: World,
  legs: readonly Leg[],
  amounts: Amounts,
  place: number,
  isHold: boolean,
): bigint {
  const own = legs[place];
  if (own === undefined || own.amount === 'remaining') return 0n;
  let account = accountOf(world, own.accountId);
  for (const [other, leg] of legs.slice(0, place).entries()) {
    const amount = amounts[other];
    if (leg.accountId !== own.accountId || amount === undefined) continue;
    account = moved(account, movementOf(leg, other, amount, isHold));
  }
  return smaller(roomOf(account, own.side) ?? own.amount, own.amount);
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

/** No leg takes the remainder, so the up-to legs of one side fill what the other side is ahead. */
function fillByGap(
  world: World,
  legs: readonly Leg[],
  places: readonly number[],
  amounts: Amounts,
  isHold: boolean,
): Fault {
  const open = places.filter((place) => legs[place]?.upTo === true);
  const surplus = surplusOf(legs, places, amounts);
  const sides = new Set(open.map((place) => legs[place]?.side));
  if (sides.size === 2) return ['unbalanced'];
  let gap = sides.has('debit') ? -surplus : surplus;
  if (gap < 0n || (open.length === 0 && gap !== 0n)) return ['unbalanced'];
  for (const place of open) {
    const take = smaller(mostOf(world, legs, amounts, place, isHold), gap);
    amounts[place] = take;
    gap -= take;
  }
  return gap > 0n ? ['insufficient_available'] : [];
}

const RATE_SCALE = 10n ** 12n;
const MINOR_UNITS: Readonly<Record<string, number>> = { CZK: 2, EUR: 2, JPY: 0, KWD: 3 };

/** Two currencies need a rate that names them and explains the amounts; one currency needs none. */
export function checkExchange(
  world: World,
  exchange: Exchange | undefined,
  movements: readonly Resolved[],
): void {
  const currencies = currenciesOf(world, movements);
  if (exchange === undefined) {
    if (currencies.length === 1) return;
    // Three currencies can have no exchange at all: both answers are true of them.
    if (currencies.length === 2) throw new No('exchange_required');
    throw new No('exchange_required', 'exchange_currencies_mismatch');
  }
  const named = [exchange.from, exchange.to].toSorted().join();
  if (currencies.toSorted().join() !== named) throw new No('exchange_currencies_mismatch');
  const [from = 0n, to = 0n] = [exchange.from, exchange.to].map((currency) =>
    movements
      .filter((one) => accountOf(world, one.accountId).currency === currency)
      .filter((one) => one.side === 'debit')
      .reduce((sum, one) => sum + one.posted + one.pending, 0n),
  );
  const [whole = '0', fraction = ''] = exchange.rate.split('.');
  const rate = BigInt(whole) * RATE_SCALE + BigInt(fraction.padEnd(12, '0'));
  const fromScale = 10n ** BigInt(MINOR_UNITS[exchange.from] ?? 2);
  const toScale = 10n ** BigInt(MINOR_UNITS[exchange.to] ?? 2);
  // from/fromScale x rate = to/toScale, give or take less than one minor unit of the bought
  // currency.
  const exact = from * rate * toScale;
  const given = to * RATE_SCALE * fromScale;
  const difference = exact > given ? exact - given : given - exact;
  if (difference >= RATE_SCALE * fromScale) throw new No('exchange_rate_mismatch');
}
