// Owns the logistic function made of additions and multiplications only, which every machine rounds
// alike: Math.exp may differ in the last bit between engines, and with it the model trained.

/** e^x is 2^whole · 2^(part / PARTS) · e^rest, the rest so small that a short series is exact. */
const PARTS = 64;
const PARTS_BY_E = 92.33248261689366;
/** A 64th of the logarithm of 2 in two parts; the first ends in zeroes: multiples are exact. */
const PART_HIGH = 0.010830424667801708;
const PART_LOW = 2.8447437476627285e-11;
/** Beyond this the result is 0 or 1 for every purpose, and the powers of two end at 1,022. */
const ARGUMENT_MAX = 700;
const POWER_MAX = 1_022;

const powersOfTwo = Float64Array.from({ length: 2 * POWER_MAX + 1 }, (_, at) =>
  at < POWER_MAX ? 1 / 2 ** (POWER_MAX - at) : 2 ** (at - POWER_MAX),
);
const powersOfPart = Float64Array.from({ length: PARTS }, (_, part) => longSeries(part));

/** 1 / (1 + e^-x). */
export function logistic(x: number): number {
  return 1 / (1 + exponential(-x));
}

/** e^x to about one part in 10^15; arguments are held within 700 of zero. */
function exponential(x: number): number {
  const held = Math.min(ARGUMENT_MAX, Math.max(-ARGUMENT_MAX, x));
  const parts = Math.floor(held * PARTS_BY_E + 0.5);
  const rest = held - parts * PART_HIGH - parts * PART_LOW;
  const series =
    1 + rest + rest * rest * (1 / 2 + rest * (1 / 6 + rest * (1 / 24 + rest * (1 / 120))));
  return (
    series * (powersOfPart[parts & (PARTS - 1)] ?? 1) * (powersOfTwo[(parts >> 6) + POWER_MAX] ?? 1)
  );
}

/** e to so many parts by its series, the small terms first. */
function longSeries(part: number): number {
  const exponent = part * (PART_HIGH + PART_LOW);
  let sum = 1;
  for (let term = 20; term > 0; term -= 1) sum = 1 + (sum * exponent) / term;
  return sum;
}
