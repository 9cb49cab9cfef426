// Owns the HTTP server: the table of routes bound to a framework, and every way a request can end.
// Whatever a client sends, it gets the answer of a route or a problem document, and nothing in here
// knows what the routes are about.
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import swagger from '@fastify/swagger';
import type { StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Fault } from '#kernel';
import { systemClock } from '#platform';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { bindAdmission } from './admission.ts';
import { watchDenials } from '../answers/denial.ts';
import { openSender } from '../answers/send.ts';
import { bindParsers, bindRoute } from './bind.ts';
import { bindFailures } from './failure.ts';
import { openFramework } from './framework.ts';
import type { GatewayOptions } from './options.ts';
import { bindMounts } from './mounts.ts';
import { openGuard } from './guard.ts';
import type { Guard } from './guard.ts';
import { healthRoutes } from './health.ts';
import { openDeadlines } from '../intake/deadline.ts';
import { openApiOf } from '../manual/openapi.ts';
import { bindMeasurements } from './measurements.ts';
import { openProblemBook } from '../problems.ts';
import { bindLegacy } from '../legacy/bind.ts';
import { answer, defineOperation } from '../routes.ts';
import { bindAccessLog } from '../safety/access-log.ts';
import { openCors } from '../safety/cors.ts';
import type { Cors } from '../safety/cors.ts';
import { securityHeaders } from '../safety/headers.ts';
import { assertMayListen, isLoopback, openPeers } from '../safety/peer.ts';
import type { Peers } from '../safety/peer.ts';
import { bindSignatures } from '../signatures/bind.ts';
import { bindVersions } from '../versions/bind.ts';
import type { Route } from '../routes.ts';

export interface Gateway {
  /** Starts to listen. Throws a Fault with one sentence if it cannot. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** A request without a socket, for tests. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** Says no to what comes, finishes what runs within the deadline, then closes. */
  close(): Promise<void>;
}

const BACKLOG = 1_024;
/** How long a connection that asked nothing yet may still do so when the server closes. */
const UNUSED_GRACE_MS = 200;

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { limits, access } = options;
  const book = openProblemBook(options.problemTables);
  const { tls, issuer: known, trustedProxies = [], corsOrigins = [] } = options;
  const cors = openCors(corsOrigins);
  const isTlsOnly = !isLoopback(options.host);
  const guard = openGuard({
    bodyBytesInFlightMax: limits.httpBodyBytesInFlightMax,
    hosts: known === undefined ? [] : [new URL(known).host],
    isOriginAllowed: (origin) => cors.isAllowed(origin),
    isTlsOnly,
  });
  const headers = securityHeaders({ isTlsOnly: tls !== undefined || isTlsOnly });
  const sender = openSender({
    book,
    logger: options.logger,
    limits,
    watchDenial: watchDenials(options.onDenied, options.clock ?? systemClock()),
  });
  const server = openFramework(options, { book, sender, headers });
  const unused = watchUnused(server.server);
  const routes = [...allRoutes(options, guard), ...options.routes];
  const document = openApiOf({ about: options.about, routes, codes: book.codes });

  // First, so that requests the guard refuses are measured too.
  bindMeasurements(server, options);
  bindHooks(server, options, { guard, cors, headers, peers: openPeers(trustedProxies) });
  const deadlines = openDeadlines(limits.httpDeadlineMs);
  // Until it listens, only a test in this process can ask.
  let address = 'http://localhost';
  const issuer = (): string => known ?? address;
  const { addresses, limiter, legacy, signatures, versions } = options;
  if (versions !== undefined) bindVersions(server, versions);
  bindAdmission(server, { access, addresses, limiter, legacy, issuer });
  if (legacy !== undefined) bindLegacy(server, { legacy, book });
  if (signatures !== undefined) bindSignatures(server, { signatures, issuer });
  bindParsers(server, limits.jsonDepthMax);
  const { logger, onDisclosed } = options;
  bindFailures(server, { book, sender, logger, routes: [...routes, documentRoute('')] });
  await bindPage(server, document, options.about.title);
  for (const route of [...routes, documentRoute(JSON.stringify(document))]) {
    const bodyBytesMax = limits.httpBodyBytesMax;
    bindRoute(server, route, {
      book,
      sender,
      bodyBytesMax,
      onDisclosed,
      access,
      deadlines,
      idempotency: options.idempotency,
      approvals: options.approvals,
      isAnswerChecked: options.isAnswerChecked === true,
    });
  }
  await bindMounts(server, options.mounts ?? [], (error) => {
    logger.error('request failed', { error });
  });
  await server.ready();
  return {
    async listen() {
      const listening = await listen(server, options);
      address = listening.url;
      return listening;
    },
    inject: (request) => server.inject(request),
    close: () => close(server, guard, { unused, deadlineMs: limits.httpShutdownMs }),
  };
}

interface Hooks {
  readonly guard: Guard;
  readonly cors: Cors;
  readonly peers: Peers;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is done for every request before it is known who asks, in this order. */
function bindHooks(server: FastifyInstance, options: GatewayOptions, hooks: Hooks): void {
  const { guard, cors, peers, headers } = hooks;
  server.decorateRequest('peer', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    request.peer = peers.of(request.raw);
    reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  bindAccessLog(server, {
    logger: options.logger,
    logging: options.accessLog ?? 'off',
    addressOf: ({ peer }) => peer?.address,
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (guard.isDraining) reply.header('connection', 'close');
    // Not the hook for answers: it never hears of a client that left before its own.
    reply.raw.on('close', () => {
      guard.release(request);
    });
    guard.admit(request);
    if (!cors.answer(request, reply)) done();
  });
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
  { host, port, tls, trustedProxies = [] }: GatewayOptions,
): Promise<{ url: string; port: number }> {
  assertMayListen({ host, hasTls: tls !== undefined, trustedProxies });
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
  const scheme = tls === undefined ? 'http' : 'https';
  return { url: `${scheme}://${name}:${taken}`, port: taken };
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
