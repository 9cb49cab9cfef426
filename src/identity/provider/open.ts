// Opens the bank's OpenID provider: everything it keeps is in the database, so that any number of
// processes are one provider. No token is issued before its issue is recorded, nor for anybody who
// may have none at that moment.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '#config';
import { Fault, msOf, newUuid, SECOND_US, type Clock, type Instant } from '#kernel';
import type {
  Caller,
  Database,
  InteractionAnswer,
  Logger,
  NewGrant,
  PendingInteraction,
  ProviderEngine,
  ProviderLifetimes,
  ProviderQuestions,
  Transaction,
  TransactionContext,
} from '#platform';
import type { Accounts } from '../account.ts';
import { selectClient, selectSecretHashes } from '../clients/client-store.ts';
import { isClientId } from '../clients/client.ts';
import { providerClientOf } from '../clients/metadata.ts';
import { apiScopes } from '../clients/scopes.ts';
import { isSecretOf } from '../clients/secret.ts';
import { keepSigningKeys } from '../signing-keys/rotate.ts';
import { insertUsedProof } from './artifact-store.ts';
import { openArtifacts } from './artifacts.ts';
import { openEngines } from './engines.ts';
import { openSecrets } from './secrets.ts';
import { issueClaims, isTokenAlive, recordRefusal, revokeToken } from './tokens.ts';

export interface ProviderOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The bank's own address, as https://bank.example, without a path. */
  readonly issuer: string;
  /** People; clients that act for themselves are known here. */
  readonly accounts: Accounts;
  /** Where a person signs in and consents; under the path nothing else is sent its cookie. */
  readonly interactionPath?: ((uid: string) => string) | undefined;
  /** A person let a client act for them: in the transaction, and before the client has anything. */
  readonly onGranted?: ((tx: Transaction, grant: NewGrant) => Promise<void>) | undefined;
  readonly lifetimes?: Partial<ProviderLifetimes>;
}

export interface Provider {
  /** Answers a request to one of the provider's paths. */
  handle(request: IncomingMessage, response: ServerResponse, caller?: Caller): Promise<void>;
  /** What the browser of this request is in the middle of. */
  interaction(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PendingInteraction | undefined>;
  /** Goes on with it, by a redirect. False where there is nothing to go on with. */
  finish(
    request: IncomingMessage,
    response: ServerResponse,
    answer: InteractionAnswer,
    caller?: Caller,
  ): Promise<boolean>;
}

const LIFETIMES: ProviderLifetimes = {
  accessTokenS: limits.identityAccessTokenS.value,
  authorizationCodeS: limits.identityAuthorizationCodeS.value,
  idTokenS: limits.identityIdTokenS.value,
  refreshTokenS: limits.identityRefreshTokenS.value,
  grantS: limits.identityGrantS.value,
  interactionS: limits.identityInteractionS.value,
  sessionS: limits.identityBrowserSessionS.value,
  assertionS: limits.identityAssertionS.value,
};

const WELL_KNOWN = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const PATHS =
  /^\/identity\/(authorize|end-session)(\/|$)|^\/identity\/(introspect|jwks|par|revoke|token)$/;

/** Whether a path, without its query, is the provider's. */
export function isProviderPath(path: string): boolean {
  return WELL_KNOWN.includes(path) || PATHS.test(path);
}

/** What access tokens of an issuer are for: the whole interface of the bank. */
export function audienceOf(issuer: string): string {
  return `${issuer}/`;
}

export async function openProvider(options: ProviderOptions): Promise<Provider> {
  const { database, clock, logger, issuer } = options;
  const callers = new AsyncLocalStorage<Caller>();
  const context = (): TransactionContext => ({
    now: clock.now(),
    clockOffsetUs: clock.offsetUs,
    ...(callers.getStore() ?? unknownCaller(clock.now(), undefined)),
  });
  await keepSigningKeys(database, context());
  const secrets = await openSecrets(database, clock.now());
  const artifacts = openArtifacts({ database, key: secrets.artifacts, context });
  const engines = openEngines(database, clock, {
    issuer,
    audience: audienceOf(issuer),
    scopes: apiScopes,
    cookieSecret: secrets.cookies,
    nonceSecret: secrets.nonces,
    lifetimes: { ...LIFETIMES, ...options.lifetimes },
    artifacts,
    interactionPath: options.interactionPath ?? interactionPath,
    ...answersOf(options, context),
  });
  const as = async <T>(
    caller: Caller | undefined,
    request: IncomingMessage,
    work: (engine: ProviderEngine) => Promise<T>,
  ): Promise<T> => {
    const known = caller ?? unknownCaller(clock.now(), request);
    return await callers.run(known, async () => await work(await engines.current()));
  };
  return {
    async handle(request, response, caller) {
      try {
        await as(caller, request, (engine) => engine.handle(request, response));
      } catch (error) {
        logger.error('the OpenID provider is not available', { error });
        answerUnavailable(response);
      }
    },
    interaction: (request, response) =>
      as(undefined, request, (engine) => engine.interaction(request, response)),
    finish: (request, response, answer, caller) =>
      as(caller, request, (engine) => engine.finish(request, response, answer)),
  };
}

function interactionPath(uid: string): string {
  return `/identity/pages/interaction/${uid}`;
}

/** What the provider asks of identity, and how it is answered. */
function answersOf(
  { database, clock, logger, accounts, onGranted }: ProviderOptions,
  context: () => TransactionContext,
): ProviderQuestions {
  return {
    isSecret: isSecretOf,
    findClient: async (id) => {
      const client = isClientId(id) ? await selectClient(database, id) : undefined;
      if (client?.state !== 'active') return undefined;
      const hasSecret = client.authentication === 'client_secret_basic';
      const now = clock.now();
      const hashes = hasSecret ? await selectSecretHashes(database, client.id, now) : [];
      return providerClientOf(client, hashes);
    },
    isAccountActive: async (subject) => (await accounts.find(database, subject))?.isActive === true,
    useProof: ({ maker, id, expiresAtS }) => {
      const proof = createHash('sha256').update(`${maker}\0${id}`).digest();
      return insertUsedProof(database, proof, (expiresAtS * SECOND_US) as Instant);
    },
    onGranted: async (grant) => {
      await database.transaction(context(), async (tx) => onGranted?.(tx, grant));
    },
    claimsOf: (request) =>
      database.transaction(context(), (tx) => issueClaims(tx, accounts, request)),
    isTokenAlive: (token) => isTokenAlive(database, token),
    revokeToken: (token) => database.transaction(context(), (tx) => revokeToken(tx, token)),
    onRefused: async (refusal) => {
      await database.transaction(context(), (tx) => recordRefusal(tx, refusal));
    },
    onFailed: (error) => {
      const isRetryable = error instanceof Fault && error.retryable;
      logger[isRetryable ? 'warn' : 'error']('the OpenID provider failed', { error });
      return { isRetryable };
    },
  };
}

function answerUnavailable(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' });
  response.end(JSON.stringify({ error: 'temporarily_unavailable' }));
}

function unknownCaller(now: Instant, request: IncomingMessage | undefined): Caller {
  return {
    actor: 'nobody',
    correlationId: `provider-${newUuid(msOf(now))}`,
    address: request?.socket.remoteAddress,
  };
}
