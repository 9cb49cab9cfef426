// Owns the tokens of issuers outside: how their claims become a principal of ours. Roles come only
// from what the operator wrote down: a group or client nobody mapped gives nothing. Their subjects
// carry the issuer's name, so that none can be taken for another's.

import { Fault } from '#kernel';
import type { PublicJwk, TokenClaims } from '#platform';
import type { Principal, Role } from '../principal.ts';
import { factorsOf, isFor, textOf, textsOf, timeOf } from './claims.ts';
import type { Validity } from './claims.ts';
import { ACCESS_TOKEN_TYPE, isSecure, strongAlgorithms } from './issuer.ts';
import type { TrustedIssuer } from './issuer.ts';
import type { IssuerSettings, RoleMap } from './issuer-settings.ts';
import { KeySet } from './key-set.ts';
import { CLIENT_FACTORS, rolesAmong } from './own-issuer.ts';

/** Gets a JSON document over HTTPS. Throws a Fault where it cannot. */
export type FetchDocument = (url: string) => Promise<unknown>;

export interface ExternalIssuerOptions {
  readonly settings: IssuerSettings;
  readonly fetchDocument: FetchDocument;
  /** The least time between two readings of its keys; half a minute unless given. */
  readonly keysCoolDownMs?: number;
}

const KEYS_AGE_MAX_MS = 600_000;
const KEYS_STALE_MAX_MS = 86_400_000;
const KEYS_COOL_DOWN_MS = 30_000;

export function externalIssuer(options: ExternalIssuerOptions): TrustedIssuer {
  const { settings, fetchDocument, keysCoolDownMs = KEYS_COOL_DOWN_MS } = options;
  const { issuer, kind } = settings;
  return {
    issuer,
    algorithms: settings.isRs256Accepted ? [...strongAlgorithms, 'RS256'] : strongAlgorithms,
    type: kind === 'cognito' || !settings.isTypeRequired ? undefined : ACCESS_TOKEN_TYPE,
    keys: new KeySet({
      name: issuer,
      load: () => fetchKeys(settings, fetchDocument),
      ageMaxMs: KEYS_AGE_MAX_MS,
      staleMaxMs: KEYS_STALE_MAX_MS,
      coolDownMs: keysCoolDownMs,
    }),
    principalOf: (claims, validity) =>
      isAccessToken(settings, claims) ? principalOf(settings, claims, validity) : undefined,
  };
}

function isAccessToken(settings: IssuerSettings, claims: TokenClaims): boolean {
  const { audience, kind, clients } = settings;
  const clientId = claims['client_id'];
  if (clients !== undefined && !clients.some((each) => each === clientId)) return false;
  // Cognito's access tokens name no audience; its id tokens do, and say so (`token_use`).
  if (kind === 'cognito') return claims['token_use'] === 'access';
  return audience !== undefined && isFor(claims, audience);
}

function principalOf(
  settings: IssuerSettings,
  claims: TokenClaims,
  { subject: name, issuedAt }: Validity,
): Principal | undefined {
  const { issuer, kind, tenant } = settings;
  const subject = `${issuer}#${name}`;
  const clientId = textOf(claims['client_id'] ?? claims['azp']);
  // Client credentials: the client is its own subject (RFC 9068 §2.2).
  const isClient = clientId === name;
  const groups = textsOf(claims[kind === 'cognito' ? 'cognito:groups' : settings.rolesClaim]);
  const scope = textsOf(claims['scope']);
  const methods = textsOf(claims['amr']);
  if (groups === undefined || scope === undefined || methods === undefined) return undefined;
  const session = textOf(kind === 'cognito' ? claims['origin_jti'] : claims['sid']);
  const map = isClient ? settings.clientRoles : settings.roles;
  const customer = settings.customerClaim && textOf(claims[settings.customerClaim]);
  return {
    subject,
    kind: isClient ? 'client' : 'person',
    tenant,
    roles: rolesOf(map, isClient ? [name] : groups),
    scopes: scopesOf(settings, scope),
    authentication: methods.length > 0 ? methods.join('+') : 'external',
    factors: isClient ? CLIENT_FACTORS : Math.max(settings.factors, factorsOf(methods)),
    authenticatedAt: timeOf(claims['auth_time']) ?? issuedAt,
    clientId,
    customer: customer ?? subject,
    session: session === undefined ? undefined : `${issuer}#${session}`,
  };
}

function rolesOf(map: RoleMap, names: readonly string[]): readonly Role[] {
  return rolesAmong(names.flatMap((name) => (Object.hasOwn(map, name) ? (map[name] ?? []) : [])));
}

function scopesOf(
  { areScopesUsed, scopePrefix }: IssuerSettings,
  scope: readonly string[],
): ReadonlySet<string> | undefined {
  if (!areScopesUsed) return undefined;
  const ours = scope.filter((each) => each.startsWith(scopePrefix));
  return new Set(ours.map((each) => each.slice(scopePrefix.length)));
}

async function fetchKeys(
  { issuer, keysUrl }: IssuerSettings,
  fetchDocument: FetchDocument,
): Promise<readonly PublicJwk[]> {
  const url = keysUrl ?? (await discoverKeys(issuer, fetchDocument));
  const document = objectOf(await fetchDocument(url));
  const keys: unknown = document['keys'];
  if (!Array.isArray(keys)) throw unusable(issuer, 'its key set has no list of keys');
  return keys.map(objectOf);
}

/** OpenID Connect Discovery 1.0 §4: the document must be the issuer's own. */
async function discoverKeys(issuer: string, fetchDocument: FetchDocument): Promise<string> {
  const document = objectOf(await fetchDocument(`${issuer}/.well-known/openid-configuration`));
  if (document['issuer'] !== issuer) throw unusable(issuer, 'its discovery names another issuer');
  const url = document['jwks_uri'];
  if (typeof url === 'string' && isSecure(url)) return url;
  throw unusable(issuer, 'its discovery names no key set over HTTPS');
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : {};
}

function unusable(issuer: string, why: string): Fault {
  const message = `The issuer ${issuer} cannot be used: ${why}.`;
  return new Fault('issuer_unusable', { retryable: true, message });
}
