// Owns what one process knows of one alarm: whether the fault is there now, since when all is well
// again, and whether its raising still has to be recorded. It needs no database, so that an alarm
// is shown and logged also while none can be reached.

import type { Instant } from '#kernel';
import type { JsonObject } from '../canonical.ts';

/** What was found out about an alarm. */
export interface Condition {
  readonly isFailing: boolean;
  readonly figures: JsonObject;
}

export const well: Condition = { isFailing: false, figures: {} };

export interface Raising {
  readonly since: Instant;
  readonly figures: JsonObject;
}

export class Lamp {
  #condition: Condition | undefined;
  #wellSince: Instant | undefined;
  #owed: Raising | undefined;
  /** As the database last said. */
  #isRecorded = false;
  #isLit = false;

  /** Takes in what was found; undefined where nothing could be found out, which changes nothing. */
  see(condition: Condition | undefined, now: Instant): void {
    if (condition === undefined) return;
    this.#condition = condition;
    if (condition.isFailing) {
      this.#wellSince = undefined;
      this.#owed ??= { since: now, figures: condition.figures };
    } else {
      this.#wellSince ??= now;
    }
  }

  /** Takes in whether the database has the alarm as raised. */
  recorded(isRaised: boolean): void {
    this.#isRecorded = isRaised;
    if (isRaised) this.#owed = undefined;
  }

  get isFailing(): boolean {
    return this.#condition?.isFailing === true;
  }

  get figures(): JsonObject {
    return this.#condition?.figures ?? {};
  }

  /**
   * What is to be recorded, even when it is over by now: a fault of the database itself is, too.
   */
  get owed(): Raising | undefined {
    return this.#isRecorded ? undefined : this.#owed;
  }

  /** Whether all was well for so long; never where nothing is known. */
  isCalm(now: Instant, calmUs: number): boolean {
    return this.#wellSince !== undefined && now - this.#wellSince >= calmUs;
  }

  /** Raised here, or by another process for all. */
  get isLit(): boolean {
    return this.isFailing || this.#isRecorded || this.#owed !== undefined;
  }

  /** Answers 'raised' or 'ended' once for each change. */
  change(): 'raised' | 'ended' | undefined {
    if (this.#isLit === this.isLit) return undefined;
    this.#isLit = this.isLit;
    return this.#isLit ? 'raised' : 'ended';
  }
}
