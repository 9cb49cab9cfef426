// The ledger that the benchmarks run on: a real PostgreSQL with fsync on in a temporary folder, the
// accounts, and the instructions that a load is made of. Every load is seeded and reproducible.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { limits, loadConfig } from '#config';
import type { AccountId } from '#kernel';
import {
  openAccounts,
  openPoster,
  rollSegment,
  type Instruction,
  type OpenAccount,
  type Poster,
} from '#ledger';
import {
  openDatabase,
  systemClock,
  type Database,
  type OpenedDatabase,
  type TransactionContext,
} from '#platform';

export interface World {
  readonly folder: string;
  readonly opened: OpenedDatabase;
  readonly database: Database;
  readonly accounts: readonly AccountId[];
  readonly poster: Poster;
  readonly context: () => TransactionContext;
  /** Stops what the server would do beside the load. */
  readonly stopMaintenance: () => void;
}

export const BASELINE_CONNECTIONS = 20;
const OPENED_AT_ONCE = 5_000;
/** As often as the server looks whether the segment of entries is full. */
const MAINTENANCE_MS = 5_000;

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'florin-bench-'));
  chmodSync(folder, 0o711);
  return folder;
}

export async function openWorld(folder: string, accountCount: number): Promise<World> {
  const { database: settings } = loadConfig({ FLORIN_DATA_DIR: path.join(folder, 'data') });
  const opened = await openDatabase({ ...settings, poolSize: BASELINE_CONNECTIONS });
  const { database } = opened;
  const clock = systemClock();
  const context = (): TransactionContext => ({
    now: clock.now(),
    actor: 'bench',
    correlationId: 'bench',
  });
  const accounts: AccountId[] = [];
  const asked: OpenAccount = {
    path: 'liabilities:customers',
    currency: 'CZK',
    normalSide: 'credit',
  };
  while (accounts.length < accountCount) {
    const count = Math.min(OPENED_AT_ONCE, accountCount - accounts.length);
    const answers = await database.transaction(context(), (tx) =>
      openAccounts(
        tx,
        Array.from({ length: count }, () => ({ ...asked })),
      ),
    );
    for (const answer of answers) if (answer.ok) accounts.push(answer.value.id);
  }
  const poster = openPoster(database, {
    inFlightMax: limits.postingBatchesInFlightMax.value,
    accountsMax: limits.postingAccountsKeptMax.value,
  });
  const maintenance = setInterval(() => {
    void rollSegment(database, context());
  }, MAINTENANCE_MS);
  const stopMaintenance = (): void => {
    clearInterval(maintenance);
  };
  return { folder, opened, database, accounts, poster, context, stopMaintenance };
}

export async function closeWorld(world: World): Promise<void> {
  world.stopMaintenance();
  await world.opened.close();
}

/** A world in a folder of its own, for one piece of work; nothing of either is left. */
export async function withWorld<Result>(
  accountCount: number,
  work: (world: World) => Promise<Result>,
): Promise<Result> {
  const folder = temporaryFolder();
  try {
    const world = await openWorld(folder, accountCount);
    try {
      return await work(world);
    } finally {
      await closeWorld(world);
    }
  } finally {
    removeFolder(folder);
  }
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** A seeded source of whole numbers below a bound (mulberry32). */
export function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const random = seeded(20_261_121);
let sequence = 0;

/** An external id that was never used: every instruction pays for its idempotency. */
export function nextExternalId(): string {
  sequence += 1;
  return `bench-${process.pid}-${sequence}`;
}

function pair(accounts: readonly AccountId[]): [AccountId, AccountId] {
  const first = random(accounts.length);
  const second = (first + 1 + random(accounts.length - 1)) % accounts.length;
  return [accounts[first] as AccountId, accounts[second] as AccountId];
}

export function transfers(
  accounts: readonly AccountId[],
  count: number,
  kind: 'transfer' | 'hold' = 'transfer',
): Instruction[] {
  return Array.from({ length: count }, () => {
    const [from, to] = pair(accounts);
    const amount = BigInt(1 + random(100_000));
    return {
      kind,
      externalId: nextExternalId(),
      legs: [
        { accountId: from, side: 'debit', amount, currency: 'CZK' },
        { accountId: to, side: 'credit', amount, currency: 'CZK' },
      ],
    };
  });
}

/** The same as JSON, as a client sends it. */
export function transferBodies(accounts: readonly AccountId[], count: number): string[] {
  return Array.from({ length: count }, () => {
    const [from, to] = pair(accounts);
    return JSON.stringify({
      external_id: nextExternalId(),
      debit_account_id: from,
      credit_account_id: to,
      amount: String(1 + random(100_000)),
      currency: 'CZK',
    });
  });
}
