// Owns how many requests to one dependency run and wait at once, so that a slow one takes a part of
// the server and never all of it. Whoever waits goes in order; whoever gives up leaves the queue.
import { Fault } from '#kernel';

export class Bulkhead {
  readonly #inFlightMax: number;
  readonly #queuedMax: number;
  readonly #queue = new Set<() => void>();
  #inFlight = 0;

  constructor(limits: { readonly inFlightMax: number; readonly queuedMax: number }) {
    this.#inFlightMax = limits.inFlightMax;
    this.#queuedMax = limits.queuedMax;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when there is room, with what gives it back. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(reasonOf(signal));
    if (this.#inFlight < this.#inFlightMax) return Promise.resolve(this.#take());
    if (this.#queue.size >= this.#queuedMax) {
      const message = 'Too many requests to a system outside are waiting.';
      return Promise.reject(new Fault('outbound_busy', { retryable: true, message }));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue.delete(proceed);
        reject(reasonOf(signal));
      };
      const proceed = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(this.#take());
      };
      this.#queue.add(proceed);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #take(): () => void {
    this.#inFlight += 1;
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      this.#inFlight -= 1;
      const [next] = this.#queue;
      if (next === undefined) return;
      this.#queue.delete(next);
      next();
    };
  }
}

export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
