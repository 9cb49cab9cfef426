// What tests of access share: principals of every kind, and a whole edge on a real database whose
// callers prove themselves with tokens.
import { randomUUID } from 'node:crypto';
import { localIssuer, ownIssuer, peopleRefusals } from '#identity';
import type { Principal, Role } from '#identity';
import { parseInstant } from '#kernel';
import type { Instant } from '#kernel';
import { openLogger, openMetrics } from '#platform';
import { testLog } from '../../audit/testing/log.ts';
import type { TestLog } from '../../audit/testing/log.ts';
import { BANK, claimsAt, newKey, sign } from '../../identity/testing/tokens.ts';
import type { Claims } from '../../identity/testing/tokens.ts';
import type { Route } from '../routes.ts';
import { createGateway } from '../server/server.ts';
import type { GatewayOptions } from '../server/options.ts';
import type { Gateway } from '../server/server.ts';
import { limits } from '../testing.ts';
import type { Access } from './access.ts';
import { openAccess } from './open-access.ts';
import type { AccessLimits, AccessOptions } from './open-access.ts';
import { accessRefusals } from './refusals.ts';

export const NOW = parseInstant('2026-11-23T10:00:00Z') as Instant;

export function principalOf(roles: readonly Role[], changes: Partial<Principal> = {}): Principal {
  return {
    subject: 'usr_1',
    kind: 'person',
    tenant: 'main',
    roles,
    scopes: undefined,
    authentication: 'pwd+otp',
    factors: 2,
    authenticatedAt: NOW,
    clientId: 'cli_web',
    customer: changes.subject ?? 'usr_1',
    session: 'grant-1',
    ...changes,
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestEdge {
  readonly log: TestLog;
  readonly access: Access;
  readonly gateway: Gateway;
  readonly url: string;
  /** A token of the provider: a teller with two factors unless the claims say otherwise. */
  readonly token: (claims?: Claims) => Promise<string>;
  ask(method: string, path: string, token?: string, body?: unknown): Promise<Reply>;
  close(): Promise<void>;
}

export interface TestEdgeOptions {
  routes(log: TestLog): readonly Route[];
  readonly access?: Partial<AccessOptions>;
  gateway?(log: TestLog): Partial<GatewayOptions>;
}

/** An edge on sockets, with access as it is in production. */
export async function openTestEdge(name: string, options: TestEdgeOptions): Promise<TestEdge> {
  const log = await testLog(name);
  const { database, clock, keys } = log;
  clock.set(NOW);
  const key = await newKey('k1');
  const publicKeys = () => Promise.resolve([key.jwk]);
  const metrics = openMetrics({ isProcessMeasured: false });
  const access = openAccess({
    database,
    clock,
    metrics,
    limits: limits as unknown as AccessLimits,
    issuers: [ownIssuer({ issuer: BANK, publicKeys }), localIssuer(keys)],
    ...options.access,
  });
  const gateway = await createGateway({
    about: { title: 'Test', version: '1.0.0', description: 'Access under test.' },
    routes: options.routes(log),
    problemTables: [accessRefusals, peopleRefusals],
    checks: [],
    logger: openLogger({ level: 'error' }),
    metrics,
    host: '127.0.0.1',
    port: 0,
    limits,
    access,
    clock,
    ...options.gateway?.(log),
  });
  const { url } = await gateway.listen();
  return {
    log,
    access,
    gateway,
    url,
    token: (claims = {}) => sign(key, claimsAt(clock.now(), { scope: EVERY_SCOPE, ...claims })),
    async ask(method, path, token, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          'idempotency-key': `"${randomUUID()}"`,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const given: unknown = text === '' ? {} : JSON.parse(text);
      return { status: response.status, headers: response.headers, body: given as Reply['body'] };
    },
    async close() {
      await gateway.close();
      await log.close();
    },
  };
}

const EVERY_SCOPE = 'accounts.read accounts.write payments.write audit.read admin';
