// Reads the records of changes out of the whole log, in pages: those with a place in its order,
// those of months that are only in the archive, and those that still wait. A record counts wherever
// it stands; whether it stands there rightly is the verification's business.

import { Fault } from '#kernel';
import type { Keys, Objects, Queryable } from '#platform';
import { archivedLines } from '../archive/lines.ts';
import { selectArchives } from '../archive/store/archive-store.ts';
import type { Json } from '../canonical.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { unseal, type Unsealed } from '../sealing/unseal.ts';
import { linesOf, type Lines, type StoredBundle } from '../verify/log/bundle-check.ts';
import { pagesOfPlaces, removedMonths, waitingBundles } from '../verify/log/place-store.ts';
import { LeafScanner } from '../verify/log/scan.ts';
import type { ChangeRecord } from './source.ts';

export interface SieveOptions {
  /** Only these are taken; true for those whose failures count too. */
  readonly actions: ReadonlyMap<string, boolean>;
  /** With them, what is sealed is opened. */
  readonly keys: Keys | undefined;
}

export interface RecordsOptions extends SieveOptions {
  /** Where the archive is; without it the records of archived months are not read. */
  readonly objects: Objects | undefined;
}

/** A record before what is sealed in it was opened. */
interface Read extends Omit<ChangeRecord, 'sealed'> {
  readonly sealed: readonly Sealed[];
}

const PAGE_RECORDS = 8_192;
const SUCCESS = Buffer.from('"success"');
const FAILED = Buffer.from('"failed"');
const LINE_FEED = Buffer.from('\n');

export async function* pagesOfRecords(
  queryable: Queryable,
  options: RecordsOptions,
): AsyncGenerator<ChangeRecord[]> {
  const sieve = new RecordSieve(options);
  const scanner = new LeafScanner();
  for await (const pieces of piecesOfLog(queryable, options.objects)) {
    for (const { lines, ends } of pieces) {
      let start = 0;
      for (const end of ends) {
        if (scanner.read(lines, start, end) === undefined) sieve.note(scanner);
        start = end + 1;
      }
    }
    yield await sieve.take(queryable);
  }
}

async function* piecesOfLog(
  queryable: Queryable,
  objects: Objects | undefined,
): AsyncGenerator<Lines[]> {
  const removed = await removedMonths(queryable);
  if (objects !== undefined && removed.size > 0) yield* archivedPieces(queryable, objects, removed);
  for await (const places of pagesOfPlaces(queryable)) {
    yield piecesOf(places.flatMap(({ bundle }) => bundle ?? []));
  }
  for await (const { bundle } of waitingBundles(queryable)) yield piecesOf([bundle]);
}

function piecesOf(bundles: readonly StoredBundle[]): Lines[] {
  return bundles.flatMap((bundle) => linesOf(bundle) ?? []);
}

async function* archivedPieces(
  queryable: Queryable,
  objects: Objects,
  removed: ReadonlySet<number>,
): AsyncGenerator<Lines[]> {
  for await (const { key, month, expiredAt } of selectArchives(queryable, {})) {
    if (expiredAt !== undefined || !removed.has(month)) continue;
    let lines: Buffer[] = [];
    try {
      for await (const line of archivedLines(objects, key)) {
        lines.push(Buffer.from(line));
        if (lines.length < PAGE_RECORDS) continue;
        yield [joined(lines)];
        lines = [];
      }
    } catch (error) {
      // The check of the archive names the object; its records count as far as they can be read.
      if (!(error instanceof Fault) || error.retryable) throw error;
    }
    if (lines.length > 0) yield [joined(lines)];
  }
}

function joined(lines: readonly Buffer[]): Lines {
  const ends: number[] = [];
  let end = -1;
  for (const line of lines) {
    end += line.length + 1;
    ends.push(end);
  }
  return { lines: Buffer.concat(lines.flatMap((line) => [line, LINE_FEED])), ends };
}

/** Takes the records of changes out of the leaves it is shown. */
export class RecordSieve {
  readonly #options: SieveOptions;
  #records: Read[] = [];
  /** An action that is not taken, as a leaf spells it. */
  #unwanted = Buffer.from('""');

  constructor(options: SieveOptions) {
    this.#options = options;
  }

  /** The leaf must be a record. */
  note(leaf: LeafScanner): void {
    // Most records are of the action of the one before.
    if (leaf.isRaw('action', this.#unwanted)) return;
    const action = leaf.text('action') ?? '';
    const areFailures = this.#options.actions.get(action);
    if (areFailures === undefined) {
      this.#unwanted = Buffer.from(leaf.raw('action') ?? '');
      return;
    }
    const isChange =
      leaf.isRaw('outcome', SUCCESS) || (areFailures && leaf.isRaw('outcome', FAILED));
    if (!isChange) return;
    const sealed = leaf.raw('sealed');
    this.#records.push({
      action,
      id: leaf.text('id') ?? '',
      target: leaf.text('target') ?? '',
      at: leaf.text('at') ?? '',
      actorId: actorIdOf(leaf.raw('actor') ?? ''),
      before: leaf.raw('before'),
      after: leaf.raw('after'),
      sealed: sealed === undefined ? [] : sealedOf(JSON.parse(sealed) as Json),
    });
  }

  /** The records since this was last asked. */
  async take(queryable: Queryable): Promise<ChangeRecord[]> {
    const records = this.#records;
    this.#records = [];
    return await opened(queryable, this.#options.keys, records);
  }
}

// Thousands of records have the same actor.
const actors = new Map<string, string>();
const ACTORS_MAX = 1_000;

function actorIdOf(raw: string): string {
  const known = actors.get(raw);
  if (known !== undefined) return known;
  const { id } = JSON.parse(raw) as { readonly id?: unknown };
  const actorId = typeof id === 'string' ? id : '';
  if (actors.size >= ACTORS_MAX) actors.clear();
  actors.set(raw, actorId);
  return actorId;
}

function sealedOf(value: Json): Sealed[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).flatMap((each) => {
    if (typeof each !== 'object' || each === null) return [];
    const { ciphertext, commitment, subject } = each as Record<string, Json>;
    const isSealed =
      typeof ciphertext === 'string' &&
      typeof commitment === 'string' &&
      typeof subject === 'string';
    return isSealed ? [{ ciphertext, commitment, subject }] : [];
  });
}

/** Undefined where any of them cannot be read. */
function joinedFields(fields: readonly Unsealed[]): Record<string, string> | undefined {
  const all: Record<string, string> = {};
  for (const each of fields) {
    if (typeof each === 'string') return undefined;
    Object.assign(all, each);
  }
  return all;
}

async function opened(
  queryable: Queryable,
  keys: Keys | undefined,
  records: readonly Read[],
): Promise<ChangeRecord[]> {
  const sealed = records.flatMap((record) => record.sealed);
  const fields =
    keys === undefined || sealed.length === 0 ? [] : await unseal(queryable, keys, sealed);
  let place = 0;
  return records.map((record) => {
    const own = fields.slice(place, place + record.sealed.length);
    place += record.sealed.length;
    return { ...record, sealed: keys === undefined ? undefined : joinedFields(own) };
  });
}
