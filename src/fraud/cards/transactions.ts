// Owns card transactions held as columns, and reads the file that holds them so. Transactions are
// in order of time; what a file says against itself is refused, never guessed at.

import { gunzipSync } from 'node:zlib';
import { limits } from '#config';
import { accept, instantOfMs, type Instant, refuse, type Result } from '#kernel';

export interface Transactions {
  readonly count: number;
  readonly customers: Uint32Array;
  readonly terminals: Uint32Array;
  /** Minor units. */
  readonly amounts: Uint32Array;
  /** Since the start; never less than those of the transaction before. */
  readonly seconds: Uint32Array;
  readonly start: Instant;
  /** 0 genuine, otherwise the number of the pattern of fraud. */
  readonly patterns: Uint8Array;
}

export interface ColumnsRefusal {
  readonly code: 'columns_damaged' | 'columns_cut_short' | 'columns_out_of_order';
  readonly message: string;
}

/** Sunday 2018-04-01 at 00:00:00 UTC, from which the published data set counts its seconds. */
const publishedStart = instantOfMs(1_522_540_800_000);

/** Customer and terminal of two bytes, amount and seconds of four, and the pattern. */
const bytesPerRow = 2 + 2 + 4 + 4 + 1;

/** Reads columns one after another, gzipped, numbers little-endian, all of the same length. */
export function readColumns(gz: Buffer): Result<Transactions, ColumnsRefusal> {
  const bytes = unzip(gz);
  if (!bytes.ok) return bytes;
  const length = bytes.value.length;
  if (length === 0 || length % bytesPerRow !== 0) {
    const message =
      `the columns hold ${length} bytes once unzipped, which is not a whole number of rows of ` +
      `${bytesPerRow} bytes: the file is cut short or of another kind`;
    return refuse({ code: 'columns_cut_short', message });
  }
  return checkOrder(columnsOf(bytes.value, length / bytesPerRow));
}

function unzip(gz: Buffer): Result<Buffer, ColumnsRefusal> {
  try {
    return accept(gunzipSync(gz, { maxOutputLength: limits.fraudColumnsBytesMax.value }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse({
      code: 'columns_damaged',
      message: `the columns cannot be unzipped (${gz.length} bytes of gzip): ${why}`,
    });
  }
}

function columnsOf(bytes: Buffer, count: number): Transactions {
  const customers = new Uint32Array(count);
  const terminals = new Uint32Array(count);
  const amounts = new Uint32Array(count);
  const seconds = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) {
    customers[row] = bytes.readUInt16LE(2 * row);
    terminals[row] = bytes.readUInt16LE(2 * (count + row));
    amounts[row] = bytes.readUInt32LE(4 * (count + row));
    seconds[row] = bytes.readUInt32LE(4 * (2 * count + row));
  }
  const patterns = new Uint8Array(bytes.subarray(12 * count));
  return { count, customers, terminals, amounts, seconds, start: publishedStart, patterns };
}

function checkOrder(transactions: Transactions): Result<Transactions, ColumnsRefusal> {
  const { seconds, count } = transactions;
  for (let row = 1; row < count; row += 1) {
    const before = seconds[row - 1] ?? 0;
    const at = seconds[row] ?? 0;
    if (at < before) {
      const message =
        `row ${row} is at ${at} seconds, before the ${before} of the row above it: the columns ` +
        'must be in order of time';
      return refuse({ code: 'columns_out_of_order', message });
    }
  }
  return accept(transactions);
}
