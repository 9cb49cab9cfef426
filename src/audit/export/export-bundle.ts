// Exports a bundle file: a run of the log, proven complete, where the filter asks for nothing but
// leaves and times; else a selection, each leaf with its own proof. What was written has been
// verified; an export that fails on the way must be thrown away.

import { accept, assert, Fault, refuse, type Result } from '#kernel';
import type { Queryable } from '#platform';
import { latestCheckpoint, type Checkpoint } from '../proofs/checkpoint-store.ts';
import { consistencyProof, rangeProof, readTile } from '../proofs/proofs.ts';
import { readSpans } from '../proofs/read-tree.ts';
import { TreeCache } from '../proofs/tree-cache.ts';
import type { AuditRefusal } from '../refusals.ts';
import { describeFilter, type RecordFilter } from '../search/filter.ts';
import { selectPlaces } from '../search/place-store.ts';
import { readLeaves, type ArchivedLeaves } from '../search/read-leaves.ts';
import { searchRecords, spanOf, type FoundRecord } from '../search/search.ts';
import { parseCheckpoint } from '../tree/checkpoint.ts';
import { Frontier } from '../tree/frontier.ts';
import { HASH_BYTES, leafHash } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/proof.ts';
import { inclusionSpans, subtreesOf } from '../tree/shape.ts';
import { TILE_HEIGHT, TILE_WIDTH, tileWidth } from '../tree/tiles.ts';
import {
  formatEnd,
  formatHeader,
  formatLeafProof,
  markHeight,
  markSpan,
  type BundleHeader,
  type Marks,
  type RangeHeader,
  type SelectionHeader,
} from './header.ts';
import { selectVerifierKeys } from './key-store.ts';
import type { ExportOptions } from './export-records.ts';
import { matches } from './matches.ts';

export interface BundleOptions extends ExportOptions {
  /** The size of an older checkpoint: the file will prove that the log continues it. */
  readonly sinceSize?: number | undefined;
}

interface BundleExport {
  readonly header: BundleHeader;
  /** The whole file, in pieces. */
  text(): AsyncGenerator<string>;
}

type BundleRefusal = AuditRefusal<'checkpoint_unknown' | 'checkpoint_order'>;

export async function openBundle(
  queryable: Queryable,
  filter: RecordFilter,
  options: BundleOptions = {},
): Promise<Result<BundleExport, BundleRefusal>> {
  const checkpoint = await latestCheckpoint(queryable);
  if (checkpoint === undefined) {
    const message = 'The log has no checkpoint yet, so there is nothing to prove.';
    return refuse({ code: 'checkpoint_unknown', message });
  }
  const { sinceSize } = options;
  if (sinceSize !== undefined && sinceSize > checkpoint.size) {
    const message = `The log has ${checkpoint.size} records, fewer than ${sinceSize}.`;
    return refuse({ code: 'checkpoint_order', message, param: 'since' });
  }
  const common = await commonHeader(queryable, checkpoint, sinceSize);
  if (isRange(filter)) {
    const range = await rangeOf(queryable, filter, checkpoint.size, options.archive);
    const header = await rangeHeader(queryable, common, range);
    return accept({ header, text: () => rangeText(queryable, header, checkpoint, options) });
  }
  const header: SelectionHeader = { ...common, kind: 'selection', filter: describeFilter(filter) };
  const text = (): AsyncGenerator<string> =>
    selectionText(queryable, { header, filter, checkpoint }, options);
  return accept({ header, text });
}

type CommonHeader = Omit<SelectionHeader, 'kind' | 'filter'>;

async function commonHeader(
  queryable: Queryable,
  { note, size }: Checkpoint,
  sinceSize: number | undefined,
): Promise<CommonHeader> {
  const parsed = parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  assert(parsed.ok, 'a stored checkpoint is one');
  const consistency =
    sinceSize === undefined
      ? undefined
      : {
          size: sinceSize,
          proof: await consistencyProof(queryable, { size1: sinceSize, size2: size }),
        };
  const verifierKeys = await selectVerifierKeys(queryable);
  return { origin: parsed.value.origin, size, checkpoint: note, verifierKeys, consistency };
}

const runMembers: ReadonlySet<string> = new Set<keyof RecordFilter>([
  'leafFrom',
  'leafTo',
  'from',
  'to',
]);

/** Leaves and times make a run of the log; everything else picks from it. */
function isRange(filter: RecordFilter): boolean {
  const picks = Object.entries(filter).filter(([name]) => !runMembers.has(name));
  return picks.every(([, value]) => value === undefined);
}

interface Run {
  readonly first: number;
  readonly count: number;
}

/** From the first leaf that passes to the last: all between belongs to the run. */
async function rangeOf(
  queryable: Queryable,
  filter: RecordFilter,
  size: number,
  archive: ArchivedLeaves | undefined,
): Promise<Run> {
  const span = spanOf(filter);
  const below = Math.min(span.below, size);
  const first = Math.min(span.from, below);
  if (filter.from === undefined && filter.to === undefined) return { first, count: below - first };
  const within = { ...filter, leafFrom: first, leafTo: below - 1 };
  const earliest = await earliestMatch(queryable, within, size, archive);
  if (earliest === undefined) return { first, count: 0 };
  const latest = await latestMatch(queryable, within, archive);
  return { first: earliest, count: Math.max(earliest, latest ?? earliest) + 1 - earliest };
}

async function earliestMatch(
  queryable: Queryable,
  filter: RecordFilter,
  size: number,
  archive: ArchivedLeaves | undefined,
): Promise<number | undefined> {
  for await (const [found] of matches(queryable, filter, size, { archive })) return found?.index;
  return undefined;
}

