// Reads flow logs: a line a flow, in the default format, in one that is given, or in one that a
// header line announces. This is the path for which the whole import is built: a line costs a few
// microseconds, and no object outlives it.

import type { Enricher } from '../enrich/enricher.ts';
import type { Origin } from '../event.ts';
import { Lines, type LineHandler } from '../input/lines.ts';
import { ItemCount, type Reader } from '../reader.ts';
import type { Sink } from '../sink.ts';
import { Window } from '../window.ts';
import { FlowEvents } from './flow-event.ts';
import { formatOfHeader, formatOfLine, type FlowFormat } from './flow-format.ts';
import { FlowLayout } from './flow-layout.ts';
import { FlowLine } from './flow-line.ts';

export const FLOW_LINE_BYTES_MAX = 65_536;

const LETTER_A = 0x61;
const LETTER_Z = 0x7a;

export interface FlowReaderOptions {
  readonly origin: Origin;
  readonly enricher: Enricher;
  readonly sink: Sink;
  /** Undefined: each line says it, by a header or by being whole. */
  readonly format: FlowFormat | undefined;
  readonly itemsDone: number;
}

/** Layouts by format, and the format that a line has. */
export class FlowFormats {
  readonly #layouts = new Map<FlowFormat, FlowLayout>();
  #announced: FlowFormat | undefined;

  constructor(given: FlowFormat | undefined) {
    this.#announced = given;
  }

  announce(format: FlowFormat): void {
    this.#announced = format;
  }

  of(line: FlowLine): FlowFormat | undefined {
    const announced = this.#announced;
    if (announced === undefined) return formatOfLine(line.count, line.text(0));
    return announced.names.length === line.count ? announced : undefined;
  }

  layoutOf(format: FlowFormat): FlowLayout {
    const known = this.#layouts.get(format);
    if (known !== undefined) return known;
    const layout = new FlowLayout(format);
    this.#layouts.set(format, layout);
    return layout;
  }

  whyNone(line: FlowLine): string {
    const wanted = this.#announced?.names.length;
    return wanted === undefined
      ? `it has ${line.count} fields, as no version has, and no header said which`
      : `it has ${line.count} fields and not ${wanted}`;
  }
}

export class FlowReader implements Reader, LineHandler {
  readonly #sink: Sink;
  readonly #lines = new Lines(this, FLOW_LINE_BYTES_MAX);
  readonly #line = new FlowLine();
  readonly #window = new Window();
  readonly #formats: FlowFormats;
  readonly #events: FlowEvents;
  readonly #count: ItemCount;
  #bytes: Buffer = Buffer.alloc(0);

  constructor({ origin, enricher, sink, format, itemsDone }: FlowReaderOptions) {
    this.#sink = sink;
    this.#formats = new FlowFormats(format);
    this.#events = new FlowEvents(origin, enricher, sink);
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
    this.#line.begin(bytes);
  }

  line(start: number, end: number, offset: number): void {
    if (start === end) return;
    const line = this.#line;
    line.split(start, end);
    const first = this.#bytes[start] as number;
    if (first >= LETTER_A && first <= LETTER_Z) {
      const header = formatOfHeader(line.words());
      if (header !== undefined) return this.#formats.announce(header);
    }
    const place = this.#count.next(offset);
    if (place !== undefined) this.#sink.counts.read += 1;
    const format = this.#formats.of(line);
    if (format === undefined) {
      if (place === undefined) return;
      const reason = this.#formats.whyNone(line);
      return this.#sink.reject(reason, this.#bytes.subarray(start, end), place);
    }
    const hasSeen = format.isDistinct && this.#window.hasSeen(this.#bytes, start, end);
    if (place === undefined) return;
    if (hasSeen) {
      this.#sink.counts.duplicate += 1;
      return;
    }
    const problem = this.#events.write(line, this.#formats.layoutOf(format), place);
    if (problem === undefined) return;
    this.#sink.reject(problem, this.#bytes.subarray(start, end), place);
  }

  oversized(head: Buffer, offset: number): void {
    const place = this.#count.next(offset);
    if (place === undefined) return;
    this.#sink.counts.read += 1;
    this.#sink.reject(`it is longer than ${FLOW_LINE_BYTES_MAX} bytes`, head, place);
  }
}
