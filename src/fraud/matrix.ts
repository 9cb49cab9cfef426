// Owns the shape that models are trained on and scored with: numbers by column, rows in the order
// of the events. A value that is not known is NaN.

export interface Matrix {
  readonly rows: number;
  /** The names of the columns, in order; they are the names of the features. */
  readonly names: readonly string[];
  /** Each as long as there are rows. */
  readonly columns: readonly Float64Array[];
}

/** A model that gives each row a score between 0 and 1, the greater the more like fraud. */
export interface Classifier {
  /** The columns it was trained on, in order. */
  readonly names: readonly string[];
  /** The score of one row, its values in the order of the names. */
  score(row: Float64Array): number;
  /** The scores of all rows. */
  scoreAll(matrix: Matrix): Float64Array;
}

export interface Training {
  readonly matrix: Matrix;
  /** 1 where the row was fraud. */
  readonly labels: Uint8Array;
  /** The same seed, rows and parameters give the same model, byte for byte. */
  readonly seed: number;
  /** Told from time to time how much is done, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}
