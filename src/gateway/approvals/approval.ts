// Owns the rule of the second person: what can become of a proposal, and who may decide about it.
// Pure. The second is never the first, by whatever client either came, and never one whom the
// proposal would give more rights.

import type { Instant } from '#kernel';
import type { Principal } from '#identity';
import type { AccessRefusalCode } from '../access/refusals.ts';

/** Of an operation: which of its requests one person alone may not do. */
export interface ApprovalRule<Request> {
  /** Whether this request needs a second person. */
  when(request: Request): boolean;
  what(request: Request): {
    /** One sentence for whoever decides, without names of persons: it stands in lists. */
    readonly summary: string;
    /** Subjects or customers that it would give more rights: they may not decide. */
    readonly beneficiaries?: readonly string[];
  };
  /**
   * The body that waits in place of the one that was sent, where that says what is to be kept
   * nowhere. It is what runs in the end, and so must ask for the same.
   */
  kept?(request: Request): Promise<unknown>;
}

export const proposalStates = [
  'proposed',
  'approved',
  'rejected',
  'executed',
  'expired',
  'withdrawn',
] as const;

export type ProposalState = (typeof proposalStates)[number];

/** What may follow what; nothing follows what is not listed. */
export const transitions: Readonly<Record<ProposalState, readonly ProposalState[]>> = {
  proposed: ['approved', 'rejected', 'withdrawn', 'expired'],
  approved: ['executed'],
  rejected: [],
  executed: [],
  expired: [],
  withdrawn: [],
};

export type Verdict = 'approved' | 'rejected' | 'withdrawn';

/** A proposal, as far as it matters to who may decide. */
export interface Waiting {
  readonly state: ProposalState;
  readonly expiresAt: Instant;
  readonly maker: string;
  /** On whose behalf the maker acted. */
  readonly customer: string;
  readonly beneficiaries: readonly string[];
}

/** Why this person may not decide so; undefined where they may. */
export function objectionTo(
  proposal: Waiting,
  verdict: Verdict,
  decider: Principal,
  now: Instant,
): AccessRefusalCode | undefined {
  const isOpen = transitions[proposal.state].includes(verdict) && now < proposal.expiresAt;
  if (!isOpen) return 'proposal_closed';
  const { maker, customer, beneficiaries } = proposal;
  const names = namesOf(decider);
  if (verdict === 'withdrawn') {
    return decider.subject === maker ? undefined : 'proposal_not_own';
  }
  // Of a machine, or of whoever sits at this one, nobody knows which person it is.
  if (decider.kind !== 'person') return 'proposal_needs_person';
  // A client that proposed for a person, or that the person comes through now, is that person.
  if (names.includes(maker) || names.includes(customer)) return 'proposal_of_oneself';
  return beneficiaries.some((name) => names.includes(name)) ? 'proposal_for_oneself' : undefined;
}

function namesOf({ subject, customer, clientId }: Principal): readonly string[] {
  return clientId === undefined ? [subject, customer] : [subject, customer, clientId];
}
