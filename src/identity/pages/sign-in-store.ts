// The SQL of sign-ins under way: what the holder of a ticket has proven so far.

import { formatInstant, idOf, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import type { Proof } from '../factors/assurance.ts';
import type { PersonId } from '../people/person.ts';

export interface SignIn {
  readonly purpose: 'sign_in' | 'invitation';
  /** The interaction or the invitation it belongs to. */
  readonly reference: string;
  readonly person: PersonId;
  readonly proven: readonly Proof[];
  readonly wrappedTotp: Buffer | undefined;
}

export async function insertSignIn(
  tx: Transaction,
  hash: Buffer,
  signIn: SignIn & { readonly expiresAt: Instant },
): Promise<void> {
  const { purpose, reference, person, proven, wrappedTotp, expiresAt } = signIn;
  await tx.query({
    name: 'identity.insert_sign_in',
    text: `insert into identity.sign_ins
        (token_hash, purpose, reference, person_id, proven, wrapped_totp, expires_at)
      values ($1, $2, $3, $4, $5::text[], $6, $7)`,
    values: [
      hash,
      purpose,
      reference,
      uuidOf(person),
      proven,
      wrappedTotp ?? null,
      formatInstant(expiresAt),
    ],
  });
}

export async function selectSignIn(
  queryable: Queryable,
  hash: Buffer,
  { purpose, now }: { readonly purpose: SignIn['purpose']; readonly now: Instant },
): Promise<SignIn | undefined> {
  const [row] = await queryable.query<{
    reference: string;
    person_id: Uuid;
    proven: Proof[];
    wrapped_totp: Buffer | null;
  }>({
    name: 'identity.select_sign_in',
    text: `select s.reference, s.person_id, s.proven, s.wrapped_totp from identity.sign_ins s
      where s.token_hash = $1 and s.purpose = $2 and s.expires_at > $3`,
    values: [hash, purpose, formatInstant(now)],
  });
  return (
    row && {
      purpose,
      reference: row.reference,
      person: idOf('usr', row.person_id),
      proven: row.proven,
      wrappedTotp: row.wrapped_totp ?? undefined,
    }
  );
}

export async function updateSignIn(
  tx: Transaction,
  hash: Buffer,
  { proven, wrappedTotp }: Pick<SignIn, 'proven' | 'wrappedTotp'>,
): Promise<void> {
  await tx.query({
    name: 'identity.update_sign_in',
    text: `update identity.sign_ins set proven = $2::text[], wrapped_totp = $3
      where token_hash = $1`,
    values: [hash, proven, wrappedTotp ?? null],
  });
}

/** True for the first who ends it. */
export async function deleteSignIn(tx: Transaction, hash: Buffer): Promise<boolean> {
  const rows = await tx.query({
    name: 'identity.delete_sign_in',
    text: 'delete from identity.sign_ins where token_hash = $1 returning token_hash',
    values: [hash],
  });
  return rows.length === 1;
}

export async function deleteSignInsBefore(tx: Transaction, before: Instant): Promise<void> {
  await tx.query({
    name: 'identity.delete_old_sign_ins',
    text: 'delete from identity.sign_ins where expires_at < $1',
    values: [formatInstant(before)],
  });
}
