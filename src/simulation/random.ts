// Owns the simulation's chance: the same seed gives the same choices on every machine, for ever.

export interface Random {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<Value>(values: readonly Value[]): Value;
  /** One of the values, each as likely as its weight. */
  weighted<Value>(choices: readonly (readonly [weight: number, value: Value])[]): Value;
}

/** The generator sfc32 (PractRand), warmed up so that neighbouring seeds have nothing in common. */
export function randomOf(seed: number): Random {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round += 1) next();
  const below = (end: number): number => Math.floor(next() * end);
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  };
  return {
    below,
    pick,
    chance: (probability) => next() < probability,
    weighted: (choices) => {
      let rest = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of choices) {
        rest -= weight;
        if (rest < 0) return value;
      }
      return pick(choices)[1];
    },
  };
}
