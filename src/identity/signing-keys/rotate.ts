// The verbs of signing keys. A rotation makes a key that is published at once and signs later, when
// everybody who checks signatures has it; the old one stays published until its last token is over.
// So no token is refused because of a rotation, on any process.

import { record } from '#audit';
import { limits } from '#config';
import { formatInstant, SECOND_US, type Instant } from '#kernel';
import type {
  Database,
  PrivateJwk,
  PublicJwk,
  Queryable,
  Transaction,
  TransactionContext,
} from '#platform';
import { providerActions } from '../audit-actions.ts';
import {
  forgetPrivateKeys,
  insertSigningKey,
  lockRotation,
  selectSigningKeys,
  updateSuccession,
  type StoredSigningKey,
} from './signing-key-store.ts';
import {
  newSigningKey,
  publishedAt,
  stateOf,
  successionOf,
  type KeyPace,
  type SigningAlgorithm,
  type SigningKey,
} from './signing-key.ts';

const PACE: KeyPace = {
  announcedS: limits.identitySigningKeyAnnouncedS.value,
  keptS: limits.identitySigningKeyKeptS.value,
};
const AGE_MAX_US = limits.identitySigningKeyAgeS.value * SECOND_US;

/** ES256: the shortest signatures of those that FAPI 2.0 allows, and every client knows it. */
const DEFAULT_ALGORITHM: SigningAlgorithm = 'ES256';

export interface RotationOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly pace?: KeyPace;
}

/** Makes a new key now, whatever the age of the present one; answers its kid. */
export async function rotateSigningKeys(
  database: Database,
  context: TransactionContext,
  { algorithm = DEFAULT_ALGORITHM, pace = PACE }: RotationOptions = {},
): Promise<string> {
  return await database.transaction(context, async (tx) => {
    await lockRotation(tx);
    return await addKey(tx, algorithm, pace);
  });
}

/** Makes the first key, and a successor of one that is old enough: the job of each hour. */
export async function keepSigningKeys(
  database: Database,
  context: TransactionContext,
): Promise<void> {
  await database.transaction(context, async (tx) => {
    await lockRotation(tx);
    await forgetPrivateKeys(tx, tx.now);
    const latest = latestOf(await selectSigningKeys(tx, tx.now), DEFAULT_ALGORITHM);
    const isOld = latest === undefined || tx.now - latest.signsFrom >= AGE_MAX_US;
    if (isOld) await addKey(tx, DEFAULT_ALGORITHM, PACE);
  });
}

/**
 * For a key that somebody else may have: every token it signed is refused from now on, and a new
 * one signs at once.
 */
export async function replaceSigningKeys(
  database: Database,
  context: TransactionContext,
): Promise<string> {
  return await database.transaction(context, async (tx) => {
    await lockRotation(tx);
    const known = publishedAt(await selectSigningKeys(tx, tx.now), tx.now);
    for (const { kid } of known) {
      await updateSuccession(tx, kid, { signsFrom: tx.now, publishedUntil: tx.now });
    }
    const action = providerActions['identity.signing_key.withdraw'];
    await record(
      tx,
      known.map(({ kid }) => ({ action, target: `key:${kid}` })),
    );
    await forgetPrivateKeys(tx, tx.now);
    return await addKey(tx, DEFAULT_ALGORITHM, PACE);
  });
}

function latestOf(
  keys: readonly StoredSigningKey[],
  algorithm: SigningAlgorithm,
): StoredSigningKey | undefined {
  return keys.find((key) => key.algorithm === algorithm && key.signsUntil === undefined);
}

async function addKey(
  tx: Transaction,
  algorithm: SigningAlgorithm,
  pace: KeyPace,
): Promise<string> {
  const present = latestOf(await selectSigningKeys(tx, tx.now), algorithm);
  const succession = successionOf(present, tx.now, pace);
  const { kid, publicJwk, privateJwk } = newSigningKey(algorithm);
  if (present !== undefined) await updateSuccession(tx, present.kid, succession);
  const wrappedPrivate = await tx.keys.wrap(
    Buffer.from(JSON.stringify(privateJwk)),
    wrappingContextOf(kid),
  );
  await insertSigningKey(tx, {
    kid,
    algorithm,
    publicJwk,
    wrappedPrivate,
    createdAt: tx.now,
    signsFrom: succession.signsFrom,
    signsUntil: undefined,
    publishedUntil: undefined,
  });
  await record(tx, [
    {
      action: providerActions['identity.signing_key.add'],
      target: `key:${kid}`,
      after: {
        algorithm,
        follows: present?.kid,
        signs_from: formatInstant(succession.signsFrom),
      },
    },
  ]);
  return kid;
}

function wrappingContextOf(kid: string): string {
  return `identity.signing_key:${kid}`;
}

/** What is published now: whoever checks a token of ours reads this. */
export async function publicJwks(queryable: Queryable, now: Instant): Promise<PublicJwk[]> {
  const keys = publishedAt(await selectSigningKeys(queryable, now), now);
  return keys.map(({ publicJwk }) => publicJwk);
}

/** A key with its private half, for whoever signs. */
export interface LoadedSigningKey extends SigningKey {
  readonly privateJwk: PrivateJwk;
}

/** All that are or will be published, with what signs. */
export async function loadSigningKeys(
  database: Database,
  now: Instant,
): Promise<LoadedSigningKey[]> {
  const loaded: LoadedSigningKey[] = [];
  for (const { wrappedPrivate, ...key } of await selectSigningKeys(database, now)) {
    if (wrappedPrivate === undefined || stateOf(key, now) === 'over') continue;
    const text = await database.keys.unwrap(wrappedPrivate, wrappingContextOf(key.kid));
    loaded.push({ ...key, privateJwk: JSON.parse(text.toString()) as PrivateJwk });
  }
  return loaded;
}
