import assert from 'node:assert/strict';
import test from 'node:test';
import { randomStream } from './random.ts';

const DRAWS = 50_000;

function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS;
  return { mean, variance };
}

function near(value: number, expected: number, by: number): void {
  assert.ok(Math.abs(value - expected) <= by, `${value} is not within ${by} of ${expected}`);
}

test('a stream is the same for the same seed and purpose, and another for any other', () => {
  const first = (seed: number, ...purposes: number[]): number[] => {
    const random = randomStream(seed, ...purposes);
    return Array.from({ length: 8 }, () => random.next());
  };
  assert.deepEqual(first(7, 1, 2), first(7, 1, 2));
  const others = [
    first(8, 1, 2),
    first(7, 2, 1),
    first(7, 1, 3),
    first(7),
    first(7 + 2 ** 32, 1, 2),
  ];
  const seen = new Set([first(7, 1, 2), ...others].map((each) => each.join()));
  assert.equal(seen.size, 6);
});

test('the first number of neighbouring seeds is spread evenly', () => {
  let seed = 0;
  const { mean, variance } = momentsOf(() => randomStream((seed += 1), 5).next());
  near(mean, 0.5, 0.01);
  near(variance, 1 / 12, 0.005);
});

test('a normal number has mean 0 and deviation 1', () => {
  const random = randomStream(1);
  const { mean, variance } = momentsOf(() => random.normal());
  near(mean, 0, 0.02);
  near(variance, 1, 0.03);
});

test('a Poisson count has its mean as mean and as variance', () => {
  for (const expected of [0.3, 2, 4]) {
    const random = randomStream(2);
    const { mean, variance } = momentsOf(() => random.poisson(expected));
    near(mean, expected, 0.04 * expected);
    near(variance, expected, 0.06 * expected);
  }
  assert.equal(randomStream(3).poisson(0), 0);
});

test('a count that is rounded by chance meets its mean', () => {
  const random = randomStream(4);
  near(momentsOf(() => random.count(2.3)).mean, 2.3, 0.02);
  assert.equal(random.count(3), 3);
});
