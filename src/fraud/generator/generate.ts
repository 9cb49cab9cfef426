// Owns the generator of card transactions with planted fraud. The same options give the same bytes
// on every machine; days come in order, and memory holds the population, the campaigns under way
// and one day, however many days are asked for.

import { assert, type Instant } from '#kernel';
import type { Transactions } from '../cards/transactions.ts';
import { openCampaigns, type Campaigns, type PatternStarts } from './campaigns.ts';
import { openDrafts, type DayDrafts, type Draft, type GeneratedDay } from './day-columns.ts';
import { fraudPatternNames } from './patterns.ts';
import { changeHabits, settle, terminalNear, type Population } from './population.ts';
import { randomStream, type RandomStream } from './random.ts';

export interface GeneratorOptions {
  readonly seed: number;
  readonly customers: number;
  readonly terminals: number;
  readonly days: number;
  /** Midnight of the first day. */
  readonly start: Instant;
  /** Which patterns are planted and since which day; all from the first where it is absent. */
  readonly patterns?: PatternStarts | undefined;
  /** The share of customers whose habits change within 30 days; 0.05 where it is absent. */
  readonly driftPerMonth?: number | undefined;
}

const DRIFT_PER_MONTH = 0.05;
const DAY_S = 86_400;
/** How far from its peak a customer's hour lies: the deviation, seconds. */
const HOURS_DEVIATION_S = 20_000;
const SECOND_DEVICE_SHARE = 0.1;
const PURPOSE_GENUINE = 1;

/** Every pattern from the first day on. */
export const allPatterns: PatternStarts = Object.fromEntries(
  fraudPatternNames.map((name) => [name, 0]),
);

/** The days in order, each with its transactions in the order of time. */
export function* generateDays(options: GeneratorOptions): Generator<GeneratedDay, void, undefined> {
  const { seed, customers, terminals, days, driftPerMonth = DRIFT_PER_MONTH } = options;
  assert(customers > 0 && terminals > 0 && days > 0, 'there are customers, terminals and days');
  const who = settle({ customers, terminals }, seed);
  const campaigns = openCampaigns(who, options.patterns ?? allPatterns, seed);
  const drafts = openDrafts();
  let before = 0;
  for (let day = 0; day < days; day += 1) {
    campaigns.begin(day);
    changeHabits(who, { seed, day, perMonth: driftPerMonth });
    const random = randomStream(seed, PURPOSE_GENUINE, day);
    for (let customer = 0; customer < customers; customer += 1) {
      payAsUsual({ who, campaigns, drafts, random }, customer);
    }
    campaigns.pay(drafts);
    const settled = drafts.settle(day, before);
    before += settled.count;
    yield settled;
  }
}

interface Day {
  readonly who: Population;
  readonly campaigns: Campaigns;
  readonly drafts: DayDrafts;
  readonly random: RandomStream;
}

function payAsUsual({ who, campaigns, drafts, random }: Day, customer: number): void {
  const count = random.poisson(who.perDay[customer] ?? 0);
  const mean = who.amounts[customer] ?? 0;
  for (let payment = 0; payment < count; payment += 1) {
    const hours = random.normal() * HOURS_DEVIATION_S;
    const second = Math.round((who.peaks[customer] ?? 0) + hours);
    // As in the Handbook, what would fall on another day is not made.
    if (second < 0 || second >= DAY_S) continue;
    const drawn = mean + (random.normal() * mean) / 2;
    const amount = Math.max(1, Math.round(drawn < 0 ? random.between(0, 2 * mean) : drawn));
    const isSecondDevice = random.next() < SECOND_DEVICE_SHARE;
    const draft: Draft = {
      customer,
      terminal: terminalNear(who, customer, random),
      amount,
      second,
      pattern: 0,
      device: isSecondDevice ? who.customers + customer : customer,
    };
    campaigns.ride(draft);
    drafts.add(draft);
  }
}

/** All days as the columns that features and training read. */
export function generateTransactions(
  options: GeneratorOptions,
  onProgress?: (days: number) => void,
): Transactions {
  const days: GeneratedDay[] = [];
  for (const day of generateDays(options)) {
    days.push(day);
    onProgress?.(days.length);
  }
  const last = days.at(-1);
  const count = last === undefined ? 0 : last.before + last.count;
  const joined = {
    count,
    start: options.start,
    customers: new Uint32Array(count),
    terminals: new Uint32Array(count),
    amounts: new Uint32Array(count),
    seconds: new Uint32Array(count),
    patterns: new Uint8Array(count),
  };
  for (const day of days) {
    joined.customers.set(day.customers, day.before);
    joined.terminals.set(day.terminals, day.before);
    joined.amounts.set(day.amounts, day.before);
    joined.seconds.set(day.seconds, day.before);
    joined.patterns.set(day.patterns, day.before);
  }
  return joined;
}
