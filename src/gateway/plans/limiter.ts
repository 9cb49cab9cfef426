// Owns whether a customer may ask once more. Requests that arrive together are decided together by
// the database, whose state and clock all processes share, so that any number of processes admits
// what one would. Out of its reach reads get a share of the limit, and all else is refused.

import { assert, Fault, type Clock } from '#kernel';
import type { Database, Logger, Metrics } from '#platform';
import { Coalescer } from '../coalesce.ts';
import { measureCoalescer } from '../server/measurements.ts';
import { EdgeRefusal } from '../problems.ts';
import { admissionOf, type Admission } from './admission.ts';
import { decideTogether, settleDebts, type Question } from './deciding/batch.ts';
import type { LimitDecision } from './deciding/decide.ts';
import { databaseTime, KnownCustomers, type LimitTime } from './deciding/known.ts';
import type { Customer } from './limit-store.ts';
import { BURST_MAX, type Measures } from './plan.ts';
import { PlanBook } from './deciding/plan-book.ts';
import { Share } from './deciding/share.ts';

export interface LimiterLimits {
  readonly limitDecisionsMax: number;
  readonly limitDecisionsInFlightMax: number;
  readonly limitDecisionsQueuedMax: number;
  readonly limitDecisionsLingerMs: number;
  readonly groupCommitPatienceMs: number;
  readonly limitWaitMaxMs: number;
  readonly limitProbeMs: number;
  readonly limitKnownMaxMs: number;
  readonly limitCustomersKeptMax: number;
}

export interface LimiterOptions {
  readonly database: Database;
  /** For decisions out of the database's reach only. */
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits: LimiterLimits;
  /** How many server processes there are, this one too. */
  readonly processes: () => number;
  /** Told when a decision made quota facts, so that they are told soon. Must not throw. */
  readonly onFacts?: (() => void) | undefined;
  /** The database's unless a recorded trace is decided again. */
  readonly time?: LimitTime | undefined;
}

export interface Ask {
  /** What it needs; without the shared state only reading is admitted. */
  readonly permission: string;
  /** For how many requests it counts; one unless given. */
  readonly cost?: number | undefined;
}

export interface PlanLimiter {
  /**
   * Whether the customer may ask. Throws the refusal `limits_unavailable` where nobody can say, and
   * the Fault `overloaded` where too many wait to hear.
   */
  limit(customer: Customer, ask: Ask): Promise<Admission>;
  /** To be told when a customer was put under another plan. */
  forget(customer: Customer): void;
  /** To be told when a plan was changed. */
  forgetAll(): void;
  /** Waits for what is being decided, and stops asking whether the database is back. */
  close(): Promise<void>;
}

export function openPlanLimiter(options: LimiterOptions): PlanLimiter {
  return new SharedLimiter(options);
}

class SharedLimiter implements PlanLimiter {
  readonly #options: LimiterOptions;
  readonly #time: LimitTime;
  readonly #known: KnownCustomers;
  readonly #plans: PlanBook;
  readonly #share: Share;
  readonly #coalescer: Coalescer<Question, Admission>;
  readonly #count: (admissions: readonly Admission[]) => void;
  #probe: NodeJS.Timeout | undefined;
  #isDown = false;
  #isClosed = false;

