// Accounts, instructions and a ledger in memory for the tests of the pure core. The ledger keeps
// between lists what a store would keep: accounts, holds, external ids and what can be reversed.

import { idOf, parseInstant, type AccountId, type Instant, type TransferId } from '#kernel';
import type { AccountState, Books, ReversibleLeg, ReversibleTransfer } from './books.ts';
import { decide, decideExpiry, type Answer, type Decision } from './decide.ts';
import type {
  CaptureInstruction,
  HoldInstruction,
  IncreaseInstruction,
  Instruction,
  Leg,
  PostMode,
  ReverseInstruction,
  TransferInstruction,
  VoidInstruction,
} from './instruction.ts';
import type { StoredTransfer } from './transfer.ts';

export function at(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new TypeError(`not an instant: ${text}`);
  return instant;
}

/** When every example begins. */
export const noon = at('2026-03-01T12:00:00Z');

export function later(microseconds: number, from = noon): Instant {
  return (from + microseconds) as Instant;
}

const uuidNumber = (group: string, number: number): string =>
  `01900000-0000-7000-${group}-${String(number).padStart(12, '0')}`;

export function accountId(number: number): AccountId {
  return idOf('acc', uuidNumber('8000', number));
}

export function transferId(number: number): TransferId {
  return idOf('trf', uuidNumber('9000', number));
}

/** An account in CZK whose normal side is credit, without limits, with nothing on it. */
export function anAccount(number: number, part: Partial<AccountState> = {}): AccountState {
  return {
    id: accountId(number),
    currency: 'CZK',
    normalSide: 'credit',
    floor: null,
    ceiling: null,
    creditLimit: 0n,
    status: 'open',
    version: 0n,
    revision: 0n,
    postedDebits: 0n,
    postedCredits: 0n,
    pendingDebits: 0n,
    pendingCredits: 0n,
    ...part,
  };
}

export const cash = anAccount(1, { normalSide: 'debit' });
/** A deposit of 1,000 that may not be overdrawn. */
export const alice = anAccount(2, { floor: 0n, postedCredits: 1_000n, version: 1n });
/** An empty deposit that may not be overdrawn. */
export const bob = anAccount(3, { floor: 0n });
export const fees = anAccount(4);
export const euros = anAccount(5, { currency: 'EUR', normalSide: 'debit' });
export const dollars = anAccount(6, { currency: 'USD', normalSide: 'debit' });
/** What customers own in euros. */
export const euroDeposit = anAccount(7, { currency: 'EUR' });
export const yen = anAccount(8, { currency: 'JPY' });

const everyone = [cash, alice, bob, fees, euros, dollars, euroDeposit, yen];

type Named = Pick<AccountState, 'id'>;

export function debit(account: Named, amount: Leg['amount'], rest: Partial<Leg> = {}): Leg {
  return { accountId: account.id, side: 'debit', amount, ...rest };
}

export function credit(account: Named, amount: Leg['amount'], rest: Partial<Leg> = {}): Leg {
  return { accountId: account.id, side: 'credit', amount, ...rest };
}

export function transfer(
  legs: readonly Leg[],
  rest: Partial<TransferInstruction> = {},
): TransferInstruction {
  return { kind: 'transfer', legs, ...rest };
}

/** From one account to another: the first is debited. */
export function pay(
  from: Named,
  to: Named,
  amount: bigint,
  rest: Partial<TransferInstruction> = {},
): TransferInstruction {
  return transfer([debit(from, amount), credit(to, amount)], rest);
}

export function hold(
  from: Named,
  to: Named,
  amount: bigint,
  rest: Partial<HoldInstruction> = {},
): HoldInstruction {
  return { kind: 'hold', legs: [debit(from, amount), credit(to, amount)], ...rest };
}

export function capture(
  holdId: TransferId,
  rest: Partial<CaptureInstruction> = {},
): CaptureInstruction {
  return { kind: 'capture', holdId, ...rest };
}

