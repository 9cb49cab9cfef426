// Limits, by network address, what names no caller: requests to public routes, and attempts to
// prove who one is that failed. In the memory of this process and bounded: beyond so many addresses
// the new ones share one limit. A network of IPv6 (/64) is one address, as it is one customer's.

import { networkOf } from '#platform';
import type { Clock } from '#kernel';
import { admissionOf, refusalOfLimit, type Admission } from './admission.ts';
import { advance, freshState, judge, take, type LimitState } from './deciding/decide.ts';
import { measuresOf, type Measures, type RatePeriod } from './plan.ts';

export interface AddressLimiterLimits {
  readonly addressBurst: number;
  readonly addressRatePerSecond: number;
  readonly addressFailuresBurst: number;
  readonly addressFailuresPerMinute: number;
  readonly addressesKeptMax: number;
}

export interface AddressLimiter {
  /** A request that names nobody. Throws the refusal of one too many. */
  visit(address: string | undefined): void;
  /** Before somebody may try to prove who it is. Throws where too many attempts failed. */
  requireAttempt(address: string | undefined): void;
  /** An attempt failed. */
  fail(address: string | undefined): void;
}

export function openAddressLimiter({
  clock,
  limits,
}: {
  readonly clock: Clock;
  readonly limits: AddressLimiterLimits;
}): AddressLimiter {
  const addressesMax = limits.addressesKeptMax;
  const visits = new AddressBuckets({
    measures: bucket(limits.addressBurst, limits.addressRatePerSecond, 'second'),
    addressesMax,
  });
  const failures = new AddressBuckets({
    measures: bucket(limits.addressFailuresBurst, limits.addressFailuresPerMinute, 'minute'),
    addressesMax,
  });
  const require = (admission: Admission): void => {
    if (!admission.isAdmitted) throw refusalOfLimit(admission);
  };
  return {
    visit(address) {
      require(visits.ask(address, clock.now(), { isTaken: true }));
    },
    requireAttempt(address) {
      // Nobody failed: the common case, gone through for every request.
      if (failures.size === 0) return;
      require(failures.ask(address, clock.now(), { isTaken: false }));
    },
    fail(address) {
      failures.ask(address, clock.now(), { isTaken: true });
    },
  };
}

function bucket(burst: number, rate: number, ratePer: RatePeriod): Measures {
  const none = { daily: undefined, weekly: undefined, monthly: undefined };
  return measuresOf({ burst, rate, ratePer, ...none, timeZone: 'UTC' });
}

/** What those share who are too many to be told apart. */
const REST = 'rest';

/** A token bucket for each address; a full one is not worth keeping. */
export class AddressBuckets {
  readonly #measures: Measures;
  readonly #addressesMax: number;
  // In the order of use, so that those that are full again come first.
  readonly #states = new Map<string, LimitState>();

  constructor(options: { readonly measures: Measures; readonly addressesMax: number }) {
    this.#measures = options.measures;
    this.#addressesMax = options.addressesMax;
  }

  /** How many addresses are told apart now. */
  get size(): number {
    return this.#states.size;
  }

  /** Whether one more is admitted; where it is, it is counted if it is to be taken. */
  ask(
    address: string | undefined,
    atUs: number,
    { isTaken }: { readonly isTaken: boolean },
  ): Admission {
    const name = this.#nameOf(address, atUs);
    const before = this.#states.get(name) ?? freshState(this.#measures);
    const state = advance(before, this.#measures, atUs);
    const decision = judge(state, this.#measures, 1);
    if (isTaken && decision.isAdmitted) {
      this.#states.delete(name);
      this.#states.set(name, take(state, 1));
    }
    return admissionOf(decision, this.#measures, { by: 'known', turn: 0, atUs: state.atUs });
  }

  #nameOf(address: string | undefined, atUs: number): string {
    const name = address === undefined ? REST : networkOf(address);
    if (this.#states.has(name) || this.#states.size < this.#addressesMax) return name;
    this.#dropFull(atUs);
    return this.#states.size < this.#addressesMax ? name : REST;
  }

  // The first to be full again are the first in order, near enough, as all buckets are alike.
  #dropFull(atUs: number): void {
    const { capacity } = this.#measures;
    for (const [name, state] of this.#states) {
      if (advance(state, this.#measures, atUs).level < capacity) return;
      this.#states.delete(name);
    }
  }
}
