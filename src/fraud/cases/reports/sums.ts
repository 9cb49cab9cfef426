// Owns sums of amounts as people read them: by currency, in units. Amounts of several currencies
// are never added up. Pure.

import type { JsonObject } from '#audit';

/** Hundredths of a unit, whatever the currency's own places. */
export interface Summed {
  readonly currency: string;
  readonly hundredths: number;
}

export function sumsOf(amounts: readonly Summed[]): JsonObject[] {
  const byCurrency = Map.groupBy(amounts, ({ currency }) => currency);
  return [...byCurrency.keys()].toSorted().map((currency) => {
    const own = byCurrency.get(currency) ?? [];
    const total = own.reduce((sum, { hundredths }) => sum + BigInt(hundredths), 0n);
    return { currency, amount: unitsText(total), count: own.length };
  });
}

/** In units with two places; not negative. */
function unitsText(hundredths: bigint): string {
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`;
}
