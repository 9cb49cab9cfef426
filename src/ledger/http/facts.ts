// Keeps in memory what can never change of accounts: their currency and normal side, which an
// answer states beside every amount. Bounded; what many requests miss at once is read once.

import { assert, type AccountId } from '#kernel';
import type { Queryable } from '#platform';
import type { Side } from '../posting/instruction.ts';
import { selectAccountFacts, type AccountFacts } from './facts-store.ts';

export type { AccountFacts } from './facts-store.ts';

/**
 * Accounts of one generation, about 100 bytes each. Two generations are kept, more than the largest
 * batch can name, so that what an answer has loaded is there when it is written.
 */
const GENERATION_MAX = 100_000;

export class AccountFactsCache {
  readonly #queryable: Queryable;
  readonly #generationMax: number;
  #young = new Map<AccountId, AccountFacts>();
  #old = new Map<AccountId, AccountFacts>();
  #wanted = new Set<AccountId>();
  #loading: Promise<void> | undefined;
  readonly #shared = new Map<string, AccountFacts>();

  constructor(queryable: Queryable, generationMax = GENERATION_MAX) {
    this.#queryable = queryable;
    this.#generationMax = generationMax;
  }

  get(id: AccountId): AccountFacts | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  /** Makes the facts of all these accounts known that exist. No waiting where they are already. */
  load(ids: Iterable<AccountId>): Promise<void> | undefined {
    let isMissing = false;
    for (const id of ids) {
      if (this.get(id) !== undefined) continue;
      this.#wanted.add(id);
      isMissing = true;
    }
    if (!isMissing) return undefined;
    this.#loading ??= this.#loadWanted();
    return this.#loading;
  }

  /** The same through a transaction that is open: another connection might not be free. */
  async loadThrough(tx: Queryable, ids: Iterable<AccountId>): Promise<void> {
    const missing = new Set<AccountId>();
    for (const id of ids) if (this.get(id) === undefined) missing.add(id);
    if (missing.size === 0) return;
    for (const { id, currency, normalSide } of await selectAccountFacts(tx, [...missing])) {
      this.#put(id, this.#share(currency, normalSide));
    }
  }

  // Begins in the next turn of the loop, with all that were asked for in this one.
  async #loadWanted(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const wanted = [...this.#wanted];
    this.#wanted = new Set();
    this.#loading = undefined;
    for (const { id, currency, normalSide } of await selectAccountFacts(this.#queryable, wanted)) {
      this.#put(id, this.#share(currency, normalSide));
    }
  }

  #put(id: AccountId, facts: AccountFacts): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, facts);
  }

  // There are few different facts: one object of each keeps the maps small.
  #share(currency: string, normalSide: Side): AccountFacts {
    const key = `${currency} ${normalSide}`;
    const known = this.#shared.get(key) ?? { currency, normalSide };
    this.#shared.set(key, known);
    return known;
  }

  /** The facts of an account that is known to exist and was loaded. */
  require(id: AccountId): AccountFacts {
    const facts = this.get(id);
    assert(facts !== undefined, `nothing is known of account ${id}`);
    return facts;
  }
}
