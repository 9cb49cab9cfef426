// Owns playing a history on a ledger and on the oracle at once. The first thing the two disagree
// about ends it, with a sentence that says what was asked, what was answered and what the oracle
// expected.

import type { AccountId, Instant, TransferId } from '#kernel';
import type { Instruction, Leg, Posted, PostMode, PostResult, Transfer } from '#ledger';
import type { ChangeStep, CloseStep, History, PostStep } from './history.ts';
import { ACCOUNT_UNKNOWN, accountName, itemName } from './plan.ts';
import type { OracleAccount, OracleTerms } from './oracle/account.ts';
import { Oracle, type OracleAnswer } from './oracle/oracle.ts';
import type { OracleHold, OracleTransfer, World } from './oracle/world.ts';
import { randomOf } from './random.ts';
import { textOf } from './text.ts';

/** A ledger that histories can be played on. Times are absolute. */
export interface Player {
  /** True when its time never goes back, whatever clock it is given. */
  readonly isMonotone: boolean;
  /** True to be given several lists at once, each of which may come first. */
  readonly isHurried: boolean;
  open(accounts: readonly OracleTerms[], now: Instant): Promise<AccountId[]>;
  post(
    instructions: readonly Instruction[],
    options: { readonly now: Instant; readonly mode: PostMode; readonly isDryRun: boolean },
  ): Promise<readonly PostResult<Posted>[]>;
  /** Ends the holds whose deadline has come. */
  expire(now: Instant): Promise<void>;
  /** False when the ledger refuses the change. */
  change(account: AccountId, terms: ChangeStep['terms'], now: Instant): Promise<boolean>;
  /** False when the ledger refuses the close. */
  close(closedBefore: Instant, now: Instant): Promise<boolean>;
  account(id: AccountId): Promise<Omit<OracleAccount, 'recordedAt' | keyof OracleTerms>>;
  hold(id: TransferId): Promise<Pick<OracleHold, 'state' | 'legs'>>;
  /** How the account stood by value date at a time, as it was known at another. */
  past?(id: AccountId, asOf: PastPoint): Promise<Past>;
}

export interface PastPoint {
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
}

export interface Past {
  /** Posted with this value date or an earlier one, recorded by then, on the normal side. */
  readonly balance: bigint;
  readonly version: bigint;
}

/** What the histories came across: refusal codes, and kinds of transfers accepted, with counts. */
export type Tally = Map<string, number>;

export class Disagreement extends Error {}

export interface PlayOptions {
  /** The time of the history's beginning, in microseconds. */
  readonly epoch: number;
  /** Begins every external id. */
  readonly name: string;
  readonly tally?: Tally;
}

export async function play(history: History, player: Player, options: PlayOptions): Promise<void> {
  const game = new Game(history, player, options);
  await game.play();
}

/** Lists posted at once: with so many, all their orders can be tried. */
const TOGETHER_MAX = 3;

type Results = readonly PostResult<Posted>[];

class Game {
  readonly #history: History;
  readonly #player: Player;
  readonly #epoch: number;
  readonly #name: string;
  readonly #tally: Tally;
  #oracle = new Oracle();
  readonly #accounts = new Map<string, AccountId>();
  /** What each item made, by its name in the history. */
  readonly #items = new Map<string, TransferId>();
  readonly #answered = new Map<TransferId, Transfer>();

  constructor(history: History, player: Player, options: PlayOptions) {
    this.#history = history;
    this.#player = player;
    this.#epoch = options.epoch;
    this.#name = options.name;
    this.#tally = options.tally ?? new Map();
  }

