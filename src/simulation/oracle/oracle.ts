// Owns the oracle: a whole ledger in memory, small enough to be seen to be right, against which the
// real one is compared. It is written from the specification and shares no code with the ledger.

import type {
  CaptureInstruction,
  HoldInstruction,
  IncreaseInstruction,
  Instruction,
  LegPart,
  PostMode,
  ReverseInstruction,
  Side,
  TransferInstruction,
  TransferKind,
  VoidInstruction,
} from '#ledger';
import {
  isEmpty,
  isOverflowing,
  limitCrossed,
  newOracleAccount,
  type OracleTerms,
} from './account.ts';
import { checkAccounts, checkExchange, checkForm, resolveLegs } from './legs.ts';
import { checkBalanced, checkLeft, portionOf, type PartialLeg } from './portion.ts';
import { differences } from './replay.ts';
import {
  accountOf,
  emptyWorld,
  No,
  record,
  withEntry,
  type Heading,
  type OracleHold,
  type OracleTransfer,
  type Resolved,
  type World,
} from './world.ts';

/** What the ledger must answer; a refusal may have several acceptable codes, mostly it has one. */
export type OracleAnswer =
  | { readonly ok: true; readonly transfer: OracleTransfer; readonly isReplay: boolean }
  | { readonly ok: false; readonly codes: readonly string[] };

export interface OraclePost {
  readonly now: number;
  readonly mode: PostMode;
  readonly isDryRun?: boolean;
  /** The id that the ledger gave to each instruction it accepted, by place in the list. */
  readonly ids: readonly (string | undefined)[];
}

/** One instruction on its way: the world before it and the facts it will be recorded with. */
interface Step {
  readonly world: World;
  readonly recordedAt: number;
  readonly id: string;
}

type Done = { readonly world: World; readonly transfer: OracleTransfer };

const no = (...codes: string[]): OracleAnswer => ({ ok: false, codes });

export class Oracle {
  #world: World;

  /** Begins with nothing, or from a world that another oracle came to. */
  constructor(world: World = emptyWorld) {
    this.#world = world;
  }

  get world(): World {
    return this.#world;
  }

  open(id: string, terms: OracleTerms, openedAt: number): void {
    const account = newOracleAccount(id, terms, openedAt);
    this.#world = { ...this.#world, accounts: withEntry(this.#world.accounts, id, account) };
  }

  /** The ledger changed an account's terms. False when it should have refused to. */
  change(id: string, terms: Partial<OracleTerms>): boolean {
    const before = accountOf(this.#world, id);
    const isSame = Object.entries(terms).every(
      ([name, value]) => before[name as keyof OracleTerms] === value,
    );
    if (isSame) return true;
    if (before.state === 'closed') return false;
    if (terms.state === 'closed' && !isEmpty(before)) return false;
    const accounts = withEntry(this.#world.accounts, id, { ...before, ...terms });
    this.#world = { ...this.#world, accounts };
    return true;
  }

  closePeriod(closedBefore: number): void {
    this.#world = { ...this.#world, closedBefore };
  }

  /**
   * Ends every hold whose deadline has come, in the order of the deadlines. An account that was
   * changed by a process whose clock is ahead brings that time with it.
   */
  expire(now: number): void {
    const due = [...this.#world.holds.values()]
      .filter((hold) => hold.state === 'open' && (hold.expiresAt ?? Infinity) <= now)
      .toSorted((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || (a.id < b.id ? -1 : 1));
    const touched = due.flatMap((hold) => hold.legs.map((leg) => leg.accountId));
    const recordedAt = this.#recordedAt(now, touched);
    for (const hold of due) {
      this.#world = release(this.#world, hold, 'expired', {
        id: `expiry of ${hold.id}`,
        kind: 'expiry',
        holdId: hold.id,
        reversesId: undefined,
        effectiveAt: hold.expiresAt ?? now,
        recordedAt,
        asked: undefined,
      }).world;
    }
    if (recordedAt > now) this.expire(recordedAt);
  }

  post(instructions: readonly Instruction[], options: OraclePost): OracleAnswer[] {
    const touched = instructions.flatMap((instruction) => this.#accountsOf(instruction));
    let recordedAt = this.#recordedAt(options.now, touched);
    while (this.#isAnyDue(recordedAt)) {
      this.expire(recordedAt);
      recordedAt = this.#recordedAt(options.now, touched);
    }
    // A dry run does nothing, but the holds that were due are over, whoever notices it.
    const start = this.#world;
    const answers: OracleAnswer[] = [];
    for (const chain of chainsOf(instructions, options.mode)) {
      const hasRefused = answers.some((answer) => !answer.ok);
      if (options.mode === 'stop' && hasRefused) {
        answers.push(...chain.instructions.map(() => no('not_attempted')));
        continue;
      }
      const first = answers.length;
      const answered = this.#postChain(chain, (place) => ({
        recordedAt,
        id: options.ids[first + place] ?? `refused by the ledger: ${first + place}`,
      }));
      answers.push(...answered);
    }
    if (options.isDryRun === true) this.#world = start;
    return answers;
  }

