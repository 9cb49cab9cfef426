// Owns which web pages may use the API from a browser (the Fetch standard's CORS protocol): none
// but those of the origins that the operator named. Tokens come in a header that a page must set
// itself, so no answer ever allows credentials that a browser adds on its own.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EdgeRefusal } from '../problems.ts';

export interface Cors {
  /** Whether pages of the origin may use the API. */
  isAllowed(origin: string): boolean;
  /**
   * Says in the headers what a page may do. True: this was a question before a request, and is
   * answered. Throws the refusal of a question by a page that may not.
   */
  answer(request: FastifyRequest, reply: FastifyReply): boolean;
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** What a page may send; simple ones need no leave. */
const SENT = [
  'authorization',
  'content-type',
  'dpop',
  'florin-version',
  'idempotency-key',
  'traceparent',
  'tracestate',
  'x-request-id',
].join(', ');
/** What a page may read of an answer. */
const READ = [
  'dpop-nonce',
  'florin-version',
  'idempotent-replayed',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'www-authenticate',
  'x-request-id',
].join(', ');
/** As long as any browser remembers. */
const REMEMBERED_S = '7200';

/** Origins as `https://app.example`, without a path. */
export function openCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const isAllowed = (origin: string): boolean => allowed.has(origin);
  return {
    isAllowed,
    answer({ method, headers }, reply) {
      const { origin } = headers;
      if (origin === undefined) return false;
      const isQuestion =
        method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
      if (!isAllowed(origin)) {
        if (!isQuestion) return false;
        const detail = 'Web pages of this origin may not use the API.';
        throw new EdgeRefusal('cross_origin', detail, { param: 'origin' });
      }
      reply.header('access-control-allow-origin', origin).header('vary', 'Origin');
      if (!isQuestion) {
        reply.header('access-control-expose-headers', READ);
        return false;
      }
      reply
        .code(204)
        .header('access-control-allow-methods', METHODS)
        .header('access-control-allow-headers', SENT)
        .header('access-control-max-age', REMEMBERED_S)
        .send();
      return true;
    },
  };
}
