// Owns what this process knows of customers' limits for certain, in bounded memory. It refuses a
// customer without asking only where the database would refuse as well: the database's time is at
// most what it was at the latest answer and what has passed since the question, and until the plan
// changes a customer has no more room than time gives.

import { assert } from '#kernel';
import type { Uuid } from '#kernel';
import { advance, judge, type LimitDecision, type LimitState } from './decide.ts';
import { keyOf, storable, type Customer } from '../limit-store.ts';
import { quotaPolicies, type Measures } from '../plan.ts';

/** What is known of one customer. */
export interface KnownCustomer extends Customer {
  readonly key: Uuid;
  latest?: Knowledge;
}

export interface Knowledge {
  readonly turn: number;
  /** After that decision, by the database's clock. */
  readonly state: LimitState;
  readonly measures: Measures;
  /** When it was asked for and when the answer came, by a timer of this process. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** The time at which limits are decided. */
export interface LimitTime {
  /** Microseconds since 1970 to decide at; undefined leaves it to the database's own clock. */
  given(): number | undefined;
  /** Milliseconds of a timer that never goes back. */
  timerMs(): number;
}

/** The clock of the database, which is the same for all processes. */
export const databaseTime: LimitTime = {
  given: () => undefined,
  timerMs: () => performance.now(),
};

/** How much faster than ours a sound clock may run, and how much slower. */
const CLOCK_DRIFT = 0.001;

export interface KnownOptions {
  readonly customersMax: number;
  readonly knownMaxMs: number;
  readonly time: LimitTime;
}

export class KnownCustomers {
  readonly #options: KnownOptions;
  // In the order of use, so that the first is who asked least recently.
  readonly #customers = new Map<string, KnownCustomer>();

  constructor(options: KnownOptions) {
    assert(options.customersMax > 0, 'somebody must be known');
    this.#options = options;
  }

  of({ tenant, customer }: Customer): KnownCustomer {
    const name = `${tenant}\0${customer}`;
    const known = this.#customers.get(name);
    if (known !== undefined) {
      // To move it to the end costs more than to look it up, and matters only when it is full.
      if (this.#customers.size * 2 > this.#options.customersMax) {
        this.#customers.delete(name);
        this.#customers.set(name, known);
      }
      return known;
    }
    const stored = storable({ tenant, customer });
    const made: KnownCustomer = { ...stored, key: keyOf(stored) };
    this.#customers.set(name, made);
    if (this.#customers.size > this.#options.customersMax) {
      const [oldest] = this.#customers.keys();
      if (oldest !== undefined) this.#customers.delete(oldest);
    }
    return made;
  }

  /** What is known of the customer may be wrong from now on: its plan was changed. */
  forget({ tenant, customer }: Customer): void {
    delete this.#customers.get(`${tenant}\0${customer}`)?.latest;
  }

  /** The same of every customer. */
  forgetAll(): void {
    for (const customer of this.#customers.values()) delete customer.latest;
  }

  /** Takes in an answer, unless a later one is known. */
  learn(customer: KnownCustomer, news: Knowledge): void {
    const { latest } = customer;
    const isNewer =
      latest === undefined ||
      news.state.atUs > latest.state.atUs ||
      (news.state.atUs === latest.state.atUs && news.turn > latest.turn);
    if (isNewer) customer.latest = news;
  }

  /** The refusal that the database would answer with; undefined where it must be asked. */
  refusal(customer: KnownCustomer, cost: number): LimitDecision | undefined {
    const { latest } = customer;
    if (latest === undefined) return undefined;
    const { state, measures } = latest;
    const { latestUs, earliestUs, isFresh } = this.#now(latest);
    if (!isFresh) return undefined;
    // A window that may be over is the database's to begin.
    if (quotaPolicies.some((policy) => latestUs >= state[policy].endsUs)) return undefined;
    if (judge(advance(state, measures, latestUs), measures, cost).isAdmitted) return undefined;
    // What is told to the caller is of the earliest time it can be: it never waits too little.
    const decision = judge(advance(state, measures, earliestUs), measures, cost);
    return decision.isAdmitted ? undefined : decision;
  }

  /** Between which times the clock of the database is now. */
  #now({ state, askedMs, answeredMs }: Knowledge): {
    readonly latestUs: number;
    readonly earliestUs: number;
    readonly isFresh: boolean;
  } {
    const given = this.#options.time.given();
    if (given !== undefined) {
      const nowUs = Math.max(state.atUs, given);
      return { latestUs: nowUs, earliestUs: nowUs, isFresh: true };
    }
    const nowMs = this.#options.time.timerMs();
    const sinceAskedUs = (nowMs - askedMs) * 1_000 * (1 + CLOCK_DRIFT);
    const sinceAnsweredUs = (nowMs - answeredMs) * 1_000 * (1 - CLOCK_DRIFT);
    return {
      latestUs: state.atUs + Math.ceil(sinceAskedUs),
      earliestUs: state.atUs + Math.floor(sinceAnsweredUs),
      isFresh: nowMs - answeredMs <= this.#options.knownMaxMs,
    };
  }
}
