// Owns what a context may ask of the network outside: one dependency, asked with limits on time,
// size and number, and left alone for a while when it fails. No vendor, and no way around a limit.
import type { Readable } from 'node:stream';

export type OutboundHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface OutboundRequest {
  readonly url: string;
  /** GET unless given. */
  readonly method?: string;
  readonly headers?: OutboundHeaders;
  readonly body?: string | Buffer | Readable;
  /** Ends the request early; what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
}

export interface OutboundAnswer<Body> {
  readonly status: number;
  /** By lower-case name; what came several times is a list. */
  readonly headers: OutboundHeaders;
  readonly body: Body;
}

/** closed: asked as usual. open: not asked at all. half_open: one request at a time tries it. */
export type BreakerState = 'closed' | 'open' | 'half_open';

/**
 * One dependency outside. Whatever it answers is an answer, redirects too: they are not followed.
 * Throws a Fault otherwise: `outbound_open` (it failed too often and is left alone),
 * `outbound_busy` (too many requests of ours wait), `outbound_timeout`, `outbound_failed` (no
 * connection, or one that broke), `outbound_too_large`, and, not retryable, `outbound_forbidden`
 * (an address that may not be asked).
 */
export interface Outbound {
  /** The whole answer, in memory. */
  fetch(request: OutboundRequest): Promise<OutboundAnswer<Buffer>>;
  /** The head of the answer, and its body as it comes; it must be read to its end or destroyed. */
  stream(request: OutboundRequest): Promise<OutboundAnswer<Readable>>;
  readonly state: BreakerState;
  /** How long the system is left alone because it failed, ms; 0 where it may be asked. */
  waitMs(): number;
  /** Cuts off what runs. */
  close(): void;
}
