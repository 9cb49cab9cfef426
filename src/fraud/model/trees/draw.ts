// Owns what training draws by chance: one sequence of numbers a seed. Models that are kept were
// trained with it, so it never changes.

import { randomNumbers } from '../../random.ts';

const WARM_UP = 16;
const GOLDEN = 0x9e3779b9;

/** Numbers from 0 up to, but not, 1, in multiples of 2^-32. */
export function seededDraw(seed: number): () => number {
  return randomNumbers({ seed, word: GOLDEN, warmUp: WARM_UP });
}
