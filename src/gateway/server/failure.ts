// Owns what a request ends in when it ends badly: an unknown path, a wrong method, a refusal of the
// edge, a fault of the world, a bug of ours. Only the last two are logged above the level of debug.
import type { Logger } from '#platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sender } from '../answers/send.ts';
import { EdgeRefusal } from '../problems.ts';
import type { Problem, ProblemBook } from '../problems.ts';
import { writePath } from '../routes.ts';
import type { Route } from '../routes.ts';

export interface FailureOptions {
  readonly book: ProblemBook;
  readonly sender: Sender;
  readonly logger: Logger;
  readonly routes: readonly Route[];
}

// A client that is cut off while it still sends may never read the answer, so the rest of a body
// that is too large is read and thrown away first, within these limits.
const DRAIN_BYTES_MAX = 64 * 1024 * 1024;
const DRAIN_MS_MAX = 5_000;

export function bindFailures(server: FastifyInstance, options: FailureOptions): void {
  const { book, sender, logger } = options;
  const allowedMethods = compileAllowedMethods(options.routes);

  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = refusalOfFramework(error, request);
    const problem = book.ofError(known ?? error, request.id);
    if (problem.status >= 500) logFailure(logger, problem, request, error);
    sender.problem(reply, problem, known?.headers);
  };

  const notFound = (request: FastifyRequest, reply: FastifyReply): void => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allow = allowedMethods(path);
    const refusal =
      allow.length === 0
        ? new EdgeRefusal('path_not_found', 'There is nothing at this path.', { param: 'path' })
        : new EdgeRefusal('method_not_allowed', `This path knows only ${allow.join(', ')}.`, {
            param: 'method',
            headers: { allow: allow.join(', ') },
          });
    fail(refusal, request, reply);
  };
  server.setNotFoundHandler(notFound);
  bindShadowed(server, options.routes, notFound);

  server.setErrorHandler((error, request, reply) => {
    // Of the method QUERY, which the framework judges before it knows that no path has it.
    if (codeOf(error) === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE') {
      notFound(request, reply);
      return;
    }
    if (codeOf(error) !== 'FST_ERR_CTP_BODY_TOO_LARGE') {
      fail(error, request, reply);
      return;
    }
    discardBody(request, () => {
      fail(error, request, reply);
    });
  });
}

/** What the framework found wrong, in our words; undefined if the error is not of its making. */
export function refusalOfFramework(
  error: unknown,
  request: FastifyRequest,
): EdgeRefusal | undefined {
  if (error instanceof EdgeRefusal) return error;
  switch (codeOf(error)) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const limit = request.routeOptions.bodyLimit ?? 0;
      const detail = `The body may have at most ${limit} bytes.`;
      return new EdgeRefusal('body_too_large', detail, { param: 'body' });
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': {
      const isNdjson = request.routeOptions.config.linesMax !== undefined;
      const accepted = `application/json${isNdjson ? ' or application/x-ndjson' : ''}`;
      const detail = `The body must be of type ${accepted}.`;
      return new EdgeRefusal('unsupported_media_type', detail, { param: 'content-type' });
    }
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'ECONNRESET': {
      const detail = 'The body ended early or differs from its announced length.';
      return new EdgeRefusal('body_incomplete', detail, { param: 'body' });
    }
    case 'FST_ERR_BAD_URL':
      return new EdgeRefusal('malformed_url', 'The path cannot be decoded.', { param: 'path' });
    case 'FST_ERR_MAX_PARAM_LENGTH':
    // A path that leads out of the folder of the manual.
    case 'FST_STATIC_FORBIDDEN_PATH':
      return new EdgeRefusal('path_not_found', 'There is nothing at this path.', { param: 'path' });
    default:
      return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function logFailure(
  logger: Logger,
  problem: Problem,
  request: FastifyRequest,
  error: unknown,
): void {
  const facts = {
    code: problem.code,
    request_id: problem.request_id,
    method: request.method,
    route: request.routeOptions.config.template ?? null,
  };
  // A refusal to serve is no mistake: while the database is away, each request would log a stack.
  if (problem.status === 503) logger.warn('request not served', { ...facts, why: problem.detail });
  else logger.error('request failed', { ...facts, error });
}

function discardBody(request: FastifyRequest, then: () => void): void {
  const { raw } = request;
  let bytes = 0;
  const finish = (): void => {
    clearTimeout(timer);
    raw.removeListener('data', count).removeListener('end', finish).removeListener('close', finish);
    then();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > DRAIN_BYTES_MAX) finish();
  };
  const timer = setTimeout(finish, DRAIN_MS_MAX);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (raw.readableEnded || raw.destroyed || announced > DRAIN_BYTES_MAX) {
    finish();
    return;
  }
  raw.on('data', count).on('end', finish).on('close', finish).resume();
}

/**
 * A path such as /batch that knows only POST is not the id of another route, GET /{id}: it answers
 * as any path does that does not know the method.
 */
function bindShadowed(
  server: FastifyInstance,
  routes: readonly Route[],
  notFound: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const whole = Map.groupBy(
    routes.filter(({ path }) => !path.includes('{')),
    ({ path }) => path,
  );
  for (const [path, known] of whole) {
    const methods = new Set(known.map(({ method }) => method));
    const shadowed = routes.filter(
      (route) => !methods.has(route.method) && patternOf(route.path).test(path),
    );
    for (const method of new Set(shadowed.map((route) => route.method))) {
      server.route({ method, url: path, handler: notFound });
    }
  }
}

/** Which methods a path knows; empty if it knows none. Asked only when no route was found. */
function compileAllowedMethods(routes: readonly Route[]): (path: string) => string[] {
  const whole = new Set(routes.filter(({ path }) => !path.includes('{')).map(({ path }) => path));
  const patterns = routes.map(({ method, path }) => ({
    path,
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    pattern: patternOf(path),
  }));
  return (asked) => {
    const matching = patterns.filter(({ path, pattern }) =>
      whole.has(asked) ? path === asked : pattern.test(asked),
    );
    return [...new Set(matching.flatMap((one) => one.methods))];
  };
}

function patternOf(path: string): RegExp {
  const written = writePath(path.replaceAll('.', '\\.'), (_, isRest) => (isRest ? '.+' : '[^/]+'));
  return new RegExp(`^${written}$`);
}
