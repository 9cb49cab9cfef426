// Owns generated transactions as a stream of what a bank would see: payments when they happen, and
// labels when they become known. The order is total; memory holds the labels that are on their way.

import { SECOND_US, type Instant } from '#kernel';
import type { FraudEvent, FraudLabel } from '../event.ts';
import { MERCHANT_TERMINALS } from './campaigns.ts';
import type { GeneratedDay } from './day-columns.ts';
import { generateDays, type GeneratorOptions } from './generate.ts';
import { patternOf, type FraudPattern } from './patterns.ts';
import { randomStream } from './random.ts';

export interface LabelDelay {
  /** Until a fraud is known, days; also how long a payment must stand to be known as genuine. */
  readonly days: number;
  /** A fraud may become known so much later, evenly spread. */
  readonly spreadDays: number;
  /** Whether it is also told that a payment was genuine; otherwise silence means that. */
  readonly tellsGenuine: boolean;
}

/** As in the Handbook's protocol: a week, to the second, and frauds only. */
export const weekLater: LabelDelay = { days: 7, spreadDays: 0, tellsGenuine: false };

export interface GeneratedLabel extends FraudLabel {
  readonly pattern: FraudPattern | 'genuine';
}

export type GeneratedFact =
  | { readonly event: FraudEvent; readonly label?: undefined }
  | { readonly label: GeneratedLabel; readonly event?: undefined };

const DAY_S = 86_400;
const ID_DIGITS = 12;
const PURPOSE_LABELS = 400;
/** One customer in so many shares the account of another. */
const SHARED_ACCOUNTS = 10;

/** One transaction of a day as the event that is screened, with all its keys. */
export function eventOf(day: GeneratedDay, row: number, start: Instant): FraudEvent {
  const customer = day.customers[row] ?? 0;
  const terminal = day.terminals[row] ?? 0;
  const shares = customer % SHARED_ACCOUNTS === SHARED_ACCOUNTS - 1;
  return {
    id: `card-${String(day.before + row).padStart(ID_DIGITS, '0')}`,
    at: (start + (day.seconds[row] ?? 0) * SECOND_US) as Instant,
    amount: day.amounts[row] ?? 0,
    keys: {
      customer: `customer-${customer}`,
      account: `account-${shares ? customer - 1 : customer}`,
      counterparty: `merchant-${Math.floor(terminal / MERCHANT_TERMINALS)}`,
      terminal: `terminal-${terminal}`,
      device: `device-${day.devices[row] ?? 0}`,
    },
  };
}

/** Events and labels by the time they become known; of the same instant, the labels come first. */
export function* generateFacts(
  options: GeneratorOptions,
  delay: LabelDelay = weekLater,
): Generator<GeneratedFact, void, undefined> {
  /** By the day they become known. */
  const waiting = new Map<number, GeneratedLabel[]>();
  for (const day of generateDays(options)) {
    const labels = takeDue(waiting, day.day);
    const random = randomStream(options.seed, PURPOSE_LABELS, day.day);
    let told = 0;
    for (let row = 0; row < day.count; row += 1) {
      const event = eventOf(day, row, options.start);
      for (let due = labels[told]; due !== undefined && due.knownAt <= event.at;) {
        yield { label: due };
        told += 1;
        due = labels[told];
      }
      yield { event };
      const isFraud = (day.patterns[row] ?? 0) > 0;
      if (!isFraud && !delay.tellsGenuine) continue;
      const spreadS = isFraud ? Math.floor(random.next() * delay.spreadDays * DAY_S) : 0;
      const knownS = (day.seconds[row] ?? 0) + delay.days * DAY_S + spreadS;
      const knownAt = (options.start + knownS * SECOND_US) as Instant;
      const label = { event, knownAt, isFraud, pattern: patternOf(day.patterns[row] ?? 0) };
      // What is known on the day itself would be told behind the events that follow it.
      const dueDay = Math.max(Math.floor(knownS / DAY_S), day.day + 1);
      const due = waiting.get(dueDay);
      if (due === undefined) waiting.set(dueDay, [label]);
      else due.push(label);
    }
    for (const label of labels.slice(told)) yield { label };
  }
  for (const day of [...waiting.keys()].toSorted((one, other) => one - other)) {
    for (const label of takeDue(waiting, day)) yield { label };
  }
}

function takeDue(waiting: Map<number, GeneratedLabel[]>, day: number): GeneratedLabel[] {
  const due = waiting.get(day) ?? [];
  waiting.delete(day);
  // The sort is stable, so labels of one instant stay in the order of their events.
  return due.toSorted((one, other) => one.knownAt - other.knownAt);
}
