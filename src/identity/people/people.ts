// The verbs of people: created, given roles, disabled, enabled, erased. A tenant that has an
// administrator is never left without one; whatever lessens a person's rights ends the tokens that
// still tell of them, in the same transaction.

import { eraseSubject, record, type JsonObject } from '#audit';
import { accept, msOf, newId, type Result } from '#kernel';
import type { Transaction } from '#platform';
import type { Role } from '../principal.ts';
import { revokeAllOf, revokeTokensOf } from '../sessions/sessions.ts';
import { peopleActions } from './audit-actions.ts';
import { withdrawInvitationsOf } from './invitation-end.ts';
import {
  checkNewPerson,
  checkRoles,
  type NewPerson,
  type Person,
  type PersonId,
} from './person.ts';
import {
  countAdministrators,
  insertPerson,
  lockAdministrators,
  lockPerson,
  selectPerson,
  updateErased,
  updateRoles,
  updateStatus,
} from './person-store.ts';
import { no, type PeopleRefusal, type PeopleRefused } from './refusals.ts';
import { keyContextOf, newPersonKey } from './secrets.ts';

/** A person without a name or a proof: both come with the acceptance of an invitation. */
export async function createPerson(
  tx: Transaction,
  asked: NewPerson,
): Promise<Result<PersonId, PeopleRefusal>> {
  const wrong = checkNewPerson(asked);
  if (wrong !== undefined) return wrong;
  const { tenant, roles, customer } = asked;
  const id = newId('usr', msOf(tx.now));
  const person = { id, tenant, roles, customer, status: 'invited' } as const;
  await insertPerson(tx, person, await tx.keys.wrap(newPersonKey(), keyContextOf(id)));
  const action = peopleActions['identity.person.create'];
  await record(tx, [{ action, target: id, after: factsOf(person) }]);
  return accept(id);
}

/** Replaces the roles. Tokens that tell of the old ones are refused from now on. */
export async function setRoles(
  tx: Transaction,
  asked: {
    readonly person: PersonId;
    readonly roles: readonly Role[];
    readonly customer?: string | undefined;
  },
): Promise<Result<undefined, PeopleRefusal>> {
  const { roles, customer } = asked;
  return await change(tx, asked.person, async (person) => {
    const wrong =
      checkRoles(roles, customer) ??
      (roles.includes('administrator') ? undefined : await checkAdministered(tx, person));
    if (wrong !== undefined) return wrong;
    await updateRoles(tx, person.id, { roles, customer });
    await revokeTokensOf(tx, person.id);
    return { ...person, roles, customer };
  });
}

/** Nobody signs in as this person, and all sessions end. */
export async function disablePerson(
  tx: Transaction,
  id: PersonId,
): Promise<Result<undefined, PeopleRefusal>> {
  return await change(tx, id, async (person) => {
    const wrong = await checkAdministered(tx, person);
    if (wrong !== undefined) return wrong;
    await updateStatus(tx, id, 'disabled');
    await withdrawInvitationsOf(tx, id);
    await revokeAllOf(tx, id);
    return { ...person, status: 'disabled' };
  });
}

/** The person may sign in again, by the means there were. */
export async function enablePerson(
  tx: Transaction,
  id: PersonId,
): Promise<Result<undefined, PeopleRefusal>> {
  return await change(tx, id, async (person, hasAccepted) => {
    if (person.status !== 'disabled') {
      return no('person_status', `The person ${id} is not disabled.`, 'person');
    }
    // Who was disabled before accepting an invitation has proven nothing and needs another.
    const status = hasAccepted ? 'active' : 'invited';
    await updateStatus(tx, id, status);
    return { ...person, status };
  });
}

export interface Erasing {
  readonly person: PersonId;
  /** Why. In clear and for ever, so it names the case and not the person. */
  readonly reason: string;
}

/**
 * Forgets a person: name, address, proofs, origins of sessions and what the audit log sealed. The
 * id stays, so that what was done can still be told apart. Erasing once more is no change.
 */
export async function erasePerson(
  tx: Transaction,
  { person: id, reason }: Erasing,
): Promise<Result<undefined, PeopleRefusal>> {
  const found = await selectPerson(tx, id);
  if (found?.status === 'erased') return accept(undefined);
  const erased = await change(tx, id, async (person) => {
    const wrong = await checkAdministered(tx, person);
    if (wrong !== undefined) return wrong;
    await withdrawInvitationsOf(tx, id);
    await revokeAllOf(tx, id);
    await updateErased(tx, id);
    return { ...person, status: 'erased' };
  });
  if (!erased.ok) return erased;
  const action = peopleActions['identity.person.erase'];
  await record(tx, [{ action, target: id, after: { reason } }]);
  // Of somebody who never accepted an invitation nothing was sealed; that is no refusal here.
  await eraseSubject(tx, { subject: id, reason });
  return accept(undefined);
}

// One change of one person: locked, judged, recorded with what it was before.
async function change(
  tx: Transaction,
  id: PersonId,
  apply: (person: Person, hasAccepted: boolean) => Promise<Person | PeopleRefused>,
): Promise<Result<undefined, PeopleRefusal>> {
  const known = await selectPerson(tx, id);
  if (known === undefined) return no('person_unknown', `There is no person ${id}.`, 'person');
  // Always before the person, so that two changes wait for each other and never deadlock.
  await lockAdministrators(tx, known.tenant);
  const person = await lockPerson(tx, id);
  if (person === undefined || person.status === 'erased') {
    return no('person_erased', `The person ${id} was erased.`, 'person');
  }
  const after = await apply(person, person.hasAccepted);
  if ('ok' in after) return after;
  const action = peopleActions['identity.person.change'];
  await record(tx, [{ action, target: id, before: factsOf(person), after: factsOf(after) }]);
  return accept(undefined);
}

async function checkAdministered(
  tx: Transaction,
  person: Person,
): Promise<PeopleRefused | undefined> {
  if (person.status !== 'active' || !person.roles.includes('administrator')) return undefined;
  if ((await countAdministrators(tx, person.tenant, person.id)) > 0) return undefined;
  const message = 'This is the last administrator: make another one first.';
  return no('last_administrator', message, 'person');
}

function factsOf({
  tenant,
  roles,
  customer,
  status,
}: Pick<Person, 'tenant' | 'roles' | 'customer' | 'status'>): JsonObject {
  return { customer, roles: [...roles], status, tenant };
}
