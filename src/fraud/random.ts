// Owns seeded random numbers: the same seed gives the same numbers on every machine (the generator
// sfc32 of Chris Doty-Humphrey, 128 bits of state, additions and shifts only).

/** Where a sequence begins, and how many numbers are passed over until its words are mixed. */
export interface RandomStart {
  readonly seed: number;
  /** Of the same seed, another word gives another sequence. */
  readonly word: number;
  readonly warmUp: number;
}

/** Numbers from 0 up to, but not, 1, in steps of 2^-32. */
export function randomNumbers({ seed, word, warmUp }: RandomStart): () => number {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = word | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < warmUp; round += 1) next();
  return next;
}
