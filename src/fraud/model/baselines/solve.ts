// Owns the solving of small systems of linear equations whose matrix is symmetric and positive, by
// the factors of Cholesky.

import { assert } from '#kernel';

/** The matrix row after row; its size is that of the right side. */
export function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const factor = cholesky(matrix, size);
  const solution = right.slice();
  for (let row = 0; row < size; row++) {
    let rest = solution[row] ?? 0;
    for (let column = 0; column < row; column++) {
      rest -= (factor[row * size + column] ?? 0) * (solution[column] ?? 0);
    }
    solution[row] = rest / (factor[row * size + row] ?? 1);
  }
  for (let row = size - 1; row >= 0; row--) {
    let rest = solution[row] ?? 0;
    for (let below = row + 1; below < size; below++) {
      rest -= (factor[below * size + row] ?? 0) * (solution[below] ?? 0);
    }
    solution[row] = rest / (factor[row * size + row] ?? 1);
  }
  return solution;
}

function cholesky(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = matrix[row * size + column] ?? 0;
      for (let before = 0; before < column; before++) {
        rest -= (factor[row * size + before] ?? 0) * (factor[column * size + before] ?? 0);
      }
      if (row === column) assert(rest > 0, 'a matrix to be solved by Cholesky is positive');
      const diagonal = factor[column * size + column] ?? 1;
      factor[row * size + column] = row === column ? Math.sqrt(rest) : rest / diagonal;
    }
  }
  return factor;
}
