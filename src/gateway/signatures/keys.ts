// The verbs on the keys with which partners sign: a public key, made by the partner, or a secret
// that both know. Each change is recorded, without the key.
import { createPublicKey, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { record } from '#audit';
import { accept, refuse } from '#kernel';
import type { Result } from '#kernel';
import type { Keys, Transaction } from '#platform';
import { gatewayActions } from '../audit-actions.ts';
import { isKeyOf } from './algorithms.ts';
import type { SignatureAlgorithm } from './algorithms.ts';
import { deleteKey, insertKey, selectKeys } from './key-store.ts';
import type { StoredKey } from './key-store.ts';
import type { SignatureRefusal } from './refusals.ts';

export interface NewSignatureKey {
  readonly keyId: string;
  readonly owner: string;
  readonly algorithm: SignatureAlgorithm;
  /** A public key in PEM, or a shared secret in base64. */
  readonly key: string;
  /** Whether all requests of the owner must be signed from now on. */
  readonly isRequired: boolean;
}

const context = (keyId: string): string => `signature-key:${keyId}`;

export async function addSignatureKey(
  tx: Transaction,
  wanted: NewSignatureKey,
  { keysMax }: { readonly keysMax: number },
): Promise<
  Result<
    StoredKey,
    SignatureRefusal<'signature_key_invalid' | 'signature_key_taken' | 'signature_keys_full'>
  >
> {
  const { keyId, owner, algorithm, isRequired } = wanted;
  const key = parseKey(wanted);
  if (key === undefined || !isKeyOf(algorithm, key)) {
    const message =
      algorithm === 'hmac-sha256'
        ? 'The key must be a secret of at least 32 bytes, in base64.'
        : `The key must be a public key for ${algorithm}, in PEM.`;
    return refuse({ code: 'signature_key_invalid', message, param: 'key' });
  }
  if ((await selectKeys(tx)).length >= keysMax) {
    const message = `There are ${keysMax} keys, and no more may be added.`;
    return refuse({ code: 'signature_keys_full', message });
  }
  const bytes =
    key.type === 'secret'
      ? await tx.keys.wrap(key.export(), context(keyId))
      : key.export({ type: 'spki', format: 'der' });
  const stored = { keyId, owner, algorithm, bytes, isRequired, addedAt: tx.now };
  if (!(await insertKey(tx, stored))) {
    const message = `Another key has the id ${keyId}.`;
    return refuse({ code: 'signature_key_taken', message, param: 'key_id' });
  }
  const action = gatewayActions['gateway.signature_key.add'];
  const after = { key_id: keyId, algorithm, is_required: isRequired };
  await record(tx, [{ action, target: owner, after }]);
  return accept(stored);
}

export async function removeSignatureKey(
  tx: Transaction,
  keyId: string,
): Promise<Result<string, SignatureRefusal<'signature_key_unknown'>>> {
  const owner = await deleteKey(tx, keyId);
  if (owner === undefined) {
    const message = `There is no key ${keyId}.`;
    return refuse({ code: 'signature_key_unknown', message, param: 'key_id' });
  }
  const action = gatewayActions['gateway.signature_key.remove'];
  await record(tx, [{ action, target: owner, before: { key_id: keyId } }]);
  return accept(owner);
}

/** A stored key, ready to be used. */
export async function keyOf(
  { keyId, algorithm, bytes }: StoredKey,
  keys: Keys,
): Promise<KeyObject> {
  if (algorithm !== 'hmac-sha256') {
    return createPublicKey({ key: bytes, format: 'der', type: 'spki' });
  }
  return createSecretKey(await keys.unwrap(bytes, context(keyId)));
}

const BASE64 = /^[A-Za-z0-9+/]{1,2000}={0,2}$/;

function parseKey({ algorithm, key }: NewSignatureKey): KeyObject | undefined {
  if (algorithm === 'hmac-sha256') {
    return BASE64.test(key) ? createSecretKey(Buffer.from(key, 'base64')) : undefined;
  }
  // From a private key the public one could be read too; but it must never come here.
  if (key.includes('PRIVATE')) return undefined;
  try {
    return createPublicKey(key);
  } catch {
    return undefined;
  }
}
