// Owns the way of the other core into the server. It stands behind everything that says no (who
// asks, may they, how often) and before the body is read, so that what is passed on streams. Public
// routes and the bank's own pages are always answered here.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { EdgeRefusal } from '../problems.ts';
import type { ProblemBook } from '../problems.ts';
import { askedOf, forward } from './forward.ts';
import { answerHeaders } from './headers.ts';
import type { Legacy } from './legacy.ts';
import type { LegacyRule } from './rule.ts';
import type { Shadowed } from './shadow.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** A read that the other core answers too. */
    shadowed: Shadowed | undefined;
  }
}

const SAFE = new Set(['GET', 'HEAD']);
/** Where rules are made: a rule must not be able to take that away. */
const ALWAYS_HERE = '/v1/access/';

export interface BindLegacyOptions {
  readonly legacy: Legacy;
  readonly book: ProblemBook;
}

/** To be bound after the hook that finds out who asks. */
export function bindLegacy(server: FastifyInstance, options: BindLegacyOptions): void {
  const { legacy } = options;
  server.decorateRequest('shadowed', undefined);
  server.addHook('onRequest', async (request, reply) => {
    const { principal } = request;
    const [path = ''] = request.url.split('?', 1);
    if (principal === undefined || path.startsWith(ALWAYS_HERE)) return;
    const { tenant, customer } = principal;
    const rule = legacy.choose({ method: request.method, path, tenant, customer });
    if (rule === undefined) return;
    if (rule.mode === 'shadow' && SAFE.has(request.method)) {
      request.shadowed = shadowedOf(request, { legacy, rule, path });
    } else if (rule.answeredBy === 'legacy') {
      const { passing: outbound, origin, bodyBytesMax } = legacy;
      await forward(request, reply, { outbound, origin, bodyBytesMax, principal });
    }
  });
  server.addHook('onSend', async (request, reply, payload) => {
    const { shadowed } = request;
    if (shadowed === undefined) return payload;
    return await settle({ request, reply, shadowed, ...options }, payload);
  });
}

function shadowedOf(
  request: FastifyRequest,
  about: { readonly legacy: Legacy; readonly rule: LegacyRule; readonly path: string },
): Shadowed | undefined {
  const { legacy, rule, path } = about;
  const { principal, method, id: requestId } = request;
  if (principal === undefined) return undefined;
  const there = legacy.comparing
    .fetch(askedOf(request, principal, legacy))
    // That there is no answer is noted where it is compared.
    .catch(() => undefined);
  return { rule, method, path, requestId, there };
}

interface Settling extends BindLegacyOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly shadowed: Shadowed;
}

/** What is sent to the caller, and the comparison beside it. */
async function settle(settling: Settling, payload: unknown): Promise<unknown> {
  const { reply, shadowed, legacy } = settling;
  const isWhole = typeof payload === 'string' || Buffer.isBuffer(payload) || payload === undefined;
  if (isWhole) {
    const mediaType = reply.getHeader('content-type');
    void legacy.comparer.compare(shadowed, {
      status: reply.statusCode,
      mediaType: typeof mediaType === 'string' ? mediaType : undefined,
      // A HEAD's answer has no body to compare.
      body: settling.request.method === 'HEAD' ? '' : (payload?.toString() ?? ''),
    });
  }
  if (shadowed.rule.answeredBy === 'here') return payload;
  // A stream that nobody will read.
  if (payload instanceof Readable) payload.destroy();
  return await answerOfOther(settling);
}

async function answerOfOther({ request, reply, shadowed, legacy, book }: Settling) {
  const there = await shadowed.there;
  for (const name of ['content-length', 'content-disposition', 'etag']) reply.removeHeader(name);
  if (there === undefined) {
    const detail = 'The system that answers this request is not available; ask again later.';
    const problem = book.ofError(new EdgeRefusal('legacy_unavailable', detail), request.id);
    reply.code(problem.status).header('content-type', 'application/problem+json; charset=utf-8');
    reply.header('retry-after', '1');
    return JSON.stringify(problem);
  }
  reply.removeHeader('content-type');
  reply.code(there.status).headers(answerHeaders(there.headers, legacy.origin));
  return there.body;
}
