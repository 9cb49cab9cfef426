// Measures how far the clock is off, against the time server that the settings name or, without
// one, against the database's clock. The offset stands in every record from then on; the
// measurement itself is recorded when it changed and once an hour.

import { limits } from '#config';
import { HOUR_US, MILLISECOND_US, type Clock, type Instant } from '#kernel';
import {
  askTimeServer,
  type AskOptions,
  type Queryable,
  type TimeSample,
  type TimeServer,
} from '#platform';
import type { JsonObject } from '../canonical.ts';
import { selectDatabaseTime } from './watch-store.ts';

export interface ClockReference {
  /** How the record names it: "ntp.bank.example:123", or "database". */
  readonly name: string;
  ask(clock: Clock, options: AskOptions): Promise<Omit<TimeSample, 'stratum'>>;
}

const DATABASE_SAMPLES = 3;

/** The time server, or the database where none is named: on one machine that says little. */
export function clockReference(
  server: TimeServer | undefined,
  database: Queryable,
): ClockReference {
  if (server === undefined) {
    return { name: 'database', ask: (clock) => askDatabase(database, clock) };
  }
  const name = `${server.host}:${server.port}`;
  return { name, ask: (clock, options) => askTimeServer(server, clock, options) };
}

// The quickest of a few: its answer was given nearest to the middle of the round trip.
async function askDatabase(
  database: Queryable,
  clock: Clock,
): Promise<Omit<TimeSample, 'stratum'>> {
  let best: Omit<TimeSample, 'stratum'> | undefined;
  for (let count = 0; count < DATABASE_SAMPLES; count += 1) {
    const sentAt = clock.now();
    const theirs = await selectDatabaseTime(database);
    const receivedAt = clock.now();
    const delayUs = receivedAt - sentAt;
    const offsetUs = Math.round((sentAt + receivedAt) / 2 - theirs);
    if (best === undefined || delayUs < best.delayUs) best = { offsetUs, delayUs };
  }
  return best ?? { offsetUs: 0, delayUs: 0 };
}

export interface ClockMeasurement {
  readonly at: Instant;
  readonly offsetUs: number;
  readonly delayUs: number;
  readonly reference: string;
}

/** Whether a measurement says something that the last recorded one did not. */
export function isClockNews(
  measured: ClockMeasurement,
  recorded: ClockMeasurement | undefined,
): boolean {
  if (recorded === undefined || recorded.reference !== measured.reference) return true;
  const changeUs = Math.abs(measured.offsetUs - recorded.offsetUs);
  if (changeUs >= limits.auditClockChangeMinMs.value * MILLISECOND_US) return true;
  return measured.at - recorded.at >= HOUR_US;
}

export function isClockOff({ offsetUs }: ClockMeasurement): boolean {
  return Math.abs(offsetUs) > limits.auditClockOffsetMaxMs.value * MILLISECOND_US;
}

/** The figures of a measurement, for its record and for the alarm. */
export function clockFigures({ offsetUs, delayUs, reference }: ClockMeasurement): JsonObject {
  return { delay_us: delayUs, offset_us: offsetUs, reference };
}
