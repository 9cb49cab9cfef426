// Owns what a request does to which accounts, holds and transfers, for the rules about objects.
// Pure. Where an amount is open, the most that can move counts; where that is not known, none is
// said, and a mandate with a limit does not allow it.

import { currencyOf, type Currency, type TransferId } from '#kernel';
import type { ObjectUse } from '#gateway';
import type { HoldInstruction, Leg, Side, TransferInstruction } from '../../posting/instruction.ts';
import { transferOf } from '../parse.ts';
import type { BatchItem, PortionBody } from '../request-schemas.ts';

interface AboutOne<Id extends string> {
  readonly params: { readonly id: Id };
}

/** Of operations on the account of their path. */
export function accountUse(act: 'read' | 'manage') {
  return ({ params }: AboutOne<string>): readonly ObjectUse[] => [
    { kind: 'account', id: params.id, act },
  ];
}

/** Of operations that read the hold or transfer of their path. */
export function readUse(kind: 'hold' | 'transfer') {
  return ({ params }: AboutOne<TransferId>): readonly ObjectUse[] => [
    { kind, id: params.id, act: 'read' },
  ];
}

/** What a transfer or a hold does to the accounts of its legs. */
export function movingUses(
  { legs }: TransferInstruction | HoldInstruction,
  transfer?: number,
): ObjectUse[] {
  const most = openTotals(legs);
  const uses: ObjectUse[] = [];
  for (const leg of legs) {
    const { accountId, side, amount, conditions, upTo } = leg;
    const common = { kind: 'account', id: accountId, transfer } as const;
    const currency = currencyText(leg, most);
    const moved = amount === 'remaining' ? mostOf(side, currency, most) : amount;
    const known = currency === undefined ? undefined : currencyOf(currency);
    uses.push({ ...common, act: side, amount: moved, currency: known });
    // Whether they hold, and how much was let through, tells how much is on the account.
    if (conditions !== undefined || upTo === true) uses.push({ ...common, act: 'read' });
  }
  return uses;
}

/** What legs move in one currency: all they may, and what they move in any case. */
interface OpenTotal {
  readonly most: Record<Side, bigint>;
  readonly least: Record<Side, bigint>;
}

function openTotals(legs: readonly Leg[]): ReadonlyMap<string, OpenTotal> {
  const totals = new Map<string, OpenTotal>();
  for (const { amount, currency, side, upTo } of legs) {
    if (currency === undefined) continue;
    const total = totals.get(currency) ?? {
      most: { debit: 0n, credit: 0n },
      least: { debit: 0n, credit: 0n },
    };
    totals.set(currency, total);
    if (amount === 'remaining') continue;
    total.most[side] += amount;
    if (upTo !== true) total.least[side] += amount;
  }
  return totals;
}

/**
 * A leg without a currency is in the only one the others name, or it finds nothing to move: the
 * ledger refuses a remainder of a currency in which nothing else moves.
 */
function currencyText({ currency }: Leg, totals: ReadonlyMap<string, OpenTotal>) {
  if (currency !== undefined || totals.size !== 1) return currency;
  return totals.keys().next().value;
}

function mostOf(
  side: Side,
  currency: string | undefined,
  totals: ReadonlyMap<string, OpenTotal>,
): bigint | undefined {
  const total = currency === undefined ? undefined : totals.get(currency);
  if (total === undefined) return undefined;
  const rest = total.most[side === 'debit' ? 'credit' : 'debit'] - total.least[side];
  return rest > 0n ? rest : 0n;
}

/** What is done with a hold or a transfer that is there already. */
interface LaterUse {
  readonly kind: 'hold' | 'transfer';
  readonly id: TransferId;
  readonly transfer?: number | undefined;
}

/** Of a capture, an increase or a reversal: whatever it takes from any account behind it. */
export function portionUses({ kind, id, transfer }: LaterUse, body: PortionBody): ObjectUse[] {
  const common = { kind, id, transfer, act: 'debit' } as const;
  const { amount, currency, legs } = body;
  if (legs === undefined) {
    return [{ ...common, amount: amount === undefined ? undefined : BigInt(amount), currency }];
  }
  const sums = new Map<Currency, bigint>();
  for (const part of legs) {
    sums.set(part.currency, (sums.get(part.currency) ?? 0n) + BigInt(part.amount));
  }
  // Half of them are credits: the ledger refuses parts that do not balance.
  return Array.from(sums, ([named, sum]) => ({
    ...common,
    amount: (sum + 1n) / 2n,
    currency: named,
  }));
}

/** Of a void: it takes nothing, but only whoever might have captured it may give it back. */
export function voidUse({ id, transfer }: Omit<LaterUse, 'kind'>): ObjectUse {
  return { kind: 'hold', id, transfer, act: 'debit', amount: 0n };
}

/** Of a batch: each item is a transfer of its own. */
export function batchUses(items: readonly BatchItem[]): ObjectUse[] {
  const uses: ObjectUse[] = [];
  for (let index = 0; index < items.length; index += 1) {
    for (const use of itemUses(items[index] as BatchItem, index)) uses.push(use);
  }
  return uses;
}

export function itemUses(item: BatchItem, transfer: number): ObjectUse[] {
  switch (item.kind) {
    case 'capture':
    case 'increase':
      return portionUses({ kind: 'hold', id: item.hold_id, transfer }, item);
    case 'void':
      return [voidUse({ id: item.hold_id, transfer })];
    case 'reverse':
      return portionUses({ kind: 'transfer', id: item.transfer_id, transfer }, item);
    default:
      return movingUses(transferOf(item, `[${transfer}].`), transfer);
  }
}
