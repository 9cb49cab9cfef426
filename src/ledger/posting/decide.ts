// Decides a list of instructions against the books, in order: what each answer is and what changes.
// Pure and the only place where the ledger's rules are applied; the caller loads and stores.

import { accept, type Refused, type Result, type TransferId, type Uuid } from '#kernel';
import type { PostRefusal } from '../refusals.ts';
import { apply, checkPeriod, effectiveAtOf, type LegEffect } from './apply.ts';
import {
  openDesk,
  put,
  rollBackChain,
  type AccountState,
  type Books,
  type Desk,
  type HoldState,
} from './books.ts';
import { contentHashOf, differenceOf } from './content.ts';
import { checkExchange } from './exchange.ts';
import { capture, checkDeadline, expire, increase, voidHold } from './hold.ts';
import type { HoldInstruction, Instruction, PostMode, TransferInstruction } from './instruction.ts';
import { checkForm, checkLegs, isPair, no, resolveAmounts, totalsOf } from './legs.ts';
import { reverse } from './reverse.ts';
import type { Posted, StoredTransfer } from './transfer.ts';

export type Answer = Result<Posted, PostRefusal>;

export interface Decision {
  /** One answer per instruction, in order. */
  readonly answers: readonly Answer[];
  /** What is to be stored, in order. */
  readonly transfers: readonly StoredTransfer[];
  /** Accounts that change: as they were and as they become. */
  readonly accounts: readonly { readonly before: AccountState; readonly after: AccountState }[];
  readonly holdsOpened: readonly HoldState[];
  readonly holdsChanged: readonly { readonly before: HoldState; readonly after: HoldState }[];
}

export interface DecideOptions {
  readonly mode: PostMode;
  /** The id of the next transfer accepted. */
  nextId(): Uuid;
}

export function decide(
  books: Books,
  instructions: readonly Instruction[],
  options: DecideOptions,
): Decision {
  const desk = openDesk(books, () => options.nextId());
  const answers: Answer[] = [];
  let hasRefused = false;
  while (answers.length < instructions.length) {
    const first = answers.length;
    const last =
      options.mode === 'atomic' ? instructions.length - 1 : chainEnd(instructions, first);
    if (hasRefused && options.mode === 'stop') {
      answers.push(no('not_attempted', 'an earlier instruction of the list was refused'));
      continue;
    }
    const isAtomic = options.mode === 'atomic';
    const chain = decideChain(desk, instructions, first, last, isAtomic);
    hasRefused ||= chain.some((answer) => !answer.ok);
    for (const answer of chain) answers.push(answer);
  }
  return decisionOf(desk, answers);
}

/** Ends holds whose deadline has come, in the order given. */
export function decideExpiry(
  books: Books,
  holds: readonly HoldState[],
  nextId: () => Uuid,
): Decision {
  const desk = openDesk(books, nextId);
  for (const hold of holds) expire(desk, hold);
  return decisionOf(desk, []);
}

function decisionOf(desk: Desk, answers: readonly Answer[]): Decision {
  const opened = new Set<TransferId>();
  for (const { id, kind } of desk.transfers) if (kind === 'hold') opened.add(id);
  return {
    answers,
    transfers: desk.transfers,
    accounts: [...desk.accountsBefore].map(([id, before]) => ({
      before,
      after: desk.books.accounts.get(id) as AccountState,
    })),
    holdsOpened: [...opened].map((id) => desk.books.holds.get(id) as HoldState),
    holdsChanged: [...desk.holdsBefore]
      .filter(([id]) => !opened.has(id))
      .map(([id, before]) => ({ before, after: desk.books.holds.get(id) as HoldState })),
  };
}

function chainEnd(instructions: readonly Instruction[], first: number): number {
  let last = first;
  while (last + 1 < instructions.length && instructions[last]?.linked === true) last += 1;
  return last;
}

