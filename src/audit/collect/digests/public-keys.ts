// Owns the public keys that CloudTrail's digests are verified with: what "aws cloudtrail
// list-public-keys" prints. A key is a PKCS #1 RSA key in base64, found by its fingerprint.

import { createPublicKey, type KeyObject } from 'node:crypto';
import { accept, refuse, type Result } from '#kernel';
import type { AuditRefusal } from '../../refusals.ts';
import { arrayOf, isObject, objectOf, readJson, textOf } from '../input/json-value.ts';

export type TrailKeys = ReadonlyMap<string, KeyObject>;

export function readTrailKeys(text: string): Result<TrailKeys, AuditRefusal<'trail_keys_invalid'>> {
  const parsed = readJson(text);
  const list = isObject(parsed) ? parsed['PublicKeyList'] : parsed;
  const keys = new Map<string, KeyObject>();
  for (const row of arrayOf(list).map(objectOf)) {
    const fingerprint = textOf(row['Fingerprint']);
    const value = textOf(row['Value']);
    if (fingerprint === undefined || value === undefined) {
      return invalid('one has no Fingerprint or no Value');
    }
    const key = keyOf(value);
    if (key === undefined) return invalid(`that of ${fingerprint} is no RSA key`);
    keys.set(fingerprint, key);
  }
  return keys.size === 0 ? invalid('there are none') : accept(keys);
}

function keyOf(value: string): KeyObject | undefined {
  const der = Buffer.from(value, 'base64');
  try {
    return createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
  } catch {
    return undefined;
  }
}

function invalid(reason: string): Result<never, AuditRefusal<'trail_keys_invalid'>> {
  const message =
    `The public keys cannot be read: ${reason}; ` +
    'give what "aws cloudtrail list-public-keys" prints.';
  return refuse({ code: 'trail_keys_invalid', message, param: 'keys' });
}
