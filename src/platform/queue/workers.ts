// The workers of one process: batches of messages are received, given to their handler, and
// completed or failed, each message for itself. While a handler is at work its leases are extended,
// and a process that dies gives its messages back by no longer doing so. One look at the database
// serves all queues that rest.

import { assert, Bug, Fault, type Clock } from '#kernel';
import type { Database } from '../database/port.ts';
import { rest, restBetweenLooks } from '../pace.ts';
import type { Counter, Logger, Metrics } from '../telemetry/port.ts';
import { selectReadyQueues } from './message-store.ts';
import type {
  Failed,
  FailureReason,
  HandlingResult,
  Queues,
  Receipt,
  Received,
  WorkerOptions,
  Workers,
} from './port.ts';

export interface WorkersOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly queues: Queues;
  readonly logger: Logger;
  readonly metrics?: Metrics | undefined;
}

const VISIBILITY_MS = 30_000;
/** Of the lease, after which it is extended: two extensions may fail before it is lost. */
const EXTENSION_SHARE = 3;
const FAILURE_PAUSE_FIRST_MS = 50;
const FAILURE_PAUSE_MAX_MS = 5_000;
/** After this the rest is asked about again: what is away may be back sooner than it said. */
const REST_MAX_MS = 1_000;

type Outcome = 'done' | 'again' | 'dead' | 'lost';

class Crew {
  readonly #outside: WorkersOptions;
  readonly #stopping = new AbortController();
  readonly #resting = new Map<string, (() => void)[]>();
  readonly #loops: Promise<void>[];
  readonly #messages: Counter<'queue' | 'outcome'> | undefined;