function decideChain(
  desk: Desk,
  instructions: readonly Instruction[],
  first: number,
  last: number,
  isAtomic: boolean,
): Answer[] {
  const isOpenEnded = !isAtomic && instructions[last]?.linked === true;
  if (isOpenEnded) {
    const open = no('linked_chain_open', 'the last instruction of the list is linked');
    return failedChain(first, last, last, open);
  }
  if (first === last) return [decideOne(desk, instructions[first] as Instruction)];
  const count = desk.transfers.length;
  const answers: Answer[] = [];
  desk.isChain = true;
  for (let index = first; index <= last; index += 1) {
    const answer = decideOne(desk, instructions[index] as Instruction);
    if (!answer.ok) {
      rollBackChain(desk, count);
      desk.isChain = false;
      return failedChain(first, last, index, answer);
    }
    answers.push(answer);
  }
  desk.journal.length = 0;
  desk.isChain = false;
  return answers;
}

function failedChain(
  first: number,
  last: number,
  culprit: number,
  refused: Refused<PostRefusal>,
): Answer[] {
  const message = `instruction ${culprit} of the same chain was refused: ${refused.refusal.code}`;
  const answers: Answer[] = [];
  for (let index = first; index <= last; index += 1) {
    answers.push(index === culprit ? refused : no('linked_transfer_failed', message));
  }
  return answers;
}

function decideOne(desk: Desk, instruction: Instruction): Answer {
  const { externalId } = instruction;
  let contentHash = '';
  if (externalId !== undefined) {
    contentHash = contentHashOf(instruction);
    const known = desk.books.known.get(externalId);
    if (known !== undefined) {
      if (known.contentHash !== contentHash) return differenceOf(instruction, known);
      return accept({ transfer: known, isReplay: true });
    }
  }
  const decided = dispatch(desk, instruction);
  if ('ok' in decided) return decided;
  if (externalId === undefined) return accept({ transfer: decided, isReplay: false });
  const transfer = { ...decided, contentHash };
  desk.transfers[desk.transfers.length - 1] = transfer;
  put(desk, desk.books.known, externalId, transfer);
  return accept({ transfer, isReplay: false });
}

function dispatch(desk: Desk, instruction: Instruction): StoredTransfer | Refused<PostRefusal> {
  switch (instruction.kind) {
    case 'transfer':
    case 'hold':
      return move(desk, instruction);
    case 'capture':
      return capture(desk, instruction);
    case 'increase':
      return increase(desk, instruction);
    case 'void':
      return voidHold(desk, instruction);
    case 'reverse':
      return reverse(desk, instruction);
  }
}

function move(
  desk: Desk,
  instruction: TransferInstruction | HoldInstruction,
): StoredTransfer | Refused<PostRefusal> {
  const { books } = desk;
  const { kind, legs, exchange } = instruction;
  const isHold = kind === 'hold';
  const form = checkForm(books, legs);
  if (form !== undefined) return form;
  const effectiveAt = effectiveAtOf(books, instruction);
  if (typeof effectiveAt !== 'number') return effectiveAt;
  const expiresAt = isHold ? instruction.expiresAt : undefined;
  const early = isHold ? checkDeadline(desk, expiresAt) : checkPeriod(books, effectiveAt);
  if (early !== undefined) return early;
  const accounts = checkLegs(books, legs);
  if (!Array.isArray(accounts)) return accounts;
  const amounts = resolveAmounts(legs, accounts, isHold);
  if (!Array.isArray(amounts)) return amounts;
  if (exchange !== undefined || !isPair(legs, accounts)) {
    const fault = checkExchange(exchange, totalsOf(legs, accounts, amounts));
    if (fault !== undefined) return fault;
  }
  const effects = legs.map((leg, index): LegEffect => {
    const amount = amounts[index] as bigint;
    const { accountId, side } = leg;
    return isHold
      ? { accountId, side, leg: index, posted: 0n, pending: amount }
      : { accountId, side, leg: index, posted: amount, pending: 0n };
  });
  const heading = { kind, effectiveAt, exchange, expiresAt };
  const transfer = apply(desk, heading, effects, { isLimited: true, instruction });
  if (isHold && !('ok' in transfer)) {
    const hold: HoldState = {
      id: transfer.id,
      status: 'open',
      expiresAt,
      legs: effects.map(({ accountId, side, pending }) => {
        return { accountId, side, held: pending, captured: 0n };
      }),
    };
    put(desk, books.holds, hold.id, hold);
  }
  return transfer;
}
