// Owns who asks, as far as the wire tells: the address of the socket, the client's name for itself,
// the trace it belongs to. What a client says of itself is bounded and harmless, and never trusted;
// no header of a proxy is believed.
import type { Clock } from '#kernel';
import type { Caller, TransactionContext } from '#platform';
import type { FastifyRequest } from 'fastify';
import { plainAddress } from '../safety/peer.ts';

/** What of a request names its caller. */
export interface Origin {
  /** Names this request in logs and problem documents, and as correlation id in books and log. */
  readonly requestId: string;
  /** On whose behalf: the subject of the principal; `nobody` on public routes. */
  readonly actor: string;
  /** How the actor was recognised. */
  readonly authentication: string;
  readonly roles: readonly string[];
  /** Whose data the caller may see; undefined on public routes. */
  readonly tenant: string | undefined;
  /** The address of the socket's other end. */
  readonly address: string | undefined;
  /** At most 256 characters, none of them a control character. */
  readonly userAgent: string | undefined;
  /** Of a valid W3C traceparent header: 32 hexadecimal digits. */
  readonly traceId: string | undefined;
}

/** The actor of a request that proved nobody. */
const NOBODY = 'nobody';
const NO_ROLES: readonly string[] = [];
const USER_AGENT_LENGTH_MAX = 256;

export function originOf(request: FastifyRequest): Origin {
  const { headers, raw, principal, peer } = request;
  return {
    requestId: request.id,
    actor: principal?.subject ?? NOBODY,
    authentication: principal?.authentication ?? 'none',
    roles: principal?.roles ?? NO_ROLES,
    tenant: principal?.tenant,
    // Where the framework itself refuses, no hook has looked at the peer.
    address: peer?.address ?? plainAddress(raw.socket.remoteAddress),
    userAgent: userAgentOf(headers['user-agent']),
    traceId: traceIdOf(headers['traceparent']),
  };
}

/** The caller of a request, for contexts and records. */
export function callerOf(request: Origin): Caller {
  const { actor, requestId, authentication, roles, tenant, address, userAgent, traceId } = request;
  return {
    actor,
    correlationId: requestId,
    authentication,
    roles,
    tenant,
    address,
    userAgent,
    traceId,
  };
}

/** The context of what is done in answer to a request. */
export function contextOf(clock: Clock, request: Origin): TransactionContext {
  return { now: clock.now(), clockOffsetUs: clock.offsetUs, ...callerOf(request) };
}

function userAgentOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const clean = given
    .slice(0, USER_AGENT_LENGTH_MAX)
    .replaceAll(/\p{Cc}/gu, '')
    .toWellFormed();
  return clean === '' ? undefined : clean;
}

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ZEROS = /^0+$/;

// W3C Trace Context §3.2: version ff and ids of zeros are invalid; a later version may say more.
function traceIdOf(given: string | string[] | undefined): string | undefined {
  if (typeof given !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', more] = TRACE_PARENT.exec(given) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return ZEROS.test(traceId) || ZEROS.test(parentId) ? undefined : traceId;
}
