// Owns the operations that are about the server itself: is it alive, is it ready, what has it
// measured, and where to read on. None of them touches the books.
import { Type } from 'typebox';
import type { Metrics } from '#platform';
import { EdgeRefusal } from '../problems.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Route } from '../routes.ts';
import { object } from '../schema.ts';

/** Something the server cannot work without. `check` resolves if it answers. */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<unknown>;
}

export interface About {
  /** What each tag of the operations gathers, in a sentence. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

export interface HealthOptions {
  readonly about: About;
  readonly checks: readonly ReadinessCheck[];
  readonly checkTimeoutMs: number;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
}

export function healthRoutes(options: HealthOptions): readonly Route[] {
  const row = (path: string, operation: Route['operation']): Route => ({
    method: 'GET',
    path,
    permission: 'public',
    operation,
  });
  return [
    row('/', index(options.about)),
    row('/healthz', alive()),
    row('/readyz', ready(options)),
    row('/metrics', measurements(options.metrics)),
  ];
}

function index({ title, version }: About): Route['operation'] {
  const links = {
    documentation: '/docs',
    openapi: '/openapi.json',
    health: '/healthz',
    readiness: '/readyz',
    metrics: '/metrics',
  };
  return defineOperation({
    operationId: 'index',
    summary: 'Where to read on',
    tags: ['server'],
    schema: {
      response: {
        200: {
          description: 'The name and version of this server, and paths to go on from.',
          body: object({
            name: Type.String(),
            version: Type.String(),
            links: object(
              Object.fromEntries(Object.keys(links).map((name) => [name, Type.String()])),
            ),
          }),
          example: { name: title, version, links },
        },
      },
    },
    handler: () => Promise.resolve(answer(200, { name: title, version, links })),
  });
}

function alive(): Route['operation'] {
  return defineOperation({
    operationId: 'isAlive',
    summary: 'Whether the process answers',
    tags: ['server'],
    schema: {
      response: {
        200: {
          description: 'The process answers.',
          body: object({ status: Type.Literal('alive') }),
          example: { status: 'alive' },
        },
      },
    },
    handler: () => Promise.resolve(answer(200, { status: 'alive' })),
  });
}

function ready(options: HealthOptions): Route['operation'] {
  return defineOperation({
    operationId: 'isReady',
    summary: 'Whether the server can do its work',
    tags: ['server'],
    refusals: ['not_ready'],
    schema: {
      response: {
        200: {
          description: 'Everything the server needs answers.',
          body: object({ status: Type.Literal('ready') }),
          example: { status: 'ready' },
        },
      },
    },
    async handler() {
      if (options.isDraining()) throw new EdgeRefusal('not_ready', 'The server is shutting down.');
      const failed = await failedChecks(options);
      if (failed.length === 0) return answer(200, { status: 'ready' });
      throw new EdgeRefusal('not_ready', `The ${failed.join(' and the ')} does not answer.`);
    },
  });
}

async function failedChecks(options: HealthOptions): Promise<string[]> {
  const results = await Promise.all(
    options.checks.map(async (one) => ({
      name: one.name,
      isWell: await answersWithin(one, options.checkTimeoutMs),
    })),
  );
  return results.filter(({ isWell }) => !isWell).map(({ name }) => name);
}

async function answersWithin(one: ReadinessCheck, timeoutMs: number): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => {
    timeout.resolve(false);
  }, timeoutMs);
  const check = Promise.resolve()
    .then(() => one.check())
    .then(
      () => true,
      () => false,
    );
  const isWell = await Promise.race([check, timeout.promise]);
  clearTimeout(timer);
  return isWell;
}

function measurements(metrics: Metrics): Route['operation'] {
  return defineOperation({
    operationId: 'metrics',
    summary: 'Measurements in the text format of Prometheus',
    tags: ['server'],
    schema: {
      response: {
        200: { description: 'The measurements.', mediaType: 'text/plain', body: Type.String() },
      },
    },
    async handler() {
      const { contentType: mediaType } = metrics;
      return { status: 200, content: { mediaType, body: await metrics.report() } };
    },
  });
}
