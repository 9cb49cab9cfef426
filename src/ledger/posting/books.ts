// The part of the ledger that one batch may touch, held in memory while it is decided. A decision
// replaces the states here and notes each replacement, so that a refused chain leaves nothing
// behind.

import type { AccountId, Instant, TransferId, Uuid } from '#kernel';
import type { Limits } from './balance.ts';
import type { Side } from './instruction.ts';
import type { Counters, StoredTransfer, TransferKind } from './transfer.ts';

export type AccountStatus = 'open' | 'debits_frozen' | 'credits_frozen' | 'frozen' | 'closed';

export interface AccountState extends Counters, Limits {
  readonly id: AccountId;
  readonly currency: string;
  readonly status: AccountStatus;
  readonly version: bigint;
  /** Counts the changes of the account's attributes. */
  readonly revision: bigint;
}

export type HoldStatus = 'open' | 'captured' | 'voided' | 'expired';

export interface HoldLeg {
  readonly accountId: AccountId;
  readonly side: Side;
  /** Minor units ever held on this leg. */
  readonly held: bigint;
  readonly captured: bigint;
}

export interface HoldState {
  readonly id: TransferId;
  readonly status: HoldStatus;
  readonly expiresAt: Instant | undefined;
  readonly legs: readonly HoldLeg[];
}

/** A leg that was posted, and how much of it reversals have taken back. */
export interface ReversibleLeg {
  readonly accountId: AccountId;
  readonly side: Side;
  readonly posted: bigint;
  readonly reversed: bigint;
}

export interface ReversibleTransfer {
  readonly kind: TransferKind;
  readonly legs: readonly ReversibleLeg[];
}

export interface Books {
  readonly accounts: Map<AccountId, AccountState>;
  readonly holds: Map<TransferId, HoldState>;
  readonly reversibles: Map<TransferId, ReversibleTransfer>;
  /** By external id: what was accepted under it. */
  readonly known: Map<string, StoredTransfer>;
  /** Nothing may be posted with an effective time before this. */
  readonly closedBefore: Instant | undefined;
  /** The batch's recorded time: the clock's, or a later one of the accounts touched. */
  readonly time: Instant;
}

/** A batch being decided: the books, what was accepted so far, and the way back. */
export interface Desk {
  readonly books: Books;
  readonly transfers: StoredTransfer[];
  /** How to take back what was decided; kept only while a chain is, since only a chain needs it. */
  readonly journal: (() => void)[];
  isChain: boolean;
  /** The accounts as they were when the batch began, for those that changed. */
  readonly accountsBefore: Map<AccountId, AccountState>;
  /** The holds as they were when the batch began, for those that changed. */
  readonly holdsBefore: Map<TransferId, HoldState>;
  nextId(): Uuid;
}

export function openDesk(books: Books, nextId: () => Uuid): Desk {
  return {
    books,
    nextId,
    transfers: [],
    journal: [],
    isChain: false,
    accountsBefore: new Map(),
    holdsBefore: new Map(),
  };
}

/** Sets a key of one of the desk's maps, and within a chain remembers how to take that back. */
export function put<Key, Value>(desk: Desk, map: Map<Key, Value>, key: Key, value: Value): void {
  if (!desk.isChain) {
    map.set(key, value);
    return;
  }
  const before = map.get(key);
  desk.journal.push(
    before === undefined
      ? () => {
          map.delete(key);
        }
      : () => {
          map.set(key, before);
        },
  );
  map.set(key, value);
}

/** Takes back everything decided since the chain began, when `count` transfers were accepted. */
export function rollBackChain(desk: Desk, count: number): void {
  while (desk.journal.length > 0) desk.journal.pop()?.();
  desk.transfers.length = count;
}
