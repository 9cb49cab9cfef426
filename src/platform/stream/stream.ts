// The stream of one process: events that have committed are put in order, and each subscription is
// served by whichever process comes first. A handler that fails is tried again, more and more
// slowly and with fewer events at a time, and holds back only its own subscription.

import { assert, type Clock } from '#kernel';
import type { Database, TransactionContext } from '../database/port.ts';
import { noteWork, rest, restBetweenLooks } from '../pace.ts';
import type { Logger } from '../telemetry/port.ts';
import { consumeNext } from './consume.ts';
import { insertConsumer, selectConsumers } from './consumer-store.ts';
import { headPosition, isAnyWaiting, sequenceEvents } from './event-store.ts';
import type { Consumer, Subscription } from './port.ts';

export interface StreamOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

const BUNDLES_MAX = 2_000;
const EVENTS_MAX = 500;
const FAILURE_PAUSE_FIRST_MS = 50;
const FAILURE_PAUSE_MAX_MS = 10_000;
/** How long to leave a consumer to another process before asking again. */
const ELSEWHERE_PAUSE_MS = 250;
const SETTLE_PAUSE_MS = 2;
/** How often it is looked whether enough has gathered. */
const GATHERING_PAUSE_MS = 20;
/** How often an idle consumer looks whether it was moved, for a replay. */
const LOOK_AGAIN_MS = 1_000;
const NAME = /^[a-z][a-z0-9-]{0,63}$/;

export interface Stream {
  /**
   * Serves a subscription from where it was left; a new one from the first event that is kept, or
   * from now on.
   */
  consume(subscription: Subscription, from?: 'first' | 'now'): Promise<Consumer>;
  /** Resolves when everything that had committed before is in order and handled here. */
  settle(): Promise<void>;
  /** Ends after the events under way. */
  stop(): Promise<void>;
}

interface Serving {
  readonly subscription: Subscription;
  readonly stopping: AbortController;
  readonly loop: Promise<void>;
  position: bigint;
}

class DatabaseStream implements Stream {
  readonly #options: StreamOptions;
  readonly #stopping = new AbortController();
  readonly #serving = new Set<Serving>();
  readonly #loop: Promise<void>;
  /** The last position that an event has, as far as is known here. */
  #head = 0n;
  /** How many wait for everything to be handled: nothing gathers meanwhile. */
  #settling = 0;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#loop = this.#sequence();
  }

  async consume(subscription: Subscription, from: 'first' | 'now' = 'first'): Promise<Consumer> {
    const { name } = subscription;
    assert(NAME.test(name), 'a consumer is named by small letters, digits and hyphens');
    const { database, clock } = this.#options;
    const position = from === 'now' ? await headPosition(database) : 0n;
    await insertConsumer(database, { name, position }, clock.now());
    const stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, this.#stopping.signal]);
    const serving: Serving = {
      subscription,
      stopping,
      position: -1n,
      loop: Promise.resolve().then(() => this.#serve(serving, signal)),
    };
    this.#serving.add(serving);
    return {
      stop: async () => {
        stopping.abort();
        await serving.loop;
        this.#serving.delete(serving);
      },
    };
  }

  async settle(): Promise<void> {
    this.#settling += 1;
    try {
      await this.#settle();
    } finally {
      this.#settling -= 1;
    }
  }

  async #settle(): Promise<void> {
    const { database } = this.#options;
    // What another puts in order just now still waits, as long as it has not committed.
    while (await isAnyWaiting(database)) {
      await sequenceEvents(database, BUNDLES_MAX);
      await rest(SETTLE_PAUSE_MS, this.#stopping.signal);
    }
    const head = await headPosition(database);
    const names = new Set([...this.#serving].map(({ subscription }) => subscription.name));
    while (!this.#stopping.signal.aborted) {
      const progress = await selectConsumers(database);
      if (progress.every(({ name, position }) => !names.has(name) || position >= head)) return;
      await rest(SETTLE_PAUSE_MS, this.#stopping.signal);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#loop, ...[...this.#serving].map(({ loop }) => loop)]);
  }

  async #sequence(): Promise<void> {
    const { signal } = this.#stopping;
    await this.#repeat('stream', signal, async () => {
      const lookedAtMs = performance.now();
      const head = await sequenceEvents(this.#options.database, BUNDLES_MAX);
      if (head > this.#head) noteWork();
      this.#head = head;
      await restBetweenLooks(signal, lookedAtMs);
    });
  }

  async #serve(serving: Serving, signal: AbortSignal): Promise<void> {
    const { subscription } = serving;
    const { gatherMs = 0 } = subscription;
    const { database } = this.#options;
    let eventsMax = EVENTS_MAX;
    let steppedAtMs = Number.NEGATIVE_INFINITY;
    let movedAtMs = Number.NEGATIVE_INFINITY;
    await this.#repeat(subscription.name, signal, async (failures) => {
      const isIdle = serving.position >= this.#head;
      const nowMs = performance.now();
      // What is far behind has gathered enough.
      const isFar = this.#head - serving.position >= BigInt(EVENTS_MAX);
      const isGathering = nowMs - movedAtMs < gatherMs && !isFar && this.#settling === 0;
      if (isGathering) {
        await rest(Math.min(gatherMs, GATHERING_PAUSE_MS), signal);
        return;
      }
      if (isIdle && nowMs - steppedAtMs < LOOK_AGAIN_MS) {
        await restBetweenLooks(signal);
        return;
      }
      steppedAtMs = nowMs;
      // After a failure one at a time, so that those before the one at fault are done with.
      eventsMax = failures > 0 ? 1 : Math.min(EVENTS_MAX, eventsMax * 2);
      const asked = { subscription, eventsMax };
      const step = await consumeNext(database, this.#context(subscription.name), asked);
      if (step === undefined) {
        await rest(ELSEWHERE_PAUSE_MS, signal);
        return;
      }
      // At first it only learns where it stands.
      const isMoved = serving.position >= 0n && step.position > serving.position;
      if (isMoved || step.handled > 0) movedAtMs = nowMs;
      serving.position = step.position;
    });
  }

  /** Until stopped. The log has the first failure in a row and its end. */
  async #repeat(
    name: string,
    signal: AbortSignal,
    run: (failures: number) => Promise<void>,
  ): Promise<void> {
    const { logger } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await run(failures);
        if (failures > 0) logger.info('consumer works again', { consumer: name, failures });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) logger.warn('consumer failed', { consumer: name, error });
        else logger.debug('consumer failed again', { consumer: name, failures, error });
        const pauseMs = FAILURE_PAUSE_FIRST_MS * 2 ** Math.min(failures, 16);
        await rest(Math.min(pauseMs, FAILURE_PAUSE_MAX_MS), signal);
      }
    }
  }

  #context(name: string): TransactionContext {
    const { clock } = this.#options;
    const { offsetUs: clockOffsetUs } = clock;
    return { now: clock.now(), clockOffsetUs, actor: 'florin', correlationId: `consumer-${name}` };
  }
}

/** Puts events in order from now on, and serves the subscriptions that it is given. */
export function openStream(options: StreamOptions): Stream {
  return new DatabaseStream(options);
}