  async play(): Promise<void> {
    const { accounts, steps } = this.#history;
    const openedAt = this.#time(0);
    const ids = await this.#player.open(accounts, openedAt);
    for (const [number, id] of ids.entries()) {
      const terms = accounts[number];
      if (terms === undefined) continue;
      this.#accounts.set(accountName(number), id);
      this.#oracle.open(id, terms, openedAt);
    }
    let latest = 0;
    let together: PostStep[] = [];
    for (const given of steps) {
      latest = Math.max(latest, given.at);
      const step = this.#player.isMonotone ? { ...given, at: latest } : given;
      if (step.kind === 'post' && this.#player.isHurried && !step.isDryRun) {
        together.push(step);
        if (together.length < TOGETHER_MAX) continue;
      }
      await this.#post(together);
      together = [];
      if (step.kind === 'post' && step.isDryRun) await this.#post([step]);
      else if (step.kind === 'post' && !this.#player.isHurried) await this.#post([step]);
      else if (step.kind === 'change') await this.#change(step);
      else if (step.kind === 'close') await this.#close(step);
    }
    await this.#post(together);
    await this.#expire(latest);
    await this.#compareState();
    await this.#comparePast(latest);
  }

  #time(offset: number): Instant {
    return (this.#epoch + offset) as Instant;
  }

  async #expire(at: number): Promise<void> {
    await this.#player.expire(this.#time(at));
    this.#oracle.expire(this.#time(at));
  }

