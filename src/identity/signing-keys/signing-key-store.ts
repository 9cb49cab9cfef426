// The SQL of signing keys. A private key is only ever here as the installation wrapped it, and is
// removed when the key will not sign again; the public half stays.

import { formatInstant, type Instant } from '#kernel';
import type { PublicJwk, Queryable } from '#platform';
import type { SigningAlgorithm, SigningKey, Succession } from './signing-key.ts';

// "keys" in ASCII.
const ROTATION_LOCK = 0x6b_65_79_73n;

/** One rotation at a time. */
export async function lockRotation(queryable: Queryable): Promise<void> {
  await queryable.query({
    name: 'identity.lock_rotation',
    text: 'select pg_catalog.pg_advisory_xact_lock($1)',
    values: [ROTATION_LOCK],
  });
}

export interface StoredSigningKey extends SigningKey {
  readonly wrappedPrivate: Buffer | undefined;
}

interface KeyRow {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly public_jwk: PublicJwk;
  readonly wrapped_private: Buffer | null;
  readonly created_us: bigint;
  readonly from_us: bigint;
  readonly until_us: bigint | null;
  readonly published_us: bigint | null;
}

/** All that are or will be published at the time. */
export async function selectSigningKeys(
  queryable: Queryable,
  now: Instant,
): Promise<StoredSigningKey[]> {
  const rows = await queryable.query<KeyRow>({
    name: 'identity.select_signing_keys',
    text: `select k.kid, k.algorithm, k.public_jwk, k.wrapped_private,
        (extract(epoch from k.created_at) * 1000000)::bigint as created_us,
        (extract(epoch from k.signs_from) * 1000000)::bigint as from_us,
        (extract(epoch from k.signs_until) * 1000000)::bigint as until_us,
        (extract(epoch from k.published_until) * 1000000)::bigint as published_us
      from identity.signing_keys k
      where k.published_until is null or k.published_until > $1
      order by k.signs_from, k.kid`,
    values: [formatInstant(now)],
  });
  return rows.map((row) => ({
    kid: row.kid,
    algorithm: row.algorithm,
    publicJwk: row.public_jwk,
    wrappedPrivate: row.wrapped_private ?? undefined,
    createdAt: instant(row.created_us),
    signsFrom: instant(row.from_us),
    signsUntil: row.until_us === null ? undefined : instant(row.until_us),
    publishedUntil: row.published_us === null ? undefined : instant(row.published_us),
  }));
}

function instant(us: bigint): Instant {
  return Number(us) as Instant;
}

export async function insertSigningKey(
  queryable: Queryable,
  key: SigningKey & { readonly wrappedPrivate: Buffer },
): Promise<void> {
  const { kid, algorithm, publicJwk, wrappedPrivate, createdAt, signsFrom } = key;
  await queryable.query({
    name: 'identity.insert_signing_key',
    text: `insert into identity.signing_keys
        (kid, algorithm, public_jwk, wrapped_private, created_at, signs_from)
      values ($1, $2, $3, $4, $5, $6)`,
    values: [
      kid,
      algorithm,
      publicJwk,
      wrappedPrivate,
      formatInstant(createdAt),
      formatInstant(signsFrom),
    ],
  });
}

/** Says when a key ends to sign, and to be published. */
export async function updateSuccession(
  queryable: Queryable,
  kid: string,
  { signsFrom, publishedUntil }: Succession,
): Promise<void> {
  await queryable.query({
    name: 'identity.update_succession',
    text: `update identity.signing_keys
      set signs_until = $2, published_until = $3 where kid = $1`,
    values: [kid, formatInstant(signsFrom), formatInstant(publishedUntil)],
  });
}

/** Removes private halves that will not sign again. */
export async function forgetPrivateKeys(queryable: Queryable, now: Instant): Promise<void> {
  await queryable.query({
    name: 'identity.forget_private_keys',
    text: `update identity.signing_keys set wrapped_private = null
      where wrapped_private is not null and published_until <= $1`,
    values: [formatInstant(now)],
  });
}
