// What screening costs a payment on its way: the same load over HTTP on two servers of one bank, of
// which one judges every payment with a hundred trees and twenty rules and keeps each decision, and
// the other does not. They take turns in short rounds, so that a slow minute is shared by both.

import { setTimeout as pause } from 'node:timers/promises';
import { mintTokens } from '../callers.ts';
import type { HttpClient } from '../http-client.ts';
import {
  closeWorld,
  openWorld,
  removeFolder,
  temporaryFolder,
  type World,
} from '../ledger-world.ts';
import { medianRun, run, type Run } from '../measure.ts';
import { adopt, payingWith } from '../payments/payers.ts';
import { startBank, withClients } from '../server.ts';
import { putInForce } from './in-force.ts';

export interface PaymentPathScale {
  readonly accounts: number;
  /** Rounds of each before the first pair: a server is warm for all but its first seconds. */
  readonly warmUps: number;
  /** Each of one round with screening and one without; an odd number has a median. */
  readonly pairs: number;
  readonly roundMs: number;
  /** Before each round, not measured: the other server has changed what this one remembers. */
  readonly warmUpMs: number;
}

export interface PaymentPathBench {
  readonly screened: Run;
  readonly unscreened: Run;
  /** Of each pair, the rate with screening to the rate without. */
  readonly ratios: readonly number[];
  readonly decisions: Decisions;
}

interface Decisions {
  readonly count: number;
  /** The shares that the model had a part in, and that were approved. */
  readonly fullShare: number;
  readonly approvedShare: number;
}

const CONNECTIONS = 64;
/** What the one has left to do behind its doors must not be done in the other's round. */
const REST_MS = 1_000;
const SHED_PAUSE_MS = 50;

/** What a server of the two finds changed by the other it does again, and may fall behind. */
const afterShedding = (): Promise<void> => pause(SHED_PAUSE_MS);

type Way = 'screened' | 'unscreened';
type Pay = (caller: number) => Promise<number>;

export async function benchPaymentPath(
  scale: PaymentPathScale,
  log: (line: string) => void,
): Promise<PaymentPathBench> {
  const folder = temporaryFolder();
  try {
    const world = await openWorld(folder, scale.accounts);
    const tokens = await mintTokens(world, CONNECTIONS, ['teller']);
    await adopt(world);
    await putInForce(world);
    const { accounts } = world;
    await closeWorld(world);
    const rounds = await withBothWays(folder, tokens, async (clients) => {
      const pay = {
        screened: payingWith(clients.screened, accounts, afterShedding),
        unscreened: payingWith(clients.unscreened, accounts, afterShedding),
      };
      return await takeTurns(pay, scale, log);
    });
    return { ...summaryOf(rounds), decisions: await decisionsIn(folder) };
  } finally {
    removeFolder(folder);
  }
}

async function withBothWays<Result>(
  folder: string,
  tokens: readonly string[],
  work: (clients: Readonly<Record<Way, readonly HttpClient[]>>) => Promise<Result>,
): Promise<Result> {
  await using open = new AsyncDisposableStack();
  const screened = await startBank(folder, { FLORIN_FRAUD_SCREENING: 'on' });
  open.defer(() => screened.stop());
  const unscreened = await startBank(folder, { FLORIN_FRAUD_SCREENING: 'off' });
  open.defer(() => unscreened.stop());
  return await withClients(screened.port, tokens, (first) =>
    withClients(unscreened.port, tokens, (second) => work({ screened: first, unscreened: second })),
  );
}

/** Who comes first changes from pair to pair. */
async function takeTurns(
  pay: Readonly<Record<Way, Pay>>,
  { warmUps, pairs, roundMs, warmUpMs }: PaymentPathScale,
  log: (line: string) => void,
): Promise<Readonly<Record<Way, readonly Run[]>>> {
  const rounds: Record<Way, Run[]> = { screened: [], unscreened: [] };
  const order: Way[] = ['screened', 'unscreened'];
  for (let turn = 1; turn <= warmUps; turn += 1) {
    for (const way of order) await load(pay[way], roundMs);
    log(`payment_path, warmed up ${turn} of ${warmUps} times`);
  }
  for (let pair = 1; pair <= pairs; pair += 1) {
    for (const way of order) {
      await pause(REST_MS);
      await load(pay[way], warmUpMs);
      const measured = await load(pay[way], roundMs);
      rounds[way].push(measured);
      const rate = Math.round(measured.ratePerSecond).toLocaleString('en');
      log(`payment_path, pair ${pair}, ${way}: ${rate} a second`);
    }
    order.reverse();
  }
  return rounds;
}

async function load(call: Pay, durationMs: number): Promise<Run> {
  return await run({ concurrency: CONNECTIONS, durationMs, call });
}

function summaryOf({ screened, unscreened }: Readonly<Record<Way, readonly Run[]>>) {
  const ratios = screened.map(({ ratePerSecond }, pair) => {
    return ratePerSecond / (unscreened[pair]?.ratePerSecond ?? NaN);
  });
  return { screened: medianRun(screened), unscreened: medianRun(unscreened), ratios };
}

/** That payments were screened at all is looked up where decisions are kept. */
async function decisionsIn(folder: string): Promise<Decisions> {
  const world: World = await openWorld(folder, 0);
  try {
    const [row] = await world.database.query<{ count: number; full: number; approved: number }>({
      text: `select count(*)::int as count,
          count(*) filter (where mode = 'full')::int as full,
          count(*) filter (where outcome = 'approve')::int as approved
        from fraud.decisions`,
    });
    const { count = 0, full = 0, approved = 0 } = row ?? {};
    if (count === 0) throw new Error('no payment was screened');
    return { count, fullShare: full / count, approvedShare: approved / count };
  } finally {
    await closeWorld(world);
  }
}
