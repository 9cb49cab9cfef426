// Posting at full speed: several batches under way at once, each decided on the outcome of the ones
// before it without waiting for their commit. Accounts stay in memory between batches. Whether they
// were still so is found out when a batch is stored, under the locks: every balance must be at the
// version the decision began from. A batch commits only after the one before it has, and one whose
// ground was lost is decided again the plain way, so speculation can cost time but never money.

import { limits } from '#config';
import { Fault, type AccountId, type Instant } from '#kernel';
import type { Caller, Database, Transaction, TransactionContext } from '#platform';
import { recordAnswers } from './audit.ts';
import { batchIds, postBatch, type BatchAnswer, type BatchOptions } from './post.ts';
import type { AccountState, Books } from './posting/books.ts';
import { decide, type Answer, type Decision } from './posting/decide.ts';
import type { Instruction } from './posting/instruction.ts';
import { namedBy } from './posting/named.ts';
import type { StoredTransfer } from './posting/transfer.ts';
import {
  loadHolds,
  lockBooks,
  recordBalances,
  recordTransfers,
  type Locked,
} from './store/posting-store.ts';
import { loadTransfers } from './store/transfer-store.ts';

export interface PosterOptions {
  /** Batches under way at once, each on a connection of its own. */
  readonly inFlightMax: number;
  /** Accounts kept in memory, about 400 bytes each. */
  readonly accountsMax: number;
}

export interface Poster {
  /** Posts a list as one batch in a transaction of its own; answers when it is durable. */
  post(
    context: TransactionContext,
    instructions: readonly Instruction[],
    options?: BatchOptions,
  ): Promise<BatchAnswer>;
  /** How often a batch had to be decided again. */
  readonly redecided: number;
}

/** The ground of a decision was lost before it was stored. Never seen outside. */
class GroundLost extends Fault {
  constructor(cause: unknown) {
    super('ground_lost', { retryable: false, cause });
  }
}

// After a lost ground the next batches go the plain way, twice as many each time it happens again:
// where other processes post to the same accounts, speculation does not pay.
const CAUTION_MAX = limits.postingCautionMax.value;

// One batch's place in the line: decided in order, committed in order. When a decided batch
// fails its line ends: a new one begins with nothing in memory, so that whatever a batch finds
// there was decided by batches of its own line, before it, whose commits it waits for.
interface Place {
  readonly line: number;
  /** Counts the batches of the line. */
  readonly number: number;
  readonly decided: Promise<void>;
  readonly committed: Promise<void>;
}

const beginningOf = (line: number): Place => {
  return { line, number: 0, decided: Promise.resolve(), committed: Promise.resolve() };
};

class PipelinedPoster implements Poster {
  redecided = 0;
  readonly #database: Database;
  readonly #options: PosterOptions;
  readonly #accounts = new Map<AccountId, AccountState>();
  /** By tenant and external id: what the line's batches have decided and not yet committed. */
  readonly #underWay = new Map<string, StoredTransfer>();
  readonly #waiting: (() => void)[] = [];
  readonly #watchers: (() => void)[] = [];
  /** Batches under way the fast way; plain ones under way or waiting for those. */
  #fast = 0;
  #plain = 0;
  #last = beginningOf(0);
  /** By batch: the earliest deadline of its holds, until the database is sure to know it. */
  readonly #deadlines = new Map<number, number>();
  #inFlight = 0;
  #time = 0;
  #caution = 0;
  #plainLeft = 0;

  constructor(database: Database, options: PosterOptions) {
    this.#database = database;
    this.#options = options;
  }

