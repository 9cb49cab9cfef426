// Owns which verb each action on a case is.

import { assert, endOfDay, parseDate, parseInstant, type Instant } from '#kernel';
import type { Transaction } from '#platform';
import type { CaseId } from '../case.ts';
import { closeCase, reopenCase } from '../close.ts';
import {
  assignCase,
  letCaseWait,
  moveCase,
  releaseCase,
  resumeCase,
  type Worked,
} from '../work.ts';
import type { ActionBody } from './case-schemas.ts';

export async function act(tx: Transaction, id: CaseId, body: ActionBody): Promise<Worked> {
  switch (body.action) {
    case 'assign':
      return await assignCase(tx, id, body.assignee ?? tx.actor);
    case 'release':
      return await releaseCase(tx, id);
    case 'move':
      return await moveCase(tx, id, body);
    case 'wait':
      return await letCaseWait(tx, id, { until: untilOf(body.until), text: body.note });
    case 'resume':
      return await resumeCase(tx, id);
    case 'close': {
      const { outcome, pattern, note: text } = body;
      return await closeCase(tx, id, { outcome, pattern, text });
    }
    case 'reopen':
      return await reopenCase(tx, id, body.note);
  }
}

/** Until a date is until the end of that day, UTC. */
export function untilOf(text: string): Instant {
  const date = parseDate(text);
  const until = date === undefined ? parseInstant(text) : endOfDay(date);
  assert(until !== undefined, 'the schema lets only times and dates in');
  return until;
}
