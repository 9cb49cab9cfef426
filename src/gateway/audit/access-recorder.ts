// Owns the way of access into the audit log: denied requests are gathered and written soon, because
// nobody waits for them and a flood of them must cost little; the reading of customers' data is
// written before the answer leaves, many readings in one transaction.
import { auditActions, record } from '#audit';
import type { AuditRecord } from '#audit';
import { Fault, formatInstant } from '#kernel';
import type { Clock, Instant } from '#kernel';
import type { Database, Logger, TransactionContext } from '#platform';
import type { Denial } from '../answers/denial.ts';
import type { Disclosure } from '../answers/disclosure.ts';
import type { Coalescer } from '../coalesce.ts';
import { gather, type GatherLimits, type Gathering } from '../gather.ts';

export interface AccessRecorderLimits extends GatherLimits {
  readonly accessDenialsQueuedMax: number;
  readonly accessDenialsDelayMs: number;
}

export interface AccessRecorderOptions extends Gathering {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: AccessRecorderLimits;
}

export interface AccessRecorder {
  onDenied(this: void, denial: Denial): void;
  onDisclosed(this: void, disclosure: Disclosure): Promise<void>;
  /** Writes what waits; to be called when the gateway is closed and the database is not. */
  close(): Promise<void>;
}

export function openAccessRecorder(options: AccessRecorderOptions): AccessRecorder {
  const denials = new DenialQueue(options);
  const disclosures = openDisclosures(options);
  return {
    onDenied: (denial) => {
      denials.add(denial);
    },
    async onDisclosed(disclosure) {
      await disclosures.submit(disclosure);
    },
    async close() {
      await disclosures.drain();
      await denials.close();
    },
  };
}

function contextOf(clock: Clock): TransactionContext {
  const name = { actor: 'florin', correlationId: 'access-recorder' };
  return { now: clock.now(), clockOffsetUs: clock.offsetUs, ...name };
}

function openDisclosures(options: AccessRecorderOptions): Coalescer<Disclosure, undefined> {
  const { database, clock } = options;
  return gather<Disclosure, undefined>(options, 'disclosure', async (items) => {
    await database.statement(contextOf(clock), (tx) => record(tx, items.map(disclosed)));
    return items.map(() => undefined);
  });
}

function disclosed({ caller, operationId, target, outcome, reason }: Disclosure): AuditRecord {
  const action = auditActions['gateway.resource.read'];
  return { action, target, outcome, reason, after: { operation: operationId }, caller };
}

const FIRST_RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

interface LeftOut {
  readonly count: number;
  readonly since: Instant;
  readonly until: Instant;
}

// What cannot be written now is tried again; beyond the limit the newest are counted and left out,
// because the first of an attack tell more of it than the thousandth.
class DenialQueue {
  readonly #options: AccessRecorderOptions;
  readonly #count: (code: string) => void;
  readonly #queue: Denial[] = [];
  #leftOut: LeftOut | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #writing: Promise<void> | undefined;

  constructor(options: AccessRecorderOptions) {
    this.#options = options;
    const counter = options.metrics.counter({
      name: 'florin_access_denied_total',
      help: 'Requests that their caller may not make.',
      labels: ['code'],
    });
    this.#count = (code) => {
      counter.add(1, { code });
    };
  }

  add(denial: Denial): void {
    const { accessDenialsQueuedMax, accessDenialsDelayMs } = this.#options.limits;
    this.#count(denial.code);
    if (this.#queue.length >= accessDenialsQueuedMax) this.#leaveOut([denial]);
    else this.#queue.push(denial);
    this.#wakeIn(accessDenialsDelayMs);
  }

  async close(): Promise<void> {
    await this.#writing;
    clearTimeout(this.#timer);
    await this.#write();
  }

  #leaveOut(denials: readonly Denial[]): void {
    for (const { at } of denials) {
      const { count, since } = this.#leftOut ?? { count: 0, since: at };
      this.#leftOut = { count: count + 1, since, until: at };
    }
  }

  #wakeIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write().then(() => {
        this.#writing = undefined;
        if (this.#queue.length > 0 || this.#leftOut !== undefined) this.#wakeIn(this.#retryMs);
      });
    }, delayMs);
    this.#timer.unref();
  }

  // Never throws. What could not be written stays, and is written twice where only the answer to
  // the commit was lost; but what the log can never take must not hold back the others.
  async #write(): Promise<void> {
    const { database, clock, logger, limits } = this.#options;
    const denials = [...this.#queue];
    const leftOut = this.#leftOut;
    if (denials.length === 0 && leftOut === undefined) return;
    const records = [...denials.map(denied), ...(leftOut === undefined ? [] : [omitted(leftOut)])];
    try {
      await database.transaction(contextOf(clock), (tx) => record(tx, records));
      this.#queue.splice(0, denials.length);
      this.#leftOut = newer(leftOut, this.#leftOut);
      this.#retryMs = limits.accessDenialsDelayMs;
    } catch (error) {
      logger.error('denied requests could not be recorded', { count: denials.length, error });
      this.#retryMs = Math.min(Math.max(FIRST_RETRY_MS, this.#retryMs * 2), RETRY_MS_MAX);
      if (!(error instanceof Fault)) this.#leaveOut(this.#queue.splice(0, denials.length));
    }
  }
}

/** What was left out after the first of two counts. */
function newer(before: LeftOut | undefined, now: LeftOut | undefined): LeftOut | undefined {
  if (before === undefined || now === undefined) return now;
  const count = now.count - before.count;
  return count === 0 ? undefined : { count, since: before.until, until: now.until };
}

function denied({ caller, code, method, path, at }: Denial): AuditRecord {
  return {
    action: auditActions['gateway.access.denied'],
    target: path,
    outcome: 'denied',
    reason: code,
    after: { denied_at: formatInstant(at), method },
    caller,
  };
}

function omitted({ count, since, until }: LeftOut): AuditRecord {
  return {
    action: auditActions['gateway.access.denied'],
    target: 'gateway',
    outcome: 'denied',
    reason: 'too_many',
    after: { left_out: count, since: formatInstant(since), until: formatInstant(until) },
  };
}