  #isAnyDue(now: number): boolean {
    return [...this.#world.holds.values()].some(
      (hold) => hold.state === 'open' && (hold.expiresAt ?? Infinity) <= now,
    );
  }

  /** All or nothing: the world moves on only if every instruction of the chain is accepted. */
  #postChain(chain: Chain, stepOf: (place: number) => Omit<Step, 'world'>): OracleAnswer[] {
    const { instructions, isOpen } = chain;
    const failed = instructions.map(() => no('linked_transfer_failed'));
    if (isOpen) return failed.with(-1, no('linked_chain_open'));
    let world = this.#world;
    const answers: OracleAnswer[] = [];
    for (const [place, instruction] of instructions.entries()) {
      const replay = replayOf(world, instruction);
      if (replay !== undefined) answers.push(replay);
      else {
        try {
          const done = take({ ...stepOf(place), world }, instruction);
          world = done.world;
          answers.push({ ok: true, transfer: done.transfer, isReplay: false });
        } catch (error) {
          if (!(error instanceof No)) throw error;
          answers.push(no(...error.codes));
        }
      }
      const answer = answers[place];
      if (answer?.ok === false) return failed.with(place, answer);
    }
    this.#world = world;
    return answers;
  }

  #recordedAt(now: number, touched: readonly string[]): number {
    const latest = touched.map((id) => this.#world.accounts.get(id)?.recordedAt ?? now);
    return Math.max(now, ...latest);
  }

  #accountsOf(instruction: Instruction): string[] {
    if (instruction.kind === 'transfer' || instruction.kind === 'hold') {
      return instruction.legs.map((leg) => leg.accountId);
    }
    if (instruction.kind === 'reverse') {
      const transfer = this.#world.transfers.get(instruction.transferId);
      return (transfer?.entries ?? []).map((entry) => entry.accountId);
    }
    return (this.#world.holds.get(instruction.holdId)?.legs ?? []).map((leg) => leg.accountId);
  }
}

interface Chain {
  readonly instructions: readonly Instruction[];
  readonly isOpen: boolean;
}

function chainsOf(instructions: readonly Instruction[], mode: PostMode): Chain[] {
  if (mode === 'atomic') return [{ instructions, isOpen: false }];
  const chains: Chain[] = [];
  let current: Instruction[] = [];
  for (const instruction of instructions) {
    current.push(instruction);
    if (instruction.linked === true) continue;
    chains.push({ instructions: current, isOpen: false });
    current = [];
  }
  if (current.length > 0) chains.push({ instructions: current, isOpen: true });
  return chains;
}

function replayOf(world: World, instruction: Instruction): OracleAnswer | undefined {
  const id = world.externalIds.get(instruction.externalId ?? '');
  const transfer = world.transfers.get(id ?? '');
  if (transfer?.asked === undefined) return undefined;
  const different = differences(transfer.asked, instruction);
  return different.length === 0 ? { ok: true, transfer, isReplay: true } : no(...different);
}

function take(step: Step, instruction: Instruction): Done {
  switch (instruction.kind) {
    case 'transfer':
    case 'hold':
      return takeLegs(step, instruction);
    case 'capture':
      return takeCapture(step, instruction);
    case 'increase':
      return takeIncrease(step, instruction);
    case 'void':
      return takeVoid(step, instruction);
    case 'reverse':
      return takeReversal(step, instruction);
  }
}

function headingOf(step: Step, kind: TransferKind, asked: Instruction): Heading {
  return {
    id: step.id,
    kind,
    asked,
    holdId: 'holdId' in asked ? asked.holdId : undefined,
    reversesId: asked.kind === 'reverse' ? asked.transferId : undefined,
    effectiveAt: asked.effectiveAt ?? step.recordedAt,
    recordedAt: step.recordedAt,
  };
}

