// Owns the way from one row of the table of routes to a route of the framework: the request is
// checked, the handler is asked, its outcome is sent. Checks are compiled here, once, at start.
import { assert } from '#kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Access } from '../access/access.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { permitted } from './admission.ts';
import { compileAllowList } from '../answers/allow-list.ts';
import { handlerOf } from '../answers/disclosure.ts';
import type { OnDisclosed } from '../answers/disclosure.ts';
import type { Sender } from '../answers/send.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import { originOf } from '../intake/caller.ts';
import type { Deadline, Deadlines } from '../intake/deadline.ts';
import { readJson, readNdjson } from '../intake/json-body.ts';
import { compileCheck } from '../intake/validation.ts';
import { EdgeRefusal } from '../problems.ts';
import type { ProblemBook } from '../problems.ts';
import { parametersOf, writePath } from '../routes.ts';
import type { EdgeRequest, Operation, Outcome, Route } from '../routes.ts';
import { object } from '../schema.ts';
import { assertContentDigest } from '../signatures/digest.ts';

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
  readonly access: Access;
  readonly deadlines: Deadlines;
  /** Without it requests are done as often as they are asked. */
  readonly idempotency: Idempotency | undefined;
  /** Without it nothing needs a second person. */
  readonly approvals: Approvals | undefined;
  readonly isAnswerChecked: boolean;
}

export function bindRoute(server: FastifyInstance, route: Route, options: BindOptions): void {
  const { operation } = route;
  const { book, sender, deadlines } = options;
  const check = compileChecks(route, book);
  const allow = compileAllowList(operation, { isChecked: options.isAnswerChecked });
  const handle = chainOf(route, options, allow);
  server.route({
    method: route.method,
    url: writePath(route.path, (name, isRest) => (isRest ? REST : `:${name}`)),
    bodyLimit: operation.bodyBytesMax ?? options.bodyBytesMax,
    config: {
      template: route.path,
      operationId: operation.operationId,
      permission: route.permission,
      areObjectsJudged: operation.objects !== undefined,
      isBodyOptional: operation.isBodyOptional === true,
      ...ndjsonConfig(operation),
    },
    // Not async: the outcome is sent as soon as it is known, without another turn of the loop.
    handler: (request, reply) => {
      deadlines
        .within((deadline) => handle(check(request, deadline)))
        .then((outcome) => sender.outcome(reply, allow(outcome)))
        // Also of an answer that cannot be serialised: nothing may end in an unhandled rejection.
        .catch((error: unknown) => {
          reply.send(error);
        });
    },
  });
}

type Handler = (request: EdgeRequest) => Promise<Outcome>;
type Allow = (outcome: Outcome) => Outcome;

/**
 * What stands around the operation: a repeated request is answered as it was, before it is judged
 * again; objects are judged; one that needs a second person becomes a proposal, and is judged anew
 * when it is run.
 */
function chainOf(route: Route, options: BindOptions, allow: Allow): Handler {
  const { access, approvals, book, idempotency, onDisclosed } = options;
  const { operation } = route;
  const handler = handlerOf(operation, onDisclosed);
  const once = (inner: Handler): Handler =>
    idempotency?.bind(route, inner, { book, allow }) ?? inner;
  const direct = once(permitted(route, access, handler));
  const rule = operation.approval;
  if (rule === undefined || approvals === undefined) return direct;
  const gated = approvals.bind(route, { rule, handler, execute: direct, book });
  return once(permitted(route, access, gated));
}

/** Bodies are read by our own parsers, and by nothing else. */
export function bindParsers(server: FastifyInstance, depthMax: number): void {
  server.removeAllContentTypeParsers();
  const asBuffer = { parseAs: 'buffer' } as const;
  server.addContentTypeParser('application/json', asBuffer, (request, body, done) => {
    assertWhole(request, body as Buffer);
    const isAbsent = request.routeOptions.config.isBodyOptional === true && body.length === 0;
    done(null, isAbsent ? {} : readJson(body as Buffer, depthMax));
  });
  server.addContentTypeParser('application/x-ndjson', asBuffer, (request, body, done) => {
    assertWhole(request, body as Buffer);
    const { linesMax } = request.routeOptions.config;
    if (linesMax === undefined) {
      throw new EdgeRefusal('unsupported_media_type', 'NDJSON is not accepted here; send JSON.', {
        param: 'content-type',
      });
    }
    done(null, readNdjson(body as Buffer, depthMax, linesMax));
  });
}

/** What came is what was sent: not packed, and as its digest says, where it has one. */
function assertWhole(request: FastifyRequest, body: Buffer): void {
  assertNotEncoded(request);
  const digest = request.headers['content-digest'];
  if (digest !== undefined) assertContentDigest(String(digest), body);
}

function assertNotEncoded(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new EdgeRefusal('unsupported_media_type', 'A compressed body is not accepted.', {
      param: 'content-encoding',
      // RFC 9110 §12.5.3: what is accepted instead.
      headers: { 'accept-encoding': 'identity' },
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
): (request: FastifyRequest, deadline: Deadline) => EdgeRequest {
  const { params, query, body, headers } = operation.schema;
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
  const checkHeaders = headers === undefined ? () => ({}) : compileCheck(headers, 'headers');
  const checkBody = body === undefined ? checkNoBody : compileCheck(body, 'body');
  return (request, deadline) => ({
    ...originOf(request),
    principal: request.principal,
    get signal() {
      return deadline.signal;
    },
    params: checkParams(paramsOf(request.params, rest)) as EdgeRequest['params'],
    query: checkQuery(request.query) as EdgeRequest['query'],
    headers: checkHeaders(request.headers) as EdgeRequest['headers'],
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
