// The whole bank for tests that attack it: every route of its table behind the doors it has in
// production, on real sockets and a database of its own, with tokens that its own keys signed.

import { createPrivateKey, randomUUID } from 'node:crypto';
import { loadConfig, type Config } from '#config';
import {
  createGateway,
  FIRST_VERSION,
  openVersions,
  versionChanges,
  type Gateway,
  type Route,
} from '#gateway';
import type { Instant } from '#kernel';
import { measureOutbound, openLogger, openMetrics, systemClock, type Database } from '#platform';
import { testLog } from '../../audit/testing/log.ts';
import { loadSigningKeys } from '../../identity/signing-keys/rotate.ts';
import { BANK, claimsAt, sign, type Claims, type TestKey } from '../../identity/testing/tokens.ts';
import { openDoors } from '../../open-doors.ts';
import { openWork } from '../../open-work.ts';
import { problemTables, routesOf } from '../../routes.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Asked {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is no JSON object. */
  readonly body: Json;
}

export interface WholeBank {
  readonly url: string;
  readonly port: number;
  readonly database: Database;
  /** The table that is served, without what the server says of itself. */
  readonly routes: readonly Route[];
  readonly key: TestKey;
  /** What the server logged at the level of errors. */
  readonly errors: readonly string[];
  /** Of the provider: of nobody in particular, with every scope and two factors. */
  token(claims: Claims): Promise<string>;
  ask(method: string, path: string, asked?: Asked): Promise<Reply>;
  /** Gives what was recorded its place in the log. */
  sequence(): Promise<void>;
  close(): Promise<void>;
}

const EVERY_SCOPE = 'accounts.read accounts.write payments.write audit.read admin';

/** Callers that no limit holds back, as the tests ask more than anybody may. */
const wide = {
  addressBurst: 1_000_000,
  addressRatePerSecond: 1_000_000,
  addressFailuresBurst: 1_000_000,
  addressFailuresPerMinute: 1_000_000,
};

export interface WholeBankOptions {
  readonly limits?: Partial<Record<keyof Config['limits'], number>>;
  /** Its settings. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function openWholeBank(
  name: string,
  { limits: changes = wide, env = {} }: WholeBankOptions = {},
): Promise<WholeBank> {
  const log = await testLog(name);
  const { database, objects } = log;
  const config = loadConfig(env);
  const limits = { ...config.limits, ...changes } as Config['limits'];
  const clock = systemClock();
  const errors: string[] = [];
  const logger = openLogger({ level: 'error', write: (line) => errors.push(line) });
  const metrics = openMetrics({ isProcessMeasured: false });
  const measure = measureOutbound(metrics);
  const opening = { config: { ...config, limits }, database, clock, logger, metrics, measure };
  const doors = await openDoors({ ...opening, issuer: BANK });
  const work = openWork({ ...opening, objects });
  await work.start();
  const premises = { ...doors, ...work.premises, objects, limits };
  const routes = routesOf({ ...premises, planLimiter: doors.plans });
  const gateway = await createGateway({
    ...doors,
    about: { title: 'Test', version: '1.0.0', description: 'The whole bank under attack.' },
    routes,
    problemTables,
    checks: [{ name: 'database', check: () => database.query({ text: 'select 1' }) }],
    logger,
    metrics,
    clock,
    host: '127.0.0.1',
    port: 0,
    limits,
    versions: openVersions(FIRST_VERSION, versionChanges),
    issuer: BANK,
  });
  const { url, port } = await gateway.listen();
  const key = await ownKey(database, clock.now());
  return {
    url,
    port,
    database,
    routes,
    key,
    errors,
    token: (claims) =>
      sign(
        key,
        claimsAt(clock.now(), { scope: EVERY_SCOPE, amr: ['pwd', 'otp', 'mfa'], ...claims }),
      ),
    ask: (method, path, asked) => ask(`${url}${path}`, method, asked),
    async sequence() {
      log.clock.set(clock.now());
      await log.sequence();
    },
    close: () => close(gateway, [() => work.close(), () => doors.close(), () => log.close()]),
  };
}

async function close(gateway: Gateway, others: readonly (() => Promise<void>)[]): Promise<void> {
  await gateway.close();
  for (const other of others) await other();
}

/** The key that the provider signs with. */
async function ownKey(database: Database, now: Instant): Promise<TestKey> {
  const [loaded] = await loadSigningKeys(database, now);
  if (loaded === undefined) throw new Error('the provider has no key');
  const { kid, publicJwk, privateJwk } = loaded;
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' });
  return { algorithm: 'ES256', privateKey, jwk: { ...publicJwk, kid } };
}

async function ask(
  url: string,
  method: string,
  { token, body, headers = {} }: Asked = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      'idempotency-key': `"${randomUUID()}"`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const isObject = /^application\/(problem\+)?json/.test(type) && text.startsWith('{');
  const given = isObject ? (JSON.parse(text) as Json) : {};
  return { status: response.status, headers: response.headers, text, body: given };
}

export async function tokenOf(
  bank: WholeBank,
  roles: readonly string[],
  claims: Json = {},
): Promise<string> {
  const sub = `usr_${randomUUID()}`;
  return await bank.token({ sub, customer: sub, roles, ...claims });
}

/** A payment from the first account to the second. */
export function pair(debit: string, credit: string, amount: string): Json {
  const accounts = { debit_account_id: debit, credit_account_id: credit };
  return { ...accounts, amount, currency: 'CZK' };
}

/** Status and code, in one text. */
export function told({ status, body }: Reply): string {
  return `${status} ${String(body['code'])}`;
}
