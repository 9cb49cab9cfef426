// The verbs of proposals: made by one person, decided by another, each with a record of who, what
// and why not. A request is kept as it was checked; nobody can change it afterwards.

import { createHash, randomBytes } from 'node:crypto';
import { record } from '#audit';
import type { Action, JsonObject } from '#audit';
import { checkFreshness } from '#identity';
import type { Principal } from '#identity';
import {
  accept,
  assert,
  instantOf,
  isId,
  MILLISECOND_US,
  newId,
  msOf,
  refuse,
  uuidOf,
} from '#kernel';
import type { Refusal, Result } from '#kernel';
import type { Transaction } from '#platform';
import { authorise, isStaffFor } from '../access/authorise.ts';
import { accessRefusals } from '../access/refusals.ts';
import type { AccessRefusalCode } from '../access/refusals.ts';
import { enterTenant } from '../access/tenant-store.ts';
import { gatewayActions } from '../audit-actions.ts';
import { objectionTo } from './approval.ts';
import type { Verdict } from './approval.ts';
import { principalIn, textOfPrincipal } from './maker.ts';
import {
  insertProposal,
  selectProposal,
  selectProposals,
  updateDecided,
} from './proposal-store.ts';
import type { Proposal, ProposalFilter } from './proposal-store.ts';

export interface ProposalRefusal extends Refusal {
  readonly code: AccessRefusalCode;
}

/** A request that must wait, with what a second person should know of it. */
export interface Request {
  readonly operationId: string;
  readonly permission: string;
  readonly content: { readonly params: unknown; readonly query: unknown; readonly body: unknown };
  /** One sentence without names of persons: it stands in lists. */
  readonly summary: string;
  /** Whom it would give more rights. */
  readonly beneficiaries: readonly string[];
}

export interface ProposalLimits {
  readonly approvalValidMs: number;
  readonly approvalRequestBytesMax: number;
}

export async function propose(
  tx: Transaction,
  maker: Principal,
  { request, limits }: { readonly request: Request; readonly limits: ProposalLimits },
): Promise<Result<Proposal, ProposalRefusal>> {
  const { operationId, permission, summary, beneficiaries, content } = request;
  // It was read from JSON, all of it.
  const text = JSON.stringify(content);
  if (Buffer.byteLength(text) > limits.approvalRequestBytesMax) {
    const message = `A request of more than ${limits.approvalRequestBytesMax} bytes cannot wait.`;
    return refuse({ code: 'proposal_too_large', message, param: 'body' });
  }
  await enterTenant(tx, maker.tenant);
  const expiresAt = instantOf(tx.now + limits.approvalValidMs * MILLISECOND_US);
  assert(expiresAt !== undefined, 'a proposal ends within the range of time');
  const proposal = {
    id: newId('apv', msOf(tx.now)),
    tenant: maker.tenant,
    operationId,
    permission,
    summary: summary.slice(0, SUMMARY_LENGTH_MAX),
    beneficiaries,
    request: text,
    requestHash: createHash('sha256').update(text).digest(),
    executionKey: `approved:${randomBytes(24).toString('base64url')}`,
    maker: maker.subject,
    customer: maker.customer,
    makerPrincipal: textOfPrincipal(maker),
    proposedAt: tx.now,
    expiresAt,
  };
  await insertProposal(tx, proposal);
  await note(tx, gatewayActions['gateway.proposal.make'], proposal, {
    request_sha256: proposal.requestHash.toString('hex'),
    beneficiaries: [...beneficiaries],
  });
  const { makerPrincipal: _, requestHash: __, ...rest } = proposal;
  return accept({ ...rest, ...undecided, makerPrincipal: maker });
}

const SUMMARY_LENGTH_MAX = 200;

const undecided = {
  state: 'proposed',
  decidedAt: undefined,
  decidedBy: undefined,
  reason: undefined,
  executedAt: undefined,
  answerStatus: undefined,
  answer: undefined,
} as const;

const actions: Readonly<Record<Verdict, Action>> = {
  approved: gatewayActions['gateway.proposal.approve'],
  rejected: gatewayActions['gateway.proposal.reject'],
  withdrawn: gatewayActions['gateway.proposal.withdraw'],
};

