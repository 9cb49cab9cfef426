// Owns access tokens that were verified, by their hash, so that a signature is checked once and not
// with each request. Bounded: the token that was not used for longest gives way. What is kept is
// only that the token is genuine; whether it is expired or revoked is asked each time.

export class TokenCache<Entry> {
  readonly #entries = new Map<string, Entry>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(hash: string): Entry | undefined {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    // A map keeps the order of insertion: the last used stands last.
    this.#entries.delete(hash);
    this.#entries.set(hash, entry);
    return entry;
  }

  set(hash: string, entry: Entry): void {
    this.#entries.set(hash, entry);
    if (this.#entries.size <= this.#sizeMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(hash: string): void {
    this.#entries.delete(hash);
  }

  get size(): number {
    return this.#entries.size;
  }
}
