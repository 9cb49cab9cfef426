// Asks one system outside over HTTP/1.1. Every request passes the same gates in the same order:
// may this address be asked, is the dependency left alone, is there room, is there time; and none
// is ever sent twice, except a read whose idle connection had been closed under it.
import { Agent as PlainAgent, request as requestPlain } from 'node:http';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as TlsAgent, request as requestOverTls } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assert, Fault } from '#kernel';
import type { Logger } from '../telemetry/port.ts';
import { Breaker, defaultBreakerLimits } from './breaker.ts';
import type { BreakerLimits, BreakerOutcome, Leave } from './breaker.ts';
import { Bulkhead, reasonOf } from './bulkhead.ts';
import { destinationOf, resolveBySystem } from './destination.ts';
import type { Destination, Reach, Resolve } from './destination.ts';
import type { OutboundMeasure } from './measure.ts';
import type { BreakerState, Outbound, OutboundAnswer, OutboundRequest } from './port.ts';

export interface OutboundOptions {
  /** kebab-case, for measurements and log lines. */
  readonly name: string;
  /** From the call to the last byte of the answer; of a stream, to the end of its head. */
  readonly timeoutMs: number;
  /** The largest body of an answer. */
  readonly bytesMax: number;
  /** The longest pause within a streamed answer. */
  readonly stallMs?: number;
  /** Requests that run at once, and those that may wait for them. */
  readonly inFlightMax?: number;
  readonly queuedMax?: number;
  /** Origins that the operator named: these may be private, and without TLS. */
  readonly trustedOrigins?: readonly string[];
  readonly breaker?: Partial<BreakerLimits>;
  /** Which statuses are failures of the dependency; 500 and above unless given. */
  readonly isFailure?: (status: number) => boolean;
  /** PEM: who vouches for the other side, and what we show it where it asks. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
  readonly measure?: OutboundMeasure | undefined;
  readonly logger?: Logger | undefined;
  /** The system's unless given. */
  readonly resolve?: Resolve;
}

const IN_FLIGHT_MAX = 16;
const QUEUED_MAX = 64;
const STALL_MS = 30_000;
const HEADER_BYTES_MAX = 32_768;
const IDLE_MS = 30_000;

export function openOutbound(options: OutboundOptions): Outbound {
  assert(/^[a-z][a-z0-9-]{0,62}$/.test(options.name), `${options.name} is not kebab-case`);
  return new HttpOutbound(options);
}

/** A request under way: what it holds is given back exactly once. */
interface Exchange {
  readonly controller: AbortController;
  /** From now on the time of the request no longer counts. */
  stopTimer(): void;
  finish(outcome: BreakerOutcome, told: string): void;
}

class HttpOutbound implements Outbound {
  readonly #options: OutboundOptions;
  readonly #reach: Reach;
  readonly #breaker: Breaker;
  readonly #bulkhead: Bulkhead;
  readonly #plain: PlainAgent;
  readonly #tls: TlsAgent;
  readonly #running = new Set<AbortController>();
  readonly #forget: () => void;
  #stateTold: BreakerState = 'closed';

