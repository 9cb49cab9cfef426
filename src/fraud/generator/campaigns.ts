// Owns the fraud that is planted: which campaigns begin on a day, what they make of the payments of
// others, and what they pay by themselves. Each pattern draws from a stream of its own, so that one
// more or one fewer changes nothing else but the numbers of devices. What is over is forgotten.

import { assertNever } from '#kernel';
import type { DayDrafts, Draft } from './day-columns.ts';
import { fraudPatternNames, fraudPatterns, type FraudPattern } from './patterns.ts';
import type { Population } from './population.ts';
import { randomStream, type RandomStream } from './random.ts';

const DAY_S = 86_400;
const HOUR_S = 3_600;
const LARGE_AMOUNT = 22_000;
const TERMINAL_DAYS = 28;
const STOLEN_DAYS = 14;
const STOLEN_FACTOR = 5;
const MISUSE_DAYS = 28;
/** A customer's payments that are the fraudster's while a card is misused. */
const SHARE_TAKEN = 1 / 3;
const MISUSE_FACTOR_MAX = 4;
/** Terminals of one merchant. */
export const MERCHANT_TERMINALS = 4;
const PURPOSE_PATTERN = 200;
const PURPOSE_RIDE = 300;
const CUSTOMERS_OF_RATES = 5_000;
const TERMINALS_OF_RATES = 10_000;
const codes = fraudPatterns;

/** A payment that a campaign makes by itself; its second counts from the first day's start. */
type Planned = Readonly<Draft>;

interface Misuse {
  readonly from: number;
  readonly device: number;
}

export interface Campaigns {
  /** To be called for each day in order, before the day's payments. */
  begin(day: number): void;
  /** What becomes of a payment: the pattern, and perhaps another amount and device. */
  ride(draft: Draft): void;
  /** The day's own payments of the campaigns. */
  pay(drafts: DayDrafts): void;
}

/** On which day each pattern may first begin; a pattern that is absent never does. */
export type PatternStarts = Readonly<Partial<Record<FraudPattern, number>>>;

export function openCampaigns(who: Population, starts: PatternStarts, seed: number): Campaigns {
  const world = openWorld(who);
  const { marks, planned } = world;
  let today = 0;
  let rides = ridesOf(seed, today);
  const isPlanted = (pattern: FraudPattern): boolean => today >= (starts[pattern] ?? Infinity);
  return {
    begin(day) {
      today = day;
      rides = ridesOf(seed, day);
      forget(marks, day);
      for (const pattern of fraudPatternNames) {
        const { code } = codes[pattern];
        const random = randomStream(seed, PURPOSE_PATTERN + code, day);
        const count = isPlanted(pattern) ? random.count(beginningsOf(who, pattern)) : 0;
        for (let each = 0; each < count; each += 1) beginOne(world, pattern, day, random);
      }
    },
    ride(draft) {
      if (draft.amount > LARGE_AMOUNT && isPlanted('large_amount')) {
        draft.pattern = codes.large_amount.code;
      }
      if (marks.terminals.has(draft.terminal)) draft.pattern = codes.compromised_terminal.code;
      const theft = marks.stolen.get(draft.customer);
      const misuse = marks.misused.get(draft.customer);
      if (theft !== undefined && rides.stolen.next() < SHARE_TAKEN) {
        draft.pattern = codes.stolen_card.code;
        draft.amount *= STOLEN_FACTOR;
        draft.device = theft.device;
      } else if (misuse !== undefined && rides.slow.next() < SHARE_TAKEN) {
        const age = (today - misuse.from) / MISUSE_DAYS;
        draft.pattern = codes.slow_misuse.code;
        draft.amount = Math.round(draft.amount * (1 + age * (MISUSE_FACTOR_MAX - 1)));
        draft.device = misuse.device;
      }
    },
    pay(drafts) {
      for (const payment of planned.get(today) ?? []) {
        drafts.add({ ...payment, second: payment.second - today * DAY_S });
      }
      planned.delete(today);
    },
  };
}

/** What is in the hands of others, since when. */
interface Marks {
  readonly terminals: Map<number, number>;
  readonly stolen: Map<number, Misuse>;
  readonly misused: Map<number, Misuse>;
}

interface Rides {
  readonly stolen: RandomStream;
  readonly slow: RandomStream;
}

function ridesOf(seed: number, day: number): Rides {
  return {
    stolen: randomStream(seed, PURPOSE_RIDE + codes.stolen_card.code, day),
    slow: randomStream(seed, PURPOSE_RIDE + codes.slow_misuse.code, day),
  };
}

function forget({ terminals, stolen, misused }: Marks, day: number): void {
  for (const [key, from] of terminals) if (day >= from + TERMINAL_DAYS) terminals.delete(key);
  for (const [key, { from }] of stolen) if (day >= from + STOLEN_DAYS) stolen.delete(key);
  for (const [key, { from }] of misused) if (day >= from + MISUSE_DAYS) misused.delete(key);
}