/** Deciding as before changes nothing, and is no mistake. */
export async function decide(
  tx: Transaction,
  decider: Principal,
  asked: { readonly id: string; readonly verdict: Verdict; readonly reason: string | undefined },
): Promise<Result<Proposal, ProposalRefusal>> {
  const { id, verdict, reason } = asked;
  const found = await findProposal(tx, decider, id);
  if (!found.ok) return found;
  const proposal = found.value;
  if (isRepeated(proposal, verdict, decider)) return found;
  const objection =
    objectionTo(proposal, verdict, decider, tx.now) ??
    (verdict === 'approved' ? await objectionToMaker(tx, proposal) : undefined);
  if (objection !== undefined) {
    const denied = { action: actions[verdict], target: id, outcome: 'denied' } as const;
    await record(tx, [{ ...denied, reason: objection, after: { maker: proposal.maker } }]);
    return refuse({ code: objection, message: `${accessRefusals[objection].title}.`, param: 'id' });
  }
  const by = verdict === 'withdrawn' ? {} : { by: decider.subject };
  const why = reason === undefined ? {} : { reason };
  await updateDecided(tx, uuidOf(proposal.id), { state: verdict, ...by, ...why });
  await note(tx, actions[verdict], proposal, { has_reason: reason !== undefined });
  return await findProposal(tx, decider, id);
}

function isRepeated(proposal: Proposal, verdict: Verdict, decider: Principal): boolean {
  const { state, decidedBy, maker } = proposal;
  if (verdict === 'withdrawn') return state === 'withdrawn' && maker === decider.subject;
  const isSame = state === verdict || (verdict === 'approved' && state === 'executed');
  return isSame && decidedBy === decider.subject;
}

/** What a maker lost since may not be done in the maker's name. */
async function objectionToMaker(
  tx: Transaction,
  { makerPrincipal, permission, proposedAt }: Proposal,
): Promise<AccessRefusalCode | undefined> {
  const maker = principalIn(makerPrincipal);
  const question = { subject: maker.subject, session: undefined, issuedAt: proposedAt };
  const [freshness] = await checkFreshness(tx, [{ ...question, proof: undefined }]);
  const isAllowed = authorise(maker, permission, true).isAllowed;
  return freshness === 'fresh' && isAllowed ? undefined : 'proposal_maker_gone';
}

/** Nobody may decide about it any more. */
export async function expireProposal(
  tx: Transaction,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<void> {
  await enterTenant(tx, tenant);
  const proposal = await selectProposal(tx, id);
  if (proposal?.state !== 'proposed' || proposal.expiresAt > tx.now) return;
  await updateDecided(tx, id, { state: 'expired' });
  await note(tx, gatewayActions['gateway.proposal.expire'], proposal, {});
}

async function note(
  tx: Transaction,
  action: Action,
  { id, operationId, maker }: Pick<Proposal, 'id' | 'operationId' | 'maker'>,
  more: JsonObject,
): Promise<void> {
  await record(tx, [{ action, target: id, after: { operation: operationId, maker, ...more } }]);
}

/** One that the caller may see: their own, or any of the tenant for whoever decides or audits. */
export async function findProposal(
  tx: Transaction,
  principal: Principal,
  id: string,
): Promise<Result<Proposal, ProposalRefusal>> {
  await enterTenant(tx, principal.tenant);
  const proposal = isId('apv', id) ? await selectProposal(tx, uuidOf(id)) : undefined;
  const only = visibleTo(principal);
  const isVisible =
    only === undefined || proposal?.maker === only.subject || proposal?.customer === only.customer;
  if (proposal !== undefined && isVisible) return accept(proposal);
  return refuse({ code: 'proposal_unknown', message: `There is no proposal ${id}.`, param: 'id' });
}

export async function listProposals(
  tx: Transaction,
  principal: Principal,
  page: Omit<ProposalFilter, 'visibleTo'>,
): Promise<Proposal[]> {
  await enterTenant(tx, principal.tenant);
  return await selectProposals(tx, { ...page, visibleTo: visibleTo(principal) });
}

function visibleTo(principal: Principal): ProposalFilter['visibleTo'] {
  return isStaffFor(principal, 'access.approvals.read') ? undefined : principal;
}
