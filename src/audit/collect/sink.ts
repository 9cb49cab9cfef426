// Owns the batch that is being filled. Readers write into it and never learn that it is exchanged
// for another between two pieces of input.

import { Batch, type BatchLimits, type Counts, type EventFacts } from './batch.ts';
import { collectedTerm, type CollectedTermKind } from './terms.ts';

/** Which item of the input, from 1, and where it begins in the content. */
export interface Place {
  readonly item: number;
  readonly offset: number;
}

/** Values seen last of each kind, with their terms: a log names few things very often. */
const TERMS_KEPT_MAX = 16_384;

export class Sink {
  readonly #limits: BatchLimits;
  #batch: Batch;
  #spare: Batch | undefined;
  readonly #terms = new Map<CollectedTermKind, Map<string, number>>();

  constructor(firstBatch: number, limits: BatchLimits) {
    this.#limits = limits;
    this.#batch = new Batch(firstBatch, limits);
  }

  get batch(): Batch {
    return this.#batch;
  }

  get counts(): Counts {
    return this.#batch.counts;
  }

  add(event: string, facts: EventFacts): void {
    this.#batch.add(event, facts);
  }

  term(kind: CollectedTermKind, value: string): void {
    this.#batch.terms.add(this.#termOf(kind, value));
  }

  reject(reason: string, raw: Buffer, { item, offset }: Place): void {
    this.#batch.reject(reason, raw, { item, offset });
  }

  /** The batch as it is; from now on the next one is filled. */
  take(): Batch {
    const taken = this.#batch;
    const next = this.#spare ?? new Batch(taken.number + 1, this.#limits);
    this.#spare = undefined;
    next.number = taken.number + 1;
    this.#batch = next;
    return taken;
  }

  /** A taken batch that is stored. */
  giveBack(batch: Batch): void {
    batch.empty();
    this.#spare = batch;
  }

  #termOf(kind: CollectedTermKind, value: string): number {
    let terms = this.#terms.get(kind);
    if (terms === undefined) {
      terms = new Map();
      this.#terms.set(kind, terms);
    }
    const known = terms.get(value);
    if (known !== undefined) return known;
    if (terms.size >= TERMS_KEPT_MAX) terms.clear();
    const term = collectedTerm(kind, value);
    // A text cut out of a block of input would keep that whole block in memory.
    terms.set(Buffer.from(value).toString(), term);
    return term;
  }
}