/** 1900-01-01T00:00:00Z and 366 days, in microseconds: value dates outside are slips of the pen. */
const EFFECTIVE_AT_MIN = -2_208_988_800_000_000;
const EFFECTIVE_AHEAD_MAX = 366 * 86_400_000_000;

function checkEffectiveAt(step: Step, { effectiveAt }: Instruction): void {
  if (effectiveAt === undefined) return;
  if (effectiveAt < EFFECTIVE_AT_MIN || effectiveAt > step.recordedAt + EFFECTIVE_AHEAD_MAX) {
    throw new No('effective_at_out_of_range');
  }
}

function checkPeriod(step: Step, instruction: Instruction): void {
  const effectiveAt = instruction.effectiveAt ?? step.recordedAt;
  if (effectiveAt < step.world.closedBefore) throw new No('period_closed');
}

function checkDeadline(step: Step, expiresAt: number | undefined): void {
  if (expiresAt !== undefined && expiresAt <= step.recordedAt) throw new No('deadline_passed');
}

/** Records movements that the accounts' limits have a say in. */
function recordWithinLimits(world: World, heading: Heading, movements: readonly Resolved[]): Done {
  const done = record(world, heading, movements);
  checkOverflow(done, movements);
  for (const { accountId } of done.transfer.entries) {
    const after = accountOf(done.world, accountId);
    const crossed = limitCrossed(accountOf(world, accountId), after);
    if (crossed !== undefined) throw new No(crossed);
  }
  return done;
}

function checkOverflow(done: Done, movements: readonly Resolved[]): void {
  for (const { accountId } of movements) {
    if (isOverflowing(accountOf(done.world, accountId))) throw new No('amount_overflow');
  }
}

function takeLegs(step: Step, instruction: TransferInstruction | HoldInstruction): Done {
  const { world } = step;
  checkForm(world, instruction.legs);
  checkEffectiveAt(step, instruction);
  if (instruction.kind === 'hold') checkDeadline(step, instruction.expiresAt);
  else checkPeriod(step, instruction);
  checkAccounts(world, instruction.legs);
  const isHold = instruction.kind === 'hold';
  const movements = resolveLegs(world, instruction.legs, isHold);
  checkExchange(world, instruction.exchange, movements);
  const done = recordWithinLimits(world, headingOf(step, instruction.kind, instruction), movements);
  if (instruction.kind === 'transfer') return done;
  const hold: OracleHold = {
    id: step.id,
    state: 'open',
    expiresAt: instruction.expiresAt,
    legs: movements.map(({ accountId, side, pending }) => ({
      accountId,
      side,
      held: pending,
      captured: 0n,
    })),
  };
  return withHold(done, hold);
}

function withHold(done: Done, hold: OracleHold): Done {
  const holds = withEntry(done.world.holds, hold.id, hold);
  return { ...done, world: { ...done.world, holds } };
}

function openHoldOf({ world }: Step, id: string): OracleHold {
  const hold = world.holds.get(id);
  if (hold === undefined) throw new No('hold_not_found');
  if (hold.state !== 'open') throw new No(`hold_${hold.state}`);
  return hold;
}

function remainingLegsOf(hold: OracleHold): PartialLeg[] {
  return hold.legs.map(({ accountId, side, held, captured }, leg) => ({
    leg,
    accountId,
    side,
    size: held,
    left: held - captured,
  }));
}

/** The account checks for the legs that take part with more than nothing. */
function checkTaking(
  world: World,
  legs: readonly { readonly accountId: string; readonly side: Side }[],
  amounts: readonly bigint[],
): void {
  const taking = legs.filter((_, place) => (amounts[place] ?? 0n) > 0n);
  checkAccounts(world, taking);
}

