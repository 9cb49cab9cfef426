// Owns what is decided about a request before it is read: may it come from there, is the server
// still serving, is there memory for its body. A web page in a browser on the same machine or in
// the same network is the stranger to keep out: it comes under another name, or from another
// origin.
import type { FastifyRequest } from 'fastify';
import { EdgeRefusal } from '../problems.ts';

const HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Bodies below this are so small that connections, not bytes, are what must be limited. */
const COUNTED_BYTES_MIN = 65_536;

export interface Guard {
  /** Throws the refusal of a request that may not go on. */
  admit(request: FastifyRequest): void;
  /** To be told of every admitted request's end. */
  release(request: FastifyRequest): void;
  /** From now on, refuse everything but questions about health. */
  drain(): void;
  readonly isDraining: boolean;
}

export interface GuardOptions {
  readonly bodyBytesInFlightMax: number;
  /** What the server is called, with its port if it is not the usual one; this machine always. */
  readonly hosts: readonly string[];
  /** Whether web pages of the origin may change something here. */
  readonly isOriginAllowed: (origin: string) => boolean;
  /** Whether the whole way from the client must be encrypted. */
  readonly isTlsOnly: boolean;
}

export function openGuard(options: GuardOptions): Guard {
  const { bodyBytesInFlightMax, isOriginAllowed, isTlsOnly } = options;
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  const bodyBytes = new WeakMap<FastifyRequest, number>();
  let bodyBytesInFlight = 0;
  let isDraining = false;
  // Nearly all requests name the same host, so the last good one is remembered.
  let hostKnown = 'localhost';

  const admitHost = (host: string | undefined, httpVersion: string): void => {
    if (host === hostKnown) return;
    if (host === undefined) {
      // RFC 9112 §3.2: required from HTTP/1.1 on.
      if (httpVersion === '1.0') return;
      throw new EdgeRefusal('malformed_request', 'The Host header is missing.', { param: 'host' });
    }
    // A name that an attacker lets point to 127.0.0.1 (DNS rebinding) shows in this header.
    if (!HOST.test(host) && !hosts.has(host.toLowerCase())) {
      const names = ['localhost', '127.0.0.1', '[::1]', ...hosts].join(', ');
      const detail = `This server answers only requests for ${names}.`;
      throw new EdgeRefusal('host_not_allowed', detail, { param: 'host' });
    }
    hostKnown = host;
  };

  const admitBody = (request: FastifyRequest): void => {
    const announced = request.headers['content-length'];
    const isChunked = request.headers['transfer-encoding'] !== undefined;
    if (announced === undefined && !isChunked) return;
    const limit = request.routeOptions.bodyLimit ?? 0;
    const bytes = isChunked ? limit : Number(announced);
    // A body over the limit is never read, so it takes no memory.
    if (!(bytes > COUNTED_BYTES_MIN) || bytes > limit) return;
    if (bodyBytesInFlight + bytes > bodyBytesInFlightMax) {
      throw new EdgeRefusal('overloaded', 'Too many large bodies are being processed.');
    }
    bodyBytesInFlight += bytes;
    bodyBytes.set(request, bytes);
  };

  return {
    admit(request) {
      const { headers, method, peer } = request;
      admitHost(headers.host, request.raw.httpVersion);
      if (isTlsOnly && peer?.isSecure !== true && !HEALTH_PATHS.has(request.url)) {
        throw new EdgeRefusal('transport_insecure', 'Only requests over TLS are answered here.');
      }
      if (isDraining && !HEALTH_PATHS.has(request.url)) {
        throw new EdgeRefusal('shutting_down', 'The server is shutting down; ask again shortly.');
      }
      if (SAFE_METHODS.has(method)) return;
      admitOrigin(request, isOriginAllowed);
      admitBody(request);
    },
    release(request) {
      const bytes = bodyBytes.get(request);
      if (bytes !== undefined) bodyBytesInFlight -= bytes;
      bodyBytes.delete(request);
    },
    drain() {
      isDraining = true;
    },
    get isDraining() {
      return isDraining;
    },
  };
}

/** Asked all the time by whoever watches the server; never refused for how often. */
export const HEALTH_PATHS = new Set(['/healthz', '/readyz', '/metrics']);

// Browsers send Origin with every request that may change something and Sec-Fetch-Site with every
// request; other clients send neither. Pages this server itself serves may ask.
function admitOrigin(
  { headers, peer }: FastifyRequest,
  isAllowed: (origin: string) => boolean,
): void {
  const { origin, host = '', 'sec-fetch-site': site } = headers;
  if (origin !== undefined && isAllowed(origin)) return;
  const scheme = peer?.isSecure === true ? 'https' : 'http';
  const isForeign = origin !== undefined && origin !== `${scheme}://${host}`;
  const isCrossSite = site === 'cross-site' || site === 'same-site';
  if (isForeign || isCrossSite) {
    const detail = 'A web page of another origin may not change anything here.';
    throw new EdgeRefusal('cross_origin', detail, { param: 'origin' });
  }
}
