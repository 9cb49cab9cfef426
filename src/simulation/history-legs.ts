// Owns the legs of random transfers and holds: mostly sound, sometimes open in their amounts, now
// and then wrong in one of the ways a caller can be wrong.

import { AMOUNT_MAX } from '#kernel';
import type { Exchange, Leg, LegConditions, Side } from '#ledger';
import { ACCOUNT_UNKNOWN, accountName, type Plan } from './plan.ts';
import type { Random } from './random.ts';

interface Legs {
  readonly legs: readonly Leg[];
  readonly exchange?: Exchange | undefined;
}

export function legsOf(plan: Plan): Legs {
  const { random } = plan;
  const currencies = [...new Set(plan.accounts.map((account) => account.currency))];
  if (currencies.length > 1 && random.chance(0.2)) return exchangeOf(plan, currencies);
  const currency = random.pick(currencies);
  const shape = random.weighted([
    [60, simple],
    [15, several],
    [10, withRemainder],
    [8, withWaterfall],
    [4, malformed],
  ]);
  const legs = shape(plan, currency).map((leg) => decorated(plan, leg));
  const exchange = random.chance(0.01) ? { from: 'CZK', to: 'EUR', rate: '2' } : undefined;
  return { legs: random.chance(0.2) ? shuffled(random, legs) : legs, exchange };
}

/** Small, so that limits of some tens are often met; in a few histories as large as can be. */
function amountOf({ random, hasHugeAmounts }: Plan): bigint {
  if (hasHugeAmounts) return AMOUNT_MAX;
  return BigInt(
    random.weighted([
      [5, 1],
      [1, 20],
    ]) + random.below(20),
  );
}

function legOn(plan: Plan, currency: string, side: Side, amount: Leg['amount']): Leg {
  const fitting = plan.accounts.flatMap((account, number) =>
    account.currency === currency ? [number] : [],
  );
  // The first account of each currency has no limits: most money comes from there or goes there.
  const number = plan.random.chance(0.3) ? fitting[0] : plan.random.pick(fitting);
  return { accountId: accountName(number ?? 0), side, amount };
}

function simple(plan: Plan, currency: string): Leg[] {
  const amount = amountOf(plan);
  return [legOn(plan, currency, 'debit', amount), legOn(plan, currency, 'credit', amount)];
}

function several(plan: Plan, currency: string): Leg[] {
  const { random } = plan;
  const side: Side = random.pick(['debit', 'credit']);
  const amounts = Array.from({ length: 2 + random.below(2) }, () => amountOf(plan));
  const total = amounts.reduce((sum, amount) => sum + amount, 0n);
  const many = amounts.map((amount) => legOn(plan, currency, side, amount));
  return [...many, legOn(plan, currency, otherSide(side), total)];
}

function withRemainder(plan: Plan, currency: string): Leg[] {
  const { random } = plan;
  const side: Side = random.pick(['debit', 'credit']);
  const open = Array.from({ length: 1 + random.below(2) }, () => ({
    ...legOn(plan, currency, side, amountOf(plan)),
    upTo: random.chance(0.7) ? true : undefined,
  }));
  const back = random.chance(0.3) ? [legOn(plan, currency, otherSide(side), amountOf(plan))] : [];
  return [...open, ...back, legOn(plan, currency, otherSide(side), 'remaining')];
}

function withWaterfall(plan: Plan, currency: string): Leg[] {
  const { random } = plan;
  const side: Side = random.pick(['debit', 'credit']);
  const fixed = random.chance(0.3) ? [legOn(plan, currency, side, amountOf(plan))] : [];
  const open = Array.from({ length: 1 + random.below(3) }, () => ({
    ...legOn(plan, currency, side, amountOf(plan)),
    upTo: true,
  }));
  return [...fixed, ...open, legOn(plan, currency, otherSide(side), amountOf(plan))];
}

function malformed(plan: Plan, currency: string): Leg[] {
  const { random } = plan;
  const amount = amountOf(plan);
  const debit = legOn(plan, currency, 'debit', amount);
  const credit = legOn(plan, currency, 'credit', amount);
  return random.pick<Leg[]>([
    [debit],
    [debit, { ...credit, side: 'debit' }],
    [debit, { ...credit, amount: amount + 1n }],
    [debit, { ...credit, accountId: accountName(ACCOUNT_UNKNOWN) }],
    [debit, { ...credit, currency: 'USD' }],
    [
      { ...debit, amount: 'remaining' },
      { ...credit, amount: 'remaining' },
    ],
    [
      { ...debit, upTo: true },
      { ...credit, upTo: true },
    ],
  ]);
}

function exchangeOf(plan: Plan, currencies: readonly string[]): Legs {
  const { random } = plan;
  const [from = '', to = '', third = ''] = shuffled(random, currencies);
  // One minor unit of `from` buys one, two or five of `to`: exact, so that no rounding is in doubt.
  const times = random.pick([1, 2, 5]);
  const sold = amountOf(plan);
  const bought = sold * BigInt(times) + (random.chance(0.1) ? 7n : 0n);
  const legs = [...pairOf(plan, from, sold), ...pairOf(plan, to, bought)];
  if (third !== '' && random.chance(0.2)) legs.push(...pairOf(plan, third, 1n));
  const rate = rateOf(from, to, times);
  const exchange = random.chance(0.1)
    ? undefined
    : { from, to: random.chance(0.05) ? 'USD' : to, rate };
  return { legs, exchange };
}

function pairOf(plan: Plan, currency: string, amount: bigint): Leg[] {
  return [legOn(plan, currency, 'debit', amount), legOn(plan, currency, 'credit', amount)];
}

/** The rate between major units when one minor unit of `from` buys `times` minor units of `to`. */
function rateOf(from: string, to: string, times: number): string {
  const decimals = (currency: string): number => (currency === 'JPY' ? 0 : 2);
  const shift = decimals(from) - decimals(to);
  return shift >= 0 ? String(times * 10 ** shift) : `0.0${times}`;
}

function decorated(plan: Plan, leg: Leg): Leg {
  const { random } = plan;
  if (!random.chance(0.04)) return leg;
  const { currency } = plan.accounts[Number(leg.accountId.slice('acc_'.length))] ?? {};
  const conditions = random.pick<LegConditions>([
    { availableAtLeast: BigInt(random.below(40) - 5) },
    { balanceAtLeast: BigInt(random.below(40) - 5) },
    { version: BigInt(random.below(6)) },
  ]);
  return random.chance(0.3)
    ? { ...leg, currency: leg.currency ?? currency }
    : { ...leg, conditions };
}

function otherSide(side: Side): Side {
  return side === 'debit' ? 'credit' : 'debit';
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const rest = [...values];
  return values.map(() => {
    const [taken] = rest.splice(random.below(rest.length), 1);
    return taken as Value;
  });
}
