// Owns the way from one row of the table of routes to a route of the framework: the request is
// checked, the handler is asked, its outcome is sent. Checks are compiled here, once, at start.
import { assert } from '#kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readJson, readNdjson } from './intake/json-body.ts';
import { compileCheck } from './intake/validation.ts';
import { EdgeRefusal } from './problems.ts';
import type { ProblemBook } from './problems.ts';
import { isRefused } from './routes.ts';
import type { Answer, EdgeRequest, Operation, Outcome, Route } from './routes.ts';
import { object } from './schema.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The most lines of an NDJSON body; absent where it is not accepted. */
    linesMax?: number;
    /** No body at all stands for an object without members. */
    isBodyOptional?: boolean;
    /** The path as the table of routes writes it. */
    template?: string;
  }
}

/** No authentication yet, and only this machine can ask. */
const ACTOR = 'local';
const JSON_TYPE = 'application/json; charset=utf-8';
const NO_FIELDS = object({});

export function bindRoute(
  server: FastifyInstance,
  route: Route,
  options: { readonly book: ProblemBook; readonly bodyBytesMax: number },
): void {
  const { operation } = route;
  const { book } = options;
  const check = compileChecks(route, book);
  server.route({
    method: route.method,
    url: route.path.replace(/\{([a-z_]+)\}/g, ':$1'),
    bodyLimit: operation.bodyBytesMax ?? options.bodyBytesMax,
    config: {
      template: route.path,
      isBodyOptional: operation.isBodyOptional === true,
      ...ndjsonConfig(operation),
    },
    // Not async: the outcome is sent as soon as it is known, without another turn of the loop.
    handler: (request, reply) => {
      operation
        .handler(check(request))
        .then((outcome) => {
          send(reply, outcome, book);
        })
        // Also of an answer that cannot be serialised: nothing may end in an unhandled rejection.
        .catch((error: unknown) => {
          reply.send(error);
        });
    },
  });
}

/** Bodies are read by our own parsers, and by nothing else. */
export function bindParsers(server: FastifyInstance, depthMax: number): void {
  server.removeAllContentTypeParsers();
  const asBuffer = { parseAs: 'buffer' } as const;
  server.addContentTypeParser('application/json', asBuffer, (request, body, done) => {
    assertNotEncoded(request);
    const isAbsent = request.routeOptions.config.isBodyOptional === true && body.length === 0;
    done(null, isAbsent ? {} : readJson(body as Buffer, depthMax));
  });
  server.addContentTypeParser('application/x-ndjson', asBuffer, (request, body, done) => {
    assertNotEncoded(request);
    const { linesMax } = request.routeOptions.config;
    if (linesMax === undefined) {
      throw new EdgeRefusal('unsupported_media_type', 'NDJSON is not accepted here; send JSON.', {
        param: 'content-type',
      });
    }
    done(null, readNdjson(body as Buffer, depthMax, linesMax));
  });
}

function assertNotEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new EdgeRefusal('unsupported_media_type', 'A compressed body is not accepted.', {
      param: 'content-encoding',
    });
  }
}

function ndjsonConfig({ operationId, schema, isNdjsonAccepted }: Operation): { linesMax?: number } {
  if (isNdjsonAccepted !== true) return {};
  const { maxItems: linesMax }: { readonly maxItems?: number } = schema.body ?? {};
  assert(linesMax !== undefined, `${operationId} accepts NDJSON without a limit on its items`);
  return { linesMax };
}

function compileChecks(
  { path, operation }: Route,
  book: ProblemBook,
): (request: FastifyRequest) => EdgeRequest {
  const { params, query, body } = operation.schema;
  const inPath = Array.from(path.matchAll(/\{([a-z_]+)\}/g), ([, name]) => String(name));
  const inSchema = Object.keys(params?.properties ?? {});
  assert(
    inPath.toSorted().join() === inSchema.toSorted().join(),
    `${operation.operationId}: the parameters of ${path} are not those of its schema`,
  );
  const checkParams = compileCheck(params ?? NO_FIELDS, 'params');
  const checkQuery = compileCheck(query ?? NO_FIELDS, 'query');
  const checkBody = body === undefined ? checkNoBody : compileCheck(body, 'body');
  return (request) => ({
    requestId: request.id,
    actor: ACTOR,
    params: checkParams(request.params) as EdgeRequest['params'],
    query: checkQuery(request.query) as EdgeRequest['query'],
    body: checkBody(operation.isBodyOptional === true ? (request.body ?? {}) : request.body),
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    problem: (refusal) => book.ofRefusal(refusal, request.id),
  });
}

// A client that sends a body expects it to matter.
function checkNoBody(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'object' && Object.keys(body).length === 0) return undefined;
  throw new EdgeRefusal('field_unknown', 'body is not expected by this request.', {
    param: 'body',
  });
}

function send(reply: FastifyReply, outcome: Outcome, book: ProblemBook): void {
  if (isRefused(outcome)) {
    sendProblem(reply, book.ofRefusal(outcome.refusal, reply.request.id));
    return;
  }
  sendAnswer(reply, outcome);
}

function sendAnswer(reply: FastifyReply, { status, body, headers }: Answer): void {
  reply.code(status);
  if (body === undefined) {
    if (headers !== undefined) reply.headers(headers);
    reply.send();
    return;
  }
  reply.header('content-type', JSON_TYPE);
  if (headers !== undefined) reply.headers(headers);
  reply.send(typeof body === 'string' ? body : JSON.stringify(body));
}

export function sendProblem(
  reply: FastifyReply,
  problem: { readonly status: number; readonly retryable: boolean },
  headers: Readonly<Record<string, string>> = {},
): void {
  reply.code(problem.status).header('content-type', 'application/problem+json; charset=utf-8');
  if (problem.status === 503 && problem.retryable) reply.header('retry-after', '1');
  reply.headers(headers).send(JSON.stringify(problem));
}
