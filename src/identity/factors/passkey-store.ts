// The SQL of passkeys: public keys, and how often each has signed.

import { formatInstant, idOf, uuidOf, type Uuid } from '#kernel';
import type { Passkey, Queryable, Transaction } from '#platform';
import type { PersonId } from '../people/person.ts';

export interface OwnedPasskey extends Passkey {
  readonly person: PersonId;
}

interface PasskeyRow {
  readonly credential_id: Buffer;
  readonly person_id: Uuid;
  readonly public_key: Buffer;
  readonly counter: bigint;
  readonly transports: readonly string[];
  readonly is_backed_up: boolean;
}

const columns = `k.credential_id, k.person_id, k.public_key, k.counter, k.transports,
  k.is_backed_up`;

function passkeyOf(row: PasskeyRow): OwnedPasskey {
  return {
    credentialId: row.credential_id,
    person: idOf('usr', row.person_id),
    publicKey: row.public_key,
    counter: Number(row.counter),
    transports: row.transports,
    isBackedUp: row.is_backed_up,
  };
}

/** False when somebody has it already. */
export async function insertPasskey(
  tx: Transaction,
  { person, credentialId, publicKey, counter, transports, isBackedUp }: OwnedPasskey,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'identity.insert_passkey',
    text: `insert into identity.passkeys
        (credential_id, person_id, public_key, counter, transports, is_backed_up, created_at)
      values ($1, $2, $3, $4, $5::text[], $6, $7)
      on conflict (credential_id) do nothing returning credential_id`,
    values: [
      credentialId,
      uuidOf(person),
      publicKey,
      counter,
      transports,
      isBackedUp,
      formatInstant(tx.now),
    ],
  });
  return rows.length === 1;
}

export async function selectPasskeys(
  queryable: Queryable,
  person: PersonId,
): Promise<OwnedPasskey[]> {
  const rows = await queryable.query<PasskeyRow>({
    name: 'identity.select_passkeys',
    text: `select ${columns} from identity.passkeys k where k.person_id = $1 order by k.created_at`,
    values: [uuidOf(person)],
  });
  return rows.map(passkeyOf);
}

/** One, and nobody else uses it until the transaction ends: its counter only rises. */
export async function lockPasskey(
  tx: Transaction,
  credentialId: Buffer,
): Promise<OwnedPasskey | undefined> {
  const [row] = await tx.query<PasskeyRow>({
    name: 'identity.lock_passkey',
    text: `select ${columns} from identity.passkeys k where k.credential_id = $1 for update`,
    values: [credentialId],
  });
  return row && passkeyOf(row);
}

export async function updatePasskeyUsed(
  tx: Transaction,
  { credentialId, counter, isBackedUp }: Pick<Passkey, 'credentialId' | 'counter' | 'isBackedUp'>,
): Promise<void> {
  await tx.query({
    name: 'identity.use_passkey',
    text: `update identity.passkeys set counter = $2, is_backed_up = $3, used_at = $4
      where credential_id = $1`,
    values: [credentialId, counter, isBackedUp, formatInstant(tx.now)],
  });
}

/** Uses up a question that was put to an authenticator; false when it was answered before. */
export async function insertUsedChallenge(
  tx: Transaction,
  challenge: Buffer,
  expiresAt: string,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'identity.use_challenge',
    text: `insert into identity.used_proofs (proof, expires_at) values ($1, $2)
      on conflict (proof) do nothing returning proof`,
    values: [challenge, expiresAt],
  });
  return rows.length === 1;
}