  async post(
    context: TransactionContext,
    instructions: readonly Instruction[],
    options: BatchOptions = {},
  ): Promise<BatchAnswer> {
    await this.#enter();
    try {
      const isPlain = this.#plainLeft > 0 || instructions.some(({ kind }) => kind === 'reverse');
      const answer = isPlain ? undefined : await this.#postFast(context, instructions, options);
      return answer ?? (await this.#postPlain(context, instructions, options));
    } finally {
      this.#leave();
    }
  }

  // The two ways never run at once: each would take the ground from under the other. A plain batch
  // that waits lets no new fast one begin.
  async #postFast(
    context: TransactionContext,
    instructions: readonly Instruction[],
    options: BatchOptions,
  ): Promise<BatchAnswer | undefined> {
    while (this.#plain > 0) await this.#change();
    this.#fast += 1;
    try {
      return await this.#speculate(context, instructions, options);
    } finally {
      this.#fast -= 1;
      this.#notify();
    }
  }

  async #postPlain(
    context: TransactionContext,
    instructions: readonly Instruction[],
    options: BatchOptions,
  ): Promise<BatchAnswer> {
    this.#plain += 1;
    try {
      while (this.#fast > 0) await this.#change();
      this.#plainLeft = Math.max(0, this.#plainLeft - 1);
      // What it changes is not what is in memory.
      this.#accounts.clear();
      return await postBatch(this.#database, context, instructions, options);
    } finally {
      this.#plain -= 1;
      this.#notify();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  #notify(): void {
    for (const resolve of this.#watchers.splice(0)) resolve();
  }

  async #enter(): Promise<void> {
    if (this.#inFlight >= this.#options.inFlightMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#inFlight += 1;
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inFlight -= 1;
    else next();
  }

  // undefined when the ground was lost: nothing was stored.
  async #speculate(
    context: TransactionContext,
    instructions: readonly Instruction[],
    options: BatchOptions,
  ): Promise<BatchAnswer | undefined> {
    const before = this.#last;
    const decided = Promise.withResolvers<void>();
    const committed = Promise.withResolvers<void>();
    committed.promise.catch(() => undefined);
    const { line } = before;
    const number = before.number + 1;
    this.#last = { line, number, decided: decided.promise, committed: committed.promise };
    let hasRun = false;
    let isDecided = false;
    const signalDecided = (): void => {
      isDecided = true;
      decided.resolve();
    };
    try {
      const answer = await this.#database.transaction(context, (tx) => {
        // Run again by the database, it would find its own effects in memory.
        if (hasRun) throw new GroundLost('run again');
        hasRun = true;
        return this.#run(tx, instructions, options, before, signalDecided);
      });
      committed.resolve();
      this.#caution = Math.max(0, this.#caution - 1);
      for (const { externalId = '' } of instructions) {
        this.#underWay.delete(nameOf(context, externalId));
      }
      return answer;
    } catch (error) {
      decided.resolve();
      // A batch that left nothing in memory leaves the line as it was.
      if (!isDecided) committed.resolve(before.committed);
      else committed.reject(error);
      if (isDecided && line === this.#last.line) this.#endLine(error instanceof GroundLost);
      if (!(error instanceof GroundLost)) throw error;
      this.redecided += 1;
      return undefined;
    }
  }

  #endLine(isGroundLost: boolean): void {
    this.#last = beginningOf(this.#last.line + 1);
    this.#accounts.clear();
    this.#underWay.clear();
    this.#deadlines.clear();
    if (!isGroundLost) return;
    this.#caution = Math.min(CAUTION_MAX, this.#caution * 2 + 1);
    this.#plainLeft = this.#caution;
  }

  async #run(
    tx: Transaction,
    instructions: readonly Instruction[],
    options: BatchOptions,
    before: Place,
    signalDecided: () => void,
  ): Promise<BatchAnswer> {
    const { batchId, nextId } = batchIds(tx, options);
    try {
      const ground = await this.#read(tx, instructions);
      await before.decided;
      if (before.line !== this.#last.line) throw new Fault('line_ended', { retryable: false });
      const books = this.#openBooks(tx, ground);
      const mode = options.mode ?? 'each';
      const decision = decide(books, instructions, { mode, nextId });
      const consulted = consultedBy(books, instructions, decision);
      this.#keep(tx, books, decision, before.number + 1);
      signalDecided();
      const batch = { batchId, answers: decision.answers };
      // Sent one after the other without waiting between them, and done in that order.
      await allOf([
        recordTransfers(tx, books, ground.locked.segment, decision, options.callers),
        options.onDecided?.(tx, batch) ?? Promise.resolve(),
        recordAnswers(tx, instructions, decision.answers, options.callers),
        // The balances this decision began from are there once the batch before has committed.
        before.committed.then(() => recordBalances(tx, books, decision, consulted)),
      ]);
      return batch;
    } catch (error) {
      // Whatever it was, nothing is stored yet; the plain way meets it again if it is real.
      throw new GroundLost(error);
    }
  }

  async #read(tx: Transaction, instructions: readonly Instruction[]): Promise<Ground> {
    const named = namedBy(instructions);
    const holds = await loadHolds(tx, [...named.holdIds]);
    for (const { legs } of holds) for (const leg of legs) named.accountIds.add(leg.accountId);
    const missing = [...named.accountIds].filter((id) => !this.#accounts.has(id));
    const options = { isLocking: false };
    const locked = await lockBooks(tx, missing, [...named.externalIds], options);
    const known = await loadTransfers(tx, locked.knownIds);
    return {
      locked,
      missing: new Set(missing),
      accountIds: named.accountIds,
      externalIds: named.externalIds,
      holds: new Map(holds.map((hold) => [hold.id, hold])),
      known: new Map(known.map((transfer) => [transfer.externalId ?? '', transfer])),
    };
  }

  // The accounts in memory are later than what was read: batches before this one changed them.
  #openBooks(tx: Transaction, ground: Ground): Books {
    const { locked, accountIds, holds, known } = ground;
    const time = Math.max(tx.now, this.#time, locked.changedAt ?? 0) as Instant;
    if (Math.min(locked.nextDeadline ?? Infinity, ...this.#deadlines.values()) <= time) {
      throw new Fault('holds_due', { retryable: false });
    }
    const accounts = new Map<AccountId, AccountState>();
    for (const id of accountIds) {
      const account = this.#accounts.get(id) ?? locked.accounts.get(id);
      if (account !== undefined) accounts.set(id, account);
      // It was in memory when the batch was read, and has been dropped since.
      else if (!ground.missing.has(id)) throw new Fault('account_dropped', { retryable: false });
    }
    for (const id of ground.externalIds) {
      const transfer = this.#underWay.get(nameOf(tx, id));
      if (transfer !== undefined) known.set(id, transfer);
    }
    const { closedBefore } = locked;
    return { accounts, holds, reversibles: new Map(), known, closedBefore, time };
  }

  #keep(tx: Transaction, books: Books, decision: Decision, number: number): void {
    this.#time = books.time;
    if (this.#accounts.size + books.accounts.size > this.#options.accountsMax) {
      this.#accounts.clear();
    }
    for (const { before, after } of decision.accounts) {
      this.#accounts.set(before.id, after);
    }
    for (const transfer of decision.transfers) {
      const { externalId } = transfer;
      if (externalId !== undefined) this.#underWay.set(nameOf(tx, externalId), transfer);
    }
    const holds = [...decision.holdsOpened, ...decision.holdsChanged.map(({ after }) => after)];
    const deadlines = holds.map(({ expiresAt }) => expiresAt ?? Infinity);
    this.#deadlines.set(number, Math.min(Infinity, ...deadlines));
    // Batches commit in order, so those this many before had committed when the next one began.
    for (const earlier of this.#deadlines.keys()) {
      if (earlier <= number - this.#options.inFlightMax) this.#deadlines.delete(earlier);
    }
  }
}

/** Waits for all of them, and fails as the first of them failed. */
async function allOf(steps: readonly Promise<unknown>[]): Promise<void> {
  const ended = await Promise.allSettled(steps);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

// An external id is each tenant's own.
function nameOf({ tenant = '' }: Caller, externalId: string): string {
  return `${tenant} ${externalId}`;
}

interface Ground {
  readonly locked: Locked;
  /** The accounts that were not in memory when the batch was read. */
  readonly missing: ReadonlySet<AccountId>;
  readonly accountIds: ReadonlySet<AccountId>;
  readonly externalIds: ReadonlySet<string>;
  readonly holds: Books['holds'];
  readonly known: Books['known'];
}

// A refusal changes nothing, so nothing would notice that it rests on an account which has moved
// on: the accounts of refused instructions are compared like those that change, and so are those of
// accepted ones that move up to an amount, because such a leg may have found nothing. A refused
// instruction about a hold is decided again the plain way, since the hold itself may have moved on.
function consultedBy(
  books: Books,
  instructions: readonly Instruction[],
  { answers, accounts }: Decision,
): AccountState[] {
  let changed: Set<AccountId> | undefined;
  const consulted = new Map<AccountId, AccountState>();
  for (const [index, instruction] of instructions.entries()) {
    const isAccepted = (answers[index] as Answer).ok;
    if (instruction.kind !== 'transfer' && instruction.kind !== 'hold') {
      if (isAccepted) continue;
      throw new Fault('hold_in_doubt', { retryable: false });
    }
    if (isAccepted && !instruction.legs.some(({ upTo }) => upTo === true)) continue;
    changed ??= new Set(accounts.map(({ before }) => before.id));
    for (const { accountId } of instruction.legs) {
      const account = books.accounts.get(accountId);
      if (account !== undefined && !changed.has(accountId)) consulted.set(accountId, account);
    }
  }
  return [...consulted.values()];
}

export function openPoster(database: Database, options: PosterOptions): Poster {
  return new PipelinedPoster(database, options);
}
