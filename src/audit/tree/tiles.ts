// Owns the layout in which other people's tools read the log (c2sp.org/tlog-tiles): where a tile is
// found, how wide it is, and how leaves stand in an entry bundle.

import { accept, assert } from '#kernel';
import { parseCount, reject, type Judged } from './judged.ts';

/** Hashes, or leaves, of a full tile. */
export const TILE_WIDTH = 256;
/** The levels of the tree that one level of tiles covers. */
export const TILE_HEIGHT = 8;
const LEVEL_MAX = 63;
const PATH =
  /^tile\/(?<level>entries|\d{1,2})\/(?<number>(x\d{3}\/){0,5}\d{3})(\.p\/(?<width>\d{1,3}))?$/;
const LENGTH_BYTES = 2;
const LEAF_BYTES_MAX = 65_535;

/** Hashes of a level of the tree; level 'entries' holds the leaves themselves. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** 256, or less for a partial tile at the right edge. */
  readonly width: number;
}

/** tile/0/x001/x234/067.p/12 */
export function formatTilePath({ level, index, width }: TileName): string {
  assert(Number.isSafeInteger(index) && index >= 0, 'a tile has an index');
  const groups = String(index).padStart(3, '0');
  const digits = groups.padStart(Math.ceil(groups.length / 3) * 3, '0');
  const elements = digits.match(/\d{3}/g) ?? [];
  const number = elements.map((element, at) => (at < elements.length - 1 ? 'x' : '') + element);
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`;
  return `tile/${level}/${number.join('/')}${partial}`;
}

/** The tile of a path; undefined for all other text, also for other spellings of the same tile. */
export function parseTilePath(path: string): TileName | undefined {
  const { level: levelText, number, width: widthText } = PATH.exec(path)?.groups ?? {};
  if (levelText === undefined || number === undefined) return undefined;
  const level = levelText === 'entries' ? ('entries' as const) : Number(levelText);
  const index = Number(number.replaceAll(/[x/]/g, ''));
  const width = widthText === undefined ? TILE_WIDTH : parseCount(widthText);
  if (!Number.isSafeInteger(index) || width === undefined) return undefined;
  if (widthText !== undefined && (width < 1 || width >= TILE_WIDTH)) return undefined;
  if (level !== 'entries' && level > LEVEL_MAX) return undefined;
  const name = { level, index, width };
  return formatTilePath(name) === path ? name : undefined;
}

/** How wide the tile is in a tree of a size; 0 where the tree has no such tile. */
export function tileWidth(
  { level, index }: Pick<TileName, 'level' | 'index'>,
  size: number,
): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Each leaf after its length as a big-endian uint16. */
export function formatEntries(leaves: readonly Buffer[]): Buffer {
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      assert(leaf.length <= LEAF_BYTES_MAX, 'the length of a leaf fits into 16 bits');
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
}

/** The leaves of an entry bundle, without copying. */
export function parseEntries(bundle: Buffer): Judged<Buffer[]> {
  const leaves: Buffer[] = [];
  let position = 0;
  while (position < bundle.length) {
    const start = position + LENGTH_BYTES;
    if (start > bundle.length) return reject('The entry bundle ends within a length.');
    const end = start + bundle.readUInt16BE(position);
    if (end > bundle.length) return reject('The entry bundle ends within an entry.');
    leaves.push(bundle.subarray(start, end));
    position = end;
  }
  return accept(leaves);
}
