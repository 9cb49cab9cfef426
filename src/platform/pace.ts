// Owns how often this process asks the database whether there is something to do: often while it
// works, seldom while it rests. The database is not asked to tell (NOTIFY), because transactions
// that tell commit one after another, and waiting for the disk in turn is what group commit avoids.

import { setTimeout as sleep } from 'node:timers/promises';

const BUSY_PAUSE_MS = 2;
const IDLE_PAUSE_MS = 20;
/** How much longer than a look the rest after it is, while there is work. */
const RESTS_PER_LOOK = 8;
/** For how long after something was written more is expected soon. */
const BUSY_MS = 250;

let workedAtMs = Number.NEGATIVE_INFINITY;

/** This process has just written what is to be looked for. It only makes others look sooner. */
export function noteWork(): void {
  workedAtMs = performance.now();
}

/**
 * Until it is time to look again, or the signal says to stop. A look that took long, since it found
 * much or the machine is loaded, is followed by a longer rest, so that looking stays a small part
 * of the work and finds more at once.
 */
export async function restBetweenLooks(signal: AbortSignal, lookedAtMs?: number): Promise<void> {
  const nowMs = performance.now();
  const isBusy = nowMs - workedAtMs < BUSY_MS;
  const tookMs = nowMs - (lookedAtMs ?? nowMs);
  const busyMs = Math.max(BUSY_PAUSE_MS, tookMs * RESTS_PER_LOOK);
  await rest(isBusy ? Math.min(busyMs, IDLE_PAUSE_MS) : IDLE_PAUSE_MS, signal);
}

/** A pause that ends early when the signal says to stop. */
export async function rest(ms: number, signal: AbortSignal): Promise<void> {
  // Aborting ends the pause with a rejection, which is what we wait for.
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
