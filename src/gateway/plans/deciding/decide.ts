// Owns the decision: may a customer ask once more, at a time, given what it has asked so far. Pure,
// and in whole numbers. A request is admitted if the bucket and every quota have room for it; only
// then does it take from them. What is refused leaves nothing behind but the time.

import { assert } from '#kernel';
import {
  PARTS_PER_REQUEST,
  quotaPolicies,
  type Measures,
  type Policy,
  type QuotaPolicy,
} from '../plan.ts';
import { windowEnd } from './window.ts';

/** A calendar window and what was used in it. */
export interface Usage {
  readonly endsUs: number;
  readonly used: number;
}

/** What a customer has asked so far, as of a time. */
export interface LimitState extends Readonly<Record<QuotaPolicy, Usage>> {
  /** Microseconds since 1970; never goes back. */
  readonly atUs: number;
  /** What the bucket holds, in parts of a request. */
  readonly level: number;
}

export interface LimitDecision {
  readonly isAdmitted: boolean;
  /** After the decision. */
  readonly state: LimitState;
  /** What had no room; empty where it was admitted. */
  readonly violated: readonly Policy[];
  /**
   * The earliest time at which the same request is admitted, if the customer asks nothing until
   * then; undefined where it never is, and where it was.
   */
  readonly retryAtUs: number | undefined;
}

const NO_POLICIES: readonly Policy[] = [];
const UNUSED: Usage = { endsUs: 0, used: 0 };

/** Of a customer who never asked. */
export function freshState({ capacity }: Measures): LimitState {
  return { atUs: 0, level: capacity, daily: UNUSED, weekly: UNUSED, monthly: UNUSED };
}

/** Decides about a request that counts for `cost`, at a time. */
export function decide(
  state: LimitState,
  measures: Measures,
  { atUs, cost }: { readonly atUs: number; readonly cost: number },
): LimitDecision {
  return judge(advance(state, measures, atUs), measures, cost);
}

/** The state at a later time: the bucket has filled, windows have ended. */
export function advance(state: LimitState, measures: Measures, atUs: number): LimitState {
  const { capacity, refill, timeZone } = measures;
  const nowUs = Math.max(state.atUs, atUs);
  // Beyond this the bucket is full, and the product might be no safe integer.
  const elapsedUs = Math.min(nowUs - state.atUs, Math.floor(capacity / refill) + 1);
  const level = Math.min(capacity, state.level + elapsedUs * refill);
  const usage = (policy: QuotaPolicy): Usage =>
    nowUs < state[policy].endsUs
      ? state[policy]
      : { endsUs: windowEnd(policy, timeZone, nowUs), used: 0 };
  const [daily, weekly, monthly] = [usage('daily'), usage('weekly'), usage('monthly')];
  return { atUs: nowUs, level, daily, weekly, monthly };
}

/** Decides at the time of the state. */
export function judge(state: LimitState, measures: Measures, cost: number): LimitDecision {
  assert(Number.isSafeInteger(cost) && cost > 0, 'a request counts for a whole number');
  const violated = violatedBy(state, measures, cost);
  if (violated.length > 0) {
    return { isAdmitted: false, state, violated, retryAtUs: retryAt(state, measures, cost) };
  }
  return {
    isAdmitted: true,
    state: take(state, cost),
    violated: NO_POLICIES,
    retryAtUs: undefined,
  };
}

/** The state after a request was admitted; a negative cost gives back. */
export function take(state: LimitState, cost: number): LimitState {
  const counted = ({ endsUs, used }: Usage): Usage => ({ endsUs, used: used + cost });
  return {
    atUs: state.atUs,
    level: state.level - cost * PARTS_PER_REQUEST,
    daily: counted(state.daily),
    weekly: counted(state.weekly),
    monthly: counted(state.monthly),
  };
}

function violatedBy(state: LimitState, measures: Measures, cost: number): readonly Policy[] {
  const violated: Policy[] = [];
  if (state.level < cost * PARTS_PER_REQUEST) violated.push('burst');
  for (const policy of quotaPolicies) {
    const quota = measures[policy];
    if (quota !== undefined && state[policy].used + cost > quota) violated.push(policy);
  }
  return violated.length === 0 ? NO_POLICIES : violated;
}

// Time only gives room, so the request is admitted when the last that lacks room has it.
function retryAt(state: LimitState, measures: Measures, cost: number): number | undefined {
  const { capacity, refill } = measures;
  const missing = cost * PARTS_PER_REQUEST - state.level;
  if (cost * PARTS_PER_REQUEST > capacity || (missing > 0 && refill === 0)) return undefined;
  let atUs = missing > 0 ? state.atUs + Math.ceil(missing / refill) : state.atUs;
  for (const policy of quotaPolicies) {
    const quota = measures[policy];
    if (quota === undefined || state[policy].used + cost <= quota) continue;
    if (cost > quota) return undefined;
    atUs = Math.max(atUs, state[policy].endsUs);
  }
  return atUs;
}
