// Owns the translation of a planned row into what the ledger is asked: one balanced transfer, and a
// second one linked to it where the row needs a rounding entry. Pure. The same row always becomes
// the same instructions, which is what makes importing again change nothing.

import { assert, type AccountId } from '#kernel';
import type { Leg, TransferInstruction } from '#ledger';
import { customerAccountId, nostroPath, ownAccountId } from './chart.ts';
import { rounding as roundingPath, type PostingKind } from './mapping.ts';
import type { PlannedRow } from './plan.ts';
import { CURRENCY, type Transaction } from './tables.ts';

export interface Addressing {
  readonly source: string;
  /** Ledger accounts by external id. */
  readonly accountIds: ReadonlyMap<string, AccountId>;
}

export function instructionsOf(row: PlannedRow, addressing: Addressing): TransferInstruction[] {
  const { transaction, kind, rounding } = row;
  const { source } = addressing;
  const route = routeOf(transaction, kind, addressing);
  const main: TransferInstruction = {
    kind: 'transfer',
    externalId: `${source}:trans:${transaction.trans_id}`,
    description: kind.description.replace('{bank}', transaction.bank),
    metadata: metadataOf(transaction, kind),
    effectiveAt: transaction.date,
    legs: legsAlong(kind.side === 'credit' ? route : route.toReversed(), transaction.amount),
  };
  if (rounding === 0n) return [main];
  const customer = requireAccount(addressing, customerAccountId(source, transaction.account_id));
  const loss = requireAccount(addressing, ownAccountId(source, roundingPath));
  const correction: TransferInstruction = {
    kind: 'transfer',
    externalId: `${source}:rounding:${transaction.trans_id}`,
    description: `Rounding of transaction ${transaction.trans_id}`,
    metadata: { operation: 'rounding', of: `${source}:trans:${transaction.trans_id}` },
    effectiveAt: transaction.date,
    legs:
      rounding > 0n
        ? legsAlong([loss, customer], rounding)
        : legsAlong([customer, loss], -rounding),
  };
  return [{ ...main, linked: true }, correction];
}

/** From the bank's own side to the customer: two accounts, or three where it passes a clearing. */
function routeOf(transaction: Transaction, kind: PostingKind, addressing: Addressing): AccountId[] {
  const { source } = addressing;
  const against = kind.against === 'nostro' ? nostroPath(transaction.bank) : kind.against;
  const externalIds = [
    ownAccountId(source, against),
    ...(kind.through === undefined ? [] : [ownAccountId(source, kind.through)]),
    customerAccountId(source, transaction.account_id),
  ];
  return externalIds.map((externalId) => requireAccount(addressing, externalId));
}

/** Each account of the route is debited in favour of the next. */
function legsAlong(route: readonly AccountId[], amount: bigint): Leg[] {
  return route.slice(1).flatMap((to, index): Leg[] => {
    const from = route[index];
    assert(from !== undefined, 'each step of a route has a beginning');
    return [
      { accountId: from, side: 'debit', amount, currency: CURRENCY },
      { accountId: to, side: 'credit', amount, currency: CURRENCY },
    ];
  });
}

/** In our words, with the row's own words beside them. */
function metadataOf(transaction: Transaction, kind: PostingKind): Record<string, string> {
  const { type, operation, k_symbol, bank, account } = transaction;
  return {
    operation: kind.name,
    ...(bank === '' ? {} : { bank }),
    ...(account === '' ? {} : { account }),
    original: [type, operation, k_symbol].join(';'),
  };
}

export function requireAccount({ accountIds }: Addressing, externalId: string): AccountId {
  const accountId = accountIds.get(externalId);
  assert(accountId !== undefined, `account ${externalId} was not opened`);
  return accountId;
}