  async #close(step: CloseStep): Promise<void> {
    await this.#expire(step.at);
    const closedBefore = this.#time(step.closedBefore);
    const isClosed = await this.#player.close(closedBefore, this.#time(step.at));
    if (isClosed) this.#oracle.closePeriod(closedBefore);
  }

  async #change(step: ChangeStep): Promise<void> {
    await this.#expire(step.at);
    const id = this.#accountId(accountName(step.account));
    const isChanged = await this.#player.change(id, step.terms, this.#time(step.at));
    if (!isChanged) return;
    if (!this.#oracle.change(id, step.terms)) {
      throw new Disagreement(`${textOf(step)} was allowed, but the account is closed or not empty`);
    }
  }

  /** Posts the lists at once, all at the time of the last, and looks for an order that explains. */
  async #post(steps: readonly PostStep[]): Promise<void> {
    const last = steps.at(-1);
    if (last === undefined) return;
    const now = this.#time(last.at);
    const lists = steps.map(({ planned, mode, isDryRun }) => {
      return { instructions: planned.map((one) => this.#actual(one.instruction)), mode, isDryRun };
    });
    const answered = await Promise.all(
      lists.map(async ({ instructions, mode, isDryRun }) => {
        return await this.#player.post(instructions, { now, mode, isDryRun });
      }),
    );
    const base = this.#oracle.world;
    let difference: string | undefined;
    for (const order of ordersOf(steps.length)) {
      const oracle = new Oracle(base);
      const found = order.map((place) => {
        const [list, results] = [lists[place], answered[place]];
        if (list === undefined || results === undefined) return undefined;
        const ids = results.map((result) => (result.ok ? result.value.transfer.id : undefined));
        const answers = oracle.post(list.instructions, { now, ...list, ids });
        return differenceOfLists(list.instructions, results, answers, this.#answered);
      });
      this.#oracle = oracle;
      const first = found.find((one) => one !== undefined);
      if (first === undefined) {
        for (const [place, results] of answered.entries()) this.#note(steps[place], results);
        return;
      }
      difference ??= first;
    }
    const where = steps.length === 1 ? '' : 'no order explains the answers; in the order asked: ';
    throw new Disagreement(`${where}${difference}`);
  }

  #note(step: PostStep | undefined, results: Results): void {
    for (const [place, result] of results.entries()) {
      this.#count(result);
      const planned = step?.planned[place];
      if (!result.ok || planned === undefined || step?.isDryRun === true) continue;
      this.#items.set(itemName(planned.item), result.value.transfer.id);
      this.#answered.set(result.value.transfer.id, result.value.transfer);
    }
  }

  #count(result: PostResult<Posted>): void {
    const what = !result.ok
      ? result.refusal.code
      : result.value.isReplay
        ? 'replay'
        : result.value.transfer.kind;
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + 1);
  }

  /** The instruction with the ledger's own ids, absolute times and an external id of this play. */
  #actual(instruction: Instruction): Instruction {
    const { externalId, effectiveAt } = instruction;
    const common = {
      externalId: externalId === undefined ? undefined : `${this.#name}-${externalId}`,
      effectiveAt: effectiveAt === undefined ? undefined : this.#time(effectiveAt),
    };
    const deadline = (expiresAt: Instant | undefined) => ({
      expiresAt: expiresAt === undefined ? undefined : this.#time(expiresAt),
    });
    const legs = (asked: readonly Leg[]): Leg[] =>
      asked.map((leg) => ({ ...leg, accountId: this.#accountId(leg.accountId) }));
    switch (instruction.kind) {
      case 'transfer':
        return { ...instruction, ...common, legs: legs(instruction.legs) };
      case 'hold': {
        const { expiresAt } = instruction;
        return { ...instruction, ...common, ...deadline(expiresAt), legs: legs(instruction.legs) };
      }
      case 'increase': {
        const { expiresAt, holdId } = instruction;
        return { ...instruction, ...common, ...deadline(expiresAt), holdId: this.#itemId(holdId) };
      }
      case 'capture':
      case 'void':
        return { ...instruction, ...common, holdId: this.#itemId(instruction.holdId) };
      case 'reverse':
        return { ...instruction, ...common, transferId: this.#itemId(instruction.transferId) };
    }
  }

  #accountId(name: AccountId): AccountId {
    return this.#accounts.get(name) ?? (`acc_${nobody}` as AccountId);
  }

  #itemId(name: TransferId): TransferId {
    return this.#items.get(name) ?? (`trf_${nobody}` as TransferId);
  }

  /** A look at one account's past, somewhere around the history's own times. */
  async #comparePast(latest: number): Promise<void> {
    if (this.#player.past === undefined) return;
    const random = randomOf(this.#history.seed);
    const [name, id] = random.pick([...this.#accounts]);
    const account = this.#oracle.world.accounts.get(id);
    if (account === undefined) return;
    const times = [0, ...this.#history.steps.map((step) => step.at), latest + 1];
    const asOf = {
      effectiveAt: this.#time(random.pick(times) + random.pick([-1, 0, 1])),
      recordedAt: this.#time(random.pick(times) + random.pick([-1, 0, 1])),
    };
    const found = textOf(await this.#player.past(id, asOf));
    const expected = textOf(pastOf(this.#oracle.world, account, asOf));
    if (found !== expected) {
      throw new Disagreement(`${name} stood as ${found} at ${textOf(asOf)}, not as ${expected}`);
    }
  }

  async #compareState(): Promise<void> {
    for (const [name, id] of this.#accounts) {
      const expected = this.#oracle.world.accounts.get(id);
      if (expected === undefined) continue;
      const found = countersText(await this.#player.account(id));
      if (found !== countersText(expected)) {
        throw new Disagreement(`${name} ends as ${found}, not as ${countersText(expected)}`);
      }
    }
    for (const expected of this.#oracle.world.holds.values()) {
      const found = holdText(await this.#player.hold(expected.id as TransferId));
      if (found !== holdText(expected)) {
        throw new Disagreement(`a hold ends as ${found}, not as ${holdText(expected)}`);
      }
    }
  }
}

/** What the oracle's entries come to at a point of the two time lines. */
function pastOf(world: World, account: OracleAccount, asOf: PastPoint): Past {
  let balance = 0n;
  let version = 0n;
  for (const transfer of world.transfers.values()) {
    if (transfer.recordedAt > asOf.recordedAt) continue;
    for (const entry of transfer.entries) {
      if (entry.accountId !== account.id) continue;
      if (entry.after.version > version) version = entry.after.version;
      if (transfer.effectiveAt > asOf.effectiveAt) continue;
      balance += entry.side === account.normalSide ? entry.posted : -entry.posted;
    }
  }
  return { balance, version };
}

/** The UUID of nothing: well formed, and never made. */
const nobody = `00000000-0000-7000-8000-${String(ACCOUNT_UNKNOWN).padStart(12, '0')}`;

/** All orders of so many things, the given one first. */
function ordersOf(count: number): number[][] {
  if (count === 0) return [[]];
  const places = Array.from({ length: count }, (_, place) => place);
  const rest = ordersOf(count - 1);
  return places.flatMap((first) => {
    const others = places.filter((place) => place !== first);
    return rest.map((order) => [first, ...order.map((place) => others[place] ?? first)]);
  });
}

function differenceOfLists(
  instructions: readonly Instruction[],
  results: Results,
  answers: readonly OracleAnswer[],
  answered: ReadonlyMap<TransferId, Transfer>,
): string | undefined {
  if (results.length !== answers.length)
    return `${answers.length} asked, ${results.length} answers`;
  for (const [place, answer] of answers.entries()) {
    const result = results[place];
    if (result === undefined) continue;
    const difference = differenceOf(result, answer, answered);
    if (difference !== undefined) return `${difference}\n${textOf(instructions[place])}`;
  }
  return undefined;
}

function differenceOf(
  result: PostResult<Posted>,
  answer: OracleAnswer,
  answered: ReadonlyMap<TransferId, Transfer>,
): string | undefined {
  if (!result.ok) {
    const { code, message } = result.refusal;
    if (answer.ok) return `refused with ${code} (${message}), but is to be accepted`;
    if (answer.codes.includes(code)) return undefined;
    return `refused with ${code} (${message}), but the reason is ${answer.codes.join(' or ')}`;
  }
  if (!answer.ok) return `accepted, but is to be refused with ${answer.codes.join(' or ')}`;
  const { transfer, isReplay } = result.value;
  if (isReplay !== answer.isReplay) return `isReplay is ${isReplay}`;
  const [found, expected] = [transferText(transfer), oracleTransferText(answer.transfer)];
  if (found !== expected) return `answered ${found}\nexpected ${expected}`;
  const original = answered.get(transfer.id);
  if (isReplay && original !== undefined && textOf(original) !== textOf(transfer)) {
    return `replayed ${textOf(transfer)}\nfor the original ${textOf(original)}`;
  }
  return undefined;
}

function transferText(transfer: Transfer): string {
  const { id, kind, holdId, reversesId, effectiveAt, recordedAt, entries } = transfer;
  const facts = entries.map((entry) => {
    const { accountId, version, leg, side, posted, pending } = entry;
    return { accountId, leg, side, posted, pending, version, ...countersOf(entry) };
  });
  return textOf({ id, kind, holdId, reversesId, effectiveAt, recordedAt, facts });
}

function oracleTransferText(transfer: OracleTransfer): string {
  const { id, kind, holdId, reversesId, effectiveAt, recordedAt, entries } = transfer;
  const facts = entries.map(({ accountId, leg, side, posted, pending, after }) => {
    const { version } = after;
    return { accountId, leg, side, posted, pending, version, ...countersOf(after) };
  });
  return textOf({ id, kind, holdId, reversesId, effectiveAt, recordedAt, facts });
}

type Counted = Pick<
  OracleAccount,
  'postedDebits' | 'postedCredits' | 'pendingDebits' | 'pendingCredits'
>;

function countersOf(counted: Counted): Counted {
  const { postedDebits, postedCredits, pendingDebits, pendingCredits } = counted;
  return { postedDebits, postedCredits, pendingDebits, pendingCredits };
}

function countersText(account: Counted & Pick<OracleAccount, 'version'>): string {
  return textOf({ version: account.version, ...countersOf(account) });
}

function holdText(hold: Pick<OracleHold, 'state' | 'legs'>): string {
  const legs = hold.legs.map(({ accountId, side, held, captured }) => {
    return { accountId, side, held, captured };
  });
  return textOf({ state: hold.state, legs });
}
