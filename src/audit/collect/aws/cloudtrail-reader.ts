// Reads CloudTrail: files with a Records array, of any size, and records one after another.

import { JsonItems, type ItemHandler } from '../input/json-items.ts';
import { isObject, readJson } from '../input/json-value.ts';
import { ItemCount, type Reader } from '../reader.ts';
import type { Sink } from '../sink.ts';
import type { CloudTrailEvents } from './cloudtrail-event.ts';

const RECORD_BYTES_MAX = 2_097_152;

export class CloudTrailReader implements Reader, ItemHandler {
  readonly #sink: Sink;
  readonly #events: CloudTrailEvents;
  readonly #count: ItemCount;
  readonly #items = new JsonItems(this, { itemBytesMax: RECORD_BYTES_MAX, arrayName: 'Records' });

  constructor(events: CloudTrailEvents, sink: Sink, itemsDone: number) {
    this.#events = events;
    this.#sink = sink;
    this.#count = new ItemCount(itemsDone);
  }

  get items(): number {
    return this.#count.items;
  }

  push(piece: Buffer): void {
    this.#items.push(piece);
  }

  end(): void {
    this.#items.end();
  }

  item(bytes: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place === undefined) return;
    this.#sink.counts.read += 1;
    const record = readJson(bytes.toString('utf8'));
    const problem = isObject(record)
      ? this.#events.write(record, { place })
      : 'it is no JSON that can be read';
    if (problem !== undefined) this.#sink.reject(problem, bytes, place);
  }

  other(bytes: Buffer, offset: number): void {
    this.#reject('it is no JSON object', bytes, offset);
  }

  broken(head: Buffer, offset: number, reason: string): void {
    this.#reject(`it ${reason}`, head, offset);
  }

  #reject(reason: string, bytes: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place === undefined) return;
    this.#sink.counts.read += 1;
    this.#sink.reject(reason, bytes, place);
  }
}
