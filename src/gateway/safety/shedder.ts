// Answers requests that the server has no time for, before anything is done for them: a prepared
// 503 with Retry-After. It is sent a moment later, all of that moment at once, because a client
// that is refused at once asks again at once, and the refusing would take the time of the serving.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Metrics } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import type { ProblemBook } from '../problems.ts';
import { Load } from './load.ts';
import type { LoadLimits, ShedReason } from './load.ts';

export interface ShedderLimits extends LoadLimits {
  /** Within which a refusal is sent. */
  readonly shedPauseMs: number;
  /** Refusals that wait for that; more are sent at once. */
  readonly shedHeldMax: number;
  /** After which a client that was refused may ask again. */
  readonly shedRetryAfterS: number;
}

export interface ShedderOptions {
  readonly limits: ShedderLimits;
  readonly book: ProblemBook;
  readonly metrics: Metrics;
  readonly requestIdOf: (request: IncomingMessage) => string;
  /** The headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Shedder {
  /**
   * To be asked first of all. True: there is no time, and the request is being answered. False: it
   * is let in, and counts until its answer is closed.
   */
  isShed(request: IncomingMessage, response: ServerResponse): boolean;
  /** Sends what waits. */
  close(): void;
}

/** Puts the shedder before all that listens to the server's requests by now. */
export function attachShedder(server: Server, shedder: Shedder): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (shedder.isShed(request, response)) return;
    for (const listener of listeners) listener.call(server, request, response);
  });
}

/** Asked by whoever decides what to do about an overload; they must not be its victims. */
const EXEMPT = new Set(['/healthz', '/readyz', '/metrics']);
const JUDGE_MS = 100;
const DETAIL = 'The server has more to do than it can do in time; ask again in a moment.';
/** Stands in the prepared document where the id of a request belongs. */
const ID = 'REQUEST-ID';

export function openShedder(options: ShedderOptions): Shedder {
  const { limits } = options;
  const load = new Load(limits);
  const count = measure(options.metrics, load);
  const documentOf = prepare(options.book);
  let held: (() => void)[] = [];
  let release: NodeJS.Timeout | undefined;
  const releaseAll = (): void => {
    clearTimeout(release);
    release = undefined;
    const due = held;
    held = [];
    for (const answer of due) answer();
  };
  const refuse = (request: IncomingMessage, response: ServerResponse): void => {
    const id = options.requestIdOf(request);
    const body = documentOf(id);
    const answer = (): void => {
      response.writeHead(503, {
        ...options.headers,
        'content-type': 'application/problem+json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'retry-after': String(limits.shedRetryAfterS),
        'x-request-id': id,
      });
      response.end(body);
    };
    if (held.length >= limits.shedHeldMax) {
      answer();
      return;
    }
    held.push(answer);
    release ??= setTimeout(releaseAll, limits.shedPauseMs);
  };
  const judging = setInterval(() => load.judge(), JUDGE_MS);
  judging.unref();
  return {
    isShed(request, response) {
      if (EXEMPT.has(request.url ?? '')) return false;
      if (!load.isInTurn) setImmediate(() => load.endTurn());
      const startedMs = performance.now();
      const reason = load.enter(startedMs);
      if (reason === undefined) {
        response.once('close', () => load.leave(performance.now() - startedMs));
        return false;
      }
      count(reason);
      refuse(request, response);
      return true;
    },
    close() {
      clearInterval(judging);
      releaseAll();
    },
  };
}

function prepare(book: ProblemBook): (id: string) => string {
  const parts = JSON.stringify(book.ofError(new EdgeRefusal('overloaded', DETAIL), ID)).split(ID);
  // Ids are of letters, digits and ._:- so that none needs to be escaped.
  return (id) => parts.join(id);
}

function measure(metrics: Metrics, load: Load): (reason: ShedReason) => void {
  const shed = metrics.counter({
    name: 'florin_http_requests_shed_total',
    help: 'Requests refused because there was no time for them.',
    labels: ['reason'],
  });
  metrics.gauge(
    {
      name: 'florin_http_in_flight_limit_requests',
      help: 'How many requests may run at once at the moment.',
    },
    () => load.inFlightMax,
  );
  return (reason) => shed.add(1, { reason });
}
