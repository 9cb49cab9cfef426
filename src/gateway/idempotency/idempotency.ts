// Owns what a repeated request is answered: every unsafe one has a key, is claimed before its
// handler runs, and is done once; whoever asks again gets the first answer, byte for byte. What
// failed without an effect is given up, so that asking again does it.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '#kernel';
import type { Uuid } from '#kernel';
import type { Counter, Database, Logger } from '#platform';
import type { Coalescer } from '../coalesce.ts';
import { gather, type GatherLimits, type Gathering } from '../gather.ts';
import { EdgeRefusal } from '../problems.ts';
import type { ProblemBook } from '../problems.ts';
import { isRefused } from '../routes.ts';
import type { Claim, EdgeRequest, KeptAnswer, Outcome, Route } from '../routes.ts';
import { fingerprintOf } from './fingerprint.ts';
import { claimRequests, finishRequests, releaseRequest } from './idempotency-store.ts';
import type { Asked, Held } from './idempotency-store.ts';
import { keyOf, readKey } from './key.ts';
import { replayOf, settle } from './kept-answer.ts';
import { ClaimLost } from './transact.ts';

/** As the table of limits names them. */
export interface IdempotencyLimits extends GatherLimits {
  readonly idempotencyLeaseMs: number;
  readonly idempotencyKeptMs: number;
}

export interface IdempotencyOptions extends Gathering {
  readonly database: Database;
  readonly logger: Logger;
  readonly limits: IdempotencyLimits;
}

type Handler = (request: EdgeRequest) => Promise<Outcome>;

export interface AnswerForms {
  readonly book: ProblemBook;
  /** An outcome without what may not leave. */
  readonly allow: (outcome: Outcome) => Outcome;
}

export interface Idempotency {
  /** The handler, asked once for each key. */
  bind(route: Route, handler: Handler, answers: AnswerForms): Handler;
}

/** How long an answer waits for its failed claim to be given up; the lease ends it otherwise. */
const RELEASE_PATIENCE_MS = 500;
const RETRY_AFTER_S = '1';

/** Whether a route's requests are told apart by a key: unsafe ones of known callers are. */
export function isKeyed({ method, permission, operation }: Route): boolean {
  return method !== 'GET' && permission !== 'public' && operation.isIdempotentByNature !== true;
}

interface Found extends Held {
  /** Whether it was claimed for the one who asked. */
  readonly isOurs: boolean;
}

class RequestClaim implements Claim {
  readonly key: string;
  readonly owner: Uuid;
  /** What the handler's transaction kept, if it kept anything. */
  kept: Outcome | undefined;
  readonly #settle: Claim['settle'];

  constructor({ key, owner }: Held, settleOutcome: Claim['settle']) {
    this.key = key;
    this.owner = owner;
    this.#settle = settleOutcome;
  }

  settle(outcome: Outcome): { readonly outcome: Outcome; readonly answer?: KeptAnswer } {
    const settled = this.#settle(outcome);
    this.kept = settled.answer === undefined ? undefined : settled.outcome;
    return settled;
  }
}

class KeyedRequests implements Idempotency {
  readonly #options: IdempotencyOptions;
  readonly #claims: Coalescer<Asked, Found>;
  /** Operations whose answers were kept after their effect, each told of once. */
  readonly #late = new Set<string>();
  readonly #found: Counter<'found'>;

