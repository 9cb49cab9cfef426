// Owns how often this process asks the database whether there is something to do: often while it
// works, seldom while it rests. The database is not asked to tell (NOTIFY), because transactions
// that tell commit one after another, and waiting for the disk in turn is what group commit avoids.

import { setTimeout as sleep } from 'node:timers/promises';

const BUSY_PAUSE_MS = 2;
const IDLE_PAUSE_MS = 20;
/** For how long after something was written more is expected soon. */
const BUSY_MS = 250;

let workedAtMs = Number.NEGATIVE_INFINITY;

/** This process has just written what is to be looked for. It only makes others look sooner. */
export function noteWork(): void {
  workedAtMs = performance.now();
}

/** Until it is time to look again, or the signal says to stop. */
export async function restBetweenLooks(signal: AbortSignal): Promise<void> {
  const isBusy = performance.now() - workedAtMs < BUSY_MS;
  await rest(isBusy ? BUSY_PAUSE_MS : IDLE_PAUSE_MS, signal);
}

/** A pause that ends early when the signal says to stop. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  // Aborting ends the pause with a rejection, which is what we wait for.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
