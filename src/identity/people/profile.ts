// Owns the way from a person to what names them and back: the profile under the person's own key,
// and the digest by which a login name finds its person.

import { Fault } from '#kernel';
import type { Keys, Queryable, Transaction } from '#platform';
import type { Person, PersonId, Profile } from './person.ts';
import {
  selectPersonByLogin,
  selectSealedPeople,
  selectWrappedKey,
  updateProfile,
  type SealedPerson,
} from './person-store.ts';
import { keyContextOf, keyedDigest, openFor, sealFor } from './secrets.ts';

export interface NamedPerson extends Person {
  /** Undefined until an invitation was accepted, and once erased. */
  readonly profile: Profile | undefined;
}

function whatOf(person: PersonId): string {
  return `profile:${person}`;
}

/** The person's key; undefined once erased. */
export async function personKey(
  queryable: Queryable,
  keys: Keys,
  person: PersonId,
): Promise<Buffer | undefined> {
  const wrapped = await selectWrappedKey(queryable, person);
  return wrapped && (await keys.unwrap(wrapped, keyContextOf(person)));
}

/** Whoever signs in by this name. */
export async function findByLogin(
  queryable: Queryable,
  keys: Keys,
  login: string,
): Promise<Person | undefined> {
  return await selectPersonByLogin(queryable, await keyedDigest(keys, 'login', login));
}

/** People by id, those after the given one. */
export async function listPeople(
  queryable: Queryable,
  keys: Keys,
  page: { readonly tenant?: string; readonly after?: PersonId; readonly limit: number },
): Promise<NamedPerson[]> {
  const people = await selectSealedPeople(queryable, page);
  return await Promise.all(people.map((person) => named(keys, person)));
}

export async function findPerson(
  queryable: Queryable,
  keys: Keys,
  id: PersonId,
): Promise<NamedPerson | undefined> {
  const [person] = await selectSealedPeople(queryable, { person: id, limit: 1 });
  return person && (await named(keys, person));
}

async function named(keys: Keys, person: SealedPerson): Promise<NamedPerson> {
  const { profile: sealed, wrappedKey, ...rest } = person;
  if (sealed === undefined || wrappedKey === undefined) return { ...rest, profile: undefined };
  const key = await keys.unwrap(wrappedKey, keyContextOf(person.id));
  const { login, name, email } = JSON.parse(openFor(key, whatOf(person.id), sealed)) as Profile;
  return { ...rest, profile: { login, name, email } };
}

/** Stores the profile. The caller has seen that nobody else has the login name. */
export async function saveProfile(
  tx: Transaction,
  person: PersonId,
  profile: Profile,
): Promise<void> {
  const key = await personKey(tx, tx.keys, person);
  if (key === undefined) {
    throw new Fault('person_erased', { retryable: false, message: 'The person was erased.' });
  }
  const loginDigest = await keyedDigest(tx.keys, 'login', profile.login);
  const sealed = sealFor(key, whatOf(person), JSON.stringify(profile));
  await updateProfile(tx, person, { loginDigest, profile: sealed });
}
