// Owns chance with a seed: streams of numbers that are the same on every machine. Only the four
// operations and square roots are used, which IEEE 754 defines to the last bit; exponentials and
// logarithms, which engines may round differently, are not.

import { randomNumbers } from '../random.ts';

/** Numbers that only look random, in an order that its seed decides. */
export interface RandomStream {
  /** From 0 up to, not including, 1, in steps of 2^-32. */
  next(): number;
  /** A whole number from 0 up to, not including, the bound. */
  below(bound: number): number;
  /** A number between the two. */
  between(low: number, high: number): number;
  /** About normal, with mean 0 and deviation 1; never further than 6 from 0. */
  normal(): number;
  /** A count with the given mean, as calls in a telephone exchange come. */
  poisson(mean: number): number;
  /** The mean rounded up or down by chance, so that it is met on average. */
  count(mean: number): number;
}

/** The stream of a seed and of what it is drawn for; other purposes leave it as it is. */
export function randomStream(seed: number, ...purposes: readonly number[]): RandomStream {
  const next = numbersFor(seed, purposes);
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    between: (low, high) => low + next() * (high - low),
    normal: () => normalOf(next),
    poisson: (mean) => poissonOf(next, mean),
    count: (mean) => Math.floor(mean) + (next() < mean - Math.floor(mean) ? 1 : 0),
  };
}

/** Until the words are mixed, seeds that are near each other give streams that are. */
const WARM_UP = 15;

function numbersFor(seed: number, purposes: readonly number[]): () => number {
  let word = 0;
  for (const purpose of purposes) word = Math.imul(word ^ purpose, 0x9e3779b1) + 0x7f4a7c15;
  return randomNumbers({ seed, word, warmUp: WARM_UP });
}

const UNIFORMS = 12;

/** Twelve uniform numbers have deviation 1 in sum, and their sum is nearly normal. */
function normalOf(next: () => number): number {
  let sum = 0;
  for (let draw = 0; draw < UNIFORMS; draw += 1) sum += next();
  return sum - UNIFORMS / 2;
}

/** Knuth's method; the means here are a few units, for which it takes as many steps. */
function poissonOf(next: () => number, mean: number): number {
  const floor = 1 / exponentialOf(mean);
  let count = 0;
  for (let product = next(); product > floor; product *= next()) count += 1;
  return count;
}

/** By its series, so that every machine gets the same bits. */
function exponentialOf(power: number): number {
  let sum = 1;
  let term = 1;
  for (let index = 1; term > sum * 2 ** -53; index += 1) {
    term *= power / index;
    sum += term;
  }
  return sum;
}
