// Owns what a context may ask of whoever makes Parquet files: columns of a stated type, written and
// read as a whole. What is read is exactly what was written, every bit of a number included. Bytes
// to be read come from where their integrity is checked.

import type { Instant } from '#kernel';

interface ParquetValues {
  readonly flag: boolean;
  /** A safe integer. */
  readonly whole: number;
  readonly number: number;
  readonly text: string;
  readonly instant: Instant;
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
}

export type ParquetType = keyof ParquetValues;

export interface ParquetField {
  readonly type: ParquetType;
  /** Values may be undefined, and a file may be without the column. */
  readonly isOptional?: true;
}

/** The columns of a file by name, in order. */
export type ParquetFields = Readonly<Record<string, ParquetField>>;

export type ParquetValue<Field extends ParquetField> =
  ParquetValues[Field['type']] | (Field extends { readonly isOptional: true } ? undefined : never);

/** All of one length. */
export type ParquetColumns<Fields extends ParquetFields> = {
  readonly [Name in keyof Fields]: readonly ParquetValue<Fields[Name]>[];
};

/** Lists of numbers in bulk: all values one after another, and how many each list has. */
export interface NumberLists {
  readonly values: Float64Array;
  readonly lengths: Uint32Array;
}

/** What a column is made of: a value for each row, or numbers in bulk. */
export type ParquetInput = readonly unknown[] | Float64Array | NumberLists;

/** A column as it stands in files: made once, it can be in several of as many rows. */
export interface EncodedColumn {
  readonly name: string;
  readonly field: ParquetField;
  readonly rows: number;
  /** With repeated ones, and those that are not there. */
  readonly values: number;
  readonly isCompressed: boolean;
  /** The pages, each after its header. */
  readonly pages: readonly Buffer[];
  /** Of the page of the dictionary with its header; 0 where there is none. */
  readonly dictionaryBytes: number;
  readonly bytesUncompressed: number;
  /** Of numbers that are whole, eight bytes each. */
  readonly span: { readonly min: Buffer; readonly max: Buffer } | undefined;
  readonly missing: number;
}

/** What a file says of itself beside its columns. */
export type ParquetFacts = Readonly<Record<string, string>>;

export interface ParquetTable<Fields extends ParquetFields> {
  readonly rows: number;
  readonly columns: ParquetColumns<Fields>;
  readonly facts: ParquetFacts;
}

/** What a file may cost at most before it is opened any further. */
export interface ParquetLimits {
  readonly rowsMax: number;
  /** Of all columns together, uncompressed. */
  readonly bytesMax: number;
}

export interface ParquetRefusal {
  readonly code:
    'parquet_damaged' | 'parquet_too_large' | 'parquet_column_missing' | 'parquet_column_differs';
  readonly message: string;
}
