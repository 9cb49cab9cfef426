// Owns the HTTP server: the table of routes bound to a framework, and every way a request can end.
// Whatever a client sends, it gets the answer of a route or a problem document, and nothing in here
// knows what the routes are about.
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import swagger from '@fastify/swagger';
import type { StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Fault } from '#kernel';
import type { Clock } from '#kernel';
import { systemClock } from '#platform';
import type { Logger, Metrics } from '#platform';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply, InjectOptions, LightMyRequestResponse } from 'fastify';
import { watchDenials } from './answers/denial.ts';
import type { Denial } from './answers/denial.ts';
import type { OnDisclosed } from './answers/disclosure.ts';
import { openSender } from './answers/send.ts';
import type { Sender } from './answers/send.ts';
import { bindParsers, bindRoute } from './bind.ts';
import { bindFailures, refusalOfFramework } from './failure.ts';
import { openGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { healthRoutes } from './health.ts';
import type { About, ReadinessCheck } from './health.ts';
import { openApiOf } from './manual/openapi.ts';
import { bindMeasurements } from './measurements.ts';
import { openProblemBook } from './problems.ts';
import type { ProblemBook, ProblemTable } from './problems.ts';
import { openProtocol } from './protocol.ts';
import { answer, defineOperation } from './routes.ts';
import type { Route } from './routes.ts';

/** Limits of the edge, as the table of limits names them. */
export interface GatewayLimits {
  readonly httpBodyBytesMax: number;
  readonly httpBodyBytesInFlightMax: number;
  readonly httpHeaderBytesMax: number;
  readonly httpHeadersTimeoutMs: number;
  readonly httpRequestTimeoutMs: number;
  readonly httpKeepAliveTimeoutMs: number;
  readonly httpConnectionsMax: number;
  readonly httpShutdownMs: number;
  readonly jsonDepthMax: number;
  readonly readinessTimeoutMs: number;
  readonly httpStreamsInFlightMax: number;
  readonly httpStreamStallMs: number;
}

export interface GatewayOptions {
  readonly about: About;
  readonly routes: readonly Route[];
  /** The refusals of the contexts whose routes are bound. */
  readonly problemTables: readonly ProblemTable[];
  /** What must answer for the server to be ready. */
  readonly checks: readonly ReadinessCheck[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A loopback address: there is no authentication yet. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly limits: GatewayLimits;
  /** The machine's unless given. */
  readonly clock?: Clock;
  /** Told of every request that its caller may not make. Must not throw. */
  readonly onDenied?: (denial: Denial) => void;
  /**
   * Awaited before the answer of an operation with a `disclosure` is sent; where it fails, so does
   * the request.
   */
  readonly onDisclosed?: OnDisclosed;
}

export interface Gateway {
  /** Starts to listen. Throws a Fault with one sentence if it cannot. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** A request without a socket, for tests. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** Says no to what comes, finishes what runs within the deadline, then closes. */
  close(): Promise<void>;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
// How often connections are looked through for requests that take too long.
const CONNECTION_CHECK_MS = 2_000;
const PARAM_LENGTH_MAX = 1_024;
const BACKLOG = 1_024;
/** How long a connection that asked nothing yet may still do so when the server closes. */
const UNUSED_GRACE_MS = 200;

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { limits } = options;
  const book = openProblemBook(options.problemTables);
  const guard = openGuard({ bodyBytesInFlightMax: limits.httpBodyBytesInFlightMax });
  const sender = openSender({
    book,
    logger: options.logger,
    limits,
    watchDenial: watchDenials(options.onDenied, options.clock ?? systemClock()),
  });
  const server = openFastify(options, book, sender);
  const unused = watchUnused(server.server);
  const routes = [...allRoutes(options, guard), ...options.routes];
  const document = openApiOf({ about: options.about, routes, codes: book.codes });

  // First, so that requests the guard refuses are measured too.
  bindMeasurements(server, options);
  bindHooks(server, guard);
  bindParsers(server, limits.jsonDepthMax);
  const { logger, onDisclosed } = options;
  bindFailures(server, { book, sender, logger, routes: [...routes, documentRoute('')] });
  await bindPage(server, document, options.about.title);
  for (const route of [...routes, documentRoute(JSON.stringify(document))]) {
    bindRoute(server, route, { book, sender, bodyBytesMax: limits.httpBodyBytesMax, onDisclosed });
  }
  await server.ready();
  return {
    listen: () => listen(server, options),
    inject: (request) => server.inject(request),
    close: () => close(server, guard, { unused, deadlineMs: limits.httpShutdownMs }),
  };
}

function openFastify(options: GatewayOptions, book: ProblemBook, sender: Sender): FastifyInstance {
  const { limits, logger } = options;
  const newRequestId = requestIds();
  const protocol = openProtocol({
    book,
    newRequestId,
    requestTimeoutMs: limits.httpRequestTimeoutMs,
    headerBytesMax: limits.httpHeaderBytesMax,
  });
  const server = Fastify({
    // The framework's own log would make a child logger for every request.
    logger: false,
    bodyLimit: limits.httpBodyBytesMax,
    genReqId: (request) => givenRequestId(request.headers['x-request-id']) ?? newRequestId(),
    requestIdHeader: false,
    return503OnClosing: false,
    requestTimeout: limits.httpRequestTimeoutMs,
    keepAliveTimeout: limits.httpKeepAliveTimeoutMs,
    clientErrorHandler: protocol.onClientError,
    frameworkErrors: (error, request, reply) => {
      const refusal = refusalOfFramework(error, request);
      if (refusal === undefined) logger.error('request failed', { error });
      // The hooks do not run for these.
      setHeaders(reply, request.id);
      sender.problem(reply, book.ofError(refusal ?? error, request.id));
    },
    http: {
      maxHeaderSize: limits.httpHeaderBytesMax,
      headersTimeout: limits.httpHeadersTimeoutMs,
      connectionsCheckingInterval: CONNECTION_CHECK_MS,
      // Checked by the guard, which answers with a problem document.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
  });
  server.server.maxConnections = limits.httpConnectionsMax;
  protocol.attach(server.server);
  return server;
}

const GIVEN_REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

function givenRequestId(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && GIVEN_REQUEST_ID.test(given) ? given : undefined;
}

/** Unique among processes by 48 random bits, and within one by a counter: cheap every time. */
function requestIds(): () => string {
  const process = randomBytes(6).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${process}-${count.toString(36)}`;
  };
}

function bindHooks(server: FastifyInstance, guard: Guard): void {
  server.addHook('onRequest', (request, reply, done) => {
    setHeaders(reply, request.id);
    if (guard.isDraining) reply.header('connection', 'close');
    // Not the hook for answers: it never hears of a client that left before its own.
    reply.raw.on('close', () => {
      guard.release(request);
    });
    guard.admit(request);
    done();
  });
}

/** The headers of every answer. */
function setHeaders(reply: FastifyReply, requestId: string): void {
  reply.header('x-request-id', requestId);
  reply.header('cache-control', 'no-store');
  reply.header('x-content-type-options', 'nosniff');
}

function allRoutes(options: GatewayOptions, guard: Guard): readonly Route[] {
  const { about, checks, metrics, limits } = options;
  const checkTimeoutMs = limits.readinessTimeoutMs;
  const isDraining = (): boolean => guard.isDraining;
  return healthRoutes({ about, checks, checkTimeoutMs, metrics, isDraining });
}

/** The document describes the bank, not itself. */
function documentRoute(text: string): Route {
  return {
    method: 'GET',
    path: '/openapi.json',
    permission: 'public',
    operation: defineOperation({
      operationId: 'openapi',
      summary: 'The OpenAPI 3.1 document of this server',
      tags: ['server'],
      schema: { response: { 200: { description: 'The document.' } } },
      handler: () => Promise.resolve(answer(200, text)),
    }),
  };
}

// The page loads nothing from elsewhere. Its scripts set styles on elements.
const PAGE_POLICY = {
  'default-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

/** The browsable page, from files of the package: it works without a network. */
async function bindPage(server: FastifyInstance, document: object, title: string): Promise<void> {
  const specification = { document } as StaticDocumentSpec;
  await server.register(swagger, { mode: 'static', specification });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: PAGE_POLICY,
    theme: { title },
    uiConfig: { docExpansion: 'list', deepLinking: true, validatorUrl: null },
  });
}

async function listen(
  server: FastifyInstance,
  { host, port }: GatewayOptions,
): Promise<{ url: string; port: number }> {
  if (!LOOPBACK.has(host)) {
    throw new Fault('host_not_loopback', {
      retryable: false,
      message: `Florin has no authentication yet and listens on loopback only, not on ${host}.`,
    });
  }
  try {
    await server.listen({ host, port, backlog: BACKLOG });
  } catch (cause) {
    throw new Fault('cannot_listen', {
      retryable: false,
      message: sentenceOf(cause, host, port),
      cause,
    });
  }
  const { port: taken, address, family } = server.server.address() as AddressInfo;
  const name = family === 'IPv6' ? `[${address}]` : address;
  return { url: `http://${name}:${taken}`, port: taken };
}

function sentenceOf(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${host} is in use by another program: stop it, or set FLORIN_PORT.`;
  }
  if (code === 'EACCES') {
    return `Port ${port} may not be used by this user: set FLORIN_PORT to one above 1023.`;
  }
  return `The server cannot listen on port ${port} of ${host}: ${String(error)}.`;
}

/** Connections on which nothing was asked yet: Node does not count them as idle. */
function watchUnused(http: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  http.on('connection', (socket) => {
    unused.add(socket);
    socket.on('close', () => unused.delete(socket));
  });
  http.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}

async function close(
  server: FastifyInstance,
  guard: Guard,
  { unused, deadlineMs }: { readonly unused: ReadonlySet<Socket>; readonly deadlineMs: number },
): Promise<void> {
  guard.drain();
  const http = server.server;
  // A connection becomes idle when its last answer is out, which is after closing has begun.
  const sweep = setInterval(() => {
    http.closeIdleConnections();
  }, 50);
  // Browsers open connections before they have anything to ask.
  const spare = setTimeout(() => {
    for (const socket of unused) socket.destroy();
  }, UNUSED_GRACE_MS);
  const deadline = setTimeout(() => {
    http.closeAllConnections();
  }, deadlineMs);
  try {
    await server.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(spare);
    clearTimeout(deadline);
  }
}
