// Owns how long a request may take once it has arrived. When the time is over its client is told
// so, and whoever works for it may stop; what goes on nevertheless is not answered any more.
import { EdgeRefusal } from '../problems.ts';

export interface Deadline {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

export interface Deadlines {
  /** What the work answers, or the refusal of a request that takes too long. */
  within<T>(work: (deadline: Deadline) => Promise<T>): Promise<T>;
}

/** How often the requests under way are looked at: none is told sooner, and none much later. */
const CHECKS_PER_DEADLINE = 100;

class Running implements Deadline {
  readonly dueMs: number;
  readonly end: (refusal: EdgeRefusal) => void;
  #controller: AbortController | undefined;

  constructor(dueMs: number, end: (refusal: EdgeRefusal) => void) {
    this.dueMs = dueMs;
    this.end = end;
  }

  // Made for those who ask: most work ends long before.
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  expire(): void {
    const detail =
      'The request took too long; it may still be done. ' +
      'Asked again with the same Idempotency-Key it is not done twice.';
    const refusal = new EdgeRefusal('deadline_exceeded', detail);
    this.#controller?.abort(refusal);
    this.end(refusal);
  }
}

// All have the same time, so they come to their end in the order in which they began, and one timer
// does for thousands.
export function openDeadlines(deadlineMs: number): Deadlines {
  const running = new Set<Running>();
  let timer: NodeJS.Timeout | undefined;

  const check = (): void => {
    const nowMs = performance.now();
    for (const one of running) {
      if (one.dueMs > nowMs) break;
      running.delete(one);
      one.expire();
    }
    if (running.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    within: (work) =>
      new Promise((resolve, reject) => {
        const one = new Running(performance.now() + deadlineMs, reject);
        const answering = work(one);
        running.add(one);
        timer ??= setInterval(check, deadlineMs / CHECKS_PER_DEADLINE).unref();
        answering.finally(() => running.delete(one)).then(resolve, reject);
      }),
  };
}
