// Owns the random histories: what is asked of a ledger, by whom and when, made from a seed. A
// history names things by number (acc_2, trf_7 for what the seventh instruction made) and counts
// time in microseconds from its own beginning, so that it can be played on any ledger at any time.

import { assert, type Instant, type TransferId } from '#kernel';
import type { Instruction, Leg, LegPart, PostMode, Side } from '#ledger';
import type { AccountState, OracleTerms } from './oracle/account.ts';
import { legsOf } from './history-legs.ts';
import { accountName, itemName, type Plan, type Planned } from './plan.ts';
import { Oracle } from './oracle/oracle.ts';
import { randomOf, type Random } from './random.ts';

export interface PostStep {
  readonly kind: 'post';
  readonly at: number;
  readonly mode: PostMode;
  readonly isDryRun: boolean;
  readonly planned: readonly Planned[];
}

export interface ChangeStep {
  readonly kind: 'change';
  readonly at: number;
  readonly account: number;
  readonly terms: Partial<Pick<OracleTerms, 'state' | 'floor' | 'ceiling' | 'creditLimit'>>;
}

export interface CloseStep {
  readonly kind: 'close';
  readonly at: number;
  readonly closedBefore: number;
}

export type HistoryStep = PostStep | ChangeStep | CloseStep;

export interface History {
  readonly seed: number;
  readonly accounts: readonly OracleTerms[];
  readonly steps: readonly HistoryStep[];
}

/** Longest a history lasts, in microseconds: the next one may begin after that. */
export const HISTORY_DURATION_US = 60_000_000;

export function historyOf(seed: number): History {
  const random = randomOf(seed);
  const accounts = accountsOf(random);
  const oracle = new Oracle();
  for (const [number, terms] of accounts.entries()) oracle.open(accountName(number), terms, 0);
  const hasHugeAmounts = random.chance(0.02);
  const plan: Plan = { random, accounts, oracle, planned: [], hasHugeAmounts, now: 1_000 };
  // Clocks that run back are those of several servers.
  const canGoBack = random.chance(0.15);
  const count = 3 + random.below(10);
  const steps: HistoryStep[] = [];
  for (let number = 0; number < count; number += 1) {
    plan.now = nextTime(plan, canGoBack);
    assert(plan.now < HISTORY_DURATION_US, 'a history outlasts its time');
    steps.push(stepOf(plan));
  }
  return { seed, accounts, steps };
}

function accountsOf(random: Random): OracleTerms[] {
  const currencies = random.weighted<readonly string[]>([
    [6, ['CZK']],
    [3, ['CZK', 'EUR']],
    [1, ['CZK', 'JPY', 'EUR']],
  ]);
  const side = (): Side => random.pick(['debit', 'credit']);
  const world = currencies.map((currency) => ({
    currency,
    normalSide: side(),
    state: 'open' as const,
    floor: null,
    ceiling: null,
    creditLimit: 0n,
  }));
  const others = Array.from({ length: 2 + random.below(3) }, () => ({
    currency: random.pick(currencies),
    normalSide: side(),
    state: 'open' as const,
    ...openingLimitsOf(random),
  }));
  return [...world, ...others];
}

/** An empty account may not be beyond its limits, so a floor above zero needs its credit. */
function openingLimitsOf(random: Random): ReturnType<typeof limitsOf> {
  const limits = limitsOf(random);
  return limits.floor === 10n ? { ...limits, creditLimit: 20n } : limits;
}

function limitsOf(random: Random): Pick<OracleTerms, 'floor' | 'ceiling' | 'creditLimit'> {
  return {
    floor: random.weighted<bigint | null>([
      [6, 0n],
      [2, null],
      [1, 10n],
      [1, -30n],
    ]),
    ceiling: random.weighted<bigint | null>([
      [5, null],
      [3, 60n],
      [1, 25n],
    ]),
    creditLimit: random.weighted([
      [5, 0n],
      [1, 20n],
    ]),
  };
}

function nextTime(plan: Plan, canGoBack: boolean): number {
  const { random, now } = plan;
  const ahead = deadlinesOf(plan).filter((deadline) => deadline > now);
  if (ahead.length > 0 && random.chance(0.3)) {
    return Math.max(now, random.pick(ahead) + random.pick([-1, 0, 0, 0, 1]));
  }
  if (canGoBack && random.chance(0.2)) return Math.max(1, now - random.pick([1, 5, 50]));
  return now + random.pick([0, 1, 2, 5, 20, 100, 1_500, 2_000_000]);
}

