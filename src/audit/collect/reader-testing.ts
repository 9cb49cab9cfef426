// What tests of the readers share: a whole input read in one piece or in many, without a database.

import { Readable } from 'node:stream';
import assert from 'node:assert/strict';
import { idOf } from '#kernel';
import { canonical, type Json, type JsonObject } from '../canonical.ts';
import type { Counts } from './batch.ts';
import type { LogFormat } from './collect-store.ts';
import { noLists, type EnrichmentLists } from './enrich/lists.ts';
import { openReader, readLayout, type LayoutOptions } from './formats.ts';
import { Content } from './input/content.ts';
import { objectOf } from './input/json-value.ts';
import { Sink } from './sink.ts';

export const collectionId = idOf('col', '01900000-0000-7000-8000-000000000001');

export interface ReadLog {
  readonly events: readonly JsonObject[];
  /** The same as lines. */
  readonly lines: readonly string[];
  readonly rejects: readonly JsonObject[];
  readonly counts: Counts;
  readonly keys: readonly bigint[];
  readonly terms: ReadonlySet<number>;
  readonly items: number;
  readonly problem: string | undefined;
}

export interface ReadLogOptions extends LayoutOptions {
  readonly lists?: EnrichmentLists;
  /** Where the input is cut. */
  readonly cuts?: readonly number[];
  readonly itemsDone?: number;
}

const unlimited = { eventsMax: Infinity, eventBytesMax: Infinity, inputBytesMax: Infinity };

export async function readLog(
  format: LogFormat,
  input: string | Buffer,
  options: ReadLogOptions = {},
): Promise<ReadLog> {
  const layout = readLayout(options);
  assert.ok(layout.ok, 'the layout can be read');
  const sink = new Sink(1, unlimited);
  const reader = openReader(format, {
    layout: layout.value,
    origin: { id: collectionId, source: 'test', name: 'file.log', archive: 'a/b' },
    lists: options.lists ?? noLists,
    sink,
    itemsDone: options.itemsDone ?? 0,
  });
  const content = new Content(Readable.from(cut(Buffer.from(input), options.cuts ?? [])));
  for await (const piece of content.pieces()) reader.push(piece);
  reader.end();
  const { batch } = sink;
  const text = batch.lines.written.toString('utf8');
  const lines = text.split('\n').slice(0, -1);
  const events = lines.map((line) => JSON.parse(line) as JsonObject);
  for (const [index, event] of events.entries()) assert.equal(lines[index], canonical(event));
  return {
    events,
    lines,
    rejects: batch.rejects.map((line) => JSON.parse(line) as JsonObject),
    counts: batch.counts,
    keys: batch.keyed.map(({ key }) => key),
    terms: batch.terms,
    items: reader.items,
    problem: content.problem,
  };
}

/** What stands at a path; undefined where it leads nowhere. */
export function at(event: JsonObject | undefined, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = event;
  for (const name of path) value = objectOf(value)[name];
  return value;
}

/** The pieces between the cuts, whatever order those are in and wherever they point. */
export function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((place) => Math.min(place, bytes.length)).toSorted((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) pieces.push(Buffer.from(bytes.subarray(from, to)));
    from = to;
  }
  return pieces;
}
