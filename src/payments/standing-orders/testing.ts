// A bank for the tests of standing orders: that of payments, with orders and a job that runs on
// each day of a span of time.

import assert from 'node:assert/strict';
import { DAY_US, formatDate, parseDate, type AccountId, type Instant } from '#kernel';
import { openPayBank, EUR, party } from '../testing/bank.ts';
import type { PaymentScreener } from '../screening.ts';
import { createStandingOrders, type CreateResult } from './create.ts';
import { listOccurrences } from './occurrence-store.ts';
import { runStandingOrders, type RunReport } from './run.ts';
import type { NewStandingOrder, OccurrenceRecord, StandingOrder } from './standing-order.ts';

export type OrderBank = Awaited<ReturnType<typeof openOrderBank>>;

export function day(text: string): Instant {
  const date = parseDate(text);
  assert.ok(date !== undefined, text);
  return date;
}

export async function openOrderBank(name: string) {
  const bank = await openPayBank(name);

  async function give(...orders: NewStandingOrder[]): Promise<CreateResult[]> {
    const { database } = bank;
    const given = await database.transaction(bank.context(), (tx) =>
      createStandingOrders(tx, orders),
    );
    return given.map(({ result }) => result);
  }

  /** One that must be taken. */
  async function order(asked: NewStandingOrder): Promise<StandingOrder> {
    const [result] = await give(asked);
    assert.ok(
      result?.ok === true,
      JSON.stringify(result, (_, value) => String(value)),
    );
    return result.value;
  }

  let screener: PaymentScreener;
  const run = (): Promise<RunReport> => runStandingOrders(bank.database, bank.context(), screener);

  /** From now on what is due is judged by this one. */
  const screenBy = (next: PaymentScreener): void => void (screener = next);

  /** The job at 06:00 of every day up to one. */
  async function runUntil(last: string): Promise<void> {
    for (let date = bank.clock.now(); date <= day(last) + DAY_US; date = bank.clock.now()) {
      await run();
      bank.clock.advance(DAY_US);
    }
  }

  /** From the first on. */
  async function occurrences({ id }: StandingOrder): Promise<OccurrenceRecord[]> {
    const found = await listOccurrences(bank.database, { orderId: id, limit: 10_000 });
    return found.toReversed();
  }

  async function told(given: StandingOrder): Promise<string[]> {
    return (await occurrences(given)).map(({ dueOn, state, reason }) => {
      return `${formatDate(dueOn)} ${state}${reason === undefined ? '' : ` ${reason}`}`;
    });
  }

  return { ...bank, screenBy, give, order, run, runUntil, occurrences, told };
}

/** Of 100.00 on the 15th of each month, to another bank. */
export function rent(accountId: AccountId, rest: Partial<NewStandingOrder> = {}): NewStandingOrder {
  return {
    accountId,
    creditor: { iban: party.iban, name: party.name },
    rail: 'sct_inst',
    currency: EUR,
    amount: { fixed: 10_000n },
    schedule: {
      frequency: 'monthly',
      day: 15,
      startsOn: day('2026-03-15'),
      calendar: 'every_day',
      businessDayRule: 'none',
    },
    retry: { retriesADay: 0, days: 0 },
    ...rest,
  };
}
