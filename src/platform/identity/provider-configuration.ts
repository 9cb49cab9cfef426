// The provider's configuration: which parts of OAuth and OpenID Connect it speaks, by FAPI 2.0
// where the client asks for that profile. What is not named here is off. Everybody uses PKCE with
// S256 and the code flow; nothing is signed with a shared secret, SHA-1 or PKCS #1 v1.5.

import { randomBytes } from 'node:crypto';
import {
  errors,
  type Adapter,
  type Client,
  type Configuration,
  type JWK,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import { certificateOf, isIssuedFor } from './provider-certificate.ts';
import { showError, showLoggedOut, showLogout } from './provider-pages.ts';
import { acrValues, factorsOf, openPolicy } from './provider-policy.ts';
import type {
  ArtifactModel,
  PrivateJwk,
  ProviderClient,
  ProviderEngineOptions,
} from './provider-port.ts';

/** Clocks may differ by so much (FAPI 2.0 Security Profile §5.3.2.1 no. 14). */
export const CLOCK_TOLERANCE_S = 10;

/** FAPI 2.0 Security Profile §5.4.1 no. 1. The two last are names of one algorithm (RFC 9864). */
const ALGORITHMS = ['PS256', 'ES256', 'EdDSA', 'Ed25519'] as const;
const SIGNING_ALGORITHMS = ['PS256', 'ES256', 'EdDSA'] as const;

export const OIDC_SCOPES = ['openid', 'offline_access'] as const;

/** Members of our own in a client's metadata. */
export const PROFILE_MEMBER = 'florin_profile';
export const SCOPES_MEMBER = 'florin_scopes';
export const FIRST_PARTY_MEMBER = 'florin_first_party';

type Token = Parameters<NonNullable<Configuration['extraTokenClaims']>>[1];

export function configurationOf(options: ProviderEngineOptions): Configuration {
  const { lifetimes, keys } = options;
  return {
    adapter: (model) => adapterOf(options, model),
    jwks: { keys: keys.map(jwkOf) },
    acrValues,
    clientAuthMethods: [
      'none',
      'client_secret_basic',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    clientDefaults: {
      grant_types: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'private_key_jwt',
    },
    extraClientMetadata: { properties: [PROFILE_MEMBER, SCOPES_MEMBER, FIRST_PARTY_MEMBER] },
    clockTolerance: CLOCK_TOLERANCE_S,
    cookies: cookiesOf(options),
    claims: { openid: ['sub', 'auth_time', 'acr', 'amr', 'sid'] },
    scopes: [...OIDC_SCOPES],
    responseTypes: ['code'],
    subjectTypes: ['public'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...ALGORITHMS],
      idTokenSigningAlgValues: [...SIGNING_ALGORITHMS],
      dPoPSigningAlgValues: [...ALGORITHMS],
      requestObjectSigningAlgValues: [...ALGORITHMS],
    },
    features: featuresOf(options),
    formats: { customizers: { jwt: sayScope } },
    routes: routes(),
    ttl: {
      AccessToken: lifetimes.accessTokenS,
      ClientCredentials: lifetimes.accessTokenS,
      AuthorizationCode: lifetimes.authorizationCodeS,
      IdToken: lifetimes.idTokenS,
      RefreshToken: lifetimes.refreshTokenS,
      Grant: lifetimes.grantS,
      Interaction: lifetimes.interactionS,
      Session: lifetimes.sessionS,
    },
    interactions: {
      policy: openPolicy(),
      url: (_ctx, interaction) => options.interactionPath(interaction.uid),
    },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: () => false,
    ...judgementsOf(options),
    renderError: (ctx, out) => {
      showError(ctx, { error: out.error, description: out.error_description });
    },
    // Clients' keys are registered, so the provider fetches nothing.
    fetch: () => Promise.reject(new Error('the provider has no business in the network')),
  };
}

// The provider adds to a key what it finds missing.
function jwkOf(key: PrivateJwk): JWK {
  return { ...key, kty: key['kty'] ?? '' };
}

// The browser's own cookie is for the provider alone; those of an interaction have paths of their
// own. No script reads any, no other site's form sends any.
function cookiesOf({ cookieSecret }: ProviderEngineOptions): NonNullable<Configuration['cookies']> {
  const guarded = { httpOnly: true, sameSite: 'lax', signed: true } as const;
  return {
    keys: [cookieSecret],
    names: {
      session: 'florin_session',
      interaction: 'florin_interaction',
      resume: 'florin_resume',
    },
    long: { ...guarded, path: '/identity' },
    short: guarded,
  };
}

/** What the bank decides itself, request by request. */
function judgementsOf(options: ProviderEngineOptions): Configuration {
  return {
    rotateRefreshToken: isRotated,
    revokeGrantPolicy: () => true,
    findAccount: async (_ctx, subject) => {
      if (!(await options.isAccountActive(subject))) return undefined;
      return { accountId: subject, claims: () => ({ sub: subject }) };
    },
    loadExistingGrant: (ctx) => grantOf(ctx, options),
    extraTokenClaims: (ctx, token) => claimsOf(options, ctx, token),
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims, _header, client) =>
      checkAssertion(claims, client, options),
  };
}

