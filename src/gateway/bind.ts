// Owns the way from one row of the table of routes to a route of the framework: the request is
// checked, the handler is asked, its outcome is sent. Checks are compiled here, once, at start.
import { assert } from '#kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { handlerOf } from './answers/disclosure.ts';
import type { OnDisclosed } from './answers/disclosure.ts';
import type { Sender } from './answers/send.ts';
import { originOf } from './intake/caller.ts';
import { readJson, readNdjson } from './intake/json-body.ts';
import { compileCheck } from './intake/validation.ts';
import { EdgeRefusal } from './problems.ts';
import type { ProblemBook } from './problems.ts';
import { parametersOf, writePath } from './routes.ts';
import type { EdgeRequest, Operation, Route } from './routes.ts';
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

const NO_FIELDS = object({});

export interface BindOptions {
  readonly book: ProblemBook;
  readonly sender: Sender;
  readonly bodyBytesMax: number;
  readonly onDisclosed: OnDisclosed | undefined;
}

export function bindRoute(server: FastifyInstance, route: Route, options: BindOptions): void {
  const { operation } = route;
  const { book, sender } = options;
  const check = compileChecks(route, book);
  const handle = handlerOf(operation, options.onDisclosed);
  server.route({
    method: route.method,
    url: writePath(route.path, (name, isRest) => (isRest ? REST : `:${name}`)),
    bodyLimit: operation.bodyBytesMax ?? options.bodyBytesMax,
    config: {
      template: route.path,
      isBodyOptional: operation.isBodyOptional === true,
      ...ndjsonConfig(operation),
    },
    // Not async: the outcome is sent as soon as it is known, without another turn of the loop.
    handler: (request, reply) => {
      handle(check(request))
        .then((outcome) => sender.outcome(reply, outcome))
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
  const inPath = parametersOf(path).map(({ name }) => name);
  const rest = parametersOf(path).find(({ isRest }) => isRest)?.name;
  assert(
    rest === undefined || path.endsWith(`{${rest}*}`),
    `${operation.operationId}: only the last parameter of ${path} takes the rest`,
  );
  const inSchema = Object.keys(params?.properties ?? {});
  assert(
    inPath.toSorted().join() === inSchema.toSorted().join(),
    `${operation.operationId}: the parameters of ${path} are not those of its schema`,
  );
  const checkParams = compileCheck(params ?? NO_FIELDS, 'params');
  const checkQuery = compileCheck(query ?? NO_FIELDS, 'query');
  const checkBody = body === undefined ? checkNoBody : compileCheck(body, 'body');
  return (request) => ({
    ...originOf(request),
    params: checkParams(paramsOf(request.params, rest)) as EdgeRequest['params'],
    query: checkQuery(request.query) as EdgeRequest['query'],
    body: checkBody(operation.isBodyOptional === true ? (request.body ?? {}) : request.body),
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    problem: (refusal) => book.ofRefusal(refusal, request.id),
  });
}

/** How the router calls the rest of a path. */
const REST = '*';

function paramsOf(params: unknown, rest: string | undefined): unknown {
  if (rest === undefined) return params;
  const { [REST]: value, ...others } = params as Readonly<Record<string, unknown>>;
  return { ...others, [rest]: value };
}

// A client that sends a body expects it to matter.
function checkNoBody(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'object' && Object.keys(body).length === 0) return undefined;
  throw new EdgeRefusal('field_unknown', 'body is not expected by this request.', {
    param: 'body',
  });
}
