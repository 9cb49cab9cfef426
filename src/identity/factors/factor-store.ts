// The SQL of what people prove themselves with: passwords, TOTP secrets, recovery codes and the
// browsers they are known by. Passkeys have a store of their own.

import { formatInstant, uuidOf, type Instant } from '#kernel';
import { bytesArray, type PasswordCost, type Queryable, type Transaction } from '#platform';
import type { PersonId } from '../people/person.ts';

export interface PasswordRow extends PasswordCost {
  readonly salt: Buffer;
  readonly wrappedHash: Buffer;
}

export async function upsertPassword(
  tx: Transaction,
  person: PersonId,
  row: PasswordRow,
): Promise<void> {
  const { costLog2, blockSize, parallelism, salt, wrappedHash } = row;
  await tx.query({
    name: 'identity.upsert_password',
    text: `insert into identity.passwords
        (person_id, cost_log2, block_size, parallelism, salt, wrapped_hash, changed_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (person_id) do update set cost_log2 = $2, block_size = $3, parallelism = $4,
        salt = $5, wrapped_hash = $6, changed_at = $7`,
    values: [uuidOf(person), costLog2, blockSize, parallelism, salt, wrappedHash, at(tx)],
  });
}

export async function selectPassword(
  queryable: Queryable,
  person: PersonId | undefined,
): Promise<PasswordRow | undefined> {
  const [row] = await queryable.query<{
    cost_log2: number;
    block_size: number;
    parallelism: number;
    salt: Buffer;
    wrapped_hash: Buffer;
  }>({
    name: 'identity.select_password',
    text: `select w.cost_log2, w.block_size, w.parallelism, w.salt, w.wrapped_hash
      from identity.passwords w where w.person_id = $1`,
    values: [person === undefined ? null : uuidOf(person)],
  });
  return (
    row && {
      costLog2: row.cost_log2,
      blockSize: row.block_size,
      parallelism: row.parallelism,
      salt: row.salt,
      wrappedHash: row.wrapped_hash,
    }
  );
}

/** Stores a rehash only in the place of the hash it was made from: a newer password stays. */
export async function updateRehashed(
  tx: Transaction,
  person: PersonId,
  change: { readonly from: Buffer; readonly to: PasswordRow },
): Promise<void> {
  const { costLog2, blockSize, parallelism, salt, wrappedHash } = change.to;
  await tx.query({
    name: 'identity.update_rehashed',
    text: `update identity.passwords set cost_log2 = $3, block_size = $4, parallelism = $5,
        salt = $6, wrapped_hash = $7 where person_id = $1 and salt = $2`,
    values: [uuidOf(person), change.from, costLog2, blockSize, parallelism, salt, wrappedHash],
  });
}

export async function upsertTotp(
  tx: Transaction,
  person: PersonId,
  { wrappedSecret, step }: { readonly wrappedSecret: Buffer; readonly step: number },
): Promise<void> {
  await tx.query({
    name: 'identity.upsert_totp',
    text: `insert into identity.totp_factors (person_id, wrapped_secret, confirmed_at, last_step)
      values ($1, $2, $3, $4)
      on conflict (person_id) do update
        set wrapped_secret = $2, confirmed_at = $3, last_step = $4`,
    values: [uuidOf(person), wrappedSecret, at(tx), step],
  });
}

export async function selectTotpSecret(
  queryable: Queryable,
  person: PersonId,
): Promise<Buffer | undefined> {
  const [row] = await queryable.query<{ wrapped_secret: Buffer }>({
    name: 'identity.select_totp',
    text: 'select t.wrapped_secret from identity.totp_factors t where t.person_id = $1',
    values: [uuidOf(person)],
  });
  return row?.wrapped_secret;
}

/** Uses up a code and all before it; false when it was used up already. */
export async function updateTotpStep(
  tx: Transaction,
  person: PersonId,
  step: number,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'identity.use_totp',
    text: `update identity.totp_factors set last_step = $2
      where person_id = $1 and last_step < $2 returning person_id`,
    values: [uuidOf(person), step],
  });
  return rows.length === 1;
}

