// Reads JSON lines of applications: one object a line, or one export of OpenTelemetry a line with
// many records in it.

import { Lines, type LineHandler } from '../input/lines.ts';
import { isObject, readJson } from '../input/json-value.ts';
import { ItemCount, type Reader } from '../reader.ts';
import type { Place, Sink } from '../sink.ts';
import type { LogEvents } from './log-event.ts';
import { recordsOfExport } from './otlp.ts';

const LINE_BYTES_MAX = 1_048_576;

export class LogReader implements Reader, LineHandler {
  readonly #sink: Sink;
  readonly #events: LogEvents;
  readonly #count: ItemCount;
  readonly #lines = new Lines(this, LINE_BYTES_MAX);
  #bytes: Buffer = Buffer.alloc(0);

  constructor(events: LogEvents, sink: Sink, itemsDone: number) {
    this.#events = events;
    this.#sink = sink;
    this.#count = new ItemCount(itemsDone);
  }

  get items(): number {
    return this.#count.items;
  }

  push(piece: Buffer): void {
    this.#lines.push(piece);
  }

  end(): void {
    this.#lines.end();
  }

  block(bytes: Buffer): void {
    this.#bytes = bytes;
  }

  line(start: number, end: number, offset: number): void {
    const bytes = this.#bytes.subarray(start, end);
    const text = bytes.toString('utf8').trim();
    if (text === '') return;
    const place = this.#count.next(offset);
    if (place === undefined) return;
    const line = readJson(text);
    if (isObject(line)) {
      const records = recordsOfExport(line);
      if (records === undefined) return this.#write(line, bytes, { place });
      for (const [index, record] of records.entries()) {
        this.#write(record, bytes, { place, index: index + 1 });
      }
      return;
    }
    this.#sink.counts.read += 1;
    const reason = line === undefined ? 'it is no JSON that can be read' : 'it is no JSON object';
    this.#sink.reject(reason, bytes, place);
  }

  oversized(head: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place === undefined) return;
    this.#sink.counts.read += 1;
    this.#sink.reject(`it is longer than ${LINE_BYTES_MAX} bytes`, head, place);
  }

  #write(
    line: Parameters<LogEvents['write']>[0],
    bytes: Buffer,
    context: { readonly place: Place; readonly index?: number },
  ): void {
    this.#sink.counts.read += 1;
    const problem = this.#events.write(line, context);
    if (problem !== undefined) this.#sink.reject(problem, bytes, context.place);
  }
}