async function latestMatch(
  queryable: Queryable,
  filter: RecordFilter,
  archive: ArchivedLeaves | undefined,
): Promise<number | undefined> {
  let after: number | undefined;
  do {
    const page = await searchRecords(queryable, filter, { limit: 1, after }, archive);
    if (page.records.length > 0) return page.records[0]?.index;
    after = page.next;
  } while (after !== undefined);
  return undefined;
}

async function rangeHeader(
  queryable: Queryable,
  common: CommonHeader,
  { first, count }: Run,
): Promise<RangeHeader> {
  const range = { first, end: first + count, size: common.size };
  const { left, right } = await rangeProof(queryable, range);
  const marks = await readMarks(queryable, { first, count }, common.size);
  return { ...common, kind: 'range', first, count, left, right, marks };
}

async function readMarks(queryable: Queryable, run: Run, size: number): Promise<Marks> {
  const height = markHeight(run.count);
  const level = height / TILE_HEIGHT;
  const { from, below } = markSpan(run, height);
  const hashes: Buffer[] = [];
  for (let at = from; at < below; at += TILE_WIDTH - (at % TILE_WIDTH)) {
    const index = Math.floor(at / TILE_WIDTH);
    const width = tileWidth({ level, index }, size);
    const tile = await readTile(queryable, { level, index, width });
    if (tile === undefined) throw damaged('a tile of its tree is missing');
    const [start, end] = [index * TILE_WIDTH, Math.min(below, (index + 1) * TILE_WIDTH)];
    for (let each = at; each < end; each += 1) {
      hashes.push(tile.subarray((each - start) * HASH_BYTES, (each - start + 1) * HASH_BYTES));
    }
  }
  return { height, hashes };
}

const PLACES_PER_QUERY = 1_000;
const PIECE_LINES = 1_000;

async function* rangeText(
  queryable: Queryable,
  header: RangeHeader,
  { root }: Checkpoint,
  options: BundleOptions,
): AsyncGenerator<string> {
  yield `${formatHeader(header)}\n`;
  const { first, count, size, left, right } = header;
  const end = first + count;
  options.onRecords?.(count);
  const frontier = Frontier.of(first, left);
  while (frontier.size < end) {
    const span = { from: frontier.size, below: end };
    const places = await selectPlaces(queryable, span, 'ascending', PLACES_PER_QUERY);
    if (places.length === 0) throw damaged(`leaf ${frontier.size} has no place`);
    for await (const { place, leaves } of readLeaves(queryable, places, options.archive)) {
      const lines: string[] = [];
      while (frontier.size < Math.min(end, place.firstLeaf + place.leafCount)) {
        const leaf = leaves?.[frontier.size - place.firstLeaf];
        if (leaf === undefined) throw gone(frontier.size);
        frontier.append(leafHash(leaf));
        lines.push(`${leaf.toString()}\n`);
        if (lines.length === PIECE_LINES) yield lines.splice(0).join('');
      }
      yield lines.join('');
    }
  }
  for (const [index, { height }] of subtreesOf({ start: end, end: size }).entries()) {
    frontier.appendSubtree(height, right[index] as Buffer);
  }
  if (!frontier.root().equals(root)) throw damaged('its records lead to another root');
}

const PROOFS_PER_QUERY = 64;

async function* selectionText(
  queryable: Queryable,
  selection: {
    readonly header: SelectionHeader;
    readonly filter: RecordFilter;
    readonly checkpoint: Checkpoint;
  },
  options: BundleOptions,
): AsyncGenerator<string> {
  const { header, filter, checkpoint } = selection;
  yield `${formatHeader(header)}\n`;
  // Nothing of it outlives the export, and each proof is verified before it goes out.
  const cache = new TreeCache();
  let count = 0;
  for await (const records of matches(queryable, filter, checkpoint.size, options)) {
    for (let from = 0; from < records.length; from += PROOFS_PER_QUERY) {
      const some = records.slice(from, from + PROOFS_PER_QUERY);
      yield await provenText(queryable, some, checkpoint, cache);
    }
    count += records.length;
    options.onRecords?.(records.length);
  }
  yield `${formatEnd(count)}\n`;
}

async function provenText(
  queryable: Queryable,
  records: readonly FoundRecord[],
  { size, root }: Checkpoint,
  cache: TreeCache,
): Promise<string> {
  const spans = records.map(({ index }) => inclusionSpans(index, size));
  const hashes = await readSpans(queryable, spans.flat(), { size, cache });
  return records
    .map(({ index, leaf }, at) => {
      const proof = hashes.splice(0, spans[at]?.length ?? 0);
      const claim = { leafHash: leafHash(Buffer.from(leaf)), index, size, root, proof };
      const why = verifyInclusion(claim);
      if (why !== undefined) throw damaged(`leaf ${index} cannot be proven: ${why}`);
      return `${leaf}\n${formatLeafProof({ index, proof })}\n`;
    })
    .join('');
}

function damaged(why: string): Fault {
  const message = `The log contradicts its checkpoint: ${why}. "florin audit verify" says more.`;
  return new Fault('audit_tree_damaged', { retryable: false, message });
}

function gone(leaf: number): Fault {
  const message =
    `Leaf ${leaf} was kept as long as its class asks, or is damaged, so the range cannot be ` +
    'proven as a whole; a filter selects from what is left.';
  return new Fault('audit_leaf_gone', { retryable: false, message });
}
