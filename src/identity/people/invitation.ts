// The verbs that let people in: an invitation is a code that one person may use once, to choose a
// name, a password and a second factor. The first administrator comes in the same way, so there is
// no default password. A code is told once, to whoever asked for it, and kept as its hash.

import { record } from '#audit';
import { limits } from '#config';
import {
  accept,
  assert,
  formatInstant,
  MILLISECOND_US,
  msOf,
  newId,
  type Instant,
  type Result,
} from '#kernel';
import type { Database, Transaction, TransactionContext } from '#platform';
import { deleteFactors } from '../factors/factor-store.ts';
import { revokeAllOf } from '../sessions/sessions.ts';
import { peopleActions } from './audit-actions.ts';
import { codeHash, newCode } from './code.ts';
import { withdrawInvitationsOf } from './invitation-end.ts';
import {
  insertInvitation,
  selectFirstInvited,
  type InvitationId,
  type InvitationKind,
} from './invitation-store.ts';
import { createPerson } from './people.ts';
import { DEFAULT_TENANT, type NewPerson, type PersonId } from './person.ts';
import { countAdministrators, lockAdministrators, lockPerson } from './person-store.ts';
import { no, type PeopleRefusal } from './refusals.ts';

/** Where a code is entered. */
export const INVITATION_PATH = '/identity/pages/invitation';

export interface Invitation {
  readonly id: InvitationId;
  readonly person: PersonId;
  /** For whoever was invited, and for nobody else. */
  readonly code: string;
  readonly expiresAt: Instant;
}

/** 125 bits. */
const CODE_GROUPS = 5;

/** Creates a person and the code that lets them in. */
export async function invitePerson(
  tx: Transaction,
  asked: NewPerson,
): Promise<Result<Invitation, PeopleRefusal>> {
  const created = await createPerson(tx, asked);
  if (!created.ok) return created;
  return accept(await invite(tx, created.value, 'person'));
}

/**
 * Lets a person choose a password anew, by a new code; those from before are void. Of an active
 * person the password goes at once and all sessions end; second factors only where asked for, for
 * example when the telephone is lost.
 */
export async function resetPerson(
  tx: Transaction,
  { person: id, areFactorsRemoved }: { person: PersonId; areFactorsRemoved: boolean },
): Promise<Result<Invitation, PeopleRefusal>> {
  const person = await lockPerson(tx, id);
  if (person === undefined) return no('person_unknown', `There is no person ${id}.`, 'person');
  if (person.status === 'erased' || person.status === 'disabled') {
    return no('person_status', `The person ${id} is ${person.status}.`, 'person');
  }
  const kind = await withdrawInvitationsOf(tx, id);
  if (person.status === 'invited') return accept(await invite(tx, id, kind ?? 'person'));
  await revokeAllOf(tx, id);
  const removed = await deleteFactors(tx, id, { isPasswordOnly: !areFactorsRemoved });
  if (removed > 0) {
    const action = peopleActions['identity.factor.remove'];
    await record(tx, [{ action, target: id, after: { removed: String(removed) } }]);
  }
  return accept(await invite(tx, id, 'reset'));
}

export interface FirstInvitation {
  /** Of the page, on this installation. */
  readonly path: string;
  readonly code: string;
  readonly expiresAt: Instant;
}

/**
 * While the tenant has no administrator: a new code that makes one, instead of any before it. To be
 * called, and told to whoever starts the bank, at each start.
 */
export async function ensureAdministratorInvitation(
  database: Database,
  context: TransactionContext,
  tenant: string = DEFAULT_TENANT,
): Promise<FirstInvitation | undefined> {
  return await database.transaction(context, async (tx) => {
    await lockAdministrators(tx, tenant);
    const waiting = await selectFirstInvited(tx, tenant);
    if (waiting !== undefined) await withdrawInvitationsOf(tx, waiting);
    if ((await countAdministrators(tx, tenant)) > 0) return undefined;
    const person = waiting ?? (await createAdministrator(tx, tenant));
    const { code, expiresAt } = await invite(tx, person, 'first');
    return { path: INVITATION_PATH, code, expiresAt };
  });
}

async function createAdministrator(tx: Transaction, tenant: string): Promise<PersonId> {
  const created = await createPerson(tx, { tenant, roles: ['administrator'] });
  assert(created.ok, 'an administrator of a tenant with a good name can be created');
  return created.value;
}

async function invite(
  tx: Transaction,
  person: PersonId,
  kind: InvitationKind,
): Promise<Invitation> {
  const code = newCode(CODE_GROUPS);
  const id = newId('inv', msOf(tx.now));
  const forMs = kind === 'person' ? limits.invitationMs.value : limits.invitationFirstMs.value;
  const expiresAt = (tx.now + forMs * MILLISECOND_US) as Instant;
  await insertInvitation(tx, { id, person, kind, expiresAt }, codeHash(code));
  await record(tx, [
    {
      action: peopleActions['identity.invitation.make'],
      target: person,
      after: { expires_at: formatInstant(expiresAt), invitation: id, kind },
    },
  ]);
  return { id, person, code, expiresAt };
}
