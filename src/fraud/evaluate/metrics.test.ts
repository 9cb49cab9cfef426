import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  aucRoc,
  averagePrecision,
  cardPrecisionAt,
  cardPrecisionCeiling,
  type Judged,
} from './metrics.ts';

const judgements = fc
  .array(fc.record({ score: fc.integer({ min: 0, max: 9 }), isFraud: fc.boolean() }), {
    minLength: 2,
    maxLength: 60,
  })
  .filter((rows) => rows.some((row) => row.isFraud) && rows.some((row) => !row.isFraud));

test('the area under the curve of the textbook example is 0.75', () => {
  assert.equal(aucRoc(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1)), 0.75);
});

test('the average precision of the textbook example is five sixths', () => {
  const precision = averagePrecision(
    Float64Array.of(0.1, 0.4, 0.35, 0.8),
    Uint8Array.of(0, 0, 1, 1),
  );
  assert.equal(precision, (1 + 2 / 3) / 2);
});

test('rows of one score are one step, in whatever order they come', () => {
  const scores = Float64Array.of(0.5, 0.5, 0.5, 0.5);
  for (const labels of [Uint8Array.of(1, 0, 0, 0), Uint8Array.of(0, 0, 0, 1)]) {
    assert.equal(aucRoc(scores, labels), 0.5);
    assert.equal(averagePrecision(scores, labels), 0.25);
  }
});

test('the area under the curve is the share of pairs that are ranked right, ties counting half', () => {
  fc.assert(
    fc.property(judgements, (rows) => {
      const frauds = rows.filter((row) => row.isFraud);
      const genuine = rows.filter((row) => !row.isFraud);
      const won = frauds
        .flatMap((fraud) => genuine.map((other) => Math.sign(fraud.score - other.score)))
        .reduce((sum, sign) => sum + (sign + 1) / 2, 0);
      const area = aucRoc(...columnsOf(rows));
      assert.ok(Math.abs(area - won / (frauds.length * genuine.length)) < 1e-12);
    }),
  );
});

test('no order of rows and no stretching of scores changes a metric', () => {
  fc.assert(
    fc.property(judgements, (rows) => {
      const stretched = rows.toReversed().map((row) => ({ ...row, score: row.score ** 3 + 1 }));
      assert.equal(aucRoc(...columnsOf(stretched)), aucRoc(...columnsOf(rows)));
      assert.equal(averagePrecision(...columnsOf(stretched)), averagePrecision(...columnsOf(rows)));
    }),
  );
});

test('a metric of rows without a fraud is not a number', () => {
  assert.equal(aucRoc(Float64Array.of(1, 2), Uint8Array.of(0, 0)), Number.NaN);
  assert.equal(averagePrecision(Float64Array.of(1, 2), Uint8Array.of(0, 0)), Number.NaN);
});

test('a score that is not a number is a bug of the model', () => {
  assert.throws(() => aucRoc(Float64Array.of(Number.NaN, 1), Uint8Array.of(0, 1)), /a number/);
});

test('a card counts once a day, at its greatest score', () => {
  const judged = judgedOf([
    { day: 0, customer: 7, score: 0.9, isFraud: false },
    { day: 0, customer: 7, score: 0.1, isFraud: true },
    { day: 0, customer: 8, score: 0.5, isFraud: true },
    { day: 0, customer: 9, score: 0.6, isFraud: false },
  ]);
  assert.equal(cardPrecisionAt(1, judged), 1);
  assert.equal(cardPrecisionAt(2, judged), 0.5);
});

test('a card that was found is not found again on a later day', () => {
  const judged = judgedOf([
    { day: 3, customer: 7, score: 0.9, isFraud: true },
    { day: 4, customer: 7, score: 0.9, isFraud: true },
    { day: 4, customer: 8, score: 0.2, isFraud: false },
  ]);
  assert.equal(cardPrecisionAt(1, judged), 0.5);
});

test('a card that was missed may be found on a later day', () => {
  const judged = judgedOf([
    { day: 3, customer: 7, score: 0.1, isFraud: true },
    { day: 3, customer: 8, score: 0.2, isFraud: false },
    { day: 4, customer: 7, score: 0.9, isFraud: true },
  ]);
  assert.equal(cardPrecisionAt(1, judged), 0.5);
});

test('of two cards with one score, the lower comes first', () => {
  const judged = judgedOf([
    { day: 0, customer: 9, score: 0.5, isFraud: true },
    { day: 0, customer: 8, score: 0.5, isFraud: false },
  ]);
  assert.equal(cardPrecisionAt(1, judged), 0);
});

test('the ceiling is below one where fewer cards are compromised than are looked at', () => {
  const judged = judgedOf([
    { day: 0, customer: 7, score: 0.1, isFraud: true },
    { day: 0, customer: 8, score: 0.9, isFraud: false },
    { day: 0, customer: 9, score: 0.8, isFraud: false },
  ]);
  assert.equal(cardPrecisionCeiling(2, judged), 0.5);
});

test('no scores find more cards than knowing the labels does, where each card is seen on one day', () => {
  const cards = fc.array(
    fc.record({ day: fc.nat(3), score: fc.nat(20), isFraud: fc.boolean(), customer: fc.nat(5) }),
    { minLength: 1, maxLength: 80 },
  );
  fc.assert(
    fc.property(cards, (rows) => {
      const inOrder = rows
        .map((row) => ({ ...row, customer: 10 * row.day + row.customer }))
        .toSorted((left, right) => left.day - right.day);
      const judged = judgedOf(inOrder);
      assert.ok(cardPrecisionAt(3, judged) <= cardPrecisionCeiling(3, judged));
    }),
  );
});

test('days that go back are a bug of the caller', () => {
  const judged = judgedOf([
    { day: 1, customer: 7, score: 0.1, isFraud: true },
    { day: 0, customer: 8, score: 0.9, isFraud: false },
  ]);
  assert.throws(() => cardPrecisionAt(2, judged), /in order of days/);
});

interface Row {
  readonly day: number;
  readonly customer: number;
  readonly score: number;
  readonly isFraud: boolean;
}

function judgedOf(rows: readonly Row[]): Judged {
  const [scores, labels] = columnsOf(rows);
  return {
    scores,
    labels,
    customers: Uint32Array.from(rows, (row) => row.customer),
    days: Uint32Array.from(rows, (row) => row.day),
  };
}

function columnsOf(
  rows: readonly { readonly score: number; readonly isFraud: boolean }[],
): [scores: Float64Array, labels: Uint8Array] {
  return [
    Float64Array.from(rows, (row) => row.score),
    Uint8Array.from(rows, (row) => (row.isFraud ? 1 : 0)),
  ];
}
