// The verbs by which a person proves who they are: a password, a code, a passkey. Each attempt is
// counted before it is tried and recorded whatever comes of it; each no is the same no, and takes
// the same work, whether or not there is such a person.

import { record } from '#audit';
import { accept, formatInstant, msOf, type Instant, type Result } from '#kernel';
import {
  claimedPasskey,
  totpStepOf,
  verifyPasskeyUse,
  type Database,
  type Keys,
  type PasskeySite,
  type PasswordHash,
  type PasswordHasher,
  type Transaction,
  type TransactionContext,
} from '#platform';
import { peopleActions } from '../people/audit-actions.ts';
import { codeHash } from '../people/code.ts';
import { loginOf, type Person, type PersonId } from '../people/person.ts';
import { selectPerson } from '../people/person-store.ts';
import { findByLogin } from '../people/profile.ts';
import { no, type PeopleRefusal, type PeopleRefused } from '../people/refusals.ts';
import { sha256 } from '../people/secrets.ts';
import type { Proof } from './assurance.ts';
import { admitAttempt, forgiveAttempt, type AttemptTarget } from './attempts.ts';
import {
  isKnownDevice,
  selectPassword,
  selectTotpSecret,
  updateRecoveryUsed,
  updateRehashed,
  updateTotpStep,
  type PasswordRow,
} from './factor-store.ts';
import { insertUsedChallenge, lockPasskey, updatePasskeyUsed } from './passkey-store.ts';

const HASH_BYTES = 32;

export interface ProofWorld {
  readonly database: Database;
  readonly hasher: PasswordHasher;
}

export interface PasswordAttempt {
  readonly login: string;
  readonly password: string;
  readonly address: string | undefined;
  /** The cookie of a browser that somebody has signed in with before. */
  readonly device: string | undefined;
}

/** Whoever has this name and password, and may sign in. */
export async function provePassword(
  { database, hasher }: ProofWorld,
  context: TransactionContext,
  attempt: PasswordAttempt,
): Promise<Result<Person, PeopleRefusal>> {
  const login = loginOf(attempt.login);
  const begun = await database.transaction(context, (tx) => begin(tx, login, attempt));
  if (!begun.ok) return begun;
  const { person, row, target } = begun.value;
  // Outside of any transaction: it takes as long as hundreds of them.
  const isRight = await hasher.verify(attempt.password, await hashOf(database, row));
  if (!isRight || person?.status !== 'active' || row === undefined) {
    return await database.transaction(context, (tx) => fail(tx, person?.id, 'pwd'));
  }
  const rehashed = hasher.isOutdated(row) ? await hasher.hash(attempt.password) : undefined;
  await database.transaction(context, async (tx) => {
    await forgiveAttempt(tx, target);
    if (rehashed !== undefined) {
      const to = await passwordRowOf(tx, person.id, rehashed);
      await updateRehashed(tx, person.id, { from: row.salt, to });
    }
    await succeed(tx, person.id, 'pwd');
  });
  return accept(person);
}

interface Begun {
  readonly person: Person | undefined;
  readonly row: (PasswordRow & { readonly person: PersonId }) | undefined;
  readonly target: AttemptTarget;
}

// What is read, and how often, does not depend on whether there is such a person.
async function begin(
  tx: Transaction,
  login: string,
  { address, device }: PasswordAttempt,
): Promise<Result<Begun, PeopleRefusal>> {
  const person = await findByLogin(tx, tx.keys, login);
  const row = await selectPassword(tx, person?.id);
  const hash = device === undefined ? undefined : sha256(device);
  const isKnown = await isKnownDevice(tx, person?.id, { hash, now: tx.now });
  // Guesses by others do not keep a person away from a browser they have signed in with.
  const target: AttemptTarget = isKnown
    ? { kind: 'device', name: `${login}\0${device ?? ''}`, address }
    : { kind: 'account', name: login, address };
  const delayed = await admitAttempt(tx, target);
  if (delayed !== undefined) return await refuseDelayed(tx, person?.id, delayed);
  return accept({
    person,
    row: row && person && { ...row, person: person.id },
    target,
  });
}

function wrapContextOf(person: PersonId): string {
  return `identity.password:${person}`;
}

const nobodies = new WeakMap<Keys, Buffer>();

// Keys may be kept by another machine, and asking it takes time: it is asked for nobody too.
async function hashOf(
  { keys }: Database,
  row: (PasswordRow & { readonly person: PersonId }) | undefined,
): Promise<PasswordHash | undefined> {
  if (row === undefined) {
    const context = 'identity.password:nobody';
    const wrapped = nobodies.get(keys) ?? (await keys.wrap(Buffer.alloc(HASH_BYTES), context));
    nobodies.set(keys, wrapped);
    await keys.unwrap(wrapped, context);
    return undefined;
  }
  const { wrappedHash, person, ...cost } = row;
  return { ...cost, hash: await keys.unwrap(wrappedHash, wrapContextOf(person)) };
}

