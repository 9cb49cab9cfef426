// Owns how what is outside the bank is named in what screening keeps: by an HMAC-SHA-256, cut to
// 128 bits, under a key of the tenant's that follows from the installation's keys. The same number
// has the same name for ever; whoever has the tables alone cannot read or guess it.

import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { limits } from '#config';
import { isId } from '#kernel';
import type { Keys } from '#platform';

export type NamedKind = 'counterparty' | 'device';

export interface Names {
  /**
   * An account of ours, as a counterparty, is its own name: its id is longer than any number of an
   * account elsewhere, so that nobody outside can be called so.
   */
  nameOf(kind: NamedKind, text: string): string;
}

/** What signs the names of tenants, and nothing else. */
const KEY_NAME = 'fraud-names';
const NAME_HEX_DIGITS = 32;

/**
 * An Ed25519 signature is the same each time (RFC 8032 §5.1.6) and can be made by the holder of the
 * key alone, so its hash is a key; this signature is shown to nobody.
 */
export async function openNames(keys: Keys, tenant: string): Promise<Names> {
  const signature = await keys.sign(KEY_NAME, Buffer.from(`florin fraud names of ${tenant}`));
  const key = createSecretKey(createHash('sha256').update(signature).digest());
  const known: Readonly<Record<NamedKind, Map<string, string>>> = {
    counterparty: new Map(),
    device: new Map(),
  };
  return {
    nameOf(kind, text) {
      const names = known[kind];
      const found = names.get(text);
      if (found !== undefined) return found;
      if (names.size >= limits.fraudNamesKnownMax.value) names.clear();
      const isOurs = kind === 'counterparty' && isId('acc', text);
      const name = isOurs ? text : hashed(key, kind, text);
      names.set(text, name);
      return name;
    },
  };
}

// How a number is spaced, and the case of its letters, make no difference to whose it is.
function hashed(key: KeyObject, kind: NamedKind, text: string): string {
  const same = text.replaceAll(/\s/g, '').toUpperCase();
  const digest = createHmac('sha256', key).update(`${kind}:${same}`).digest('hex');
  return `hmac_${digest.slice(0, NAME_HEX_DIGITS)}`;
}
