// Owns the access log: one line for each request when its answer is closed, written by the logger.
// It names routes, codes and times. It never holds a query, an id in a path, a header's value or
// the last part of an address: who a request was about is for the audit log, which is sealed.
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '#platform';
import { traceOf } from './trace.ts';
import type { Trace } from './trace.ts';

/** all: every request. failures: those refused or failed. off: none. */
export type AccessLogging = 'all' | 'failures' | 'off';

export interface AccessLogOptions {
  readonly logger: Logger;
  readonly logging: AccessLogging;
  /** The client's address, seen through proxies that are trusted. */
  readonly addressOf: (request: FastifyRequest) => string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the request stands in the trace of its caller. */
    trace: Trace | undefined;
  }
}

const FAILURE_MIN = 400;
const MICROSECONDS = 1_000;

/** Gives each request its trace, and each answer its line. */
export function bindAccessLog(server: FastifyInstance, options: AccessLogOptions): void {
  const { logger, logging } = options;
  server.decorateRequest('trace', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    request.trace = traceOf(request.headers);
    if (logging !== 'off' && logger.isEnabled('info')) watch(request, reply, options);
    done();
  });
}

function watch(request: FastifyRequest, reply: FastifyReply, options: AccessLogOptions): void {
  const startedMs = performance.now();
  const address = options.addressOf(request);
  let isWhole = false;
  reply.raw.on('finish', () => {
    isWhole = true;
  });
  // Not the framework's hook, which never hears of a client that left before its answer.
  reply.raw.on('close', () => {
    const { statusCode: status } = reply;
    if (isWhole && status < FAILURE_MIN && options.logging === 'failures') return;
    const durationMs = performance.now() - startedMs;
    const { method, routeOptions, trace } = request;
    options.logger.info('request', {
      request_id: request.id,
      trace_id: trace?.traceId,
      span_id: trace?.spanId,
      method,
      // As the table of routes writes it: the path itself holds ids.
      route: request.is404 ? 'none' : (routeOptions.config.template ?? routeOptions.url),
      status: isWhole ? status : 'aborted',
      duration_ms: Math.round(durationMs * MICROSECONDS) / MICROSECONDS,
      network: networkOf(address),
      client_id: request.principal?.clientId,
    });
  });
}

/** Enough of an address to see a flood by, too little to see a person by. */
export function networkOf(address: string | undefined): string | undefined {
  switch (isIP(address ?? '')) {
    case 4:
      return `${address?.split('.').slice(0, 3).join('.')}.0/24`;
    case 6: {
      const [head = ''] = (address ?? '').split('::');
      const groups = [...head.split(':'), '0', '0', '0'].slice(0, 3);
      return `${groups.map((group) => (group === '' ? '0' : group)).join(':')}::/48`;
    }
    default:
      return undefined;
  }
}