function deadlinesOf({ oracle }: Plan): number[] {
  return [...oracle.world.holds.values()].flatMap(({ expiresAt }) => expiresAt ?? []);
}

function stepOf(plan: Plan): HistoryStep {
  const { random, now } = plan;
  const kind = random.weighted([
    [20, 'post'],
    [2, 'change'],
    [1, 'close'],
  ] as const);
  if (kind === 'close') {
    const closedBefore = Math.max(1, now - random.pick([0, 0, 1, 5, 50]));
    plan.oracle.closePeriod(Math.max(closedBefore, plan.oracle.world.closedBefore));
    return { kind, at: now, closedBefore };
  }
  if (kind === 'change') {
    const account = random.below(plan.accounts.length);
    const terms = termsOf(random);
    plan.oracle.change(accountName(account), terms);
    return { kind, at: now, account, terms };
  }
  const mode = random.weighted<PostMode>([
    [8, 'each'],
    [1, 'stop'],
    [1, 'atomic'],
  ]);
  const size = random.weighted([
    [2, 1],
    [3, 2],
    [3, 3],
    [mode === 'each' ? 1 : 0, 6],
  ]);
  const first = plan.planned.length;
  const isDryRun = random.chance(0.07);
  const planned = Array.from({ length: size }, (_, place) => {
    const item = { item: first + place, instruction: instructionOf(plan) };
    plan.planned.push(item);
    return item;
  });
  const ids = planned.map(({ item }) => itemName(item));
  const instructions = planned.map(({ instruction }) => instruction);
  plan.oracle.post(instructions, { now, mode, isDryRun, ids });
  return { kind, at: now, mode, isDryRun, planned };
}

function termsOf(random: Random): ChangeStep['terms'] {
  return random.weighted<() => ChangeStep['terms']>([
    [
      5,
      () => ({
        state: random.weighted<AccountState>([
          [3, 'open'],
          [2, 'frozen'],
          [2, 'debits_frozen'],
          [2, 'credits_frozen'],
          [2, 'closed'],
        ]),
      }),
    ],
    [3, () => limitsOf(random)],
  ])();
}

function instructionOf(plan: Plan): Instruction {
  const { random } = plan;
  const linked = random.chance(0.08) ? true : undefined;
  const earlier = plan.planned.filter(({ instruction }) => instruction.externalId !== undefined);
  if (earlier.length > 0 && random.chance(0.12)) {
    const { instruction } = random.pick(earlier);
    const again = random.chance(0.6) ? instruction : changed(plan, instruction);
    return { ...again, linked };
  }
  const instruction = newInstruction(plan);
  return {
    ...instruction,
    linked,
    // Now and then two instructions take the same id unknowingly.
    externalId: random.chance(0.4) ? `e${random.below(1_000)}` : undefined,
    description: random.chance(0.1) ? random.pick(['rent', 'salary']) : undefined,
    metadata: random.chance(0.1) ? { note: random.pick(['a', 'b']) } : undefined,
    effectiveAt: random.chance(0.2) ? timeNear(plan) : undefined,
  };
}

function timeNear(plan: Plan): Instant {
  const { random, now } = plan;
  // 126 years are out of range, either way.
  if (random.chance(0.01)) return (now + random.pick([-4e15, 4e15])) as Instant;
  return Math.max(1, now + random.pick([-100, -5, -1, 0, 1, 1_000])) as Instant;
}

function deadlineNear(plan: Plan): Instant {
  const { random, now } = plan;
  // A deadline in the past is refused; one that another hold has makes two end together.
  const deadlines = deadlinesOf(plan);
  if (deadlines.length > 0 && random.chance(0.2)) return random.pick(deadlines) as Instant;
  return (now + random.pick([0, 1, 2, 10, 100, 1_000, 2_000_000, 2_000_000])) as Instant;
}

function newInstruction(plan: Plan): Instruction {
  const { random } = plan;
  const { holds, transfers } = plan.oracle.world;
  const kind = random.weighted<Instruction['kind']>([
    [40, 'transfer'],
    [20, 'hold'],
    [holds.size > 0 ? 20 : 1, 'capture'],
    [holds.size > 0 ? 6 : 0.5, 'increase'],
    [holds.size > 0 ? 6 : 0.5, 'void'],
    [transfers.size > 0 ? 12 : 1, 'reverse'],
  ]);
  const expiresAt = random.chance(kind === 'hold' ? 0.6 : 0.3) ? deadlineNear(plan) : undefined;
  switch (kind) {
    case 'transfer':
      return { kind, ...legsOf(plan) };
    case 'hold':
      return { kind, ...legsOf(plan), expiresAt };
    case 'capture': {
      const holdId = holdNear(plan);
      const final = random.chance(0.25) ? true : undefined;
      return { kind, holdId, ...portionOf(plan, holdId), final };
    }
    case 'increase': {
      const holdId = holdNear(plan);
      return { kind, holdId, ...portionOf(plan, holdId), expiresAt };
    }
    case 'void':
      return { kind, holdId: holdNear(plan) };
    case 'reverse': {
      const transferId = transferNear(plan);
      return { kind, transferId, ...portionOf(plan, transferId) };
    }
  }
}

