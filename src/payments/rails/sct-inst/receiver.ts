// The loop that takes messages from the rail: collected with a wait, some taken in one transaction,
// and acknowledged when that is durable. What cannot be read is acknowledged too, and logged: it
// would never become readable.

import { setTimeout as pause } from 'node:timers/promises';
import { limits } from '#config';
import { Fault, type Clock } from '#kernel';
import { withLedger } from '#ledger';
import type { Database, Logger } from '#platform';
import type { RailMessage } from '../../iso20022/messages/message.ts';
import { readRailMessage } from '../../iso20022/messages/read.ts';
import type { PaymentScreener } from '../../screening.ts';
import type { Delivery, RailConnection } from '../port.ts';
import { takeMessage } from './incoming.ts';

export interface ReceiverOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly connection: RailConnection;
  readonly logger: Logger;
  readonly screener: PaymentScreener;
  /** Whose payments the rail carries. */
  readonly tenant: string;
}

export interface Receiver {
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

const FAILURE_PAUSE_FIRST_MS = 100;
const FAILURE_PAUSE_MAX_MS = 5_000;
const TOGETHER_MAX = 50;

export function openReceiver(options: ReceiverOptions): Receiver {
  const stopping = new AbortController();
  const loop = receive(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

async function receive(options: ReceiverOptions, signal: AbortSignal): Promise<void> {
  const { connection, logger } = options;
  let pauseMs = FAILURE_PAUSE_FIRST_MS;
  while (!signal.aborted) {
    try {
      const deliveries = await connection.collect({
        countMax: limits.railMessagesMax.value,
        waitMs: limits.railWaitMs.value,
        signal,
      });
      await takeAll(options, deliveries);
      pauseMs = FAILURE_PAUSE_FIRST_MS;
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof Fault ? error.code : 'bug';
      logger.warn('a rail could not be read', { rail: connection.name, code, error });
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(FAILURE_PAUSE_MAX_MS, pauseMs * 2);
    }
  }
}

/** Takes messages in their order and acknowledges those that were taken. */
export async function takeAll(
  options: ReceiverOptions,
  deliveries: readonly Delivery[],
): Promise<void> {
  const { connection, logger } = options;
  const done: string[] = [];
  const failures: unknown[] = [];
  const readable: Readable[] = [];
  for (const { id, text } of deliveries) {
    const read = readRailMessage(text);
    if (read.isRead) {
      readable.push({ id, message: read.message });
      continue;
    }
    const rules = read.faults.map(({ rule }) => rule);
    logger.warn('a rail sent what cannot be read', { rail: connection.name, rules });
    done.push(id);
  }
  for (let from = 0; from < readable.length; from += TOGETHER_MAX) {
    const some = readable.slice(from, from + TOGETHER_MAX);
    failures.push(...(await takeSome(options, some, done)));
  }
  await connection.acknowledge(done);
  const [first] = failures;
  if (first instanceof Error) throw first;
}

interface Readable {
  readonly id: string;
  readonly message: RailMessage;
}

/** In one transaction; where that fails each in its own, so that none waits for its neighbours. */
async function takeSome(
  options: ReceiverOptions,
  some: readonly Readable[],
  done: string[],
): Promise<readonly unknown[]> {
  const { database, clock, tenant, screener } = options;
  const [first] = some;
  const correlationId = `rail-${first?.id ?? ''}`;
  const context = { now: clock.now(), actor: 'rail:sct_inst', correlationId, tenant };
  try {
    await withLedger(database, context, async (tx) => {
      for (const { message } of some) await takeMessage(tx, message, screener);
    });
    done.push(...some.map(({ id }) => id));
    return [];
  } catch (error) {
    // What cannot be taken comes again.
    if (some.length === 1) return [error];
  }
  const failures: unknown[] = [];
  for (const each of some) failures.push(...(await takeSome(options, [each], done)));
  return failures;
}
