import assert from 'node:assert/strict';
import test from 'node:test';
import { cardText, trainedOn } from './card.ts';

const columns = [Float64Array.of(1, 2, Number.NaN), Float64Array.of(4, 5, 6)];
const data = {
  matrix: { rows: 3, names: ['a', 'b'], columns },
  labels: Uint8Array.of(0, 1, 0),
  seed: 7,
};

test('the hash of the data is of every name, value and label', () => {
  const { sha256, rows, frauds, seed } = trainedOn(data);
  assert.deepEqual({ rows, frauds, seed }, { rows: 3, frauds: 1, seed: 7 });
  const { matrix } = data;
  const others = [
    { ...data, labels: Uint8Array.of(1, 1, 0) },
    { ...data, matrix: { ...matrix, names: ['a', 'c'] } },
    { ...data, matrix: { ...matrix, columns: [columns[0] ?? [], Float64Array.of(4, 5, 7)] } },
  ].map((other) => trainedOn({ ...other, matrix: { ...other.matrix, columns: floats(other) } }));
  for (const other of others) assert.notEqual(other.sha256, sha256);
  assert.equal(trainedOn({ ...data, matrix: { ...matrix } }).sha256, sha256);
});

function floats(other: { matrix: { columns: readonly ArrayLike<number>[] } }): Float64Array[] {
  return other.matrix.columns.map((column) => Float64Array.from(column));
}

test('the card says for a person what the model is, learnt from and is not for', () => {
  const text = cardText({
    model: 'trees_0011223344556677',
    features: { version: 'handbook-1', names: ['a', 'b'] },
    trainedOn: { sha256: 'ff00', rows: 3, frauds: 1, seed: 7 },
    protocol: 'One week to learn, one to be judged.',
    parameters: { trees: 100, learningRate: 0.1 },
    metrics: [{ name: 'AUC', on: 'the test weeks', value: 0.87149 }],
    caveats: ['not for payments by bank transfer'],
  });
  assert.equal(
    text,
    [
      'Model trees_0011223344556677',
      'Features handbook-1: a, b',
      'Trained on 3 rows, 1 of them fraud, seed 7',
      'Data sha256 ff00',
      'Protocol: One week to learn, one to be judged.',
      'Parameters: trees 100, learningRate 0.1',
      'AUC on the test weeks: 0.871',
      'Mind: not for payments by bank transfer',
    ].join('\n'),
  );
});
