import assert from 'node:assert/strict';
import test from 'node:test';
import type { FlatTree } from './flat-tree.ts';
import { trainForest, type RandomForest } from './forest.ts';
import { drawnRows, remainderRows } from './testing/rows.ts';

function bytesOf(tree: FlatTree | undefined): string {
  assert.ok(tree !== undefined);
  const parts = [tree.columns, tree.thresholds, tree.rights, tree.shares];
  return parts.map((part) => Buffer.from(part.buffer).toString('hex')).join(' ');
}

function forestBytes(forest: RandomForest): string {
  return forest.trees.map(bytesOf).join('\n');
}

test('the same seed gives the same forest, byte for byte, and another seed another', () => {
  const rows = drawnRows(3, 400, [50, 400, 7, 2]);
  const forest = forestBytes(trainForest(rows, { trees: 5 }));
  assert.equal(forestBytes(trainForest(rows, { trees: 5 })), forest);
  assert.notEqual(forestBytes(trainForest({ ...rows, seed: 4 }, { trees: 5 })), forest);
});

test('a tree is the same however many are grown after it, and its neighbour is another', () => {
  const rows = drawnRows(3, 400, [50, 400, 7, 2]);
  const few = trainForest(rows, { trees: 2 }).trees.map(bytesOf);
  const more = trainForest(rows, { trees: 4 }).trees.map(bytesOf);
  assert.deepEqual(more.slice(0, 2), few);
  assert.equal(new Set(more).size, 4);
});

test('the score of a forest is the mean of the scores of its trees', () => {
  const rows = remainderRows();
  const forest = trainForest(rows, { trees: 8, depthMax: 3 });
  const scores = forest.scoreAll(rows.matrix);
  const row = Float64Array.from(rows.matrix.columns, (column) => column[17] ?? NaN);
  assert.equal(scores[17], forest.score(row));
  const alone = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => forest.trees[index]?.shares ?? []);
  assert.ok(
    alone.every((shares) => shares.length <= 15),
    'three levels have at most 15 nodes',
  );
  assert.ok(scores.every((score) => score >= 0 && score <= 1));
});

test('while every column drawn is constant, another is drawn', () => {
  const useful = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const columns = [...Array.from({ length: 7 }, () => new Float64Array(8)), useful];
  const names = columns.map((_, index) => `column_${index}`);
  const labels = Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1);
  const matrix = { rows: 8, names, columns };
  const forest = trainForest({ matrix, labels, seed: 1 }, { trees: 20, columnsDrawn: 1 });
  const split = forest.trees.filter((tree) => tree.rights[0] !== 0);
  assert.ok(split.length >= 18, 'only a sample of one class is not split');
  assert.ok(split.every((tree) => tree.columns[0] === 7));
});

test('a forest ranks rows that it has not seen better than one tree of it', () => {
  const rows = drawnRows(11, 600, [300, 300, 300]);
  const unseen = drawnRows(12, 600, [300, 300, 300]);
  const loss = (trees: number): number => {
    const scores = trainForest(rows, { trees }).scoreAll(unseen.matrix);
    return scores.reduce((sum, score, row) => sum + (score - (unseen.labels[row] ?? 0)) ** 2, 0);
  };
  assert.ok(loss(40) < loss(1) * 0.75);
});

test('progress is told after each tree', () => {
  const told: number[] = [];
  trainForest({ ...remainderRows(), onProgress: (share) => told.push(share) }, { trees: 4 });
  assert.deepEqual(told, [0.25, 0.5, 0.75, 1]);
});
