// The verbs that end a case and begin it again. An outcome is said of every decision of the case as
// a label, which screening learns from; a later outcome corrects an earlier one.

import { limits } from '#config';
import { accept, assert } from '#kernel';
import { emit, type Transaction } from '#platform';
import { labelDecisions } from '../labels/labels.ts';
import { decisionsOtherwise } from '../labels/label-store.ts';
import type { Case, CaseId, CaseOutcome } from './case.ts';
import { findOpenCase, lockCase } from './case-store.ts';
import { dueFrom } from './clock.ts';
import { no } from './refusals.ts';
import { changed, lockOwn, unknown, type Worked } from './work.ts';

export interface CaseEnding {
  readonly outcome: CaseOutcome;
  /** What kind of fraud, where it is known. */
  readonly pattern?: string | undefined;
  readonly text: string;
}

export async function closeCase(
  tx: Transaction,
  id: CaseId,
  { outcome, pattern, text }: CaseEnding,
): Promise<Worked> {
  const locked = await lockOwn(tx, id);
  if (!locked.ok) return locked;
  if (pattern !== undefined && outcome !== 'fraud') {
    return no('case_outcome_unfit', 'Only fraud has a pattern.', 'pattern');
  }
  const { value: found } = locked;
  const labelled = outcome === 'inconclusive' ? 0 : await label(tx, found, { outcome, pattern });
  const after: Case = {
    ...found,
    state: 'closed',
    waitUntil: undefined,
    outcome,
    pattern,
    closedAt: tx.now,
  };
  const details = { outcome, pattern, labelled };
  const closed = await changed(tx, found, after, { kind: 'closed', text, details });
  const { accountId, alerts } = closed;
  const data = { account_id: accountId, alerts, outcome, pattern: pattern ?? null };
  await emit(tx, [{ type: 'fraud.case_closed', subject: id, data }]);
  return accept(closed);
}

/** Of how many decisions something new was said. */
async function label(
  tx: Transaction,
  { id }: Case,
  { outcome, pattern }: Pick<CaseEnding, 'outcome' | 'pattern'>,
): Promise<number> {
  const isFraud = outcome === 'fraud';
  const ids = await decisionsOtherwise(tx, id, { isFraud, pattern });
  const { value: most } = limits.fraudLabelledAtOnceMax;
  for (let from = 0; from < ids.length; from += most) {
    const asked = ids.slice(from, from + most).map((decisionId) => {
      return { decisionId, isFraud, pattern, caseId: id, source: 'case' } as const;
    });
    const results = await labelDecisions(tx, asked);
    assert(
      results.every(({ ok }) => ok),
      'what an alert is about was decided',
    );
  }
  return ids.length;
}

/** By whoever has something new to say, who takes it on; its clock begins anew. */
export async function reopenCase(tx: Transaction, id: CaseId, text: string): Promise<Worked> {
  const found = await lockCase(tx, id);
  if (found === undefined) return unknown(id);
  if (found.state !== 'closed') return no('case_not_closed', `The case ${id} is not closed.`);
  const other = await findOpenCase(tx, found);
  if (other !== undefined) {
    const message = `The account has the case ${other.id} under way: work on that one.`;
    return no('case_open_elsewhere', message);
  }
  const after: Case = {
    ...found,
    state: 'assigned',
    assignee: tx.actor,
    dueAt: dueFrom(tx.now, found.priority),
    isOverdue: false,
    outcome: undefined,
    pattern: undefined,
    closedAt: undefined,
  };
  const details = { assignee: tx.actor, outcome: found.outcome };
  return accept(await changed(tx, found, after, { kind: 'reopened', text, details }));
}