  constructor(options: OutboundOptions) {
    this.#options = options;
    const { inFlightMax = IN_FLIGHT_MAX, queuedMax = QUEUED_MAX } = options;
    const origins = (options.trustedOrigins ?? []).map((text) => new URL(text).origin);
    this.#reach = {
      trustedOrigins: new Set(origins),
      resolve: options.resolve ?? resolveBySystem,
    };
    this.#breaker = new Breaker({ ...defaultBreakerLimits, ...options.breaker });
    this.#bulkhead = new Bulkhead({ inFlightMax, queuedMax });
    const pool = { keepAlive: true, maxSockets: inFlightMax, timeout: IDLE_MS };
    this.#plain = new PlainAgent(pool);
    this.#tls = new TlsAgent({ ...pool, minVersion: 'TLSv1.2', ...options.tls });
    const forget = options.measure?.add(options.name, () => this.#breaker.state);
    this.#forget = forget ?? (() => undefined);
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  waitMs(): number {
    return this.#breaker.waitMs(performance.now());
  }

  async fetch(request: OutboundRequest): Promise<OutboundAnswer<Buffer>> {
    const exchange = await this.#begin(request);
    try {
      const answer = await this.#ask(request, exchange);
      const body = await collect(answer, this.#options.bytesMax);
      const status = answer.statusCode ?? 0;
      exchange.finish(this.#outcomeOf(status), classOf(status));
      return { status, headers: answer.headers, body };
    } catch (error) {
      throw this.#failed(exchange, error);
    }
  }

  async stream(request: OutboundRequest): Promise<OutboundAnswer<Readable>> {
    const exchange = await this.#begin(request);
    try {
      const answer = await this.#ask(request, exchange);
      exchange.stopTimer();
      const status = answer.statusCode ?? 0;
      return { status, headers: answer.headers, body: this.#watched(answer, exchange) };
    } catch (error) {
      throw this.#failed(exchange, error);
    }
  }

  close(): void {
    const gone = new Fault('outbound_failed', { retryable: true, message: 'It was closed.' });
    for (const controller of this.#running) controller.abort(gone);
    this.#plain.destroy();
    this.#tls.destroy();
    this.#forget();
  }

  /** Passes the gates, and starts the time. */
  async #begin({ url, signal, body }: OutboundRequest): Promise<Exchange> {
    const startedMs = performance.now();
    // A body that fails while the request waits is found to have failed when it is sent.
    if (body instanceof Readable) body.on('error', () => undefined);
    const { name, timeoutMs, measure } = this.#options;
    // An address that may not be asked must not be found out to be so only when there is room.
    destinationOf(url, this.#reach);
    const leave = this.#breaker.enter(startedMs);
    if (leave === undefined) {
      measure?.note(name, 'outbound_open', 0);
      throw this.#open(startedMs);
    }
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal?.reason);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => controller.abort(this.#late()), timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#running.delete(controller);
    };
    this.#running.add(controller);
    try {
      const giveBack = await this.#bulkhead.enter(controller.signal);
      const release = (): void => {
        end();
        giveBack();
      };
      return this.#exchangeOf({ controller, startedMs, leave, release, timer });
    } catch (error) {
      end();
      leave.end('unknown', performance.now());
      const told = error instanceof Fault ? error.code : 'aborted';
      measure?.note(name, told, performance.now() - startedMs);
      throw error;
    }
  }

  #exchangeOf(given: {
    readonly controller: AbortController;
    readonly startedMs: number;
    readonly leave: Leave;
    readonly release: () => void;
    readonly timer: NodeJS.Timeout;
  }): Exchange {
    const { controller, startedMs, leave, release, timer } = given;
    let isFinished = false;
    return {
      controller,
      stopTimer: () => clearTimeout(timer),
      finish: (outcome, told) => {
        if (isFinished) return;
        isFinished = true;
        release();
        const nowMs = performance.now();
        leave.end(outcome, nowMs);
        this.#options.measure?.note(this.#options.name, told, nowMs - startedMs);
        this.#tellState();
      },
    };
  }

  #ask(request: OutboundRequest, exchange: Exchange): Promise<IncomingMessage> {
    const destination = destinationOf(request.url, this.#reach);
    return this.#send(request, destination, exchange).catch((error: unknown) => {
      if (!isStaleConnection(error, request)) throw error;
      return this.#send(request, destination, exchange);
    });
  }

