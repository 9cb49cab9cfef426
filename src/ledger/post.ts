// The ledger's one verb that moves money. It locks the accounts of a list of instructions in id
// order, decides all of them in memory, and stores what was accepted; one refused item leaves
// nothing behind and never hurts its neighbours.

import {
  Fault,
  idOf,
  msOf,
  newUuid,
  uuidBatch,
  type BatchId,
  type Instant,
  type Uuid,
} from '#kernel';
import type { Caller, Database, Transaction, TransactionContext } from '#platform';
import { recordAnswers } from './audit.ts';
import { expireHolds } from './expire.ts';
import type { Books, HoldState } from './posting/books.ts';
import { decide, type Answer } from './posting/decide.ts';
import type { Instruction, PostMode } from './posting/instruction.ts';
import { namedBy, type Named } from './posting/named.ts';
import {
  loadHolds,
  loadReversibles,
  lockBooks,
  recordBalances,
  recordTransfers,
  type Locked,
} from './store/posting-store.ts';
import { loadTransfers } from './store/transfer-store.ts';

/** Holds have come to their deadline by the batch's time, which may be ahead of the clock's. */
class HoldsDue extends Fault {
  readonly until: Instant;

  constructor(until: Instant) {
    super('holds_due', { retryable: false, message: 'Holds must expire first.' });
    this.until = until;
  }
}

export interface PostOptions {
  /** How a refusal affects the rest of the list; each by default. */
  readonly mode?: PostMode | undefined;
  /** Gives the next transfer's id; by default each is made on its own. */
  readonly nextId?: (() => Uuid) | undefined;
  /** Who asked for each instruction, where it is not the transaction's caller. */
  readonly callers?: readonly Caller[] | undefined;
}

/**
 * Posts the instructions within the caller's transaction and answers each in order.
 *
 * Throws Fault 'holds_due' when holds must expire before anything else may be decided: end the
 * transaction, let them expire, and begin again, as `withLedger` does.
 */
export async function post(
  tx: Transaction,
  instructions: readonly Instruction[],
  options: PostOptions = {},
): Promise<Answer[]> {
  if (instructions.length === 0) return [];
  const named = await readNamed(tx, instructions);
  const locked = await lockBooks(tx, named.accountIds, [...named.externalIds]);
  const books = await openBooks(tx, locked, named);
  const nextId = options.nextId ?? ((): Uuid => newUuid(msOf(books.time)));
  const mode = options.mode ?? 'each';
  const decision = decide(books, instructions, { mode, nextId });
  await recordTransfers(tx, books, locked.segment, decision, options.callers);
  await recordBalances(tx, books, decision);
  await recordAnswers(tx, instructions, decision.answers, options.callers);
  return [...decision.answers];
}

// With the accounts that only a hold or a transfer named knows. They never change, so reading them
// before the lock is sound. A hold or transfer that appears only later is not among the locked,
// and so is as unknown as it was.
async function readNamed(tx: Transaction, instructions: readonly Instruction[]): Promise<Named> {
  const named = namedBy(instructions);
  const holds = await loadHolds(tx, [...named.holdIds]);
  const reversibles = await loadReversibles(tx, [...named.reversedIds]);
  for (const { legs } of [...holds, ...reversibles.values()]) {
    for (const { accountId } of legs) named.accountIds.add(accountId);
  }
  const holdIds = new Set(holds.map(({ id }) => id));
  return { ...named, holdIds, reversedIds: new Set(reversibles.keys()) };
}

async function openBooks(tx: Transaction, locked: Locked, named: Named): Promise<Books> {
  const time = Math.max(tx.now, locked.changedAt ?? tx.now) as Instant;
  if (locked.nextDeadline !== undefined && locked.nextDeadline <= time) {
    throw new HoldsDue(time);
  }
  const known = await loadTransfers(tx, locked.knownIds);
  const holds = await loadHolds(tx, [...named.holdIds]);
  const reversibles = await loadReversibles(tx, [...named.reversedIds]);
  return {
    accounts: locked.accounts,
    holds: new Map(holds.map((hold: HoldState) => [hold.id, hold])),
    reversibles,
    known: new Map(known.map((transfer) => [transfer.externalId ?? '', transfer])),
    closedBefore: locked.closedBefore,
    time,
  };
}

/**
 * Runs work that posts, in a transaction of its own. Where holds have come to their deadline they
 * expire first, each in its order, and the work begins again.
 */
export async function withLedger<T>(
  database: Database,
  context: TransactionContext,
  run: (tx: Transaction) => Promise<T>,
  options: { readonly isDryRun?: boolean | undefined } = {},
): Promise<T> {
  for (;;) {
    let until: Instant;
    try {
      if (options.isDryRun === true) return await database.rehearse(context, run);
      return await database.transaction(context, run);
    } catch (error) {
      if (!(error instanceof HoldsDue)) throw error;
      until = error.until;
    }
    await expireHolds(database, { ...context, now: until });
  }
}

export interface BatchOptions {
  /** How a refusal affects the rest of the list; each by default. */
  readonly mode?: PostMode | undefined;
  /** The list is requests of several callers: no batch id may lead from one to another. */
  readonly isGathered?: boolean | undefined;
  /** Who asked for each instruction, where it is not the transaction's caller. */
  readonly callers?: readonly Caller[] | undefined;
  /**
   * Told of the answers in the transaction of what they tell, to store something with them. Asked
   * again where the batch is decided again; what it throws undoes the batch.
   */
  readonly onDecided?: ((tx: Transaction, batch: BatchAnswer) => Promise<void>) | undefined;
}

export interface BatchAnswer {
  /** Names the batch's transfers, which share a run of ids. Names nothing for a gathered list. */
  readonly batchId: BatchId;
  readonly answers: readonly Answer[];
}

/** The ids of a batch: a run that begins with its own, or separate ones for a gathered list. */
export function batchIds(
  tx: Transaction,
  options: BatchOptions,
): { readonly batchId: BatchId; readonly nextId: () => Uuid } {
  const ms = msOf(tx.now);
  const ids = uuidBatch(ms);
  const batchId = idOf('bat', ids.next());
  return { batchId, nextId: () => (options.isGathered === true ? newUuid(ms) : ids.next()) };
}

/** Posts a list as one batch in a transaction of its own; a dry run answers and stores nothing. */
export async function postBatch(
  database: Database,
  context: TransactionContext,
  instructions: readonly Instruction[],
  options: BatchOptions & { readonly isDryRun?: boolean | undefined } = {},
): Promise<BatchAnswer> {
  return withLedger(
    database,
    context,
    async (tx) => {
      const { batchId, nextId } = batchIds(tx, options);
      const answers = await post(tx, instructions, { ...options, nextId });
      await options.onDecided?.(tx, { batchId, answers });
      return { batchId, answers };
    },
    options,
  );
}
