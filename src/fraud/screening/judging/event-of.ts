// Owns how something that moves money becomes an event: an amount in hundredths of its currency's
// unit, and keys. Who pays and who is paid follow from its direction; what cannot be known has no
// key, and an amount that no number holds exactly is left for the features to refuse.

import { assert, currencyRecordOf, type Instant } from '#kernel';
import type { FraudEvent } from '../../event.ts';
import type { DecisionId, ScreeningItem } from '../item.ts';
import type { KnownAccount } from './known-accounts.ts';
import type { NamedKind, Names } from './names.ts';

/** Where money arrives in the account: as a credit from another bank, or as what was collected. */
const arriving: ReadonlySet<string> = new Set(['credit_in', 'debit_out']);

const HUNDREDTHS = 2;

export function eventOf(
  item: ScreeningItem,
  { id, at }: { readonly id: DecisionId; readonly at: Instant },
  account: KnownAccount,
  names: Names,
): FraudEvent {
  const { accountId, channel, currency } = item;
  const other = named(names, 'counterparty', item.counterparty);
  const device = named(names, 'device', item.device);
  const isArriving = arriving.has(channel);
  const keys: Record<string, string> = { account: accountId, channel, currency };
  const payer = isArriving ? other : accountId;
  const payee = isArriving ? accountId : other;
  if (payer !== undefined) keys['payer'] = payer;
  if (payee !== undefined) keys['payee'] = payee;
  if (other !== undefined) keys['counterparty'] = other;
  if (device !== undefined) keys['device'] = device;
  if (account.customer !== undefined) keys['customer'] = account.customer;
  if (account.product !== undefined) keys['product'] = account.product;
  return { id, at, amount: hundredthsOf(item.amount, currency), keys };
}

/** An empty text would make strangers one. */
function named(names: Names, kind: NamedKind, text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : names.nameOf(kind, text);
}

/** Half a hundredth is rounded up. Amounts of several currencies are not converted. */
function hundredthsOf(amount: bigint, currency: string): number {
  assert(amount >= 0n, 'what is screened moves an amount that is not negative');
  const decimals = currencyRecordOf(currency)?.minorUnits ?? HUNDREDTHS;
  const scaled = scaledBy(amount, HUNDREDTHS - decimals);
  return scaled > SAFE_MAX ? Number.MAX_SAFE_INTEGER : Number(scaled);
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

function scaledBy(amount: bigint, digits: number): bigint {
  if (digits === 0) return amount;
  if (digits > 0) return amount * 10n ** BigInt(digits);
  const divisor = 10n ** BigInt(-digits);
  return (amount + divisor / 2n) / divisor;
}
