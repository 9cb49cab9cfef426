// The rate of a transfer in two currencies: it must be named, name the legs' currencies, and the
// amounts must follow from it to within one minor unit of the currency bought.

import { currencyOf, minorUnitsOf, parseRate, RATE_DECIMALS, type Refused } from '#kernel';
import type { PostRefusal } from '../refusals.ts';
import type { Exchange } from './instruction.ts';
import { no, type Totals } from './legs.ts';

const SCALE = 10n ** BigInt(RATE_DECIMALS);

export function checkExchange(
  exchange: Exchange | undefined,
  totals: ReadonlyMap<string, Totals>,
): Refused<PostRefusal> | undefined {
  if (exchange === undefined) {
    if (totals.size === 1) return undefined;
    return no('exchange_required', 'a transfer in two currencies names its exchange rate');
  }
  const from = totals.get(exchange.from);
  const to = totals.get(exchange.to);
  if (totals.size !== 2 || from === undefined || to === undefined || from === to) {
    const message = `the legs are in ${[...totals.keys()].join(', ')}`;
    return no('exchange_currencies_mismatch', message);
  }
  if (follows(exchange, from.debit, to.debit)) return undefined;
  const bought = `${to.debit} ${exchange.to}`;
  const message = `${from.debit} ${exchange.from} at ${exchange.rate} is not ${bought}`;
  return no('exchange_rate_mismatch', message);
}

function follows(exchange: Exchange, from: bigint, to: bigint): boolean {
  const rate = parseRate(exchange.rate);
  const fromCurrency = currencyOf(exchange.from);
  const toCurrency = currencyOf(exchange.to);
  if (rate === undefined || fromCurrency === undefined || toCurrency === undefined) return false;
  const unit = SCALE * 10n ** BigInt(minorUnitsOf(fromCurrency));
  const exact = from * rate.scaled * 10n ** BigInt(minorUnitsOf(toCurrency));
  const difference = to * unit - exact;
  return difference <= unit && difference >= -unit;
}
