// The verbs that give a person something to prove themselves with. A second factor is stored only
// once it has worked: a code that was typed, a challenge that was signed.

import { record } from '#audit';
import { accept, msOf, type Result } from '#kernel';
import {
  totpStepOf,
  verifyPasskeyCreation,
  type PasskeySite,
  type PasswordHash,
  type Transaction,
} from '#platform';
import { peopleActions } from '../people/audit-actions.ts';
import { codeHash, newCode } from '../people/code.ts';
import type { PersonId } from '../people/person.ts';
import { no, type PeopleRefusal } from '../people/refusals.ts';
import { replaceRecoveryCodes, upsertPassword, upsertTotp } from './factor-store.ts';
import { insertPasskey } from './passkey-store.ts';
import { passwordRowOf, totpContextOf } from './prove.ts';

export async function setPassword(
  tx: Transaction,
  person: PersonId,
  hash: PasswordHash,
): Promise<void> {
  await upsertPassword(tx, person, await passwordRowOf(tx, person, hash));
  await record(tx, [{ action: peopleActions['identity.password.set'], target: person }]);
}

/** Takes the authenticator application that shows this code; the code is used up with it. */
export async function addTotp(
  tx: Transaction,
  asked: { readonly person: PersonId; readonly secret: Buffer; readonly code: string },
): Promise<Result<undefined, PeopleRefusal>> {
  const { person, secret } = asked;
  const step = totpStepOf(secret, asked.code.replaceAll(/\s/g, ''), msOf(tx.now));
  if (step === undefined) {
    const message =
      'That is not the code the application shows now. Is the clock of the device right?';
    return no('sign_in_failed', message, 'code');
  }
  const wrappedSecret = await tx.keys.wrap(secret, totpContextOf(person));
  await upsertTotp(tx, person, { wrappedSecret, step });
  await recordAdded(tx, person, 'totp');
  return accept(undefined);
}

/** Takes the passkey that the browser has made for this challenge. */
export async function addPasskey(
  tx: Transaction,
  asked: {
    readonly person: PersonId;
    readonly site: PasskeySite;
    readonly json: string;
    readonly challenge: Buffer;
  },
): Promise<Result<undefined, PeopleRefusal>> {
  const { person, site, json, challenge } = asked;
  const passkey = await verifyPasskeyCreation(site, { json, challenge });
  if (passkey === undefined) {
    return no('sign_in_failed', 'The passkey could not be verified; try again.', 'passkey');
  }
  if (!(await insertPasskey(tx, { ...passkey, person }))) {
    return no('passkey_known', 'This passkey is registered already.', 'passkey');
  }
  await recordAdded(tx, person, 'passkey');
  return accept(undefined);
}

const RECOVERY_CODES = 10;
/** 75 bits each. */
const RECOVERY_GROUPS = 3;

/** New recovery codes, told once; those from before are void. */
export async function makeRecoveryCodes(tx: Transaction, person: PersonId): Promise<string[]> {
  const codes = Array.from({ length: RECOVERY_CODES }, () => newCode(RECOVERY_GROUPS));
  await replaceRecoveryCodes(tx, person, codes.map(codeHash));
  await record(tx, [{ action: peopleActions['identity.recovery_codes.make'], target: person }]);
  return codes;
}

async function recordAdded(tx: Transaction, person: PersonId, factor: string): Promise<void> {
  const action = peopleActions['identity.factor.add'];
  await record(tx, [{ action, target: person, after: { factor } }]);
}
