// What a limit is: a constant of the product with a name, a unit and a meaning. Limits are not for
// an operator to change.

export interface LimitOf<Value> {
  readonly unit: string;
  readonly meaning: string;
  readonly value: Value;
}

export type LimitTable = Readonly<Record<string, LimitOf<number | bigint>>>;

export function limit<const Value extends number>(
  value: Value,
  unit: string,
  meaning: string,
): LimitOf<Value> {
  return { unit, meaning, value };
}
