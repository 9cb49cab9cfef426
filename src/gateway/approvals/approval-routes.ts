// The HTTP operations on proposals: seen by their makers and by those who decide, approved,
// rejected or withdrawn. Deciding twice in the same way is answered as the first time.

import { Type } from 'typebox';
import { isId, uuidOf } from '#kernel';
import type { Clock } from '#kernel';
import type { Database } from '#platform';
import { requirePrincipal } from '../access/grants/grant-routes.ts';
import { readCursor, pageOf } from '../cursor.ts';
import { contextOf } from '../intake/caller.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { proposalStates } from './approval.ts';
import type { Verdict } from './approval.ts';
import type { Approvals } from './approvals.ts';
import { presentProposal, proposalShape } from './present.ts';
import { decide, findProposal, listProposals } from './proposals.ts';

export interface ApprovalsEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly approvals: Approvals;
}

const tags = ['approvals'];
const LIST = 'approvals';
const permissions = {
  read: 'access.approvals.read',
  decide: 'access.approvals.decide',
  withdraw: 'access.approvals.withdraw',
} as const;

const params = schema.object({ id: schema.idText('apv') });
const shown = { 200: { description: 'The proposal.', body: proposalShape } };
const decideBody = schema.object({
  reason: Type.Optional(
    schema.text(500, { description: 'why, without what names a person: it is kept in clear' }),
  ),
});

export function approvalRoutes(edge: ApprovalsEdge): Route[] {
  const path = '/v1/approvals';
  const at = `${path}/{id}`;
  const { read, decide: permission, withdraw } = permissions;
  return [
    { method: 'GET', path, permission: read, operation: list(edge) },
    { method: 'GET', path: at, permission: read, operation: readOne(edge) },
    { method: 'POST', path: `${at}/approve`, permission, operation: approve(edge) },
    { method: 'POST', path: `${at}/reject`, permission, operation: reject(edge) },
    { method: 'POST', path: `${at}/withdraw`, permission: withdraw, operation: withdrawOne(edge) },
  ];
}

function list(edge: ApprovalsEdge): Operation {
  return defineOperation({
    operationId: 'listProposals',
    summary: 'List proposals, newest first',
    description: 'Those of the caller; all of the tenant for approvers and auditors.',
    tags,
    schema: {
      query: schema.object({
        ...schema.pageQuery,
        state: Type.Optional(schema.choice(proposalStates)),
      }),
      response: { 200: { description: 'The proposals.', body: schema.pageOf(proposalShape) } },
    },
    async handler(request) {
      const { limit, cursor, state } = request.query;
      const place = cursor === undefined ? '' : String(readCursor(LIST, cursor)[0]);
      const before = isId('apv', place) ? uuidOf(place) : undefined;
      const principal = requirePrincipal(request.principal);
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        listProposals(tx, principal, { state, before, countMax: limit + 1 }),
      );
      return answer(
        200,
        pageOf({ list: LIST, found, limit, present: presentProposal, place: (last) => [last.id] }),
      );
    },
  });
}

function readOne(edge: ApprovalsEdge): Operation {
  return defineOperation({
    operationId: 'readProposal',
    summary: 'Read a proposal',
    tags,
    refusals: ['proposal_unknown'],
    schema: { params, response: shown },
    async handler(request) {
      const { id } = request.params;
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        findProposal(tx, requirePrincipal(request.principal), id),
      );
      return found.ok ? answer(200, presentProposal(found.value)) : found;
    },
  });
}

const decideRefusals = [
  'proposal_unknown',
  'proposal_closed',
  'proposal_needs_person',
  'proposal_of_oneself',
  'proposal_for_oneself',
] as const;

function approve(edge: ApprovalsEdge): Operation {
  return deciding(edge, 'approved', {
    operationId: 'approveProposal',
    summary: 'Approve a proposal and execute it',
    description:
      'The second person is never the first. The request runs as whoever made it, exactly once. ' +
      'The answer holds what it was answered with, or the state approved where it runs soon.',
    refusals: [...decideRefusals, 'proposal_maker_gone'],
  });
}

function reject(edge: ApprovalsEdge): Operation {
  return deciding(edge, 'rejected', {
    operationId: 'rejectProposal',
    summary: 'Reject a proposal',
    description: 'It will never be executed; it is kept, and can still be read.',
    refusals: decideRefusals,
  });
}

function withdrawOne(edge: ApprovalsEdge): Operation {
  return deciding(edge, 'withdrawn', {
    operationId: 'withdrawProposal',
    summary: 'Withdraw a proposal of your own',
    description: 'Nobody can approve it any more.',
    refusals: ['proposal_unknown', 'proposal_closed', 'proposal_not_own'],
  });
}

interface Told {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly refusals: readonly string[];
}

function deciding(edge: ApprovalsEdge, verdict: Verdict, told: Told): Operation {
  const { database, clock, approvals } = edge;
  return defineOperation({
    ...told,
    tags,
    isBodyOptional: true,
    isIdempotentByNature: true,
    schema: { params, body: decideBody, response: shown },
    async handler(request) {
      const { params: path, body, requestId } = request;
      const decider = requirePrincipal(request.principal);
      const decided = await database.transaction(contextOf(clock, request), (tx) =>
        decide(tx, decider, { id: path.id, verdict, reason: body.reason }),
      );
      if (!decided.ok) return decided;
      const { state, id, tenant } = decided.value;
      if (state !== 'approved') return answer(200, presentProposal(decided.value));
      await approvals.execute({ tenant, id, requestId });
      const found = await database.transaction(contextOf(clock, request), (tx) =>
        findProposal(tx, decider, id),
      );
      return found.ok ? answer(200, presentProposal(found.value)) : found;
    },
  });
}
