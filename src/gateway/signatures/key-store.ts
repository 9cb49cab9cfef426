// The SQL of the keys with which partners sign.

import { formatInstant, type Instant } from '#kernel';
import type { Queryable } from '#platform';
import type { SignatureAlgorithm } from './algorithms.ts';

export interface StoredKey {
  readonly keyId: string;
  readonly owner: string;
  readonly algorithm: SignatureAlgorithm;
  /** Public, in DER (SPKI); of a shared secret, wrapped. */
  readonly bytes: Buffer;
  readonly isRequired: boolean;
  readonly addedAt: Instant;
}

export async function selectKeys(queryable: Queryable): Promise<StoredKey[]> {
  const rows = await queryable.query<{
    key_id: string;
    owner: string;
    algorithm: SignatureAlgorithm;
    key: Buffer;
    is_required: boolean;
    added_us: bigint;
  }>({
    name: 'gateway.select_signature_keys',
    text: `select k.key_id, k.owner, k.algorithm, k.key, k.is_required,
        (extract(epoch from k.added_at) * 1000000)::bigint as added_us
      from gateway.signature_keys k
      order by k.key_id`,
  });
  return rows.map((row) => ({
    keyId: row.key_id,
    owner: row.owner,
    algorithm: row.algorithm,
    bytes: row.key,
    isRequired: row.is_required,
    addedAt: Number(row.added_us) as Instant,
  }));
}

/** False where another key has the id. */
export async function insertKey(queryable: Queryable, key: StoredKey): Promise<boolean> {
  const { keyId, owner, algorithm, bytes, isRequired, addedAt } = key;
  const rows = await queryable.query({
    name: 'gateway.insert_signature_key',
    text: `insert into gateway.signature_keys
        (key_id, owner, algorithm, key, is_required, added_at)
      values ($1, $2, $3, $4, $5, $6) on conflict (key_id) do nothing returning 1`,
    values: [keyId, owner, algorithm, bytes, isRequired, formatInstant(addedAt)],
  });
  return rows.length > 0;
}

/** The owner of what was removed; undefined where there was no such key. */
export async function deleteKey(queryable: Queryable, keyId: string): Promise<string | undefined> {
  const [row] = await queryable.query<{ owner: string }>({
    name: 'gateway.delete_signature_key',
    text: 'delete from gateway.signature_keys where key_id = $1 returning owner',
    values: [keyId],
  });
  return row?.owner;
}