  constructor(options: IdempotencyOptions) {
    const { metrics } = options;
    this.#options = options;
    this.#found = metrics.counter({
      name: 'florin_idempotency_keys_total',
      help: 'Keys of requests, by what they stood for: nothing yet, an answer, or a reason for no.',
      labels: ['found'],
    });
    this.#claims = gather(options, 'idempotency', (asked) => this.#claim(asked));
  }

  bind(route: Route, handler: Handler, { book, allow }: AnswerForms): Handler {
    if (!isKeyed(route)) return handler;
    const { operation } = route;
    return async (request) => {
      if (operation.isDryRun?.(request) === true) return await handler(request);
      const { principal, requestId } = request;
      assert(principal !== undefined, `${operation.operationId} is asked by nobody`);
      const key = keyOf(
        principal,
        readKey((name) => request.header(name)),
      );
      const asked = { key, fingerprint: fingerprintOf(route, request) };
      const found = await this.#claims.submit(asked);
      const meaning = meaningOf(found, asked);
      this.#found.add(1, { found: meaning });
      if (meaning !== 'free') return answerOf(found, meaning);
      const claim = new RequestClaim(found, (outcome) =>
        settle(allow(outcome), ({ refusal }) => book.ofRefusal(refusal, requestId)),
      );
      return await this.#run(operation.operationId, claim, () => handler({ ...request, claim }));
    };
  }

  // Of several requests with one key that arrive together, one is asked for.
  async #claim(asked: readonly Asked[]): Promise<Found[]> {
    const { database, limits } = this.#options;
    const { idempotencyLeaseMs: leaseMs, idempotencyKeptMs: keptMs } = limits;
    const first = new Map<string, Asked>();
    for (const one of asked) if (!first.has(one.key)) first.set(one.key, one);
    const owner = randomUUID() as Uuid;
    const found = await claimRequests(database, [...first.values()], { owner, leaseMs, keptMs });
    return asked.map((one) => {
      const held = found.get(one.key);
      assert(held !== undefined, 'every key stands for something once it was claimed');
      return { ...held, isOurs: held.owner === owner && first.get(one.key) === one };
    });
  }

  async #run(
    operationId: string,
    claim: RequestClaim,
    act: () => Promise<Outcome>,
  ): Promise<Outcome> {
    let outcome: Outcome;
    try {
      outcome = await act();
    } catch (error) {
      const held = await this.#release(claim);
      // The effect was committed although its caller was told otherwise (a lost connection).
      if (held?.answer !== undefined) return replayOf(held.answer);
      throw error instanceof ClaimLost ? inFlight() : error;
    }
    if (outcome === claim.kept) return outcome;
    return await this.#keepLate(operationId, claim, outcome);
  }

  // Refusals before any transaction come here, and operations whose effect is not in one.
  async #keepLate(operationId: string, claim: RequestClaim, given: Outcome): Promise<Outcome> {
    const { answer, outcome } = claim.settle(given);
    if (answer === undefined) {
      await this.#release(claim);
      return outcome;
    }
    if (!isRefused(outcome) && !this.#late.has(operationId)) {
      this.#late.add(operationId);
      const { logger } = this.#options;
      logger.warn('an answer is kept after its effect', { operation: operationId });
    }
    const { key, owner } = claim;
    await finishRequests(this.#options.database, [{ key, owner, answer }]);
    return outcome;
  }

  /** Without an effect the request may begin anew at once. Never fails: the lease ends as well. */
  async #release(claim: RequestClaim): Promise<Held | undefined> {
    const { database, logger } = this.#options;
    const releasing = releaseRequest(database, claim).catch((error: unknown) => {
      logger.warn('a claim was not given up and ends with its lease', { error });
      return undefined;
    });
    const patience = new AbortController();
    const waiting = sleep(RELEASE_PATIENCE_MS, undefined, { signal: patience.signal });
    try {
      return await Promise.race([releasing, waiting.catch(() => undefined)]);
    } finally {
      patience.abort();
    }
  }
}

type Meaning = 'free' | 'other' | 'in_flight' | 'answered';

/** What the key of a request stands for. */
function meaningOf({ isOurs, fingerprint, answer }: Found, asked: Asked): Meaning {
  if (isOurs) return 'free';
  if (fingerprint !== asked.fingerprint) return 'other';
  return answer === undefined ? 'in_flight' : 'answered';
}

/** What a request is answered whose key is not free. */
function answerOf({ answer }: Held, meaning: Meaning): Outcome {
  if (meaning === 'other') {
    const detail = 'This Idempotency-Key was given to a request with another content.';
    throw new EdgeRefusal('idempotency_key_reused', detail, { param: 'idempotency-key' });
  }
  if (answer === undefined) throw inFlight();
  return replayOf(answer);
}

function inFlight(): EdgeRefusal {
  const detail = 'The request with this Idempotency-Key is under way; ask again shortly.';
  const headers = { 'retry-after': RETRY_AFTER_S };
  return new EdgeRefusal('idempotency_key_in_flight', detail, {
    param: 'idempotency-key',
    headers,
  });
}

export function openIdempotency(options: IdempotencyOptions): Idempotency {
  return new KeyedRequests(options);
}
