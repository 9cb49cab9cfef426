// How a proposal is shown to those who may see it: who wants what, until when, and what became of
// it.

import { Type } from 'typebox';
import type { Static } from 'typebox';
import { formatInstant } from '#kernel';
import type { Instant } from '#kernel';
import * as schema from '../schema.ts';
import { proposalStates } from './approval.ts';
import type { Proposal } from './proposal-store.ts';

const REQUEST_LENGTH_MAX = 1_048_576;

export const proposalShape = schema.object(
  {
    id: schema.idText('apv'),
    state: schema.choice(proposalStates),
    operation: schema.text(100, { description: 'the operationId of the request' }),
    summary: schema.text(200),
    request: schema.text(REQUEST_LENGTH_MAX, {
      description: 'JSON text of params, query and body, as they will be used',
    }),
    proposed_by: schema.text(300),
    proposed_at: schema.instantText(),
    expires_at: schema.instantText(),
    decided_by: schema.orNull(schema.text(300)),
    decided_at: schema.orNull(schema.instantText()),
    reason: schema.orNull(schema.text(500)),
    executed_at: schema.orNull(schema.instantText()),
    answer_status: schema.orNull(Type.Integer({ description: 'the status it was answered with' })),
    answer: schema.orNull(Type.String({ description: 'the body it was answered with, as text' })),
  },
  { title: 'Proposal' },
);

export function presentProposal(proposal: Proposal): Static<typeof proposalShape> {
  return {
    id: proposal.id,
    state: proposal.state,
    operation: proposal.operationId,
    summary: proposal.summary,
    request: proposal.request,
    proposed_by: proposal.maker,
    proposed_at: formatInstant(proposal.proposedAt),
    expires_at: formatInstant(proposal.expiresAt),
    decided_by: proposal.decidedBy ?? null,
    decided_at: timeText(proposal.decidedAt),
    reason: proposal.reason ?? null,
    executed_at: timeText(proposal.executedAt),
    answer_status: proposal.answerStatus ?? null,
    answer: proposal.answer ?? null,
  };
}

function timeText(at: Instant | undefined): string | null {
  return at === undefined ? null : formatInstant(at);
}

/** Among the answers of every operation that may need a second person. */
export const proposedAnswer = {
  202: { description: 'It waits for a second person.', body: proposalShape },
} as const;
