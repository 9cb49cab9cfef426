// Owns what the edge measures about itself: how long requests took by route and status, how many
// run, and how group commit fills its batches. Costs well under a microsecond for most requests.
import type { Metrics } from '#platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Coalescer, FlushFacts } from '../coalesce.ts';

const DURATION_BUCKETS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const ITEM_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];
const WAIT_BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];

export function bindMeasurements(
  server: FastifyInstance,
  { metrics }: { readonly metrics: Metrics },
): void {
  const durations = metrics.histogram({
    name: 'florin_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_S,
  });
  const bound = new Map<string, { observe(value: number): void }>();
  let inFlight = 0;
  metrics.gauge(
    { name: 'florin_http_requests_in_flight', help: 'Requests without an answer yet.' },
    () => inFlight,
  );

  const note = (request: FastifyRequest, status: string, startedMs: number): void => {
    const durationMs = performance.now() - startedMs;
    const labels = { method: request.method, route: routeOf(request), status };
    const key = `${labels.method} ${labels.route} ${status}`;
    let series = bound.get(key);
    if (series === undefined) {
      series = durations.of(labels);
      bound.set(key, series);
    }
    series.observe(durationMs / 1_000);
  };

  server.addHook('onRequest', (request, reply, done) => {
    const startedMs = performance.now();
    // An answer that its client did not take to its end, or that was cut off, has no status.
    let status = 'aborted';
    inFlight += 1;
    reply.raw.on('finish', () => {
      status = String(reply.statusCode);
    });
    // The framework's own hook never hears of a client that left before its answer.
    reply.raw.on('close', () => {
      inFlight -= 1;
      note(request, status, startedMs);
    });
    done();
  });
}

/** The template of the route: one value for all its ids, one for all paths that do not exist. */
function routeOf(request: FastifyRequest): string {
  if (request.is404) return 'none';
  return request.routeOptions.config.template ?? '/docs';
}

/** Series about one coalescer, by a name such as `transfers`; give `onFlush` to the coalescer. */
export function measureCoalescer(
  metrics: Metrics,
  name: string,
  read: () => Pick<Coalescer<unknown, unknown>, 'queued' | 'inFlight'>,
): { onFlush(this: void, facts: FlushFacts): void } {
  const prefix = `florin_${name}_group`;
  const items = metrics.histogram({
    name: `${prefix}_items`,
    help: 'Requests that shared one database transaction.',
    buckets: ITEM_BUCKETS,
  });
  const waits = metrics.histogram({
    name: `${prefix}_wait_seconds`,
    help: 'How long the first request of a group waited for it to begin.',
    buckets: WAIT_BUCKETS_S,
  });
  metrics.gauge(
    { name: `${prefix}_queued`, help: 'Requests waiting for a group.' },
    () => read().queued,
  );
  metrics.gauge(
    { name: `${prefix}_in_flight`, help: 'Groups being committed.' },
    () => read().inFlight,
  );
  return {
    onFlush(facts) {
      items.observe(facts.items);
      waits.observe(facts.waitedMs / 1_000);
    },
  };
}
