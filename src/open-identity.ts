// Who may come in: the provider with its pages, and the issuers whose tokens are taken. Opened for
// the doors; everything it keeps is in the database.

import type { Config } from '#config';
import type { AddressLimiter, Mount } from '#gateway';
import {
  externalIssuer,
  interactionPath,
  isProviderPath,
  keepSigningKeys,
  localIssuer,
  openPages,
  openProvider,
  ownIssuer,
  personAccounts,
  publicJwks,
  readIssuers,
  startSession,
  sweepArtifacts,
  sweepCredentials,
  sweepPeople,
  type FetchDocument,
  type TrustedIssuer,
} from '#identity';
import { Fault } from '#kernel';
import {
  openOutbound,
  type Database,
  type Logger,
  type ObservedClock,
  type OutboundMeasure,
} from '#platform';
import type { Schedule } from './schedules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export interface IdentityOptions {
  readonly config: Config;
  readonly database: Database;
  readonly clock: ObservedClock;
  readonly logger: Logger;
  /** The bank's own address, without a slash at its end. */
  readonly issuer: string;
}

/** The provider and the pages where people prove who they are. */
export async function openIdentity(
  options: IdentityOptions,
  addresses: AddressLimiter,
): Promise<readonly Mount[]> {
  const { database, clock, logger, issuer } = options;
  const provider = await openProvider({
    database,
    clock,
    logger,
    issuer,
    accounts: personAccounts,
    interactionPath,
    onGranted: startSession,
  });
  const pages = openPages({
    database,
    clock,
    site: { name: 'Florin', origin: issuer },
    provider,
    addressOf: ({ socket }) => socket.remoteAddress,
    onFailed: (error) => logger.error('a page failed', { error }),
  });
  return [
    {
      paths: ['/identity/*', '/.well-known/*'],
      covers: (path) => path.startsWith('/identity/pages/') || isProviderPath(path),
      async handle(request, response, caller) {
        addresses.visit(caller.address);
        if (await pages.handle(request, response, caller)) return;
        await provider.handle(request, response, caller);
      },
    },
  ];
}

const ISSUER_TIMEOUT_MS = 5_000;
const ISSUER_BYTES_MAX = 262_144;

/** Documents of issuers outside: whoever the operator trusts, over TLS, and no other. */
function documentsOf({ logger }: IdentityOptions, measure: OutboundMeasure): FetchDocument {
  const outbound = openOutbound({
    name: 'issuers',
    timeoutMs: ISSUER_TIMEOUT_MS,
    bytesMax: ISSUER_BYTES_MAX,
    measure,
    logger,
  });
  return async (url) => {
    const { status, body } = await outbound.fetch({ url });
    if (status === HTTP_OK) return JSON.parse(body.toString()) as unknown;
    const message = `${url} answered ${status}.`;
    throw new Fault('issuer_unusable', { retryable: true, message });
  };
}

const HTTP_OK = 200;

export async function issuersOf(
  options: IdentityOptions,
  measure: OutboundMeasure,
): Promise<readonly TrustedIssuer[]> {
  const { config, database, clock, issuer } = options;
  const settings = await readIssuers(config.identity.issuers);
  const fetchDocument = documentsOf(options, measure);
  return [
    localIssuer(database.keys),
    ownIssuer({ issuer, publicKeys: () => publicJwks(database, clock.now()) }),
    ...settings.map((one) => externalIssuer({ settings: one, fetchDocument })),
  ];
}

export function identitySchedules(database: Database): readonly Schedule[] {
  return [
    {
      name: 'keep-signing-keys',
      everyMs: HOUR_MS,
      run: (now) => keepSigningKeys(database, now),
    },
    {
      name: 'sweep-artifacts',
      everyMs: MINUTE_MS,
      run: (now) => sweepArtifacts(database, now),
    },
    {
      name: 'sweep-credentials',
      everyMs: MINUTE_MS,
      run: (now) => sweepCredentials(database, now),
    },
    { name: 'sweep-people', everyMs: HOUR_MS, run: (now) => sweepPeople(database, now) },
  ];
}
