// Opens the framework's server, bare: its limits, its own ways of saying no, ids of requests, and
// what stands before it (load shedding, TLS, answers to what is no proper HTTP).
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import Fastify from 'fastify';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { Sender } from '../answers/send.ts';
import { refusalOfFramework } from './failure.ts';
import type { ProblemBook } from '../problems.ts';
import { openProtocol } from './protocol.ts';
import { attachShedder, openShedder } from '../safety/shedder.ts';
import type { GatewayOptions } from './options.ts';

// How often connections are looked through for requests that take too long.
const CONNECTION_CHECK_MS = 2_000;
const PARAM_LENGTH_MAX = 1_024;

export interface FrameworkParts {
  readonly book: ProblemBook;
  readonly sender: Sender;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export function openFramework(
  options: GatewayOptions,
  { book, sender, headers }: FrameworkParts,
): FastifyInstance {
  const { limits, logger, metrics, tls, shedding } = options;
  const newRequestId = requestIds();
  const requestIdOf = (request: { readonly headers: IncomingHttpHeaders }): string =>
    givenRequestId(request.headers['x-request-id']) ?? newRequestId();
  const protocol = openProtocol({
    book,
    newRequestId,
    headers,
    requestTimeoutMs: limits.httpRequestTimeoutMs,
    headerBytesMax: limits.httpHeaderBytesMax,
  });
  const node = {
    maxHeaderSize: limits.httpHeaderBytesMax,
    headersTimeout: limits.httpHeadersTimeoutMs,
    connectionsCheckingInterval: CONNECTION_CHECK_MS,
    // Checked by the guard, which answers with a problem document.
    requireHostHeader: false,
  };
  const server = Fastify({
    // The framework's own log would make a child logger for every request.
    logger: false,
    bodyLimit: limits.httpBodyBytesMax,
    genReqId: requestIdOf,
    requestIdHeader: false,
    return503OnClosing: false,
    requestTimeout: limits.httpRequestTimeoutMs,
    keepAliveTimeout: limits.httpKeepAliveTimeoutMs,
    clientErrorHandler: protocol.onClientError,
    frameworkErrors: (error, request, reply) => {
      const refusal = refusalOfFramework(error, request);
      if (refusal === undefined) logger.error('request failed', { error });
      // The hooks do not run for these.
      reply.headers(headers).header('x-request-id', request.id);
      sender.problem(reply, book.ofError(refusal ?? error, request.id));
    },
    ...(tls === undefined ? { http: node } : { https: { ...tls.options, ...node } }),
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
  } as FastifyServerOptions) as FastifyInstance;
  if (shedding !== undefined) {
    const shedder = openShedder({ limits: shedding, book, metrics, headers, requestIdOf });
    attachShedder(server.server, shedder);
    server.addHook('onClose', (_server, done) => {
      shedder.close();
      done();
    });
  }
  server.server.maxConnections = limits.httpConnectionsMax;
  protocol.attach(server.server);
  if (tls !== undefined) {
    const stop = tls.attach(server.server as unknown as TlsServer);
    server.addHook('onClose', (_server, done) => {
      stop();
      done();
    });
  }
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