/** As it is stored: without the installation's key it cannot be tested against guesses. */
export async function passwordRowOf(
  tx: Transaction,
  person: PersonId,
  { hash, ...cost }: PasswordHash,
): Promise<PasswordRow> {
  return { ...cost, wrappedHash: await tx.keys.wrap(hash, wrapContextOf(person)) };
}

export interface CodeAttempt {
  readonly person: PersonId;
  /** Six digits of an authenticator application, or a recovery code. */
  readonly code: string;
  readonly address: string | undefined;
}

/** What the code proves. Each code proves once. */
export async function proveCode(
  tx: Transaction,
  { person, code, address }: CodeAttempt,
): Promise<Result<Proof, PeopleRefusal>> {
  const target: AttemptTarget = { kind: 'factor', name: person, address };
  const delayed = await admitAttempt(tx, target);
  if (delayed !== undefined) return await refuseDelayed(tx, person, delayed);
  const typed = code.replaceAll(/[\s-]/g, '');
  const proof: Proof = /^\d{6}$/.test(typed) ? 'otp' : 'recovery';
  const isRight =
    proof === 'otp'
      ? await isTotpRight(tx, person, typed)
      : await updateRecoveryUsed(tx, person, codeHash(typed));
  if (!isRight || !(await isActive(tx, person))) return await fail(tx, person, proof);
  await forgiveAttempt(tx, target);
  await succeed(tx, person, proof);
  return accept(proof);
}

export function totpContextOf(person: PersonId): string {
  return `identity.totp:${person}`;
}

async function isTotpRight(tx: Transaction, person: PersonId, code: string): Promise<boolean> {
  const wrapped = await selectTotpSecret(tx, person);
  if (wrapped === undefined) return false;
  const secret = await tx.keys.unwrap(wrapped, totpContextOf(person));
  const step = totpStepOf(secret, code, msOf(tx.now));
  return step !== undefined && (await updateTotpStep(tx, person, step));
}

export interface PasskeyAttempt {
  readonly site: PasskeySite;
  /** What the browser answered, as JSON. */
  readonly json: string;
  readonly challenge: Buffer;
  /** After which the challenge is no longer taken. */
  readonly expiresAt: Instant;
  /** Who it must be; anybody where the passkey alone is to say so. */
  readonly person: PersonId | undefined;
}

/** Whose passkey signed the challenge. Each challenge is answered once. */
export async function provePasskey(
  tx: Transaction,
  attempt: PasskeyAttempt,
): Promise<Result<PersonId, PeopleRefusal>> {
  const { site, json, challenge, expiresAt } = attempt;
  const credentialId = claimedPasskey(json);
  const passkey = credentialId && (await lockPasskey(tx, credentialId));
  if (passkey === undefined) return await fail(tx, attempt.person, 'passkey');
  const { person } = passkey;
  const isTheirs = attempt.person === undefined || attempt.person === person;
  const use = await verifyPasskeyUse(site, { json, challenge, passkey });
  const isRight = use !== undefined && isTheirs && tx.now < expiresAt;
  if (!isRight || !(await isActive(tx, person))) return await fail(tx, person, 'passkey');
  if (!(await insertUsedChallenge(tx, sha256(challenge), formatInstant(expiresAt)))) {
    return await fail(tx, person, 'passkey');
  }
  await updatePasskeyUsed(tx, { credentialId: passkey.credentialId, ...use });
  await succeed(tx, person, 'passkey');
  return accept(person);
}

async function isActive(tx: Transaction, person: PersonId): Promise<boolean> {
  return (await selectPerson(tx, person))?.status === 'active';
}

async function succeed(tx: Transaction, person: PersonId, proof: Proof): Promise<void> {
  const action = peopleActions['identity.sign_in.try'];
  const caller = { ...tx, actor: person, authentication: proof };
  await record(tx, [{ action, target: person, after: { proof }, caller }]);
}

// One sentence for all that can be wrong.
async function fail(
  tx: Transaction,
  person: PersonId | undefined,
  proof: Proof,
): Promise<PeopleRefused> {
  const message =
    proof === 'pwd' ? 'The name or the password is not right.' : 'That is not right; try again.';
  return await refuseRecorded(tx, person, no('sign_in_failed', message), proof);
}

async function refuseDelayed(
  tx: Transaction,
  person: PersonId | undefined,
  refused: PeopleRefused,
): Promise<PeopleRefused> {
  return await refuseRecorded(tx, person, refused);
}

async function refuseRecorded(
  tx: Transaction,
  person: PersonId | undefined,
  refused: PeopleRefused,
  proof?: Proof,
): Promise<PeopleRefused> {
  await record(tx, [
    {
      action: peopleActions['identity.sign_in.try'],
      // A name that nobody has is often a password typed into the wrong field: it is not recorded.
      target: person ?? 'identity.people',
      outcome: 'denied',
      reason: refused.refusal.code,
      after: proof === undefined ? undefined : { proof },
    },
  ]);
  return refused;
}
