// Owns the withdrawal of invitations: their codes open nothing any more, and what somebody had
// begun with one is over.

import { record } from '#audit';
import type { Transaction } from '#platform';
import { peopleActions } from './audit-actions.ts';
import { updateWithdrawn, type InvitationKind } from './invitation-store.ts';
import type { PersonId } from './person.ts';

/** Withdraws what is open for a person; answers what kind it was. */
export async function withdrawInvitationsOf(
  tx: Transaction,
  person: PersonId,
): Promise<InvitationKind | undefined> {
  const withdrawn = await updateWithdrawn(tx, person);
  const action = peopleActions['identity.invitation.withdraw'];
  await record(
    tx,
    withdrawn.map(({ id, kind }) => ({ action, target: person, after: { invitation: id, kind } })),
  );
  return withdrawn[0]?.kind;
}
