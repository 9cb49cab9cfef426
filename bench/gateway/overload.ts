// Four times as many requests as the server can answer, for a while, from four times as many
// callers who do not wait for one another: what is answered, what is turned away early, how long
// the slowest waited, and how soon all is as before.

import type { AccountId } from '#kernel';
import { percentile, type Run } from '../measure.ts';
import { clientAt, withClients } from '../server.ts';
import type { HttpClient } from '../http-client.ts';

export interface ReadBench {
  readonly scale: { readonly durationMs: number; readonly runs: number };
  readonly accounts: readonly AccountId[];
  readonly tokens: readonly string[];
  readonly log: (line: string) => void;
}

export interface Overload {
  /** What was answered with the account. */
  readonly answered: Run;
  readonly offeredPerSecond: number;
  /** Turned away with 503. */
  readonly shedPerSecond: number;
  /** Of all answers, refusals too. */
  readonly slowestMs: number;
  /** From the end of the overload until a request was answered in its usual time. */
  readonly recoveredAfterMs: number;
}

const FACTOR = 4;
const RECOVERED_MS = 50;
const RECOVERY_MAX_MS = 30_000;

export async function overload(
  bench: ReadBench,
  port: number,
  peakPerSecond: number,
): Promise<Overload> {
  return await withClients(port, bench.tokens, async (clients) => {
    const times: number[] = [];
    let shed = 0;
    let offered = 0;
    let slowestMs = 0;
    const intervalMs = (clients.length / (peakPerSecond * FACTOR)) * 1_000;
    const startMs = performance.now();
    const endMs = startMs + bench.scale.durationMs;
    const callers = clients.map(async (client, index) => {
      // Each caller has a schedule of its own; one that is late does not wait.
      let dueMs = startMs + (index / clients.length) * intervalMs;
      while (dueMs < endMs) {
        const waitMs = dueMs - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        dueMs = Math.max(dueMs + intervalMs, performance.now());
        offered += 1;
        const askedMs = performance.now();
        const status = await ask(client, bench);
        const tookMs = performance.now() - askedMs;
        slowestMs = Math.max(slowestMs, tookMs);
        if (status === 200) times.push(tookMs);
        else shed += 1;
      }
    });
    await Promise.all(callers);
    const seconds = (performance.now() - startMs) / 1_000;
    times.sort((a, b) => a - b);
    const answered = {
      ratePerSecond: times.length / seconds,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
    };
    return {
      answered,
      offeredPerSecond: offered / seconds,
      shedPerSecond: shed / seconds,
      slowestMs,
      recoveredAfterMs: await recovery(clientAt(clients, 0), bench),
    };
  });
}

async function ask(client: HttpClient, { accounts }: ReadBench): Promise<number> {
  const id = accounts[Math.floor(Math.random() * accounts.length)] ?? '';
  const { status, text } = await client.get(`/v1/ledger/accounts/${id}`);
  if (status !== 200 && status !== 503) throw new Error(text.slice(0, 600));
  return status;
}

async function recovery(client: HttpClient, bench: ReadBench): Promise<number> {
  const startMs = performance.now();
  while (performance.now() - startMs < RECOVERY_MAX_MS) {
    const askedMs = performance.now();
    const isAnswered = (await ask(client, bench)) === 200;
    if (isAnswered && performance.now() - askedMs < RECOVERED_MS) break;
  }
  return performance.now() - startMs;
}
