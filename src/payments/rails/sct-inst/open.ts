// Puts SEPA Instant together: what is told through the queue, what is taken from the rail, and the
// enquiries about what it does not answer.

import type { Clock } from '#kernel';
import type { Database, Logger, TransactionContext, WorkerOptions } from '#platform';
import { limits } from '#config';
import { queueOf } from '../../facts.ts';
import type { PaymentScreener } from '../../screening.ts';
import type { RailConnection } from '../port.ts';
import { enquireOverdue } from './enquiries.ts';
import { tellRail } from './outgoing.ts';
import { openReceiver, type Receiver } from './receiver.ts';

export interface SctInstOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connection: RailConnection;
  /** Judges what comes in. */
  readonly screener: PaymentScreener;
  /** BIC of this bank. */
  readonly own: string;
  /** Whose payments the rail carries. */
  readonly tenant: string;
}

export interface SctInst {
  /** A row of the table of workers. */
  readonly worker: WorkerOptions;
  /** A row of the table of schedules. */
  readonly schedule: {
    readonly name: string;
    readonly everyMs: number;
    run(context: TransactionContext): Promise<unknown>;
  };
  /** Begins to take what comes. */
  receive(): Receiver;
}

const CONCURRENCY = 2;
const ENQUIRE_EVERY_MS = 500;

export function openSctInst(options: SctInstOptions): SctInst {
  const { database } = options;
  return {
    worker: {
      queue: queueOf.sct_inst,
      handler: tellRail(options),
      concurrency: CONCURRENCY,
      batchMax: limits.railMessagesMax.value,
      restMs: () => options.connection.restMs(),
    },
    schedule: {
      name: 'enquire-sct-inst',
      everyMs: ENQUIRE_EVERY_MS,
      run: (context) => enquireOverdue(database, context),
    },
    receive: () => openReceiver(options),
  };
}