function takeCapture(step: Step, instruction: CaptureInstruction): Done {
  const { world } = step;
  const hold = openHoldOf(step, instruction.holdId);
  checkEffectiveAt(step, instruction);
  const legs = remainingLegsOf(hold);
  const amounts = portionOf(instruction, legs);
  checkLeft(legs, amounts, 'capture_exceeds_hold');
  checkPeriod(step, instruction);
  checkBalanced(world, legs, amounts);
  checkTaking(world, legs, amounts);
  const isAll = legs.every((leg, place) => leg.left === amounts[place]);
  const isEnd = isAll || instruction.final === true;
  const movements = legs.map(({ leg, accountId, side, left }, place) => {
    const posted = amounts[place] ?? 0n;
    return { leg, accountId, side, posted, pending: isEnd ? -left : -posted };
  });
  const done = record(world, headingOf(step, 'capture', instruction), movements);
  checkOverflow(done, movements);
  return withHold(done, {
    ...hold,
    state: isEnd ? 'captured' : 'open',
    legs: hold.legs.map((leg, place) => ({
      ...leg,
      captured: leg.captured + (amounts[place] ?? 0n),
    })),
  });
}

function takeIncrease(step: Step, instruction: IncreaseInstruction): Done {
  const { world } = step;
  const hold = openHoldOf(step, instruction.holdId);
  checkEffectiveAt(step, instruction);
  checkDeadline(step, instruction.expiresAt);
  const { amount, legs: parts } = instruction;
  if (amount === undefined && parts === undefined) throw new No('legs_required');
  const legs = remainingLegsOf(hold);
  const amounts = portionOf(instruction, legs);
  checkBalanced(world, legs, amounts);
  checkTaking(world, legs, amounts);
  const movements = legs.map(({ leg, accountId, side }, place) => {
    return { leg, accountId, side, posted: 0n, pending: amounts[place] ?? 0n };
  });
  const heading = headingOf(step, 'increase', instruction);
  const done = recordWithinLimits(world, heading, movements);
  return withHold(done, {
    ...hold,
    expiresAt: instruction.expiresAt ?? hold.expiresAt,
    legs: hold.legs.map((leg, place) => ({ ...leg, held: leg.held + (amounts[place] ?? 0n) })),
  });
}

function takeVoid(step: Step, instruction: VoidInstruction): Done {
  const hold = openHoldOf(step, instruction.holdId);
  checkEffectiveAt(step, instruction);
  return release(step.world, hold, 'voided', headingOf(step, 'void', instruction));
}

/** Gives back what is left of a hold: never refused, because it only frees. */
function release(
  world: World,
  hold: OracleHold,
  state: 'voided' | 'expired',
  heading: Heading,
): Done {
  const movements = remainingLegsOf(hold).map(({ leg, accountId, side, left }) => {
    return { leg, accountId, side, posted: 0n, pending: -left };
  });
  return withHold(record(world, heading, movements), { ...hold, state });
}

function takeReversal(step: Step, instruction: ReverseInstruction): Done {
  const { world } = step;
  const transfer = world.transfers.get(instruction.transferId);
  if (transfer === undefined) throw new No('transfer_not_found');
  if (transfer.kind !== 'transfer' && transfer.kind !== 'capture') throw new No('not_reversible');
  const already = world.reversed.get(transfer.id) ?? new Map<number, bigint>();
  const legs: PartialLeg[] = transfer.entries
    .filter((entry) => entry.posted > 0n)
    .map(({ leg, accountId, side, posted }) => {
      const opposite: Side = side === 'debit' ? 'credit' : 'debit';
      const left = posted - (already.get(leg) ?? 0n);
      return { leg, accountId, side: opposite, size: posted, left };
    });
  if (legs.every((leg) => leg.left === 0n)) throw new No('already_reversed');
  checkEffectiveAt(step, instruction);
  const hasLeg = (part: LegPart): boolean => legs.some((leg) => leg.leg === part.leg);
  if (instruction.legs?.every(hasLeg) === false) {
    // A leg may be unknown, or have come to nothing, which nobody needs to tell apart.
    throw new No('leg_not_found', 'reversal_exceeds_transfer');
  }
  const amounts = portionOf(instruction, legs);
  checkLeft(legs, amounts, 'reversal_exceeds_transfer');
  checkPeriod(step, instruction);
  checkBalanced(world, legs, amounts);
  checkTaking(world, legs, amounts);
  const movements = legs.map(({ leg, accountId, side }, place) => {
    return { leg, accountId, side, posted: amounts[place] ?? 0n, pending: 0n };
  });
  const done = recordWithinLimits(world, headingOf(step, 'reversal', instruction), movements);
  const after = new Map(already);
  for (const { leg, posted } of movements) after.set(leg, (after.get(leg) ?? 0n) + posted);
  const reversed = new Map(done.world.reversed).set(transfer.id, after);
  return { ...done, world: { ...done.world, reversed } };
}