function routes(): NonNullable<Configuration['routes']> {
  return {
    authorization: '/identity/authorize',
    end_session: '/identity/end-session',
    introspection: '/identity/introspect',
    jwks: '/identity/jwks',
    pushed_authorization_request: '/identity/par',
    revocation: '/identity/revoke',
    token: '/identity/token',
  };
}

function featuresOf(options: ProviderEngineOptions): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      // A client learns of its own tokens only.
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        const back: unknown = ctx.oidc.session?.state?.['postLogoutRedirectUri'];
        showLogout(ctx, form, typeof back === 'string' ? back : undefined);
      },
      postLogoutSuccessSource: (ctx) => showLoggedOut(ctx),
    },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true, nonceSecret: options.nonceSecret, requireNonce: () => false },
    fapi: {
      enabled: true,
      profile: (_ctx, client) => (isFapi(client) ? '2.0' : undefined),
    },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => certificateOf(ctx.req)?.certificate,
      certificateAuthorized: (ctx) => certificateOf(ctx.req)?.isTrusted === true,
      certificateSubjectMatches: (ctx, kind, value) => {
        const presented = certificateOf(ctx.req);
        return presented !== undefined && isIssuedFor(presented.certificate, { kind, value });
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => options.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource, client) => {
        if (resource !== options.audience) throw new errors.InvalidTarget();
        return {
          scope: scopesFor(ctx, client).join(' '),
          audience: options.audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: options.lifetimes.accessTokenS,
          jwt: { sign: signerOf(options) },
        };
      },
    },
  };
}

// The kid is named, so that a key that is only published cannot sign.
function signerOf({ keys }: ProviderEngineOptions): { alg: 'ES256'; kid: string } {
  const [first] = keys;
  return { alg: (first?.['alg'] ?? 'ES256') as 'ES256', kid: first?.['kid'] ?? '' };
}

function isFapi(client: Client | undefined): boolean {
  return client?.[PROFILE_MEMBER] === 'fapi2';
}

// A scope that the client may not have is an error and not an omission: it should be noticed.
function scopesFor(ctx: KoaContextWithOIDC, client: Client): readonly string[] {
  const allowed = textOf(client[SCOPES_MEMBER]).split(' ');
  const asked = textOf(ctx.oidc.params?.['scope']);
  for (const scope of asked.split(' ')) {
    if (scope === '' || scope === 'offline_access' || allowed.includes(scope)) continue;
    throw new errors.InvalidScope('requested scope is not allowed', scope);
  }
  return allowed.filter((scope) => !OIDC_SCOPES.some((each) => each === scope));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

// FAPI 2.0 Security Profile §5.3.2.1 no. 10: no rotation. A token that is bound to nothing is
// replaced each time it is used, and using it twice ends the session (RFC 9700 §4.14.2).
function isRotated({ oidc }: KoaContextWithOIDC): boolean {
  const token = oidc.entities.RefreshToken;
  if (isFapi(oidc.client)) return false;
  return token !== undefined && token.jkt === undefined && token['x5t#S256'] === undefined;
}

function sayScope(
  _ctx: KoaContextWithOIDC,
  _token: unknown,
  jwt: { payload: Record<string, unknown> },
): void {
  // A token without a scope may do nothing, which must not look like one without a limit.
  jwt.payload['scope'] ??= '';
}

// A client of the bank itself asks nobody for consent. The record of the session comes first: a
// session that leads nowhere is harmless, one that is on no list could not be ended.
async function grantOf(
  { oidc }: KoaContextWithOIDC,
  options: ProviderEngineOptions,
): Promise<InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']> | undefined> {
  const { provider, client, session, account } = oidc;
  if (client === undefined || session === undefined || account === undefined) return undefined;
  const known = oidc.result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  const found = known === undefined ? undefined : await provider.Grant.find(known);
  if (client[FIRST_PARTY_MEMBER] !== true) return found;
  const grant =
    found ?? newGrant(provider, { clientId: client.clientId, subject: account.accountId });
  const asked = [...oidc.requestParamScopes];
  const isOidc = (scope: string): boolean => OIDC_SCOPES.some((each) => each === scope);
  grant.addOIDCScope(asked.filter(isOidc).join(' '));
  const others = asked.filter((scope) => !isOidc(scope)).join(' ');
  if (others !== '') grant.addResourceScope(options.audience, others);
  if (found === undefined) {
    await options.onGranted({
      grant: grant.jti,
      subject: account.accountId,
      clientId: client.clientId,
      factors: factorsOf(session.acr),
      amr: session.amr ?? [],
      lifetimeS: options.lifetimes.grantS,
    });
  }
  await grant.save();
  return grant;
}