export function increase(
  holdId: TransferId,
  rest: Partial<IncreaseInstruction> = {},
): IncreaseInstruction {
  return { kind: 'increase', holdId, ...rest };
}

export function voidOf(holdId: TransferId, rest: Partial<VoidInstruction> = {}): VoidInstruction {
  return { kind: 'void', holdId, ...rest };
}

export function reverse(
  id: TransferId,
  rest: Partial<ReverseInstruction> = {},
): ReverseInstruction {
  return { kind: 'reverse', transferId: id, ...rest };
}

export interface ExampleOptions {
  readonly mode?: PostMode;
  readonly time?: Instant;
  readonly closedBefore?: Instant;
}

export interface ExampleLedger {
  /** Decides a list and keeps what it changes. */
  decide(instructions: readonly Instruction[], options?: ExampleOptions): Decision;
  /** The same, answered as 'ok', 'replay' or the refusal's code, one for each instruction. */
  codes(instructions: readonly Instruction[], options?: ExampleOptions): string[];
  /** One instruction, answered like that. */
  code(instruction: Instruction, options?: ExampleOptions): string;
  /** One instruction that must be accepted. */
  post(instruction: Instruction, options?: ExampleOptions): StoredTransfer;
  /** Ends the holds whose deadline has come, earliest first. */
  expire(time: Instant): Decision;
  account(named: Named): AccountState;
  readonly books: Books;
}

/** A ledger with the accounts above, but for those given here instead. */
export function exampleLedger(accounts: readonly AccountState[] = []): ExampleLedger {
  const all = [...everyone, ...accounts];
  const books: Books = {
    accounts: new Map(all.map((account) => [account.id, account])),
    holds: new Map(),
    reversibles: new Map(),
    known: new Map(),
    closedBefore: undefined,
    time: noon,
  };
  let lastId = 0;
  const nextId = (): string => uuidNumber('9000', (lastId += 1));
  const keep = (decision: Decision): Decision => {
    for (const stored of decision.transfers) books.reversibles.set(stored.id, reversible(stored));
    return decision;
  };
  const ledger: ExampleLedger = {
    books,
    decide(instructions, { mode = 'each', time = noon, closedBefore } = {}) {
      return keep(decide({ ...books, time, closedBefore }, instructions, { mode, nextId }));
    },
    codes: (instructions, options) => ledger.decide(instructions, options).answers.map(codeOf),
    code: (instruction, options) => ledger.codes([instruction], options)[0] ?? '',
    post(instruction, options) {
      const [answer] = ledger.decide([instruction], options).answers;
      if (answer?.ok !== true) throw new TypeError(`refused: ${JSON.stringify(answer?.refusal)}`);
      return answer.value.transfer as StoredTransfer;
    },
    expire(time) {
      const isDue = (expiresAt: Instant | undefined): boolean => (expiresAt ?? Infinity) <= time;
      const due = [...books.holds.values()]
        .filter(({ status, expiresAt }) => status === 'open' && isDue(expiresAt))
        .toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0));
      return keep(decideExpiry({ ...books, time }, due, nextId));
    },
    account: ({ id }) => books.accounts.get(id) as AccountState,
  };
  return ledger;
}

// A leg that moved nothing has no entry; it keeps its number, with nothing to reverse.
function reversible({ kind, entries }: StoredTransfer): ReversibleTransfer {
  const legs: ReversibleLeg[] = [];
  for (const { accountId: id, leg, side, posted } of entries) {
    while (legs.length < leg) legs.push({ accountId: id, side, posted: 0n, reversed: 0n });
    legs.push({ accountId: id, side, posted, reversed: 0n });
  }
  return { kind, legs };
}

export function codeOf(answer: Answer): string {
  if (!answer.ok) return answer.refusal.code;
  return answer.value.isReplay ? 'replay' : 'ok';
}

/** For the messages of assertions: JSON that can show a bigint. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? `${member}n` : member,
  );
}
