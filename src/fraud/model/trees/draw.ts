// Owns seeded random numbers: the same seed gives the same numbers on every machine (the generator
// sfc32 of Chris Doty-Humphrey, 128 bits of state, additions and shifts only).

const WARM_UP = 16;
const GOLDEN = 0x9e3779b9;

/** Numbers from 0 up to, but not, 1, in multiples of 2^-32. */
export function seededDraw(seed: number): () => number {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = GOLDEN | 0;
  let counter = 1;
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let at = 0; at < WARM_UP; at += 1) draw();
  return draw;
}