export function newGrant(
  provider: KoaContextWithOIDC['oidc']['provider'],
  { clientId, subject }: { readonly clientId: string; readonly subject: string },
): InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']> {
  const grant = new provider.Grant({ accountId: subject, clientId });
  // Named before it is saved, so that its session can be recorded first.
  grant.jti = randomBytes(32).toString('base64url');
  return grant;
}

async function claimsOf(
  options: ProviderEngineOptions,
  { oidc }: KoaContextWithOIDC,
  token: Token,
): Promise<Record<string, unknown>> {
  const isPerson = token.kind === 'AccessToken';
  const source = oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken;
  const claims = await options.claimsOf({
    subject: isPerson ? token.accountId : undefined,
    clientId: token.clientId ?? '',
    clientAuthentication: oidc.client?.tokenEndpointAuthMethod ?? 'none',
    grant: isPerson ? token.grantId : undefined,
    scope: token.scope ?? '',
    binding: bindingOf(token),
    authTime: source?.authTime,
    acr: source?.acr,
    amr: source?.amr,
  });
  if (claims === undefined) throw new errors.InvalidGrant('the session has ended');
  return { ...claims };
}

function bindingOf(token: Token): 'none' | 'dpop' | 'mtls' {
  if (token.jkt !== undefined) return 'dpop';
  return token['x5t#S256'] === undefined ? 'none' : 'mtls';
}

// RFC 7523 §3 no. 4 lets a server refuse assertions that live for too long; and their ids must be
// remembered until they are over.
function checkAssertion(
  claims: Record<string, unknown>,
  client: Client,
  { issuer, lifetimes }: ProviderEngineOptions,
): void {
  const nowS = Math.floor(Date.now() / 1_000);
  const { iat, exp, aud } = claims;
  if (iat !== undefined && (typeof iat !== 'number' || iat > nowS + CLOCK_TOLERANCE_S)) {
    throw new errors.InvalidClientAuth('the client assertion is issued in the future');
  }
  if (typeof exp !== 'number' || exp > nowS + lifetimes.assertionS + CLOCK_TOLERANCE_S) {
    throw new errors.InvalidClientAuth('the client assertion lives for too long');
  }
  // Core to the attack of 2025 on audiences: only the issuer itself, and as a string.
  if (isFapi(client) && aud !== issuer) {
    throw new errors.InvalidClientAuth('the audience of the client assertion is not the issuer');
  }
}

/** What the provider keeps, by the port of ours. */
function adapterOf(options: ProviderEngineOptions, name: string): Adapter {
  if (name === 'Client') return clientAdapterOf(options);
  const { artifacts } = options;
  const model = name as ArtifactModel;
  return {
    upsert: (id, payload, expiresInS = 0) =>
      artifacts.save(model, id, { content: payload, expiresInS }),
    find: (id) => artifacts.find(model, id),
    findByUid: (uid) => artifacts.findSession(uid),
    findByUserCode: () => Promise.resolve(undefined),
    consume: async (id) => {
      if (await artifacts.consume(model, id)) return;
      if (model === 'PushedAuthorizationRequest') {
        throw new errors.InvalidRequestUri('request_uri was already used');
      }
      throw new errors.InvalidGrant('already consumed');
    },
    destroy: (id) => artifacts.remove(model, id),
    revokeByGrantId: (grant) => artifacts.removeOfGrant(model, grant),
  };
}

function clientAdapterOf(options: ProviderEngineOptions): Adapter {
  const find = async (id: string): ReturnType<Adapter['find']> => {
    const client = await options.findClient(id);
    return client && metadataOf(client);
  };
  const none = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    find,
    upsert: none,
    findByUid: none,
    findByUserCode: none,
    consume: none,
    destroy: none,
    revokeByGrantId: none,
  };
}

function metadataOf({
  metadata,
  isFapi: hasProfile,
  isFirstParty,
  scopes,
}: ProviderClient): Awaited<ReturnType<Adapter['find']>> {
  return {
    ...metadata,
    [PROFILE_MEMBER]: hasProfile ? 'fapi2' : 'standard',
    [SCOPES_MEMBER]: scopes.join(' '),
    [FIRST_PARTY_MEMBER]: isFirstParty,
  };
}
