import assert from 'node:assert/strict';
import test from 'node:test';
import { randomStream } from '../../generator/random.ts';
import { growTree } from './grow.ts';
import { rankColumns } from './ranks.ts';
import { openSearchRoom } from './split.ts';
import { drawnRows } from './testing/rows.ts';
import { trainTree } from './tree.ts';

test('a row of weight three counts as three rows, and one of weight 0 as none', () => {
  for (const values of [[1_000_000, 1_000_000], [5, 12, 3], [400]]) {
    const { matrix, labels, seed } = drawnRows(21, 900, values);
    const random = randomStream(22);
    const weights = Uint8Array.from(labels, () => random.below(5));
    const columns = rankColumns(matrix);
    const room = openSearchRoom(matrix.rows);
    const growth = { columns, weights, labels, depthMax: undefined, candidates: columns.length };
    const weighed = growTree({ ...growth, random: undefined }, room);

    const rows = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row));
    const repeated = matrix.columns.map((column) =>
      Float64Array.from(rows, (row) => column[row] ?? NaN),
    );
    const { tree } = trainTree({
      matrix: { rows: rows.length, names: matrix.names, columns: repeated },
      labels: Uint8Array.from(rows, (row) => labels[row] ?? 0),
      seed,
    });
    assert.deepEqual(weighed, tree);
    assert.ok(tree.rights.length > 20);
    assert.ok(
      [room.weightOf, room.positivesOf].every((left) => left.every((count) => count === 0)),
    );
  }
});
