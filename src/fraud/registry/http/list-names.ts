// Owns which keys can be listed, and how what a person knows becomes what events are keyed by: a
// number outside the bank and a device are kept by their HMAC alone, which nobody can type.

import type { Keys } from '#platform';
import { openNames, type Names } from '../../screening/judging/names.ts';

export const listKinds = [
  'account',
  'customer',
  'counterparty',
  'payer',
  'payee',
  'device',
  'channel',
  'product',
  'currency',
] as const;
export type ListKind = (typeof listKinds)[number];

const NAMED = /^hmac_[0-9a-f]{32}$/;

/** Gives an entry's value the name that events of the tenant have it by. */
export type NameEntry = (kind: ListKind, value: string) => string;

export async function openListNames(keys: Keys, tenant: string): Promise<NameEntry> {
  const names = await openNames(keys, tenant);
  return (kind, value) => nameOf(names, kind, value);
}

function nameOf(names: Names, kind: ListKind, value: string): string {
  if (NAMED.test(value)) return value;
  switch (kind) {
    case 'counterparty':
    case 'payer':
    case 'payee':
      return names.nameOf('counterparty', value);
    case 'device':
      return names.nameOf('device', value);
    default:
      return value;
  }
}