  constructor(options: LimiterOptions) {
    const { limits, metrics, time = databaseTime } = options;
    const customersMax = limits.limitCustomersKeptMax;
    this.#options = options;
    this.#time = time;
    this.#known = new KnownCustomers({ customersMax, knownMaxMs: limits.limitKnownMaxMs, time });
    this.#plans = new PlanBook(options.database);
    this.#share = new Share({ customersMax });
    this.#count = openCounters(metrics, () => this.#isDown);
    const { onFlush } = measureCoalescer(metrics, 'limits', () => this.#coalescer);
    this.#coalescer = new Coalescer({
      itemsMax: limits.limitDecisionsMax,
      inFlightMax: limits.limitDecisionsInFlightMax,
      queuedMax: limits.limitDecisionsQueuedMax,
      lingerMs: limits.limitDecisionsLingerMs,
      patienceMs: limits.groupCommitPatienceMs,
      onFlush,
      flush: (questions) => this.#decide(questions),
    });
  }

  // Without async functions on the way: it is gone for every request.
  limit(customer: Customer, { permission, cost = 1 }: Ask): Promise<Admission> {
    assert(cost > 0 && cost <= BURST_MAX, 'a request counts for no more than any plan grants');
    const question = { customer: this.#known.of(customer), cost };
    const refused = this.#refuseKnown(question);
    if (refused !== undefined) {
      this.#count([refused]);
      return Promise.resolve(refused);
    }
    if (this.#isDown) return this.#admitShare(question, permission);
    return this.#coalescer.submitGroup([question]).then(
      ([admission]) => admission as Admission,
      (error: unknown) => {
        this.#fail(error);
        return this.#admitShare(question, permission);
      },
    );
  }

  forget(customer: Customer): void {
    this.#known.forget(customer);
  }

  forgetAll(): void {
    this.#known.forgetAll();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probe);
    await this.#coalescer.drain();
  }

  #refuseKnown({ customer, cost }: Question): Admission | undefined {
    const decision = this.#known.refusal(customer, cost);
    const { latest } = customer;
    if (decision === undefined || latest === undefined) return undefined;
    const basis = { by: 'known', turn: latest.turn, atUs: decision.state.atUs } as const;
    return admissionOf(decision, latest.measures, basis);
  }

  async #decide(questions: readonly Question[]): Promise<readonly Admission[]> {
    const { database, clock, limits, onFacts } = this.#options;
    const deciding = decideTogether(questions, {
      database,
      clock,
      plans: this.#plans,
      known: this.#known,
      time: this.#time,
    });
    const { admissions, facts } = await within(limits.limitWaitMaxMs, deciding);
    if (facts > 0) onFacts?.();
    this.#count(admissions);
    return admissions;
  }

  async #admitShare({ customer, cost }: Question, permission: string): Promise<Admission> {
    const share = isReading(permission) ? this.#decideShare({ customer, cost }) : undefined;
    if (share === undefined) {
      const detail = 'The limits cannot be checked at the moment; ask again shortly.';
      throw new EdgeRefusal('limits_unavailable', detail);
    }
    const { decision, measures } = share;
    const turn = customer.latest?.turn ?? 0;
    const basis = { by: 'share', turn, atUs: decision.state.atUs } as const;
    const admission = admissionOf(decision, measures, basis);
    this.#count([admission]);
    return admission;
  }

  #decideShare({
    customer,
    cost,
  }: Question): { decision: LimitDecision; measures: Measures } | undefined {
    const atUs = this.#time.given() ?? this.#options.clock.now();
    const processes = Math.max(1, this.#options.processes());
    return this.#share.decide(customer, { cost, atUs, processes });
  }

  /** Throws what says nothing of the shared state. */
  #fail(error: unknown): void {
    if (!(error instanceof Fault) || error.code === 'overloaded') throw error;
    if (this.#isDown || this.#isClosed) return;
    this.#isDown = true;
    this.#options.logger.error('the shared limits cannot be reached', { error });
    this.#probeLater();
  }

  #probeLater(): void {
    this.#probe = setTimeout(() => void this.#tryAgain(), this.#options.limits.limitProbeMs);
    this.#probe.unref();
  }

  // What was admitted meanwhile is counted first; then the shared state decides again. Where the
  // answer to that was lost it is counted twice, because too little is better than too much.
  async #tryAgain(): Promise<void> {
    const { limits, logger } = this.#options;
    const debts = this.#share.takeDebts();
    try {
      await within(limits.limitWaitMaxMs, settleDebts(debts, this.#options));
    } catch (error) {
      this.#share.giveBack(debts);
      if (!(error instanceof Fault)) logger.error('limits could not be counted', { error });
      if (!this.#isClosed) this.#probeLater();
      return;
    }
    this.#isDown = false;
    this.#share.end();
    this.#known.forgetAll();
    logger.info('the shared limits decide again', { customers: debts.length });
  }
}

/** Permissions to read end so; every other may move money or change what money does. */
function isReading(permission: string): boolean {
  return permission.endsWith('.read');
}

/** What is being decided may still be decided later: the caller then has paid for nothing. */
async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = 'The limits were not decided in time.';
    reject(new Fault('limits_unavailable', { retryable: true, message }));
  }, timeoutMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function openCounters(
  metrics: Metrics,
  isDown: () => boolean,
): (admissions: readonly Admission[]) => void {
  const counter = metrics.counter({
    name: 'florin_limit_decisions_total',
    help: 'Requests of known callers, by whether they were within their limits.',
    labels: ['outcome', 'decided_by'],
  });
  metrics.gauge(
    { name: 'florin_limits_unreachable', help: '1 while the shared limits cannot be reached.' },
    () => (isDown() ? 1 : 0),
  );
  // Those that are counted together were decided in the same way.
  return (admissions) => {
    const [first] = admissions;
    if (first === undefined) return;
    const admitted = admissions.filter(({ isAdmitted }) => isAdmitted).length;
    const refused = admissions.length - admitted;
    const { by: decidedBy } = first.basis;
    if (admitted > 0) counter.add(admitted, { outcome: 'admitted', decided_by: decidedBy });
    if (refused > 0) counter.add(refused, { outcome: 'refused', decided_by: decidedBy });
  };
}