/** How many campaigns of a pattern begin on a day, on average. */
function beginningsOf(who: Population, pattern: FraudPattern): number {
  const { perDay = 0 } = codes[pattern];
  const isOfTerminals = pattern === 'compromised_terminal';
  const size = isOfTerminals
    ? who.terminals / TERMINALS_OF_RATES
    : who.customers / CUSTOMERS_OF_RATES;
  return perDay * size;
}

function beginOne(world: World, pattern: FraudPattern, day: number, random: RandomStream): void {
  const { who, marks, nextDevice } = world;
  switch (pattern) {
    case 'large_amount':
      return;
    case 'compromised_terminal':
      marks.terminals.set(random.below(who.terminals), day);
      return;
    case 'stolen_card':
      marks.stolen.set(random.below(who.customers), { from: day, device: nextDevice() });
      return;
    case 'slow_misuse':
      marks.misused.set(random.below(who.customers), { from: day, device: nextDevice() });
      return;
    case 'account_takeover':
      takeOver(world, day, random);
      return;
    case 'card_testing':
      testCards(world, day, random);
      return;
    case 'mule_ring':
      gatherRing(world, day, random);
      return;
    default:
      assertNever(pattern);
  }
}

function openWorld(who: Population): World {
  const planned = new Map<number, Planned[]>();
  // The first devices are the customers' own, two each.
  let device = 2 * who.customers;
  return {
    who,
    planned,
    marks: { terminals: new Map(), stolen: new Map(), misused: new Map() },
    nextDevice: () => {
      device += 1;
      return device - 1;
    },
    plan: (payment) => {
      const day = Math.floor(payment.second / DAY_S);
      const list = planned.get(day);
      if (list === undefined) planned.set(day, [payment]);
      else list.push(payment);
    },
  };
}

interface World {
  readonly who: Population;
  readonly marks: Marks;
  /** By day. */
  readonly planned: Map<number, Planned[]>;
  readonly nextDevice: () => number;
  readonly plan: (payment: Planned) => void;
}

const wholeAmount = (amount: number): number => Math.max(1, Math.round(amount));

function takeOver({ who, nextDevice, plan }: World, today: number, random: RandomStream): void {
  const customer = random.below(who.customers);
  const mean = who.amounts[customer] ?? 0;
  const device = nextDevice();
  const count = 3 + random.below(6);
  let second = today * DAY_S + random.below(DAY_S);
  for (let step = 0; step < count; step += 1) {
    const amount = wholeAmount(mean * (1 + step * 0.5) * random.between(0.8, 1.2));
    const terminal = random.below(who.terminals);
    const pattern = codes.account_takeover.code;
    plan({ customer, terminal, amount, second, pattern, device });
    second += 60 + random.below(2_400);
  }
}

function testCards({ who, nextDevice, plan }: World, today: number, random: RandomStream): void {
  const pattern = codes.card_testing.code;
  const device = nextDevice();
  const terminal = random.below(who.terminals);
  const cards = 8 + random.below(8);
  let second = today * DAY_S + random.below(DAY_S);
  for (let card = 0; card < cards; card += 1) {
    const customer = random.below(who.customers);
    const tests = 1 + random.below(2);
    for (let test = 0; test < tests; test += 1) {
      plan({ customer, terminal, amount: 50 + random.below(450), second, pattern, device });
      second += 20 + random.below(100);
    }
    // Half of the cards turn out to work, and are used within two days.
    const purchases = random.next() < 0.5 ? 1 + random.below(3) : 0;
    for (let purchase = 0; purchase < purchases; purchase += 1) {
      const amount = wholeAmount((who.amounts[customer] ?? 0) * random.between(1.5, 3.5));
      const later = second + 6 * HOUR_S + random.below(42 * HOUR_S);
      const shop = random.below(who.terminals);
      plan({ customer, terminal: shop, amount, second: later, pattern, device });
    }
  }
}

function gatherRing({ who, nextDevice, plan }: World, today: number, random: RandomStream): void {
  const pattern = codes.mule_ring.code;
  const devices = [nextDevice(), nextDevice()];
  const merchant = random.below(Math.ceil(who.terminals / MERCHANT_TERMINALS));
  const members = Array.from({ length: 6 + random.below(7) }, () => random.below(who.customers));
  const days = 10 + random.below(7);
  const usual = random.between(6_000, 18_000);
  const opensAt = random.below(20 * HOUR_S);
  for (let day = today; day < today + days; day += 1) {
    for (const customer of members) {
      if (random.next() < 0.3) continue;
      const till = merchant * MERCHANT_TERMINALS + random.below(MERCHANT_TERMINALS);
      const terminal = Math.min(till, who.terminals - 1);
      const amount = wholeAmount(usual * random.between(0.97, 1.03));
      const second = day * DAY_S + opensAt + random.below(2 * HOUR_S);
      const device = devices[random.below(devices.length)] ?? 0;
      plan({ customer, terminal, amount, second, pattern, device });
    }
  }
}
