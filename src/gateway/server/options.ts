// Owns what a gateway is made of: its limits, its table of routes, and the parts that stand in
// front of them. What is left out is not done, so that a test opens no more than it is about.
import type { Clock } from '#kernel';
import type { Logger, Metrics } from '#platform';
import type { Access } from '../access/access.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { Limiter } from './admission.ts';
import type { Denial } from '../answers/denial.ts';
import type { OnDisclosed } from '../answers/disclosure.ts';
import type { AddressLimiter } from '../plans/address.ts';
import type { Mount } from './mounts.ts';
import type { About, ReadinessCheck } from './health.ts';
import type { Idempotency } from '../idempotency/idempotency.ts';
import type { ProblemTable } from '../problems.ts';
import type { Legacy } from '../legacy/legacy.ts';
import type { AccessLogging } from '../safety/access-log.ts';
import type { ShedderLimits } from '../safety/shedder.ts';
import type { Tls } from '../safety/tls.ts';
import type { Signatures } from '../signatures/signatures.ts';
import type { Versions } from '../versions/version.ts';
import type { Route } from '../routes.ts';

/** Limits of the edge, as the table of limits names them. */
export interface GatewayLimits {
  readonly httpBodyBytesMax: number;
  readonly httpBodyBytesInFlightMax: number;
  readonly httpHeaderBytesMax: number;
  readonly httpHeadersTimeoutMs: number;
  readonly httpRequestTimeoutMs: number;
  readonly httpDeadlineMs: number;
  readonly httpKeepAliveTimeoutMs: number;
  readonly httpConnectionsMax: number;
  readonly httpShutdownMs: number;
  readonly jsonDepthMax: number;
  readonly readinessTimeoutMs: number;
  readonly httpStreamsInFlightMax: number;
  readonly httpStreamStallMs: number;
}

export interface GatewayOptions {
  readonly about: About;
  readonly routes: readonly Route[];
  /** The refusals of the contexts whose routes are bound. */
  readonly problemTables: readonly ProblemTable[];
  /** What must answer for the server to be ready. */
  readonly checks: readonly ReadinessCheck[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** One that others can reach only with TLS or behind proxies that are trusted. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly limits: GatewayLimits;
  /** Who may do what. */
  readonly access: Access;
  /** How often one address may ask without proving who it is; as often as it likes unless given. */
  readonly addresses?: AddressLimiter | undefined;
  /** How often; as often as they like unless given. */
  readonly limiter?: Limiter | undefined;
  /** What answers for itself: the provider and its pages. */
  readonly mounts?: readonly Mount[] | undefined;
  /** The address callers know this server by; where it listens unless given. */
  readonly issuer?: string | undefined;
  /** Without it the server speaks plain HTTP. */
  readonly tls?: Tls | undefined;
  /** Addresses and ranges of proxies that are believed; nobody unless given. */
  readonly trustedProxies?: readonly string[];
  /** Origins whose web pages may use the API; none unless given. */
  readonly corsOrigins?: readonly string[];
  /** Which requests leave a line in the log; none unless given. */
  readonly accessLog?: AccessLogging;
  /** When to turn requests away early; never unless given. */
  readonly shedding?: ShedderLimits | undefined;
  /** Dated versions of the API; the newest only unless given. */
  readonly versions?: Versions | undefined;
  /** The existing core that routes can be pointed to. */
  readonly legacy?: Legacy | undefined;
  /** Signed requests and answers (RFC 9421). */
  readonly signatures?: Signatures | undefined;
  /** The machine's unless given. */
  readonly clock?: Clock;
  /** Told of every request that its caller may not make. Must not throw. */
  readonly onDenied?: (denial: Denial) => void;
  /**
   * Awaited before the answer of an operation with a `disclosure` is sent; where it fails, so does
   * the request.
   */
  readonly onDisclosed?: OnDisclosed;
  /** Makes unsafe requests repeatable; they are done as often as they are asked unless given. */
  readonly idempotency?: Idempotency | undefined;
  /** Makes proposals of what needs a second person; nothing does unless given. */
  readonly approvals?: Approvals | undefined;
  /** For tests: an answer that is not as its schema says is a mistake of the server. */
  readonly isAnswerChecked?: boolean;
}
