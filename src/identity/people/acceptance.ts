// The verbs of whoever holds an invitation: see whom it is for, choose a name and a password, and
// complete it. Until then the person cannot sign in; afterwards the code opens nothing any more.

import { record } from '#audit';
import { accept, type Instant, type Result } from '#kernel';
import { violatedConstraint, type Transaction, type TransactionContext } from '#platform';
import { makeRecoveryCodes, setPassword } from '../factors/enrol.ts';
import { countFactors } from '../factors/factor-store.ts';
import { checkPassword } from '../factors/password-rules.ts';
import type { ProofWorld } from '../factors/prove.ts';
import { peopleActions } from './audit-actions.ts';
import { codeHash } from './code.ts';
import {
  lockOpenInvitation,
  selectOpenInvitation,
  updateAccepted,
  type InvitationId,
  type InvitationRow,
} from './invitation-store.ts';
import { checkProfile, isStaff, loginOf, type Person, type Profile } from './person.ts';
import {
  countAdministrators,
  lockAdministrators,
  lockPerson,
  selectPerson,
  updateStatus,
} from './person-store.ts';
import { findByLogin, findPerson, saveProfile, type NamedPerson } from './profile.ts';
import { no, type PeopleRefusal, type PeopleRefused } from './refusals.ts';

export interface OpenInvitation extends Omit<InvitationRow, 'person'> {
  readonly person: NamedPerson;
}

const notOpen = (): PeopleRefused =>
  no('invitation_invalid', 'No invitation with this code can be accepted any more.', 'code');

/** The invitation of a code, or of an id, while it can be accepted. */
export async function findInvitation(
  { database }: Pick<ProofWorld, 'database'>,
  by: { readonly code: string } | { readonly id: InvitationId },
  now: Instant,
): Promise<Result<OpenInvitation, PeopleRefusal>> {
  const key = 'code' in by ? { codeHash: codeHash(by.code) } : by;
  const row = await selectOpenInvitation(database, key, now);
  const person = row && (await findPerson(database, database.keys, row.person));
  if (row === undefined || person === undefined) return notOpen();
  if (row.kind === 'first' && (await countAdministrators(database, person.tenant)) > 0) {
    return notOpen();
  }
  return accept({ ...row, person });
}

export interface Securing {
  readonly invitation: InvitationRow;
  /** Who has none yet chooses one. */
  readonly profile: Profile | undefined;
  readonly password: string;
}

/** Sets the name and the password. Done again, it replaces what was chosen before. */
export async function securePerson(
  { database, hasher }: ProofWorld,
  context: TransactionContext,
  { invitation, profile, password }: Securing,
): Promise<Result<undefined, PeopleRefusal>> {
  const known = await findPerson(database, database.keys, invitation.person);
  const given = profile && { ...profile, login: loginOf(profile.login), name: profile.name.trim() };
  const named = given ?? known?.profile;
  if (known === undefined || named === undefined) return notOpen();
  const { login, name, email = '' } = named;
  const wrong = checkProfile(named) ?? checkPassword(password, [login, name, email]);
  if (wrong !== undefined) return wrong;
  const hash = await hasher.hash(password);
  try {
    return await database.transaction(context, async (tx) => {
      const person = await lockInvited(tx, invitation);
      if (person === undefined) return notOpen();
      if (given !== undefined) {
        const refused = await takeName(tx, person, given);
        if (refused !== undefined) return refused;
      }
      await setPassword(tx, person.id, hash);
      return accept(undefined);
    });
  } catch (error) {
    // Two people have chosen one name at the same moment.
    if (violatedConstraint(error) === 'people_login_digest_key') return taken();
    throw error;
  }
}

function taken(): PeopleRefused {
  return no('login_taken', 'Somebody has this login name; choose another.', 'login');
}

async function takeName(
  tx: Transaction,
  person: Person,
  profile: Profile,
): Promise<PeopleRefused | undefined> {
  // A name once accepted stays: an invitation to choose a password is not one to be another.
  if (person.status !== 'invited') return notOpen();
  const holder = await findByLogin(tx, tx.keys, profile.login);
  if (holder !== undefined && holder.id !== person.id) return taken();
  await saveProfile(tx, person.id, profile);
  const fields = { email: profile.email ?? '', login: profile.login, name: profile.name };
  const action = peopleActions['identity.person.name'];
  const sensitive = [{ subject: person.id, fields }];
  await record(tx, [{ action, target: person.id, sensitive }]);
  return undefined;
}

export interface Accepted {
  readonly person: Person;
  /** New ones, to be shown once; undefined when there is no second factor to recover. */
  readonly recoveryCodes: readonly string[] | undefined;
}

/** Ends the invitation: the person may sign in from now on. Staff have a second factor by then. */
export async function acceptInvitation(
  tx: Transaction,
  invitation: InvitationRow,
): Promise<Result<Accepted, PeopleRefusal>> {
  const person = await lockInvited(tx, invitation);
  if (person === undefined) return notOpen();
  const factors = await countFactors(tx, person.id);
  if (!factors.hasPassword) return notOpen();
  const hasSecond = factors.hasTotp || factors.passkeys > 0;
  if (!hasSecond && isStaff(person.roles)) {
    return no('second_factor_needed', 'Whoever acts for the bank needs a second factor.');
  }
  await updateAccepted(tx, invitation.id);
  await updateStatus(tx, person.id, 'active');
  await record(tx, [
    {
      action: peopleActions['identity.invitation.accept'],
      target: person.id,
      after: { invitation: invitation.id, kind: invitation.kind },
    },
  ]);
  const needsCodes = hasSecond && factors.recoveryCodes === 0;
  const recoveryCodes = needsCodes ? await makeRecoveryCodes(tx, person.id) : undefined;
  return accept({ person: { ...person, status: 'active' }, recoveryCodes });
}

// In the order of all verbs: administrators, person, invitation.
async function lockInvited(
  tx: Transaction,
  invitation: InvitationRow,
): Promise<Person | undefined> {
  const known = await selectPerson(tx, invitation.person);
  if (known === undefined) return undefined;
  await lockAdministrators(tx, known.tenant);
  const person = await lockPerson(tx, invitation.person);
  const open = await lockOpenInvitation(tx, invitation.id);
  if (open === undefined || person === undefined) return undefined;
  if (person.status !== 'invited' && person.status !== 'active') return undefined;
  const isLate =
    open.kind === 'first' && (await countAdministrators(tx, person.tenant, person.id)) > 0;
  return isLate ? undefined : person;
}