/** Mostly an open hold; now and then one that has ended, something else, or nothing. */
function holdNear(plan: Plan): TransferId {
  const { random } = plan;
  const holds = [...plan.oracle.world.holds.values()];
  const open = holds.filter((hold) => hold.state === 'open');
  return nameNear(
    plan,
    (random.chance(0.85) ? open : holds).map((hold) => hold.id),
  );
}

/** Mostly something that can be reversed. */
function transferNear(plan: Plan): TransferId {
  const { random } = plan;
  const transfers = [...plan.oracle.world.transfers.values()];
  const fitting = transfers.filter(({ kind }) => kind === 'transfer' || kind === 'capture');
  const some = (random.chance(0.92) ? fitting : transfers).filter(({ kind }) => kind !== 'expiry');
  return nameNear(
    plan,
    some.map((transfer) => transfer.id),
  );
}

function nameNear(plan: Plan, names: readonly string[]): TransferId {
  const { random } = plan;
  if (names.length > 0 && random.chance(0.95)) return random.pick(names) as TransferId;
  return itemName(random.below(plan.planned.length + 1));
}

interface AnyPortion {
  readonly amount?: bigint;
  readonly legs?: readonly LegPart[];
}

function portionOf(plan: Plan, id: TransferId): AnyPortion {
  const { random } = plan;
  const choice = random.weighted([
    [4, 'all'],
    [3, 'amount'],
    [4, 'parts'],
    [1, 'anything'],
  ] as const);
  const amount = BigInt(1 + random.below(12));
  if (choice === 'all') return {};
  if (choice === 'amount') return { amount };
  if (choice === 'parts') return { legs: partsOf(plan, id) };
  const count = random.below(4);
  return {
    legs: Array.from({ length: count }, () => ({
      leg: random.below(4),
      amount: BigInt(1 + random.below(3)),
    })),
  };
}

/** The same amount of a debit and a credit leg, perhaps of two pairs, perhaps too much. */
function partsOf(plan: Plan, id: TransferId): LegPart[] {
  const { random } = plan;
  const entries = plan.oracle.world.transfers.get(id)?.entries ?? [];
  const of = (side: Side): number[] =>
    entries.flatMap((entry) => (entry.side === side ? [entry.leg] : []));
  const [debits, credits] = [of('debit'), of('credit')];
  if (debits.length === 0 || credits.length === 0) return [{ leg: 0, amount: 1n }];
  const pairs = Array.from({ length: 1 + random.below(2) }, () => {
    const amount = BigInt(1 + random.below(10));
    return [
      { leg: random.pick(debits), amount },
      { leg: random.pick(credits), amount },
    ];
  });
  return pairs.flat();
}

/** The same instruction with one thing changed, or another altogether under the same name. */
function changed(plan: Plan, instruction: Instruction): Instruction {
  const { random } = plan;
  const changes: (() => Instruction)[] = [
    () => ({ ...instruction, description: 'changed' }),
    () => ({ ...instruction, metadata: { note: 'changed' } }),
    () => ({ ...newInstruction(plan), externalId: instruction.externalId }),
  ];
  if (instruction.effectiveAt !== undefined) {
    changes.push(() => ({ ...instruction, effectiveAt: timeNear(plan) }));
  }
  if (instruction.kind === 'transfer' || instruction.kind === 'hold') {
    const { legs } = instruction;
    const withLegs = (other: readonly Leg[]) => () => ({ ...instruction, legs: other });
    const first = legs[0];
    if (first !== undefined) {
      const account = random.below(plan.accounts.length);
      changes.push(
        withLegs(legs.map((leg) => ({ ...leg, amount: 77n }))),
        withLegs([{ ...first, accountId: accountName(account) }, ...legs.slice(1)]),
        withLegs([...legs, first]),
      );
    }
  }
  if (instruction.kind === 'hold' && instruction.expiresAt !== undefined) {
    changes.push(() => ({ ...instruction, expiresAt: deadlineNear(plan) }));
  }
  return random.pick(changes)();
}