  constructor(outside: WorkersOptions, table: readonly WorkerOptions[]) {
    this.#outside = outside;
    this.#messages = outside.metrics?.counter({
      name: 'florin_queue_messages_total',
      help: 'Messages that workers of this process were given, by what became of them.',
      labels: ['queue', 'outcome'],
    });
    const members = table.flatMap((options) =>
      Array.from({ length: options.concurrency ?? 1 }, () => this.#work(options)),
    );
    this.#loops = [this.#look(), ...members];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const queue of this.#resting.keys()) while (this.#wake(queue));
    await Promise.all(this.#loops);
  }

  /** Wakes one worker of each queue that has something; a worker with plenty wakes another. */
  async #look(): Promise<void> {
    const { database, clock } = this.#outside;
    const { signal } = this.#stopping;
    await this.#repeat('queues', async () => {
      const lookedAtMs = performance.now();
      const resting = [...this.#resting].filter(([, members]) => members.length > 0);
      const queues = resting.map(([queue]) => queue);
      const ready =
        queues.length === 0 ? [] : await selectReadyQueues(database, queues, clock.now());
      for (const queue of ready) this.#wake(queue);
      await restBetweenLooks(signal, lookedAtMs);
    });
  }

  #wake(queue: string): boolean {
    const wake = this.#resting.get(queue)?.shift();
    wake?.();
    return wake !== undefined;
  }

  async #restUntilWoken(queue: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const members = this.#resting.get(queue);
    if (members === undefined) this.#resting.set(queue, [resolve]);
    else members.push(resolve);
    await promise;
  }

  async #work(options: WorkerOptions): Promise<void> {
    const { queue, batchMax = 1, visibilityMs = VISIBILITY_MS } = options;
    const { queues } = this.#outside;
    await this.#repeat(queue, async () => {
      const restMs = options.restMs?.() ?? 0;
      if (restMs > 0) {
        await rest(Math.min(restMs, REST_MAX_MS), this.#stopping.signal);
        return;
      }
      const received = await queues.receive(queue, { max: batchMax, visibilityMs });
      if (received.length === batchMax) this.#wake(queue);
      if (received.length > 0) await this.#handle(options, received);
      else if (!this.#stopping.signal.aborted) await this.#restUntilWoken(queue);
    });
  }

  async #handle(options: WorkerOptions, received: readonly Received[]): Promise<void> {
    const { queue, visibilityMs = VISIBILITY_MS } = options;
    const lost = new AbortController();
    const settled = new Set<Receipt>();
    const extending = setInterval(() => {
      const receipts = received.map(({ receipt }) => receipt).filter((each) => !settled.has(each));
      void this.#extend(queue, receipts, visibilityMs).then((isLost) => {
        if (isLost) lost.abort();
      });
    }, visibilityMs / EXTENSION_SHARE);
    try {
      const results = await this.#resultsOf(options, received, lost.signal);
      for (const { receipt } of received) settled.add(receipt);
      await this.#settle(queue, received, results);
    } finally {
      clearInterval(extending);
    }
  }

  /** Whether a lease is lost for sure; one that could not be extended now may be the next time. */
  async #extend(
    queue: string,
    receipts: readonly Receipt[],
    visibilityMs: number,
  ): Promise<boolean> {
    const { queues, logger } = this.#outside;
    try {
      const extended = await queues.extend(queue, receipts, visibilityMs);
      return extended.includes('lost');
    } catch (error) {
      logger.warn('lease not extended', { queue, error });
      return false;
    }
  }

  async #resultsOf(
    { queue, handler }: WorkerOptions,
    received: readonly Received[],
    signal: AbortSignal,
  ): Promise<readonly HandlingResult[]> {
    try {
      const results = (await handler(received, signal)) ?? received.map(() => undefined);
      assert(results.length === received.length, 'a handler has one result for each message');
      return results;
    } catch (error) {
      const [first] = received;
      // One of them may be at fault: each is tried by itself, so that the others do not suffer.
      if (received.length > 1 || first === undefined) {
        const results: HandlingResult[] = [];
        for (const each of received) {
          results.push(...(await this.#resultsOf({ queue, handler }, [each], signal)));
        }
        return results;
      }
      const { id: message, attempt, traceId } = first;
      this.#outside.logger.warn('message failed', { queue, message, attempt, traceId, error });
      return [reasonOf(error)];
    }
  }

  async #settle(
    queue: string,
    received: readonly Received[],
    results: readonly HandlingResult[],
  ): Promise<void> {
    const { queues } = this.#outside;
    const done: Receipt[] = [];
    const failed: Failed[] = [];
    for (const [index, { receipt }] of received.entries()) {
      const reason = results[index];
      if (reason === undefined) done.push(receipt);
      else failed.push({ ...reason, receipt });
    }
    const outcomes: Outcome[] = [];
    if (done.length > 0) outcomes.push(...(await queues.complete(queue, done)));
    if (failed.length > 0) outcomes.push(...(await queues.fail(queue, failed)));
    for (const [outcome, { length }] of Map.groupBy(outcomes, (each) => each)) {
      this.#messages?.add(length, { queue, outcome });
    }
  }

  /** Until stopped. The log has the first failure in a row and its end. */
  async #repeat(name: string, run: () => Promise<void>): Promise<void> {
    const { logger } = this.#outside;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await run();
        if (failures > 0) logger.info('worker works again', { queue: name, failures });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn('worker failed', { queue: name, error });
        else logger.debug('worker failed again', { queue: name, failures, error });
        const pauseMs = FAILURE_PAUSE_FIRST_MS * 2 ** Math.min(failures, 16);
        await rest(Math.min(pauseMs, FAILURE_PAUSE_MAX_MS), signal);
      }
    }
  }
}

/** What may be read by people: of an error that is not ours, no more than what kind it is. */
function reasonOf(error: unknown): FailureReason {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  if (error instanceof Bug) return { code: 'handler_bug', message: error.message };
  const kind = error instanceof Error ? error.name : typeof error;
  return { code: 'handler_failed', message: `The handler failed with ${kind}.` };
}

/** TABLE of workers: which queue is handled how. Serves them until stopped. */
export function openWorkers(outside: WorkersOptions, table: readonly WorkerOptions[]): Workers {
  return new Crew(outside, table);
}
