// Wraps the OpenID provider (oidc-provider, certified by the OpenID Foundation) behind a port of
// ours. An engine knows the keys it was opened with; for other keys another is opened, and what
// both keep is in the same place. No answer leaves before what was refused in it is recorded.

import { decodeJwt } from 'jose';
import Provider, { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import { assert } from '#kernel';
import { CLOCK_TOLERANCE_S, configurationOf } from './provider-configuration.ts';
import { answerInteraction, pendingInteraction } from './provider-interaction.ts';
import type { ProviderEngine, ProviderEngineOptions, ProviderRefusal } from './provider-port.ts';
import { answerForTokens, NOT_KEPT } from './provider-tokens.ts';

export function openProviderEngine(options: ProviderEngineOptions): ProviderEngine {
  const issuer = new URL(options.issuer);
  assert(issuer.pathname === '/' && !options.issuer.endsWith('/'), 'the issuer is an origin');
  const provider = new Provider(options.issuer, configurationOf(options));
  provider.silent = true;
  answerAsIssuer(provider, issuer);
  judgeProofs(provider, options);
  answerForTokens(provider, options);
  reportOutcomes(provider, options);
  const answer = provider.callback();
  return {
    handle: async (request, response) => {
      await answer(request, response);
    },
    interaction: (request, response) =>
      unlessGone(() => pendingInteraction(provider, request, response)),
    finish: async (request, response, given) => {
      const finish = async (): Promise<true> => {
        await answerInteraction(provider, options, { request, response, answer: given });
        return true;
      };
      return (await unlessGone(finish)) ?? false;
    },
  };
}

async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

// Every address the provider gives out, and every one that a proof names, is the issuer's, whatever
// the request calls this server.
function answerAsIssuer({ request }: Provider, issuer: URL): void {
  Object.defineProperties(request, {
    protocol: { get: () => issuer.protocol.slice(0, -1) },
    host: { get: () => issuer.host },
  });
}

/** A proof lives for this long after it was made, to be remembered until then. */
const PROOF_AGE_MAX_S = 300;

function judgeProofs(provider: Provider, options: ProviderEngineOptions): void {
  // Exact across processes, which looking first and writing then is not. A proof may be from the
  // future by the tolerance of clocks, and is remembered for that longer.
  provider.ReplayDetection.unique = (maker, id, expiresAtS) =>
    options.useProof({ maker, id, expiresAtS: expiresAtS + CLOCK_TOLERANCE_S });
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: Client, presented: string): boolean {
      return options.isSecret(this.clientSecret ?? '', presented);
    },
  });
  // The provider grants proofs from the future the same age as old ones: too long (FAPI 2.0
  // Security Profile §5.3.2.1 no. 14).
  provider.use(async (ctx, next) => {
    const proof = ctx.get('dpop');
    if (proof === '' || isFromNow(proof)) {
      await next();
      return;
    }
    ctx.status = 400;
    ctx.set('cache-control', 'no-store');
    ctx.body = {
      error: 'invalid_dpop_proof',
      error_description: 'the DPoP proof is not from the present',
    };
  });
}

// What cannot be read is left to the provider to refuse.
function isFromNow(proof: string): boolean {
  let claims: { readonly iat?: unknown; readonly nbf?: unknown };
  try {
    claims = decodeJwt(proof);
  } catch {
    return true;
  }
  const latestS = Math.floor(Date.now() / 1_000) + CLOCK_TOLERANCE_S;
  const earliestS = latestS - CLOCK_TOLERANCE_S - PROOF_AGE_MAX_S;
  const { iat, nbf } = claims;
  if (typeof iat === 'number' && (iat > latestS || iat < earliestS)) return false;
  return !(typeof nbf === 'number' && nbf > latestS);
}

const REFUSALS = [
  'authorization.error',
  'pushed_authorization_request.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
] as const;

/** Steps of a protocol rather than a no. */
const NOT_REFUSALS: ReadonlySet<string> = new Set([
  NOT_KEPT,
  'use_dpop_nonce',
  'login_required',
  'consent_required',
  'interaction_required',
  'access_denied',
]);

function reportOutcomes(provider: Provider, options: ProviderEngineOptions): void {
  const refusals = new WeakMap<object, ProviderRefusal>();
  const failures = new WeakMap<object, { readonly error: unknown }>();
  const keepRefusal = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    if (!NOT_REFUSALS.has(error.error)) refusals.set(ctx, refusalOf(ctx, error));
  };
  for (const name of REFUSALS) provider.on(name as 'grant.error', keepRefusal);
  provider.on('server_error', (ctx, error) => {
    failures.set(ctx, { error });
  });
  // Around all else, so that it has the last word.
  provider.middleware.unshift(async (ctx, next) => {
    try {
      await next();
      const refused = refusals.get(ctx);
      if (refused !== undefined) await options.onRefused(refused);
    } catch (error) {
      failures.set(ctx, { error });
    }
    const failure = failures.get(ctx);
    if (failure === undefined) return;
    const { isRetryable } = options.onFailed(failure.error);
    ctx.status = isRetryable ? 503 : 500;
    if (isRetryable) ctx.set('retry-after', '1');
    ctx.body = {
      error: isRetryable ? 'temporarily_unavailable' : 'server_error',
      error_description: 'the request could not be answered',
    };
  });
}

function refusalOf(ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): ProviderRefusal {
  const { client, params } = ctx.oidc;
  const named: unknown = params?.['client_id'];
  return {
    endpoint: ctx.path,
    error: error.error,
    detail: error.error_detail ?? error.error_description,
    clientId: client?.clientId ?? (typeof named === 'string' ? named : undefined),
  };
}
