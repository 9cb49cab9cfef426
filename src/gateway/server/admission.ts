// Owns the way of a request from the wire to its handler: who asks, may they, how often, for these
// objects. A route is closed unless its row says `public`; whatever is not a yes is a no.
import type { Presented, Principal } from '#identity';
import { assert } from '#kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Allowed, Decision } from '../access/access.ts';
import { challengeOf } from '../access/authorise.ts';
import { HEALTH_PATHS } from './guard.ts';
import type { Legacy } from '../legacy/legacy.ts';
import { legacyPermissions } from '../legacy/routes.ts';
import type { Peer } from '../safety/peer.ts';
import type { AddressLimiter } from '../plans/address.ts';
import { EdgeRefusal } from '../problems.ts';
import { callerOf } from '../intake/caller.ts';
import { isRefused } from '../routes.ts';
import type { EdgeRequest, Outcome, Route } from '../routes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the caller must be allowed to do; absent where there is no route. */
    permission?: string;
    /** Whether the route's requests name the objects they are about, which are judged each. */
    areObjectsJudged?: boolean;
  }
  interface FastifyRequest {
    /** Who is at the other end of the connection; undefined where the framework itself refuses. */
    peer: Peer | undefined;
    /** Who asks; undefined before that is known, and on public routes. */
    principal: Principal | undefined;
  }
}

/** The permission of routes that anybody may use. */
export const PUBLIC = 'public';

/** What may refuse a known caller because of how much it asks. */
export interface Limiter {
  /** Throws the refusal (429, 503); otherwise sets what the answer says of the limits. */
  admit(principal: Principal, permission: string, reply: FastifyReply): Promise<void>;
}

export interface AdmissionOptions {
  readonly access: Access;
  /** What one address may ask that proves nobody; without it, anything. */
  readonly addresses: AddressLimiter | undefined;
  readonly limiter: Limiter | undefined;
  /** The core behind the gateway, if there is one. */
  readonly legacy: Pick<Legacy, 'covers'> | undefined;
  /** The address callers know this server by, which tokens are issued for; no slash at its end. */
  readonly issuer: () => string;
}

export function bindAdmission(
  server: FastifyInstance,
  { access, addresses, limiter, issuer, legacy }: AdmissionOptions,
): void {
  const permissionOf = ({ method, url, routeOptions, is404 }: FastifyRequest) => {
    if (!is404) return routeOptions.config.permission;
    // Paths that only the other core knows.
    const [path = ''] = url.split('?', 1);
    return legacy?.covers(method, path) === true ? legacyPermissions.use : undefined;
  };
  server.decorateRequest('principal', undefined);
  server.addHook('onRequest', async (request, reply) => {
    const { areObjectsJudged } = request.routeOptions.config;
    // Without a route there is nothing to protect, and pages of the manual have no row.
    const permission = permissionOf(request);
    if (permission === undefined) return;
    const address = request.peer?.address;
    if (permission === PUBLIC) {
      if (!HEALTH_PATHS.has(request.url)) addresses?.visit(address);
      return;
    }
    addresses?.requireAttempt(address);
    try {
      request.principal = await access.identify(presentedOf(request, issuer()));
    } catch (error) {
      // A request without a credential guesses nothing.
      if (error instanceof EdgeRefusal && error.code === 'token_invalid') addresses?.fail(address);
      throw error;
    }
    const { principal } = request;
    requireAllowed(access.authorise(principal, permission, areObjectsJudged));
    await limiter?.admit(principal, permission, reply);
  });
}

// A proof is bound to the address that was asked. The guard has seen that this host is ours.
function presentedOf({ method, url, headers, peer }: FastifyRequest, issuer: string): Presented {
  const [path = ''] = url.split('?', 1);
  const { host } = headers;
  // What precedes the host is all that the issuer's address adds, where the caller names one.
  const origin = host === undefined ? new URL(issuer).origin : schemeOf(issuer) + host;
  const asked = `${origin}${path}`;
  return { method, url: asked, headers, certificate: peer?.certificate };
}

function schemeOf(issuer: string): string {
  return issuer.slice(0, issuer.indexOf('//') + 2);
}

type Handler = (request: EdgeRequest) => Promise<Outcome>;

/** The operation's handler, for those only who may do to its objects what the request asks. */
export function permitted(
  { permission, operation }: Route,
  access: Access,
  handler: Handler,
): Handler {
  if (operation.objects === undefined) return handler;
  return async (request) => {
    const { principal } = request;
    assert(principal !== undefined, `${operation.operationId} has rules of objects, yet is public`);
    const context = { permission, caller: callerOf(request) };
    const uses = operation.objects?.(request) ?? [];
    const decision = await access.permit(principal, uses, context);
    requireAllowed(decision);
    const isDryRun = operation.isDryRun?.(request) === true;
    return await settled(decision, handler(request), isDryRun);
  };
}

// What was set aside for a request is given back when nothing came of it. That must not spoil the
// answer, and what cannot be given back counts as used for the day.
async function settled(
  decision: Allowed,
  running: Promise<Outcome>,
  isDryRun: boolean,
): Promise<Outcome> {
  let isDone = false;
  try {
    const outcome = await running;
    isDone = !isDryRun && hasEffect(outcome);
    return outcome;
  } finally {
    await decision.settle?.(isDone).catch(() => undefined);
  }
}

// What waits for a second person is judged anew when it is run, and a replay was counted before.
function hasEffect(outcome: Outcome): boolean {
  if (isRefused(outcome) || outcome.status >= 400 || outcome.status === 202) return false;
  return outcome.headers?.['idempotent-replayed'] !== 'true';
}

function requireAllowed(decision: Decision): asserts decision is Allowed {
  if (decision.isAllowed) return;
  const challenge = challengeOf(decision);
  const headers = challenge === undefined ? {} : { 'www-authenticate': challenge };
  throw new EdgeRefusal(decision.code, decision.message, { headers });
}
