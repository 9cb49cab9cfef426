// Introspection (RFC 7662) and revocation (RFC 7009) of access tokens, which are signed and not
// stored. The provider authenticates the client and then says that it does not do such tokens: here
// it is answered after all, by the token's own claims and by what ended it before its time.

import { createLocalJWKSet, jwtVerify, type JWK, type JWTPayload } from 'jose';
import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { PrivateJwk, ProviderEngineOptions, TokenIdentity } from './provider-port.ts';

const INTROSPECTION = '/identity/introspect';
const REVOCATION = '/identity/revoke';

/** The provider's word for a token that it does not keep. */
export const NOT_KEPT = 'unsupported_token_type';

type KeySet = ReturnType<typeof createLocalJWKSet>;

export function answerForTokens(provider: Provider, options: ProviderEngineOptions): void {
  const keys = createLocalJWKSet({ keys: options.keys.map(publicHalf) });
  provider.use(async (ctx, next) => {
    await next();
    const body = ctx.body as { readonly error?: unknown } | undefined;
    if (ctx.path !== INTROSPECTION && ctx.path !== REVOCATION) return;
    if (ctx.status !== 400 || body?.error !== NOT_KEPT) return;
    await answer(ctx as unknown as KoaContextWithOIDC, keys, options);
  });
}

async function answer(
  ctx: KoaContextWithOIDC,
  keys: KeySet,
  options: ProviderEngineOptions,
): Promise<void> {
  const claims = await claimsOf(String(ctx.oidc.params?.['token']), keys, options);
  const token = claims && identityOf(claims);
  // A client learns of its own tokens only, and nothing of why.
  const isOwn = token !== undefined && token.clientId === ctx.oidc.client?.clientId;
  ctx.status = 200;
  if (ctx.path === REVOCATION) {
    if (isOwn) await options.revokeToken(token);
    ctx.body = '';
    ctx.remove('content-type');
    return;
  }
  const isActive = isOwn && (await options.isTokenAlive(token));
  ctx.body = isActive ? { active: true, token_type: tokenTypeOf(claims), ...claims } : INACTIVE;
}

const INACTIVE = { active: false } as const;

function tokenTypeOf(claims: JWTPayload | undefined): 'Bearer' | 'DPoP' {
  const confirmation = claims?.['cnf'] as { readonly jkt?: unknown } | undefined;
  return confirmation?.jkt === undefined ? 'Bearer' : 'DPoP';
}

async function claimsOf(
  token: string,
  keys: KeySet,
  { issuer, audience }: ProviderEngineOptions,
): Promise<JWTPayload | undefined> {
  try {
    const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256', 'PS256', 'EdDSA'] };
    return (await jwtVerify(token, keys, options)).payload;
  } catch {
    return undefined;
  }
}

function identityOf(claims: JWTPayload): TokenIdentity | undefined {
  const { sub, iat, client_id: clientId, sid } = claims;
  if (sub === undefined || iat === undefined) return undefined;
  if (typeof clientId !== 'string' || typeof sid !== 'string') return undefined;
  return { subject: sub, clientId, session: sid, issuedAtS: iat };
}

const PRIVATE_MEMBERS: ReadonlySet<string> = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi']);

function publicHalf(key: PrivateJwk): JWK {
  const members = Object.entries(key).filter(([name]) => !PRIVATE_MEMBERS.has(name));
  return { ...Object.fromEntries(members), kty: key['kty'] ?? '' };
}
