// Owns a ledger without a database: the ledger's pure decisions over books that are kept in memory,
// so that very many histories can be played on them. What it stands in for is only loading and
// storing.

import { assert, idOf, msOf, uuidBatch } from '#kernel';
import type { AccountId, Instant, TransferId } from '#kernel';
import type { Instruction, Posted, PostMode, PostResult } from '#ledger';
import type { AccountState, Books, HoldState, ReversibleLeg } from '../ledger/posting/books.ts';
import { decide, decideExpiry, type Decision } from '../ledger/posting/decide.ts';
import type { ChangeStep } from './history.ts';
import type { OracleTerms } from './oracle/account.ts';
import type { OracleHold } from './oracle/world.ts';
import type { Player } from './play.ts';

export class MemoryPlayer implements Player {
  readonly isMonotone = false;
  readonly isHurried = false;
  #books = emptyBooks();
  readonly #recordedAt = new Map<AccountId, Instant>();

  /** Begins new books, because what earlier histories left would only cost time. */
  async open(accounts: readonly OracleTerms[], now: Instant): Promise<AccountId[]> {
    this.#books = emptyBooks();
    this.#recordedAt.clear();
    const ids = uuidBatch(msOf(now));
    return await Promise.resolve(
      accounts.map(({ state, ...terms }) => {
        const id = idOf('acc', ids.next());
        this.#books.accounts.set(id, {
          ...terms,
          id,
          status: state,
          version: 0n,
          revision: 0n,
          postedDebits: 0n,
          postedCredits: 0n,
          pendingDebits: 0n,
          pendingCredits: 0n,
        });
        this.#recordedAt.set(id, now);
        return id;
      }),
    );
  }

  async post(
    instructions: readonly Instruction[],
    options: { readonly now: Instant; readonly mode: PostMode; readonly isDryRun: boolean },
  ): Promise<readonly PostResult<Posted>[]> {
    const { now, mode, isDryRun } = options;
    const ids = uuidBatch(msOf(now));
    const touched = instructions.flatMap((instruction) => this.#accountsOf(instruction));
    let time = this.#timeOf(now, touched);
    while (this.#dueAt(time).length > 0) {
      this.#expire(time);
      time = this.#timeOf(now, touched);
    }
    const kept = isDryRun ? copyOf(this.#books) : undefined;
    const keptTimes = new Map(this.#recordedAt);
    const books = { ...this.#books, time };
    const decision = decide(books, instructions, { mode, nextId: () => ids.next() });
    this.#store(decision, books.time);
    if (kept !== undefined) {
      this.#books = kept;
      this.#recordedAt.clear();
      for (const [id, latest] of keptTimes) this.#recordedAt.set(id, latest);
    }
    return await Promise.resolve(decision.answers);
  }

  async expire(now: Instant): Promise<void> {
    this.#expire(now);
    await Promise.resolve();
  }

  async change(id: AccountId, terms: ChangeStep['terms']): Promise<boolean> {
    const account = this.#books.accounts.get(id);
    assert(account !== undefined, 'the account is open');
    const { state = account.status, ...limits } = terms;
    const isSame = Object.entries({ ...terms, status: state }).every(
      ([name, value]) => name === 'state' || account[name as keyof AccountState] === value,
    );
    if (isSame) return true;
    const isEmpty =
      account.postedDebits === account.postedCredits &&
      account.pendingDebits + account.pendingCredits === 0n;
    if (account.status === 'closed' || (state === 'closed' && !isEmpty)) return false;
    this.#books.accounts.set(id, { ...account, ...limits, status: state });
    return await Promise.resolve(true);
  }

  async close(closedBefore: Instant, now: Instant): Promise<boolean> {
    const latest = this.#books.closedBefore;
    if (closedBefore > now || (latest !== undefined && closedBefore <= latest)) return false;
    this.#books = { ...this.#books, closedBefore };
    return await Promise.resolve(true);
  }

  async account(id: AccountId): Promise<AccountState> {
    const account = this.#books.accounts.get(id);
    assert(account !== undefined, 'the account is open');
    return await Promise.resolve(account);
  }

  async hold(id: TransferId): Promise<Pick<OracleHold, 'state' | 'legs'>> {
    const hold = this.#books.holds.get(id);
    assert(hold !== undefined, 'the hold was answered');
    return await Promise.resolve({ state: hold.status, legs: hold.legs });
  }

  #dueAt(now: Instant): HoldState[] {
    return [...this.#books.holds.values()]
      .filter((hold) => hold.status === 'open' && (hold.expiresAt ?? Infinity) <= now)
      .toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || (a.id < b.id ? -1 : 1));
  }

  #expire(now: Instant): void {
    const due = this.#dueAt(now);
    const touched = due.flatMap((hold) => hold.legs.map((leg) => leg.accountId));
    const ids = uuidBatch(msOf(now));
    const books = { ...this.#books, time: this.#timeOf(now, touched) };
    this.#store(
      decideExpiry(books, due, () => ids.next()),
      books.time,
    );
    if (books.time > now) this.#expire(books.time);
  }

  /** What loading will find: the accounts and holds are changed in place, the rest is derived. */
  #store(decision: Decision, time: Instant): void {
    const { holds, reversibles } = this.#books;
    for (const { after } of decision.accounts) this.#recordedAt.set(after.id, time);
    for (const hold of decision.holdsOpened) holds.set(hold.id, hold);
    for (const { after } of decision.holdsChanged) holds.set(after.id, after);
    for (const transfer of decision.transfers) {
      const [first] = transfer.entries;
      const nothing = first && { ...first, posted: 0n, reversed: 0n };
      const legs: ReversibleLeg[] = [];
      for (const entry of transfer.entries) {
        // Legs that came to nothing made no entry, but keep their numbers.
        while (nothing !== undefined && legs.length < entry.leg) legs.push(nothing);
        legs.push({ ...entry, reversed: 0n });
      }
      reversibles.set(transfer.id, { kind: transfer.kind, legs });
    }
  }

  #accountsOf(instruction: Instruction): AccountId[] {
    if ('transferId' in instruction) {
      const transfer = this.#books.reversibles.get(instruction.transferId);
      return (transfer?.legs ?? []).map((leg) => leg.accountId);
    }
    if ('holdId' in instruction) {
      return (this.#books.holds.get(instruction.holdId)?.legs ?? []).map((leg) => leg.accountId);
    }
    return instruction.legs.map((leg) => leg.accountId);
  }

  #timeOf(now: Instant, touched: readonly AccountId[]): Instant {
    const latest = touched.map((id) => this.#recordedAt.get(id) ?? now);
    return Math.max(now, ...latest) as Instant;
  }
}

function emptyBooks(): Books {
  return {
    accounts: new Map(),
    holds: new Map(),
    reversibles: new Map(),
    known: new Map(),
    closedBefore: undefined,
    time: 0 as Instant,
  };
}

function copyOf(books: Books): Books {
  return {
    ...books,
    accounts: new Map(books.accounts),
    holds: new Map(books.holds),
    reversibles: new Map(books.reversibles),
    known: new Map(books.known),
  };
}
