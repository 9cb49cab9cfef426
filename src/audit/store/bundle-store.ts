// The SQL of bundles: stores what one call recorded, and reads it back. Small bundles are stored as
// they are; large ones, whose lines repeat each other, as a zstd frame a tenth as long.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert, formatDate, formatInstant, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';

export interface Bundle {
  readonly id: Uuid;
  readonly recordedAt: Instant;
  /** Each a canonical record, in order. */
  readonly leaves: readonly string[];
}

const PLAIN = 0;
const ZSTD = 1;
/** Below this a frame would hardly be shorter. */
const COMPRESSED_BYTES_MIN = 1_024;
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The month of an instant in UTC, as 202611. */
export function monthOf(instant: Instant): number {
  const date = formatDate(instant);
  return Number(date.slice(0, 4)) * 100 + Number(date.slice(5, 7));
}

export async function insertBundle(tx: Transaction, bundle: Bundle): Promise<void> {
  const { id, recordedAt, leaves } = bundle;
  const lines = Buffer.from(leaves.join('\n'));
  const isLarge = lines.length >= COMPRESSED_BYTES_MIN;
  await tx.query({
    name: 'audit.record_bundle',
    text: 'select audit.record_bundle($1, $2, $3, $4, $5, $6)',
    values: [
      monthOf(recordedAt),
      id,
      formatInstant(recordedAt),
      leaves.length,
      isLarge ? ZSTD : PLAIN,
      isLarge ? zstdCompressSync(lines, { ...fast, pledgedSrcSize: lines.length }) : lines,
    ],
  });
}

/** The bytes of a bundle's leaves, in order, without copying. Throws where they are damaged. */
export function leavesOf(row: {
  readonly encoding: number;
  readonly leaves: Buffer;
  readonly leaf_count: number;
}): Buffer[] {
  assert(row.encoding === PLAIN || row.encoding === ZSTD, 'a bundle has a known encoding');
  const lines = row.encoding === ZSTD ? zstdDecompressSync(row.leaves) : row.leaves;
  const leaves: Buffer[] = [];
  let start = 0;
  for (let end = lines.indexOf(LINE_FEED); end >= 0; end = lines.indexOf(LINE_FEED, start)) {
    leaves.push(lines.subarray(start, end));
    start = end + 1;
  }
  leaves.push(lines.subarray(start));
  assert(leaves.length === row.leaf_count, 'a bundle has as many leaves as it says');
  return leaves;
}

const LINE_FEED = 0x0a;

export interface BundleRow {
  readonly id: Uuid;
  readonly month: number;
  readonly encoding: number;
  readonly leaf_count: number;
  readonly leaves: Buffer;
}

/** The same; undefined where they are damaged, for those who go on without them. */
export function readableLeaves(bundle: BundleRow): Buffer[] | undefined {
  try {
    return leavesOf(bundle);
  } catch {
    return undefined;
  }
}

/** The bundles of these ids that are at hand; those of archived months are not among them. */
export async function selectBundles(
  queryable: Queryable,
  wanted: readonly { readonly id: Uuid; readonly month: number }[],
): Promise<Map<Uuid, BundleRow>> {
  if (wanted.length === 0) return new Map();
  const rows = await queryable.query<BundleRow>({
    name: 'audit.select_bundles',
    text: `select b.id, b.month, b.encoding, b.leaf_count, b.leaves from audit.bundles b
      where b.id = any($1::uuid[]) and b.month = any($2::integer[])`,
    values: [wanted.map(({ id }) => id), [...new Set(wanted.map(({ month }) => month))]],
  });
  return new Map(rows.map((row) => [row.id, row]));
}
