import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { calibrated, calibrationOf, type Calibration } from './calibrate.ts';

function calibrationFrom(pairs: readonly (readonly [number, boolean])[]): Calibration {
  return calibrationOf(
    Float64Array.from(pairs, ([score]) => score),
    Uint8Array.from(pairs, ([, isFraud]) => (isFraud ? 1 : 0)),
  );
}

const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.boolean()), {
  minLength: 1,
  maxLength: 60,
});

test('neighbours whose shares fall are pooled, and others are left alone', () => {
  const calibration = calibrationFrom([
    [0.1, false],
    [0.2, true],
    [0.3, false],
    [0.4, true],
  ]);
  assert.deepEqual([...calibration.scores], [0.1, 0.2, 0.3, 0.4]);
  assert.deepEqual([...calibration.probabilities], [0, 0.5, 0.5, 1]);
});

test('between knots the probability runs straight and outside it stays', () => {
  const calibration = calibrationFrom([
    [0.2, false],
    [0.4, true],
  ]);
  assert.equal(calibrated(calibration, 0), 0);
  assert.ok(Math.abs(calibrated(calibration, 0.3) - 0.5) < 1e-12);
  assert.equal(calibrated(calibration, 1), 1);
  assert.throws(() => calibrated(calibration, Number.NaN), /number/);
});

test('a greater score never gets a lesser probability', () => {
  fc.assert(
    fc.property(pairs, fc.array(fc.double({ min: -1, max: 31, noNaN: true })), (rows, scores) => {
      const calibration = calibrationFrom(rows);
      const probabilities = scores.toSorted((a, b) => a - b).map((s) => calibrated(calibration, s));
      for (const [at, probability] of probabilities.entries()) {
        assert.ok(probability >= 0 && probability <= 1);
        assert.ok(at === 0 || probability >= (probabilities[at - 1] ?? 0));
      }
    }),
  );
});

test('each probability is the least squares fit by its max-min formula', () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const calibration = calibrationFrom(rows);
      const scores = [...new Set(rows.map(([score]) => score))].sort((a, b) => a - b);
      const shareOf = (from: number, to: number): number => {
        const within = rows.filter(([score]) => score >= from && score <= to);
        return within.filter(([, isFraud]) => isFraud).length / within.length;
      };
      for (const score of scores) {
        const fit = Math.max(
          ...scores
            .filter((from) => from <= score)
            .map((from) =>
              Math.min(...scores.filter((to) => to >= score).map((to) => shareOf(from, to))),
            ),
        );
        assert.ok(Math.abs(calibrated(calibration, score) - fit) < 1e-12);
      }
    }),
  );
});

test('the probabilities add up to the frauds there were', () => {
  fc.assert(
    fc.property(pairs, (rows) => {
      const calibration = calibrationFrom(rows);
      const sum = rows.reduce((total, [score]) => total + calibrated(calibration, score), 0);
      assert.ok(Math.abs(sum - rows.filter(([, isFraud]) => isFraud).length) < 1e-9);
    }),
  );
});
