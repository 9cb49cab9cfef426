// Owns what a caller is told of its limits: the fields RateLimit-Policy and RateLimit (draft-ietf-
// httpapi-ratelimit-headers-11), Retry-After, and the problem of a request over a limit. A time to
// wait is rounded up, so that nobody is sent back too early.

import { SECOND_US } from '#kernel';
import { writeFieldList } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import type { LimitDecision, LimitState } from './deciding/decide.ts';
import { PARTS_PER_REQUEST, quotaPolicies, type Measures, type Policy } from './plan.ts';

export interface Admission {
  readonly isAdmitted: boolean;
  /** By lower-case name, for the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where it was admitted, and where it never will be. */
  readonly retryAfterS: number | undefined;
  readonly violatedPolicies: readonly Policy[];
  readonly basis: Basis;
}

/** On what it was decided. */
export interface Basis {
  /** The shared state; what is known of it for certain; or, out of its reach, a share of it. */
  readonly by: 'shared' | 'known' | 'share';
  /** Of the customer's decisions in the shared state: this one, or the latest known. */
  readonly turn: number;
  readonly atUs: number;
}

export function admissionOf(
  { isAdmitted, state, violated, retryAtUs }: LimitDecision,
  measures: Measures,
  basis: Basis,
): Admission {
  if (isAdmitted) return admissionBefore({ state, since: 0 }, measures, basis);
  const policy = policyField(measures);
  const base = { isAdmitted, violatedPolicies: violated, basis };
  const refused = {
    'ratelimit-policy': policy,
    ratelimit: violatedField(violated, state, measures),
  };
  if (retryAtUs === undefined) return { ...base, headers: refused, retryAfterS: undefined };
  const retryAfterS = Math.max(1, Math.ceil((retryAtUs - state.atUs) / SECOND_US));
  const headers = { ...refused, 'retry-after': String(retryAfterS) };
  return { ...base, headers, retryAfterS };
}

/**
 * That of an admitted request, from a later state: since then requests were admitted at the same
 * time that count for `since` together.
 */
export function admissionBefore(
  { state, since }: { readonly state: LimitState; readonly since: number },
  measures: Measures,
  basis: Basis,
): Admission {
  const ratelimit = limitField(state, measures, since);
  return {
    isAdmitted: true,
    headers: { 'ratelimit-policy': policyField(measures), ratelimit },
    retryAfterS: undefined,
    violatedPolicies: NO_POLICIES,
    basis,
  };
}

const NO_POLICIES: readonly Policy[] = [];

/** The window that a quota is announced with: never shorter than a calendar window really is. */
const WINDOW_S = { daily: 86_400, weekly: 604_800, monthly: 2_678_400 } as const;

/** A bucket that does not fill at all has no window; structured fields have 15 digits. */
const WINDOW_S_MAX = 999_999_999;

const policyFields = new WeakMap<Measures, string>();

/** The same for every answer under one plan. */
function policyField(measures: Measures): string {
  const known = policyFields.get(measures);
  if (known !== undefined) return known;
  const { capacity } = measures;
  const burst = { policy: 'burst', quota: Math.floor(capacity / PARTS_PER_REQUEST) };
  const items = [{ ...burst, windowS: burstWindowS(measures) }];
  for (const policy of quotaPolicies) {
    const quota = measures[policy];
    if (quota !== undefined) items.push({ policy, quota, windowS: WINDOW_S[policy] });
  }
  const field = writeFieldList(
    items.map(({ policy, quota, windowS }) => [
      policy,
      new Map([
        ['q', quota],
        ['w', windowS],
      ]),
    ]),
  );
  policyFields.set(measures, field);
  return field;
}

/** In which an empty bucket fills, so that quota and window together tell the rate. */
function burstWindowS({ capacity, refill }: Measures): number {
  return Math.min(WINDOW_S_MAX, Math.max(1, Math.ceil(capacity / refill / SECOND_US)));
}

// Written by hand, for every answer; a policy's name is a text without quotes.
function item(policy: Policy, available: number, windowS: number): string {
  return `"${policy}";r=${available};t=${windowS}`;
}

/** What is available of each policy. */
function limitField(state: LimitState, measures: Measures, since: number): string {
  const available = Math.floor(state.level / PARTS_PER_REQUEST) + since;
  // The window of the policy, not the time until the bucket is full: a client that spreads what is
  // available over it keeps to the rate (section 6 of the draft).
  let field = item('burst', available, burstWindowS(measures));
  for (const policy of quotaPolicies) {
    const quota = measures[policy];
    if (quota === undefined) continue;
    const { endsUs, used } = state[policy];
    const left = Math.max(0, quota - used + since);
    field += `, ${item(policy, left, Math.ceil((endsUs - state.atUs) / SECOND_US))}`;
  }
  return field;
}

/** Only what had no room, because Retry-After may not end before a window that is told. */
function violatedField(violated: readonly Policy[], state: LimitState, measures: Measures): string {
  return violated
    .map((policy) => {
      if (policy !== 'burst') {
        const { endsUs, used } = state[policy];
        const left = Math.max(0, (measures[policy] ?? 0) - used);
        return item(policy, left, Math.ceil((endsUs - state.atUs) / SECOND_US));
      }
      const missing = PARTS_PER_REQUEST - (state.level % PARTS_PER_REQUEST);
      const windowS = Math.min(WINDOW_S_MAX, Math.ceil(missing / measures.refill / SECOND_US));
      return item(policy, Math.floor(state.level / PARTS_PER_REQUEST), windowS);
    })
    .join(', ');
}

/** The problem document of a request over a limit. */
export function refusalOfLimit({ headers, retryAfterS, violatedPolicies }: Admission): EdgeRefusal {
  const over = `The request is over the limit of the plan: ${violatedPolicies.join(', ')}.`;
  const again =
    retryAfterS === undefined
      ? 'It counts for more than the plan ever allows at once.'
      : `It may be repeated in ${retryAfterS} ${retryAfterS === 1 ? 'second' : 'seconds'}.`;
  const members = { 'violated-policies': violatedPolicies };
  return new EdgeRefusal('quota_exceeded', `${over} ${again}`, { headers, members });
}
