// Owns the public keys of one issuer, kept in memory: read again when they are old, and when a
// token names a key that is not among them, but then only once in a while, so that invented names
// cost nothing. A key that its issuer took back is gone with the next reading.

import { Fault } from '#kernel';
import { importKey } from '#platform';
import type { PublicJwk, TokenAlgorithm, VerifyingKey } from '#platform';

export interface KeySetOptions {
  /** Named in faults: the issuer. */
  readonly name: string;
  readonly load: () => Promise<readonly PublicJwk[]>;
  /** After which keys are read again. */
  readonly ageMaxMs: number;
  /** How long old keys go on where they cannot be read again. */
  readonly staleMaxMs: number;
  /** The least time between two readings, whatever they brought. */
  readonly coolDownMs: number;
}

const KEYS_MAX = 100;

export class KeySet {
  readonly #options: KeySetOptions;
  #jwks: ReadonlyMap<string, PublicJwk> = new Map();
  #imported = new Map<string, Promise<VerifyingKey | undefined>>();
  #loadedMs: number | undefined;
  #triedMs: number | undefined;
  #loading: Promise<void> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /** Whether the key was among them at the last reading. */
  has(keyId: string): boolean {
    return this.#jwks.has(keyId);
  }

  /**
   * The key of this name, for this algorithm; undefined where there is none. Throws a Fault where
   * the keys could not be read for too long.
   */
  async find(keyId: string, algorithm: TokenAlgorithm): Promise<VerifyingKey | undefined> {
    await this.refresh();
    if (!this.#jwks.has(keyId) && this.#isRested()) await this.#load();
    const jwk = this.#jwks.get(keyId);
    if (jwk === undefined) return undefined;
    const name = `${algorithm} ${keyId}`;
    const known = this.#imported.get(name);
    if (known !== undefined) return await known;
    const importing = importKey(jwk, algorithm);
    this.#imported.set(name, importing);
    return await importing;
  }

  /** Reads the keys again where they are old. */
  async refresh(): Promise<void> {
    const { ageMaxMs, staleMaxMs, name } = this.#options;
    const isOld = this.#ageMs() > ageMaxMs;
    if (isOld && (this.#isRested() || this.#loading !== undefined)) await this.#load();
    if (this.#ageMs() <= staleMaxMs) return;
    const message = `The keys of the issuer ${name} cannot be read at the moment.`;
    throw new Fault('issuer_unreachable', { retryable: true, message });
  }

  #ageMs(): number {
    return this.#loadedMs === undefined ? Infinity : performance.now() - this.#loadedMs;
  }

  #isRested(): boolean {
    const { coolDownMs } = this.#options;
    return this.#triedMs === undefined || performance.now() - this.#triedMs >= coolDownMs;
  }

  // Whoever asks meanwhile waits for the same reading. A failure leaves the keys as they are.
  async #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#triedMs = performance.now();
      this.#loading = undefined;
    });
    await this.#loading;
  }

  async #read(): Promise<void> {
    let found: readonly PublicJwk[];
    try {
      found = await this.#options.load();
    } catch (error) {
      if (error instanceof Fault) return;
      throw error;
    }
    const jwks = new Map<string, PublicJwk>();
    for (const jwk of found.slice(0, KEYS_MAX)) {
      const { kid } = jwk;
      if (typeof kid === 'string') jwks.set(kid, jwk);
    }
    this.#jwks = jwks;
    this.#imported = new Map();
    this.#loadedMs = performance.now();
  }
}
