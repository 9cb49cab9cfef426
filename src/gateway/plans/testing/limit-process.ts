// A server process of its own that decides about limits for whoever started it, over messages.

import { limits as limitTable } from '#config';
import {
  defaultPostgresOptions,
  openLogger,
  openMetrics,
  openPostgres,
  systemClock,
} from '#platform';
import type { Admission } from '../admission.ts';
import { databaseTime } from '../deciding/known.ts';
import { openPlanLimiter, type LimiterLimits } from '../limiter.ts';

/** Requests that arrive at one moment. */
export interface Arrival {
  readonly number: number;
  /** Undefined: now, by the clock of the database. */
  readonly atUs: number | undefined;
  readonly requests: readonly { readonly customer: string; readonly cost: number }[];
}

/** What became of them, in order. */
export interface Departure {
  readonly number: number;
  readonly admissions: readonly Admission[];
}

export const limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as unknown as LimiterLimits;

async function serve(url: string): Promise<void> {
  let atUs: number | undefined;
  const database = await openPostgres({
    ...defaultPostgresOptions,
    url,
    poolSize: 2,
    isUnsafeServerAllowed: true,
  });
  const limiter = openPlanLimiter({
    database,
    clock: systemClock(),
    logger: openLogger({ level: 'warn' }),
    metrics: openMetrics({ isProcessMeasured: false }),
    limits,
    processes: () => 1,
    time: { given: () => atUs, timerMs: () => databaseTime.timerMs() },
  });
  const answer = async ({ number, requests, ...arrival }: Arrival): Promise<void> => {
    atUs = arrival.atUs;
    const admissions = await Promise.all(
      requests.map(({ customer, cost }) =>
        limiter.limit({ tenant: 'main', customer }, { permission: 'things.read', cost }),
      ),
    );
    process.send?.({ number, admissions } satisfies Departure);
  };
  process.on('message', (arrival: Arrival) => void answer(arrival));
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

const [url] = process.argv.slice(2);
if (process.send !== undefined && url !== undefined) await serve(url);
