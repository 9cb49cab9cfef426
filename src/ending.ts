// When the process ends: asked to by a signal, or because it cannot go on. The first request ends
// it in order; a second one does not wait.

import type { Fault } from '#kernel';

export interface Ending {
  /** Aborted from the first request on; its reason is that of `reached`. */
  readonly signal: AbortSignal;
  /** Resolves when somebody asked; rejects with the Fault of `fail`. */
  readonly reached: Promise<void>;
  fail(fault: Fault): void;
  /** Listens to signals no more. */
  close(): void;
}

export interface EndingListeners {
  readonly onAsked: () => void;
  readonly onAskedAgain: () => void;
}

/** Ctrl-C, a stop by the system, and a closed terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal to a whole process group reaches us twice: a second one so soon is an echo. */
const ECHO_MS = 1_000;

export function listenForEnding({ onAsked, onAskedAgain }: EndingListeners): Ending {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // It may be rejected before anybody waits for it, which must not count as unhandled.
  promise.catch(() => undefined);
  let askedAtMs = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - askedAtMs > ECHO_MS) onAskedAgain();
      return;
    }
    askedAtMs = performance.now();
    onAsked();
    controller.abort();
    resolve();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    reached: promise,
    fail: (fault) => {
      controller.abort(fault);
      reject(fault);
    },
    close: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
