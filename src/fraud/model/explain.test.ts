import assert from 'node:assert/strict';
import test from 'node:test';
import type { Training } from '../matrix.ts';
import { explainExactly, explainPath } from './explain.ts';
import { seededDraw } from './trees/draw.ts';
import { trainBoostedTrees } from './trees/train.ts';
import { type BoostedTrees, childOf } from './trees/trees.ts';

const columnCount = 5;

function training(rows: number, seed: number): Training {
  const draw = seededDraw(seed);
  const columns = Array.from({ length: columnCount }, () =>
    Float64Array.from({ length: rows }, () => (draw() < 0.05 ? Number.NaN : draw() * 10)),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const sum = columns.reduce((total, column, at) => total + (at + 1) * (column[row] ?? 0), 0);
    return draw() < (sum > 90 || (columns[0]?.[row] ?? 0) > 8 ? 0.7 : 0.05) ? 1 : 0;
  });
  return { matrix: { rows, names: ['a', 'b', 'c', 'd', 'e'], columns }, labels, seed };
}

const parameters = { trees: 12, learningRate: 0.3, depthMax: 5 };
const data = training(800, 1);
const trees = trainBoostedTrees(data, parameters);

function rowAt(at: number): Float64Array {
  return Float64Array.from(data.matrix.columns, (column) => column[at] ?? Number.NaN);
}

/** What a tree is expected to say when only the columns of the subset are known. */
function expectedMargin({ nodes, baseMargin }: BoostedTrees, row: Float64Array, subset: number) {
  const below = (node: number): number => {
    const left = nodes.lefts[node] ?? 0;
    if (left === node) return nodes.values[node] ?? 0;
    const isKnown = (subset >> (nodes.features[node] ?? 0)) % 2 === 1;
    if (isKnown) return below(childOf(nodes, node, row));
    const [leftCover = 0, rightCover = 0] = nodes.covers.slice(left, left + 2);
    const sum = below(left) * leftCover + below(left + 1) * rightCover;
    return sum / (leftCover + rightCover);
  };
  return nodes.roots.reduce((sum, root) => sum + below(root), baseMargin);
}

/** By definition: the mean, over all orders of the columns, of what adding a column changes. */
function shapleyOf(model: BoostedTrees, row: Float64Array): number[] {
  const factorial = [1, 1, 2, 6, 24, 120];
  return Array.from({ length: columnCount }, (_, column) => {
    let sum = 0;
    for (let subset = 0; subset < 2 ** columnCount; subset += 1) {
      if ((subset >> column) % 2 === 1) continue;
      const size = subset.toString(2).replaceAll('0', '').length;
      const orders = (factorial[size] ?? 0) * (factorial[columnCount - size - 1] ?? 0);
      const change =
        expectedMargin(model, row, subset | (1 << column)) - expectedMargin(model, row, subset);
      sum += (orders / (factorial[columnCount] ?? 1)) * change;
    }
    return sum;
  });
}

test('the exact explanation is the Shapley values by their definition', () => {
  const contributions = new Float64Array(columnCount);
  for (let at = 0; at < 15; at += 1) {
    const base = explainExactly(trees, rowAt(at), contributions);
    assert.ok(Math.abs(base - expectedMargin(trees, rowAt(at), 0)) < 1e-9);
    shapleyOf(trees, rowAt(at)).forEach((expected, column) => {
      assert.ok(Math.abs((contributions[column] ?? 0) - expected) < 1e-9);
    });
  }
});

test('base and contributions are the margin, whichever way it is explained', () => {
  const contributions = new Float64Array(columnCount);
  for (const explain of [explainPath, explainExactly]) {
    for (let at = 0; at < 60; at += 1) {
      const base = explain(trees, rowAt(at), contributions);
      const sum = contributions.reduce((total, part) => total + part, base);
      assert.ok(Math.abs(sum - trees.margin(rowAt(at))) < 1e-9);
    }
  }
});

test('the path of a single question credits its column with all there is', () => {
  const stump = trainBoostedTrees(data, { trees: 1, learningRate: 1, depthMax: 1 });
  const asked = stump.nodes.features[0];
  const contributions = new Float64Array(columnCount).fill(7);
  const base = explainPath(stump, rowAt(0), contributions);
  contributions.forEach((part, column) => {
    if (column !== asked) assert.equal(part, 0);
    else assert.ok(Math.abs(base + part - stump.margin(rowAt(0))) < 1e-12);
  });
});

test('a column that no tree asks for contributes nothing', () => {
  const { matrix, labels, seed } = data;
  const flat = new Float64Array(matrix.rows);
  const columns = matrix.columns.with(2, flat);
  const model = trainBoostedTrees({ matrix: { ...matrix, columns }, labels, seed }, parameters);
  const contributions = new Float64Array(columnCount);
  for (const explain of [explainPath, explainExactly]) {
    explain(model, rowAt(3), contributions);
    assert.equal(contributions[2], 0);
  }
});