/** Replaces the recovery codes of a person, by their hashes. */
export async function replaceRecoveryCodes(
  tx: Transaction,
  person: PersonId,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.query({
    name: 'identity.delete_recovery_codes',
    text: 'delete from identity.recovery_codes where person_id = $1',
    values: [uuidOf(person)],
  });
  await tx.query({
    name: 'identity.insert_recovery_codes',
    text: `insert into identity.recovery_codes (person_id, code_hash, created_at)
      select $1, h.hash, $3 from unnest($2::bytea[]) as h (hash)`,
    values: [uuidOf(person), bytesArray(hashes), at(tx)],
  });
}

/** Uses up a recovery code; false when there is none such that is unused. */
export async function updateRecoveryUsed(
  tx: Transaction,
  person: PersonId,
  hash: Buffer,
): Promise<boolean> {
  const rows = await tx.query({
    name: 'identity.use_recovery_code',
    text: `update identity.recovery_codes set used_at = $3
      where person_id = $1 and code_hash = $2 and used_at is null returning person_id`,
    values: [uuidOf(person), hash, at(tx)],
  });
  return rows.length === 1;
}

export interface FactorCounts {
  readonly hasPassword: boolean;
  readonly hasTotp: boolean;
  readonly passkeys: number;
  readonly recoveryCodes: number;
}

/** What the person could prove themselves with. */
export async function countFactors(queryable: Queryable, person: PersonId): Promise<FactorCounts> {
  const [row] = await queryable.query<{
    has_password: boolean;
    has_totp: boolean;
    passkeys: bigint;
    codes: bigint;
  }>({
    name: 'identity.count_factors',
    text: `select exists (select from identity.passwords w where w.person_id = $1) as has_password,
        exists (select from identity.totp_factors t where t.person_id = $1) as has_totp,
        (select count(*) from identity.passkeys k where k.person_id = $1) as passkeys,
        (select count(*) from identity.recovery_codes c
          where c.person_id = $1 and c.used_at is null) as codes`,
    values: [uuidOf(person)],
  });
  return {
    hasPassword: row?.has_password === true,
    hasTotp: row?.has_totp === true,
    passkeys: Number(row?.passkeys ?? 0n),
    recoveryCodes: Number(row?.codes ?? 0n),
  };
}

/** Removes the password and, unless told otherwise, all else; answers how many second factors. */
export async function deleteFactors(
  tx: Transaction,
  person: PersonId,
  { isPasswordOnly }: { readonly isPasswordOnly: boolean },
): Promise<number> {
  const [row] = await tx.query<{ removed: bigint }>({
    name: 'identity.delete_factors',
    text: `with passwords as (delete from identity.passwords where person_id = $1),
      devices as (delete from identity.devices where person_id = $1),
      sign_ins as (delete from identity.sign_ins where person_id = $1),
      totp as (delete from identity.totp_factors
        where person_id = $1 and not $2 returning person_id),
      passkeys as (delete from identity.passkeys
        where person_id = $1 and not $2 returning person_id),
      codes as (delete from identity.recovery_codes where person_id = $1 and not $2)
      select (select count(*) from totp) + (select count(*) from passkeys) as removed`,
    values: [uuidOf(person), isPasswordOnly],
  });
  return Number(row?.removed ?? 0n);
}

export async function insertDevice(
  tx: Transaction,
  person: PersonId,
  { hash, expiresAt }: { readonly hash: Buffer; readonly expiresAt: Instant },
): Promise<void> {
  await tx.query({
    name: 'identity.insert_device',
    text: `insert into identity.devices (token_hash, person_id, expires_at) values ($1, $2, $3)
      on conflict (token_hash, person_id) do update set expires_at = excluded.expires_at`,
    values: [hash, uuidOf(person), formatInstant(expiresAt)],
  });
}

export async function isKnownDevice(
  queryable: Queryable,
  person: PersonId | undefined,
  { hash, now }: { readonly hash: Buffer | undefined; readonly now: Instant },
): Promise<boolean> {
  const rows = await queryable.query({
    name: 'identity.select_device',
    text: `select from identity.devices d
      where d.token_hash = $1 and d.person_id = $2 and d.expires_at > $3`,
    values: [hash ?? null, person === undefined ? null : uuidOf(person), formatInstant(now)],
  });
  return rows.length === 1;
}

export async function deleteDevicesBefore(tx: Transaction, before: Instant): Promise<void> {
  await tx.query({
    name: 'identity.delete_old_devices',
    text: 'delete from identity.devices where expires_at < $1',
    values: [formatInstant(before)],
  });
}

function at(tx: Transaction): string {
  return formatInstant(tx.now);
}
