// A source's rows, batch after batch: the next one is under way while one is worked on.

import type { Keys, Queryable } from '#platform';
import { selectErased } from '../sealing/subject-store.ts';
import type { Fact, ReconcileSource, RowBatch } from './source.ts';

export interface ReadFacts {
  readonly rows: number;
  readonly facts: readonly Fact[];
  readonly allowed: readonly Fact[];
}

/** Which facts of rows are compared. */
export interface Compared {
  /** Without keys, none of what is sealed. */
  readonly keys: Keys | undefined;
  /** From when on records are kept, where older ones were given up. */
  readonly from: string | undefined;
}

export class RowWalk {
  readonly source: ReconcileSource;
  readonly #queryable: Queryable;
  readonly #compared: Compared;
  readonly #batches: AsyncIterator<RowBatch>;
  #next: Promise<IteratorResult<RowBatch>> | undefined;
  /**
   * When the last row was recorded that was read; '' before the first, undefined after the last.
   */
  at: string | undefined = '';

  constructor(source: ReconcileSource, queryable: Queryable, compared: Compared) {
    this.source = source;
    this.#queryable = queryable;
    this.#compared = compared;
    this.#batches = source.rows(queryable)[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async take(): Promise<ReadFacts | undefined> {
    const step = await (this.#next ?? this.#batches.next());
    if (step.done === true) {
      this.at = undefined;
      return undefined;
    }
    const { value } = step;
    this.#next = this.#batches.next();
    // Whoever stops early does not wait for the batch under way.
    this.#next.catch(() => undefined);
    this.at = value.at;
    const facts = this.#kept(value.facts);
    const allowed = await this.#readable(this.#kept(value.allowed ?? []));
    return { rows: value.rows, facts, allowed };
  }

  #kept(facts: readonly Fact[]): readonly Fact[] {
    const { from } = this.#compared;
    return from === undefined ? facts : facts.filter(({ at = from }) => at >= from);
  }

  /** Without what is sealed under subjects that were erased, or that nobody here has keys for. */
  async #readable(facts: readonly Fact[]): Promise<readonly Fact[]> {
    const subjects = facts.flatMap(({ subject }) => subject ?? []);
    if (subjects.length === 0) return facts;
    if (this.#compared.keys === undefined)
      return facts.filter(({ subject }) => subject === undefined);
    const erased = await selectErased(this.#queryable, subjects);
    return facts.filter(({ subject }) => subject === undefined || !erased.has(subject));
  }
}
