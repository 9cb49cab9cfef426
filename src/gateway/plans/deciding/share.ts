// Owns what is decided while the shared limits cannot be reached: each process admits a share, of
// what is known to be left where that is known, so that all together stay within the limit. What it
// admits is owed, and counted in the shared state when that is back.

import type { LimitDecision, LimitState, Usage } from './decide.ts';
import { decide, freshState } from './decide.ts';
import type { Question } from './batch.ts';
import type { KnownCustomer } from './known.ts';
import {
  defaultTerms,
  measuresOf,
  quotaPolicies,
  type Measures,
  type QuotaPolicy,
} from '../plan.ts';

export interface ShareDecision {
  readonly decision: LimitDecision;
  readonly measures: Measures;
}

interface Holding {
  readonly measures: Measures;
  state: LimitState;
  owed: number;
}

/** Nobody's plan is larger than this, where nothing is known of it. */
const unknownMeasures = measuresOf(defaultTerms);

export class Share {
  readonly #customersMax: number;
  readonly #holdings = new Map<KnownCustomer, Holding>();

  constructor({ customersMax }: { readonly customersMax: number }) {
    this.#customersMax = customersMax;
  }

  /** Undefined when nothing can be said of the customer, because there are too many. */
  decide(
    customer: KnownCustomer,
    { cost, atUs, processes }: { cost: number; atUs: number; processes: number },
  ): ShareDecision | undefined {
    let holding = this.#holdings.get(customer);
    if (holding === undefined) {
      if (this.#holdings.size >= this.#customersMax) return undefined;
      holding = holdingOf(customer, processes);
      this.#holdings.set(customer, holding);
    }
    const decision = decide(holding.state, holding.measures, { atUs, cost });
    holding.state = decision.state;
    if (decision.isAdmitted) holding.owed += cost;
    return { decision, measures: holding.measures };
  }

  /** What is owed. Whoever takes it counts it, or gives it back. */
  takeDebts(): Question[] {
    const debts: Question[] = [];
    for (const [customer, holding] of this.#holdings) {
      if (holding.owed > 0) debts.push({ customer, cost: holding.owed });
      holding.owed = 0;
    }
    return debts;
  }

  giveBack(debts: readonly Question[]): void {
    for (const { customer, cost } of debts) {
      const holding = this.#holdings.get(customer);
      if (holding !== undefined) holding.owed += cost;
    }
  }

  /** The shared state decides again. */
  end(): void {
    this.#holdings.clear();
  }
}

function holdingOf({ latest }: KnownCustomer, processes: number): Holding {
  const whole = latest?.measures ?? unknownMeasures;
  const state = latest?.state ?? freshState(whole);
  const part = (value: number): number => Math.floor(value / processes);
  const quota = (policy: QuotaPolicy): number | undefined => {
    const limit = whole[policy];
    return limit === undefined ? undefined : part(limit);
  };
  const measures: Measures = {
    capacity: part(whole.capacity),
    refill: part(whole.refill),
    daily: quota('daily'),
    weekly: quota('weekly'),
    monthly: quota('monthly'),
    timeZone: whole.timeZone,
  };
  // As much is used of the share as leaves a share of what is left.
  const usage = (policy: QuotaPolicy): Usage => {
    const { endsUs, used } = state[policy];
    const limit = whole[policy] ?? 0;
    return { endsUs, used: (measures[policy] ?? 0) - part(Math.max(0, limit - used)) };
  };
  const [daily, weekly, monthly] = quotaPolicies.map(usage) as [Usage, Usage, Usage];
  const level = part(state.level);
  return { measures, state: { atUs: state.atUs, level, daily, weekly, monthly }, owed: 0 };
}
