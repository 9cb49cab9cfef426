// Owns how a customer is found by an exact e-mail address or tax id without either being stored: by
// an HMAC under a random key of the tenant's own, which is kept wrapped. Whoever has the tables but
// not the installation's key can neither read nor guess what was hashed.

import { createHmac, randomBytes } from 'node:crypto';
import { assert } from '#kernel';
import type { Transaction } from '#platform';
import type { CustomerId, Particulars, SealedReader } from './customer.ts';
import {
  insertLookupKey,
  selectFound,
  selectLookupKey,
  type Lookup,
  type LookupKind,
} from './store/lookup-store.ts';

export type { LookupKind } from './store/lookup-store.ts';

const KEY_BYTES = 32;
const contextOf = (tenant: string): string => `accounts.lookup:${tenant}`;

/** What counts as the same: the case of letters does not, nor how a tax id is set. */
const normalised: Readonly<Record<LookupKind, (text: string) => string>> = {
  email: (text) => text.trim().normalize('NFC').toLowerCase(),
  tax_id: (text) => text.replaceAll(/[\s./-]/g, '').toUpperCase(),
};

function hashOf(key: Buffer, kind: LookupKind, text: string): Buffer {
  return createHmac('sha256', key)
    .update(`${kind}:${normalised[kind](text)}`)
    .digest();
}

interface Known {
  readonly id: CustomerId;
  readonly tenant: string;
  readonly particulars: Particulars;
}

/** The hashes to keep of customers; makes a tenant's key where it has none. */
export async function lookupsOf(tx: Transaction, customers: readonly Known[]): Promise<Lookup[]> {
  const lookups: Lookup[] = [];
  for (const [tenant, known] of Map.groupBy(customers, (each) => each.tenant)) {
    const isAny = known.some(({ particulars: { email, taxId } }) => (email ?? taxId) !== undefined);
    if (!isAny) continue;
    const key = (await keyOf(tx, tenant)) ?? (await makeKey(tx, tenant));
    for (const { id, particulars } of known) {
      const add = (kind: LookupKind, text: string | undefined): void => {
        if (text !== undefined) lookups.push({ id, tenant, kind, hash: hashOf(key, kind, text) });
      };
      add('email', particulars.email);
      add('tax_id', particulars.taxId);
    }
  }
  return lookups;
}

/** An exact text to find customers of a tenant by. */
export interface LookupQuestion {
  readonly tenant: string;
  readonly kind: LookupKind;
  readonly text: string;
  readonly countMax: number;
}

/** The customers that have this address or tax id, newest first. */
export async function findByLookup(
  reader: SealedReader,
  { tenant, kind, text, countMax }: LookupQuestion,
): Promise<CustomerId[]> {
  const key = await keyOf(reader, tenant);
  return key === undefined ? [] : await selectFound(reader, hashOf(key, kind, text), countMax);
}

async function keyOf(reader: SealedReader, tenant: string): Promise<Buffer | undefined> {
  const wrapped = await selectLookupKey(reader, tenant);
  return wrapped && (await reader.keys.unwrap(wrapped, contextOf(tenant)));
}

// Two transactions may make one at once: the one that comes first counts for both.
async function makeKey(tx: Transaction, tenant: string): Promise<Buffer> {
  const wrappedKey = await tx.keys.wrap(randomBytes(KEY_BYTES), contextOf(tenant));
  await insertLookupKey(tx, { tenant, wrappedKey });
  const key = await keyOf(tx, tenant);
  assert(key !== undefined, 'a tenant has a key of lookups once one was made');
  return key;
}
