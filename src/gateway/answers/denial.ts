// Owns the notice of denied access: every answer that says "you may not", whoever gives it, is told
// of once, with who asked and for what. The query string, which may name customers, never is.
import type { Clock, Instant } from '#kernel';
import type { Caller } from '#platform';
import type { FastifyRequest } from 'fastify';
import { callerOf, originOf } from '../intake/caller.ts';
import type { Problem } from '../problems.ts';

/** A request that its caller may not make. */
export interface Denial {
  readonly caller: Caller;
  /** The stable code of the refusal. */
  readonly code: string;
  readonly method: string;
  /** As the table of routes writes it; of a path that is not in it, its beginning. */
  readonly path: string;
  readonly at: Instant;
}

/** Not recognised, not allowed, not asked for under this name (RFC 9110 §15.5). */
const DENIED = new Set([401, 403, 421]);
const PATH_LENGTH_MAX = 256;

export type DenialWatch = (request: FastifyRequest, problem: Problem) => void;

export function watchDenials(
  onDenied: ((denial: Denial) => void) | undefined,
  clock: Clock,
): DenialWatch {
  if (onDenied === undefined) return () => undefined;
  return (request, { status, code }) => {
    if (!DENIED.has(status)) return;
    const caller = callerOf(originOf(request));
    const { method } = request;
    onDenied({ caller, code, method, path: pathOf(request), at: clock.now() });
  };
}

function pathOf({ routeOptions, url }: FastifyRequest): string {
  const known = routeOptions.config.template ?? routeOptions.url;
  if (known !== undefined) return known;
  const path = url.split('?', 1)[0] ?? '';
  return path
    .slice(0, PATH_LENGTH_MAX)
    .replaceAll(/\p{Cc}/gu, '')
    .toWellFormed();
}
