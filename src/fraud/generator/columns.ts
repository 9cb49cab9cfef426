// Owns writing transactions as the file of columns that training reads: columns one after another,
// little-endian, gzipped. What does not fit its numbers is refused before anything is written.

import { gzipSync } from 'node:zlib';
import { limits } from '#config';
import { accept, assert, instantOfMs, refuse, type Result } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';

export interface WriteColumnsRefusal {
  readonly code: 'columns_too_narrow';
  readonly message: string;
}

const COLUMNS_BYTES = 13;

/** 2018-04-01T00:00:00Z: from when a file of columns counts its seconds, always. */
export const columnsStart = instantOfMs(1_522_540_800_000);

/** The same transactions give the same bytes, as long as zlib stays the same. */
export function writeColumns(transactions: Transactions): Result<Buffer, WriteColumnsRefusal> {
  assert(transactions.start === columnsStart, 'columns count from their own start');
  const { count, customers, terminals, amounts, seconds, patterns } = transactions;
  const keysMax = limits.fraudColumnsKeysMax.value;
  for (const [name, column] of [
    ['customer', customers],
    ['terminal', terminals],
  ] as const) {
    const row = column.findIndex((key) => key >= keysMax);
    if (row < 0) continue;
    const message =
      `row ${row} is of ${name} ${column[row] ?? 0}, but a file of columns numbers them up to ` +
      `${keysMax - 1}`;
    return refuse({ code: 'columns_too_narrow', message });
  }
  const bytes = Buffer.alloc(count * COLUMNS_BYTES);
  for (let row = 0; row < count; row += 1) {
    bytes.writeUInt16LE(customers[row] ?? 0, 2 * row);
    bytes.writeUInt16LE(terminals[row] ?? 0, 2 * (count + row));
    bytes.writeUInt32LE(amounts[row] ?? 0, 4 * (count + row));
    bytes.writeUInt32LE(seconds[row] ?? 0, 4 * (2 * count + row));
  }
  bytes.set(patterns, 12 * count);
  return accept(gzipSync(bytes, { level: 6 }));
}
