import assert from 'node:assert/strict';
import test from 'node:test';
import { formatMetric, formatTable } from './table.ts';

test('a table sets our figures beside the published ones', () => {
  const text = formatTable('four weeks', [
    {
      model: 'trees',
      metrics: { aucRoc: 0.8837, averagePrecision: 0.7391, cardPrecision: 0.3118 },
      deviation: { aucRoc: 0.019, averagePrecision: 0.011, cardPrecision: 0.0099 },
      published: { aucRoc: 0.879, averagePrecision: 0.694, cardPrecision: 0.305 },
    },
    {
      model: 'all labels known',
      metrics: { aucRoc: 1, averagePrecision: 1, cardPrecision: 0.419 },
    },
  ]);
  assert.deepEqual(
    text.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['four weeks'],
      ['model', 'AUC ROC', 'published', 'AP', 'published', 'CP@100', 'published'],
      ['trees', '0.884 ± 0.019', '0.879', '0.739 ± 0.011', '0.694', '0.312 ± 0.010', '0.305'],
      ['all labels known', '1.000', '-', '1.000', '-', '0.419', '-'],
    ],
  );
  const [, head = '', trees = '', known = ''] = text.split('\n');
  assert.equal(head.indexOf('published'), trees.indexOf('0.879'));
  assert.equal(head.indexOf('published'), known.indexOf('-'));
});

test('a metric is rounded to three decimals, and what is not a number is a dash', () => {
  assert.equal(formatMetric(0.0005), '0.001');
  assert.equal(formatMetric(0.00049), '0.000');
  assert.equal(formatMetric(12.3456), '12.346');
  assert.equal(formatMetric(-0.25), '-0.250');
  assert.equal(formatMetric(Number.NaN), '-');
  assert.equal(formatMetric(undefined), '-');
});