  #send(
    { method = 'GET', headers = {}, body }: OutboundRequest,
    { url, lookup }: Destination,
    { controller }: Exchange,
  ): Promise<IncomingMessage> {
    const { signal } = controller;
    const settings: RequestOptions = {
      method,
      // What nobody asked to be compressed needs no guard against what it unpacks to.
      headers: { 'accept-encoding': 'identity', ...headers },
      lookup,
      signal,
      maxHeaderSize: HEADER_BYTES_MAX,
    };
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(reasonOf(signal));
        return;
      }
      const isTls = url.protocol === 'https:';
      const asked = isTls
        ? requestOverTls(url, { ...settings, agent: this.#tls })
        : requestPlain(url, { ...settings, agent: this.#plain });
      asked.on('response', resolve);
      asked.on('error', (error) => {
        reject(signal.aborted ? reasonOf(signal) : withReuse(error, asked));
      });
      if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) asked.end(body);
      else pipeline(body, asked).catch(reject);
    });
  }

  /** The body of a streamed answer: bounded, and never standing still for long. */
  #watched(answer: IncomingMessage, exchange: Exchange): Readable {
    const { bytesMax, stallMs = STALL_MS } = this.#options;
    const { controller } = exchange;
    const status = answer.statusCode ?? 0;
    let bytes = 0;
    let stall: NodeJS.Timeout | undefined;
    const expectMore = (): void => {
      clearTimeout(stall);
      stall = setTimeout(() => controller.abort(this.#late()), stallMs);
    };
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        expectMore();
        done(bytes > bytesMax ? tooLarge(bytesMax) : null, chunk);
      },
    });
    expectMore();
    pipeline(answer, counted)
      .then(
        () => exchange.finish(this.#outcomeOf(status), classOf(status)),
        (error: unknown) => void this.#failed(exchange, error),
      )
      .finally(() => clearTimeout(stall));
    return counted;
  }

  /** Ends the exchange by what was thrown, and says what to throw on. */
  #failed(exchange: Exchange, thrown: unknown): unknown {
    const { signal } = exchange.controller;
    const error: unknown = signal.aborted ? signal.reason : thrown;
    const isOurs = error instanceof Fault;
    const isCallers = signal.aborted && !isOurs;
    if (isCallers) {
      exchange.finish('unknown', 'aborted');
      return error;
    }
    const fault = isOurs ? error : this.#broken(error);
    const isTheirs = fault.code !== 'outbound_forbidden' && fault.code !== 'outbound_too_large';
    exchange.finish(isTheirs ? 'failure' : 'unknown', fault.code);
    exchange.controller.abort(fault);
    return fault;
  }

  #outcomeOf(status: number): BreakerOutcome {
    const isFailure = this.#options.isFailure?.(status) ?? status >= 500;
    return isFailure ? 'failure' : 'success';
  }

  #tellState(): void {
    const { state } = this.#breaker;
    if (state === this.#stateTold) return;
    this.#stateTold = state;
    const { name: dependency, logger } = this.#options;
    if (state === 'open') logger?.warn('a system outside is left alone', { dependency });
    else if (state === 'closed') logger?.info('a system outside answers again', { dependency });
  }

  #open(nowMs: number): Fault {
    const seconds = Math.ceil(this.#breaker.waitMs(nowMs) / 1_000);
    const message = `The system ${this.#options.name} failed and is left alone for ${seconds} s.`;
    return new Fault('outbound_open', { retryable: true, message });
  }

  #late(): Fault {
    const message = `The system ${this.#options.name} did not answer in time.`;
    return new Fault('outbound_timeout', { retryable: true, message });
  }

  #broken(cause: unknown): Fault {
    const message = `The system ${this.#options.name} could not be reached.`;
    return new Fault('outbound_failed', { retryable: true, message, cause });
  }
}

function classOf(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}

async function collect(answer: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): Fault {
  const message = `A system outside answered with more than ${bytesMax} bytes.`;
  return new Fault('outbound_too_large', { retryable: false, message });
}

const REUSED = new WeakSet<Error>();

function withReuse(error: Error, { reusedSocket }: ClientRequest): Error {
  if (reusedSocket) REUSED.add(error);
  return error;
}

/** The other side closed an idle connection at the moment we took it: nothing was asked yet. */
function isStaleConnection(error: unknown, { method = 'GET', body }: OutboundRequest): boolean {
  const isRead = (method === 'GET' || method === 'HEAD') && body === undefined;
  if (!isRead || !(error instanceof Error) || !REUSED.has(error)) return false;
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
