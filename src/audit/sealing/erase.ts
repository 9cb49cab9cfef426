// Erases a person: destroys the key and the salt, and leaves every leaf and every proof as it is.
// The row is gone when the transaction commits; its bytes on disk go with the scrubbing after it.

import { accept, refuse, type Result } from '#kernel';
import type { Transaction } from '#platform';
import { auditActions } from '../actions.ts';
import { record } from '../record.ts';
import type { AuditRefusal } from '../refusals.ts';
import { deleteSubject, insertErasure, selectErased } from './subject-store.ts';

export interface Erasure {
  readonly subject: string;
  /** Why. Recorded in clear and for ever, so it names the case and not the person. */
  readonly reason: string;
}

export interface Erased {
  /** False when an earlier erasure had left nothing to erase. */
  readonly isNew: boolean;
}

/** Erases all that is sealed under a subject. Erasing it once more is no change. */
export async function eraseSubject(
  tx: Transaction,
  { subject, reason }: Erasure,
): Promise<Result<Erased, AuditRefusal<'subject_unknown'>>> {
  if (await deleteSubject(tx, subject)) {
    await insertErasure(tx, { subject, erasedAt: tx.now, actor: tx.actor });
    const action = auditActions['audit.subject.erased'];
    await record(tx, [{ action, target: subject, after: { reason } }]);
    return accept({ isNew: true });
  }
  const erased = await selectErased(tx, [subject]);
  if (erased.has(subject)) return accept({ isNew: false });
  return refuse({
    code: 'subject_unknown',
    message: `Nothing was ever sealed under "${subject}".`,
    param: 'subject',
  });
}
