// Owns group commit: requests that arrive together share one flush, and so one transaction. Every
// item gets its own answer; a lone client waits for nothing; what is queued is bounded, and an item
// is flushed at most once.
import { assert, Fault } from '#kernel';

export interface CoalescerOptions<Item, Answer> {
  /** Does the work of many items at once; one answer per item, in order. */
  readonly flush: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** The most items of one flush; only a single larger group exceeds it. */
  readonly itemsMax: number;
  /** Flushes that may run at once. */
  readonly inFlightMax: number;
  /** Items that may wait; beyond, `submit` throws the Fault `overloaded`. */
  readonly queuedMax: number;
  /**
   * How long items may gather, after an answer, until they are more than half of those that were
   * waiting or answered then: those clients are about to ask again. The other half gathers during
   * the flush, so that clients and database work at the same time. A client that is alone is all
   * there is to expect, and so never waits.
   */
  readonly lingerMs: number;
  /**
   * A flush in flight for this long no longer holds others back: it may be waiting for a lock that
   * theirs do not need.
   */
  readonly patienceMs: number;
  /** Told of each flush, for measurements. */
  readonly onFlush?: (flush: FlushFacts) => void;
}

export interface FlushFacts {
  readonly items: number;
  /** How long the first of the items had waited. */
  readonly waitedMs: number;
}

interface Waiting<Item, Answer> {
  readonly items: readonly Item[];
  readonly sinceMs: number;
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Coalescer<Item, Answer> {
  readonly #options: CoalescerOptions<Item, Answer>;
  #queue: Waiting<Item, Answer>[] = [];
  #queuedItems = 0;
  #inFlight = 0;
  #lastFlushMs = 0;
  // How many items to expect: those that waited at the last answer, and those just answered.
  #expected = 1;
  #lastEndMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = 0;
  #idle: (() => void)[] = [];

  constructor(options: CoalescerOptions<Item, Answer>) {
    assert(options.itemsMax > 0 && options.inFlightMax > 0, 'a coalescer must be able to flush');
    this.#options = options;
  }

  /** Items waiting for a flush. */
  get queued(): number {
    return this.#queuedItems;
  }

  /** Flushes running. */
  get inFlight(): number {
    return this.#inFlight;
  }

  async submit(item: Item): Promise<Answer> {
    const [answer] = await this.submitGroup([item]);
    return answer as Answer;
  }

  /** Items that stay together, next to each other and in order, in one flush. */
  submitGroup(items: readonly Item[]): Promise<readonly Answer[]> {
    if (items.length === 0) return Promise.resolve([]);
    if (this.#queuedItems + items.length > this.#options.queuedMax) {
      const message = 'Too many requests are waiting to be booked.';
      return Promise.reject(new Fault('overloaded', { retryable: true, message }));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ items, sinceMs: performance.now(), resolve, reject });
      this.#queuedItems += items.length;
      this.#consider();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  drain(): Promise<void> {
    if (this.#inFlight === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Starts a flush if now is the time, or sets the timer for when it will be. */
  #consider(): void {
    const { itemsMax, inFlightMax, lingerMs, patienceMs } = this.#options;
    while (this.#inFlight < inFlightMax) {
      const first = this.#queue[0];
      if (first === undefined) return;
      const isEnough = this.#queuedItems >= itemsMax;
      const isComplete = this.#inFlight === 0 && this.#queuedItems * 2 > this.#expected;
      // Whoever was answered a moment ago is about to ask again, so the wait begins at the answer.
      const dueMs =
        this.#inFlight === 0
          ? Math.max(first.sinceMs, this.#lastEndMs) + lingerMs
          : Math.max(first.sinceMs, this.#lastFlushMs + patienceMs);
      if (!isEnough && !isComplete && dueMs > performance.now()) {
        this.#wakeAt(dueMs);
        return;
      }
      this.#start();
    }
  }

  #wakeAt(dueMs: number): void {
    if (this.#timer !== undefined && this.#timerDueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#consider();
      },
      Math.max(0, dueMs - performance.now()),
    );
  }

  #start(): void {
    const taken = this.#take();
    const items = taken.length === 1 ? (taken[0]?.items ?? []) : taken.flatMap((one) => one.items);
    const startedMs = performance.now();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queuedItems -= items.length;
    this.#lastFlushMs = startedMs;
    this.#inFlight += 1;
    const waitedMs = startedMs - (taken[0]?.sinceMs ?? startedMs);
    this.#options.onFlush?.({ items: items.length, waitedMs });
    void this.#run(taken, items);
  }

  /** Whole groups from the head of the queue, up to the most items of a flush; at least one. */
  #take(): Waiting<Item, Answer>[] {
    let items = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && items + waiting.items.length > this.#options.itemsMax) break;
      items += waiting.items.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #run(taken: readonly Waiting<Item, Answer>[], items: readonly Item[]): Promise<void> {
    try {
      const answers = await this.#options.flush(items);
      assert(answers.length === items.length, 'a flush must answer each of its items');
      let at = 0;
      for (const { items: group, resolve } of taken) {
        resolve(answers.slice(at, at + group.length));
        at += group.length;
      }
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      this.#inFlight -= 1;
      this.#lastEndMs = performance.now();
      this.#expected = items.length + this.#queuedItems;
      this.#consider();
      if (this.#inFlight === 0 && this.#queue.length === 0) {
        for (const resolve of this.#idle.splice(0)) resolve();
      }
    }
  }
}
