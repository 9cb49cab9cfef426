// Owns the decision whether a dependency is asked at all. After too many failures it is left alone,
// then tried with one request at a time; only when tries succeed is it asked as usual. Pure: the
// time is given, and nothing here knows what a request is.
import type { BreakerState } from './port.ts';

export interface BreakerLimits {
  /** How far back failures count. */
  readonly windowMs: number;
  /** Fewer failures than this in the window never open it. */
  readonly failuresMin: number;
  /** Of all that ended in the window, the failures that open it. */
  readonly failuresPercent: number;
  /** How long it stays open at first; doubled with each try that fails. */
  readonly openMs: number;
  readonly openMsMax: number;
  /** Tries in a row that must succeed before it is closed. */
  readonly probesMin: number;
}

export const defaultBreakerLimits: BreakerLimits = {
  windowMs: 10_000,
  failuresMin: 5,
  failuresPercent: 50,
  openMs: 1_000,
  openMsMax: 60_000,
  probesMin: 2,
};

/** unknown: the caller gave up, which says nothing of the dependency. */
export type BreakerOutcome = 'success' | 'failure' | 'unknown';

/** Leave to ask once, to be ended once. */
export interface Leave {
  end(outcome: BreakerOutcome, nowMs: number): void;
}

const BUCKETS = 10;
/** How soon it is worth looking whether a probe was answered. */
const PROBING_MS = 100;

interface Bucket {
  readonly slot: number;
  readonly successes: number;
  readonly failures: number;
}

export class Breaker {
  readonly #limits: BreakerLimits;
  #state: BreakerState = 'closed';
  #buckets: readonly Bucket[] = [];
  #openedMs = 0;
  #openForMs: number;
  #isProbing = false;
  #probesGood = 0;
  // What began before the state last changed says nothing about the state since.
  #era = 0;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
    this.#openForMs = limits.openMs;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** How long until it is worth asking again; 0 where it may be now. */
  waitMs(nowMs: number): number {
    if (this.#state === 'closed') return 0;
    // The answer to the one that probes decides for all others.
    if (this.#state === 'half_open' && this.#isProbing) return PROBING_MS;
    const leftMs = this.#openedMs + this.#openForMs - nowMs;
    return this.#state === 'open' ? Math.max(0, leftMs) : 0;
  }

  /** Leave to ask, or undefined: it is to be left alone. */
  enter(nowMs: number): Leave | undefined {
    if (this.#state === 'open') {
      if (this.waitMs(nowMs) > 0) return undefined;
      this.#become('half_open');
      this.#probesGood = 0;
    }
    if (this.#state === 'half_open') {
      if (this.#isProbing) return undefined;
      this.#isProbing = true;
    }
    return this.#leave();
  }

  #leave(): Leave {
    const era = this.#era;
    let isEnded = false;
    return {
      end: (outcome, nowMs) => {
        if (isEnded || era !== this.#era) return;
        isEnded = true;
        if (this.#state === 'half_open') this.#endProbe(outcome, nowMs);
        else if (outcome !== 'unknown') this.#count(outcome, nowMs);
      },
    };
  }

  #endProbe(outcome: BreakerOutcome, nowMs: number): void {
    this.#isProbing = false;
    if (outcome === 'failure') {
      this.#openForMs = Math.min(this.#openForMs * 2, this.#limits.openMsMax);
      this.#open(nowMs);
    } else if (outcome === 'success') {
      this.#probesGood += 1;
      if (this.#probesGood < this.#limits.probesMin) return;
      this.#openForMs = this.#limits.openMs;
      this.#become('closed');
    }
  }

  #count(outcome: 'success' | 'failure', nowMs: number): void {
    const { windowMs, failuresMin, failuresPercent } = this.#limits;
    const slot = Math.floor((nowMs * BUCKETS) / windowMs);
    const kept = this.#buckets.filter((bucket) => bucket.slot > slot - BUCKETS);
    const latest = kept.at(-1);
    const current = latest?.slot === slot ? latest : { slot, successes: 0, failures: 0 };
    const counted = {
      slot,
      successes: current.successes + (outcome === 'success' ? 1 : 0),
      failures: current.failures + (outcome === 'failure' ? 1 : 0),
    };
    this.#buckets = [...kept.filter((bucket) => bucket.slot !== slot), counted];
    if (outcome === 'success') return;
    const failures = this.#buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
    const ended = this.#buckets.reduce((sum, bucket) => sum + bucket.successes, failures);
    if (failures >= failuresMin && failures * 100 >= ended * failuresPercent) this.#open(nowMs);
  }

  #open(nowMs: number): void {
    this.#openedMs = nowMs;
    this.#become('open');
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#buckets = [];
    this.#isProbing = false;
    this.#era += 1;
  }
}
