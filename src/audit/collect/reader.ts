// Owns what reads one format of log: it takes the content in pieces, and writes events and rejects
// into the sink. Whatever the pieces are cut like, what it writes is the same; and whatever they
// hold, it goes on to the end.

import type { Place } from './sink.ts';

export interface Reader {
  push(piece: Buffer): void;
  /** After the last piece. */
  end(): void;
  /** Items of the input so far that are dealt with: lines, or records. */
  readonly items: number;
}

/**
 * Counts the items of an input, and passes over those that an earlier run has stored: a run that
 * was cut off is taken up by reading its input again from the beginning.
 */
export class ItemCount {
  readonly #done: number;
  #items = 0;

  constructor(itemsDone: number) {
    this.#done = itemsDone;
  }

  get items(): number {
    return this.#items;
  }

  /** The place of the next item; undefined when it was stored before. */
  next(offset: number): Place | undefined {
    this.#items += 1;
    return this.#items > this.#done ? { item: this.#items, offset } : undefined;
  }
}
