import assert from 'node:assert/strict';
import test from 'node:test';
import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import type { Training } from '../matrix.ts';
import { writeOnnx } from './onnx.ts';
import { seededDraw } from './trees/draw.ts';
import { trainBoostedTrees } from './trees/train.ts';
import { boostedTreesOf, type BoostedTrees } from './trees/trees.ts';

// One thread, in this process: nothing of the runtime outlives the test.
env.wasm.numThreads = 1;

const facts = { name: 'fraud', properties: { version: '7' } };
const names = ['a', 'b', 'c', 'd'];

function training(rows: number): Training {
  const draw = seededDraw(11);
  const columns = names.map(() => Float64Array.from({ length: rows }, () => draw() * 300));
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const isLarge = columns.every((column) => (column[row] ?? 0) > 100);
    labels[row] = draw() < (isLarge ? 0.9 : 0.02) ? 1 : 0;
    for (const column of columns) if (draw() < 0.1) column[row] = NaN;
  }
  return { matrix: { rows, names, columns }, labels, seed: 3 };
}

/** The rows that a runtime could send another way: at what each node asks for, and next to it. */
function thresholdRows({ nodes }: BoostedTrees): Float64Array[] {
  return [...nodes.thresholds].flatMap((threshold, node) => {
    if (!Number.isFinite(threshold)) return [];
    return [-1n, 0n, 1n].map((steps) => {
      const row = Float64Array.from(names, () => 150);
      row[nodes.features[node] ?? 0] = neighbourOf(threshold, steps);
      return row;
    });
  });
}

/** The double that many doubles away; of a positive value. */
function neighbourOf(value: number, steps: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  bytes.writeBigInt64LE(bytes.readBigInt64LE() + steps);
  return bytes.readDoubleLE();
}

async function run(model: Buffer, rows: readonly Float64Array[]) {
  const session = await InferenceSession.create(model, { executionProviders: ['wasm'] });
  const flat = Float64Array.from(rows.flatMap((row) => [...row]));
  const features = new Tensor('float64', flat, [rows.length, names.length]);
  const { margin, score } = await session.run({ features });
  await session.release();
  assert.ok(margin && score);
  assert.deepEqual(
    [margin.dims, score.dims],
    [
      [rows.length, 1],
      [rows.length, 1],
    ],
  );
  return { margins: Array.from(margin.data, Number), scores: Array.from(score.data, Number) };
}

/** Floats have 24 bits; a row sent another way differs by far more. */
function assertSame(
  trees: BoostedTrees,
  rows: readonly Float64Array[],
  found: Awaited<ReturnType<typeof run>>,
) {
  for (const [index, row] of rows.entries()) {
    const margin = trees.margin(row);
    const difference = Math.abs((found.margins[index] ?? NaN) - margin);
    assert.ok(difference <= 1e-6 * Math.max(1, Math.abs(margin)), `row ${index}: ${difference}`);
    assert.ok(Math.abs((found.scores[index] ?? NaN) - trees.score(row)) <= 1e-6, `row ${index}`);
  }
}

test('onnxruntime scores every row as we do, missing values included', async () => {
  const data = training(3_000);
  const trees = trainBoostedTrees(data, { trees: 40, learningRate: 0.2, depthMax: 5 });
  const { columns, rows } = data.matrix;
  const all = Array.from({ length: rows }, (_, row) =>
    Float64Array.from(columns, (column) => column[row] ?? NaN),
  );
  assertSame(trees, all, await run(writeOnnx(trees, facts), all));
});

test('a value at a threshold goes the same way there, to the last bit of a double', async () => {
  const trees = trainBoostedTrees(training(2_000), { trees: 5, learningRate: 0.3, depthMax: 4 });
  const rows = thresholdRows(trees);
  assert.ok(rows.length > 100);
  assertSame(trees, rows, await run(writeOnnx(trees, facts), rows));
});

test('a tree of one leaf is a model too', async () => {
  const trees = boostedTreesOf(names, -2, {
    roots: Int32Array.of(0),
    depths: Int32Array.of(0),
    features: Int32Array.of(0),
    thresholds: Float64Array.of(Infinity),
    lefts: Int32Array.of(0),
    missingRights: Uint8Array.of(0),
    values: Float64Array.of(0.5),
    covers: Float64Array.of(10),
  });
  const rows = [Float64Array.of(1, 2, 3, 4)];
  assertSame(trees, rows, await run(writeOnnx(trees, facts), rows));
});

test('the same trees give the same bytes, with the names of the features in them', () => {
  const trees = trainBoostedTrees(training(500), { trees: 3, learningRate: 0.3, depthMax: 3 });
  const model = writeOnnx(trees, facts);
  assert.deepEqual(writeOnnx(trees, facts), model);
  assert.ok(model.includes('["a","b","c","d"]'));
});
