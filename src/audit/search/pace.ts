// Owns how much of the process's time a long work takes: it works for a short stint, then rests so
// long that it keeps to its share. Callers of the process are answered in the rests.

import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '#kernel';

const STINT_MS = 2;

export class Pace {
  readonly #share: number;
  #sinceMs = performance.now();

  /** The share of one processor, above 0; 1 only gives way between stints. */
  constructor(share: number) {
    assert(share > 0 && share <= 1, 'a share is a part of the time');
    this.#share = share;
  }

  /** To be asked often: rests when a stint is over, and otherwise answers at once. */
  async rest(): Promise<void> {
    const workedMs = performance.now() - this.#sinceMs;
    if (workedMs < STINT_MS) return;
    await sleep(workedMs / this.#share - workedMs);
    this.#sinceMs = performance.now();
  }
}
