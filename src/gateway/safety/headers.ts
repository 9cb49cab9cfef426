// Owns the headers of every answer, whatever it answers: they tell a browser to do nothing with it
// that the bank did not mean. An answer for people (the manual, a login page) sets its own policy.
import type { FastifyInstance } from 'fastify';

export interface HeaderOptions {
  /** Whether callers reach the server over TLS only, also where a proxy speaks it. */
  readonly isTlsOnly: boolean;
}

/** Two years, as browsers want it for their own lists. */
const HSTS = 'max-age=63072000; includeSubDomains';

/** For answers that no framework sends: prepared ones, and those to what is no HTTP. */
export function securityHeaders({ isTlsOnly }: HeaderOptions): Readonly<Record<string, string>> {
  return {
    'cache-control': 'no-store',
    // An answer is data: it loads nothing, runs nothing, is shown in nobody's frame.
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    ...(isTlsOnly ? { 'strict-transport-security': HSTS } : {}),
  };
}

/** Sets them on every answer; what a handler sets itself stays. */
export function bindHeaders(server: FastifyInstance, options: HeaderOptions): void {
  const headers = securityHeaders(options);
  server.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}
