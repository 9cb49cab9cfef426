// Owns the oracle's whole state: accounts, transfers, holds, reversals, external ids, period
// closes. A world is never changed; each step makes the next one, so going back is keeping the old
// one.

import type { Instruction, LegConditions, Side, TransferKind } from '#ledger';
import { moved, type Movement, type OracleAccount } from './account.ts';

/** One leg's effect, with the account as it stands afterwards. */
export interface OracleEntry extends Movement {
  readonly accountId: string;
  readonly leg: number;
  readonly after: OracleAccount;
}

export interface OracleTransfer {
  readonly id: string;
  readonly kind: TransferKind;
  readonly holdId: string | undefined;
  readonly reversesId: string | undefined;
  readonly effectiveAt: number;
  readonly recordedAt: number;
  readonly entries: readonly OracleEntry[];
  /** What was asked for; undefined for an expiry, for which nobody asks. */
  readonly asked: Instruction | undefined;
}

export interface OracleHoldLeg {
  readonly accountId: string;
  readonly side: Side;
  readonly held: bigint;
  readonly captured: bigint;
}

export interface OracleHold {
  readonly id: string;
  readonly state: 'open' | 'captured' | 'voided' | 'expired';
  readonly expiresAt: number | undefined;
  readonly legs: readonly OracleHoldLeg[];
}

export interface World {
  readonly accounts: ReadonlyMap<string, OracleAccount>;
  readonly transfers: ReadonlyMap<string, OracleTransfer>;
  readonly holds: ReadonlyMap<string, OracleHold>;
  /** Per transfer: how much of each leg, by its number, was reversed. */
  readonly reversed: ReadonlyMap<string, ReadonlyMap<number, bigint>>;
  readonly externalIds: ReadonlyMap<string, string>;
  readonly closedBefore: number;
}

export const emptyWorld: World = {
  accounts: new Map(),
  transfers: new Map(),
  holds: new Map(),
  reversed: new Map(),
  externalIds: new Map(),
  closedBefore: Number.NEGATIVE_INFINITY,
};

/** An expected no, thrown because that is the shortest way out of a model. */
export class No extends Error {
  /** The acceptable codes: one, but where the specification leaves two open. */
  readonly codes: readonly string[];

  constructor(...codes: readonly string[]) {
    super(codes.join(' or '));
    this.codes = codes;
  }
}

/** A leg with its amounts settled. */
export interface Resolved extends Movement {
  readonly leg: number;
  readonly accountId: string;
  readonly conditions?: LegConditions | undefined;
}

export function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
): ReadonlyMap<string, Value> {
  return new Map(map).set(key, value);
}

export function accountOf(world: World, id: string): OracleAccount {
  const account = world.accounts.get(id);
  if (account === undefined) throw new No('account_not_found');
  return account;
}

/** The facts of a transfer other than its effects. */
export type Heading = Omit<OracleTransfer, 'entries'>;

/** Applies the movements one after another, records the transfer, and says what it did. */
export function record(
  world: World,
  heading: Heading,
  movements: readonly Resolved[],
): { world: World; transfer: OracleTransfer } {
  const accounts = new Map(world.accounts);
  const entries: OracleEntry[] = [];
  for (const movement of movements) {
    if (movement.posted === 0n && movement.pending === 0n) continue;
    const before = accountOf({ ...world, accounts }, movement.accountId);
    const after = { ...moved(before, movement), recordedAt: heading.recordedAt };
    accounts.set(after.id, after);
    const { accountId, leg, side, posted, pending } = movement;
    entries.push({ accountId, leg, side, posted, pending, after });
  }
  const transfer = { ...heading, entries };
  const transfers = withEntry(world.transfers, transfer.id, transfer);
  const externalId = heading.asked?.externalId;
  const externalIds =
    externalId === undefined
      ? world.externalIds
      : withEntry(world.externalIds, externalId, transfer.id);
  return { world: { ...world, accounts, transfers, externalIds }, transfer };
}
