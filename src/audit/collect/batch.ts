// Owns what is gathered between two commits: normalised events as lines, their terms and times,
// what could not be read, and the input they came from. Its memory is bounded, because the batch is
// full when any of them reaches its limit, and is used again after its commit.

import type { JsonObject } from '../canonical.ts';
import { canonical } from '../canonical.ts';
import { ByteWriter } from './byte-writer.ts';

export interface Counts {
  /** Events that were in the input, whatever became of them. */
  read: number;
  /** Normalised and stored. */
  kept: number;
  /** Seen before. */
  duplicate: number;
  malformed: number;
  /** Left aside because they are no events: control messages of a subscription. */
  skipped: number;
  /** Kept, with an address of a list of known bad ones. */
  bad: number;
}

export function noCounts(): Counts {
  return { read: 0, kept: 0, duplicate: 0, malformed: 0, skipped: 0, bad: 0 };
}

export interface BatchLimits {
  readonly eventsMax: number;
  readonly eventBytesMax: number;
  readonly inputBytesMax: number;
}

export interface EventFacts {
  readonly timeMs: number;
  readonly isBad: boolean;
  /** Of an event that has an id of its own. */
  readonly key?: bigint | undefined;
}

/** An event that has an id of its own, by which it is stored once for ever. */
export interface KeyedEvent {
  readonly key: bigint;
  readonly start: number;
  readonly end: number;
  readonly isBad: boolean;
}

const REJECT_TEXT_MAX = 2_048;
const LINE_FEED = 0x0a;

export class Batch {
  /** From 1; the number of the segment that it becomes. */
  number: number;
  readonly counts = noCounts();
  readonly terms = new Set<number>();
  readonly keyed: KeyedEvent[] = [];
  readonly rejects: string[] = [];
  readonly input: Buffer[] = [];
  inputBytes = 0;
  events = 0;
  firstMs = Infinity;
  lastMs = -Infinity;
  /** The events as lines, each with its line feed. */
  readonly lines = new ByteWriter();
  readonly #limits: BatchLimits;

  constructor(number: number, limits: BatchLimits) {
    this.number = number;
    this.#limits = limits;
  }

  get isFull(): boolean {
    return (
      this.events >= this.#limits.eventsMax ||
      this.rejects.length >= this.#limits.eventsMax ||
      this.lines.length >= this.#limits.eventBytesMax ||
      this.inputBytes >= this.#limits.inputBytesMax
    );
  }

  get isEmpty(): boolean {
    return this.events === 0 && this.rejects.length === 0 && this.inputBytes === 0;
  }

  /** An event as canonical JSON. */
  add(event: string, of: EventFacts): void {
    const start = this.lines.length;
    this.lines.text(event);
    this.added(start, of);
  }

  /**
   * The lines hold an event from `start` on, still without its line feed. With a key, what is
   * counted is decided when its batch is stored.
   */
  added(start: number, { timeMs, isBad, key }: EventFacts): void {
    this.lines.reserve(1);
    this.lines.byte(LINE_FEED);
    this.events += 1;
    if (timeMs < this.firstMs) this.firstMs = timeMs;
    if (timeMs > this.lastMs) this.lastMs = timeMs;
    if (key !== undefined) {
      this.keyed.push({ key, start, end: this.lines.length, isBad });
      return;
    }
    this.counts.kept += 1;
    if (isBad) this.counts.bad += 1;
  }

  reject(reason: string, raw: Buffer, place: { readonly [name: string]: number }): void {
    this.counts.malformed += 1;
    const text = raw.subarray(0, REJECT_TEXT_MAX).toString('utf8').toWellFormed();
    const isCut = raw.length > REJECT_TEXT_MAX ? true : undefined;
    const reject: JsonObject = { ...place, is_cut: isCut, reason, text };
    this.rejects.push(canonical(reject));
  }

  addInput(piece: Buffer): void {
    this.input.push(piece);
    this.inputBytes += piece.length;
  }

  /** For what follows; its memory is kept. */
  empty(): void {
    Object.assign(this.counts, noCounts());
    this.terms.clear();
    this.keyed.length = 0;
    this.rejects.length = 0;
    this.input.length = 0;
    this.inputBytes = 0;
    this.events = 0;
    this.firstMs = Infinity;
    this.lastMs = -Infinity;
    this.lines.cut(0);
  }
}
