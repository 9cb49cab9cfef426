// Owns the point where the provider waits for a person: what it waits for, told in words of ours,
// and going on with what the person answered.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { assert } from '#kernel';
import { FIRST_PARTY_MEMBER, newGrant } from './provider-configuration.ts';
import { acrOf, factorsAsked, factorsOf } from './provider-policy.ts';
import type {
  InteractionAnswer,
  PendingInteraction,
  ProviderEngineOptions,
} from './provider-port.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

export async function pendingInteraction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<PendingInteraction | undefined> {
  const details = await provider.interactionDetails(request, response);
  const { uid, prompt, params, session } = details;
  const client = await provider.Client.find(String(params['client_id']));
  if (client === undefined) return undefined;
  const asked = wordsOf(params['scope']);
  const missing = new Set(missingOf(details).flatMap(({ scopes }) => scopes));
  return {
    uid,
    prompt: prompt.name === 'consent' ? 'consent' : 'login',
    reasons: prompt.reasons,
    client: {
      id: client.clientId,
      name: client.clientName ?? client.clientId,
      isFirstParty: client[FIRST_PARTY_MEMBER] === true,
    },
    scopes: asked,
    scopesMissing: asked.filter((scope) => missing.has(scope)),
    subject: session?.accountId,
    factors: factorsOf(session?.acr),
    factorsAsked: factorsAsked(params['acr_values']),
    loginHint: textOf(params['login_hint']),
    redirectUri: textOf(params['redirect_uri']),
  };
}

function textOf(parameter: unknown): string | undefined {
  return typeof parameter === 'string' ? parameter : undefined;
}

function wordsOf(text: unknown): readonly string[] {
  return typeof text === 'string' ? text.split(' ').filter((word) => word !== '') : [];
}

interface Missing {
  /** Undefined: of the provider itself. */
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
}

function missingOf({ prompt: { details } }: Details): Missing[] {
  const own = (details['missingOIDCScope'] ?? []) as readonly string[];
  const others = (details['missingResourceScopes'] ?? {}) as Record<string, readonly string[]>;
  const named = Object.entries(others).map(([resource, scopes]) => ({ resource, scopes }));
  return [{ resource: undefined, scopes: own }, ...named].filter(({ scopes }) => scopes.length > 0);
}

export async function answerInteraction(
  provider: Provider,
  options: ProviderEngineOptions,
  given: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly answer: InteractionAnswer;
  },
): Promise<void> {
  const { request, response, answer } = given;
  if (answer.kind === 'refuse') {
    const result = { error: 'access_denied', error_description: answer.reason };
    await provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
    return;
  }
  if (answer.kind === 'login') {
    const { subject, factors, amr, authTimeS } = answer;
    const login = { accountId: subject, acr: acrOf(factors), amr: [...amr], remember: true };
    const result = { login: authTimeS === undefined ? login : { ...login, ts: authTimeS } };
    await provider.interactionFinished(request, response, result, {
      mergeWithLastSubmission: false,
    });
    return;
  }
  const details = await provider.interactionDetails(request, response);
  const grantId = await grantFor(provider, options, details);
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId } },
    { mergeWithLastSubmission: true },
  );
}

// Adds to the grant what the person was asked for, and nothing else.
async function grantFor(
  provider: Provider,
  options: ProviderEngineOptions,
  details: Details,
): Promise<string> {
  const { session, params, grantId } = details;
  const subject = session?.accountId;
  assert(subject !== undefined, 'whoever consents has signed in');
  const clientId = String(params['client_id']);
  const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = known ?? newGrant(provider, { clientId, subject });
  for (const { resource, scopes } of missingOf(details)) {
    if (resource === undefined) grant.addOIDCScope(scopes.join(' '));
    else grant.addResourceScope(resource, scopes.join(' '));
  }
  if (known === undefined) {
    await options.onGranted({
      grant: grant.jti,
      subject,
      clientId,
      factors: factorsOf(session?.acr),
      amr: session?.amr ?? [],
      lifetimeS: options.lifetimes.grantS,
    });
  }
  return await grant.save();
}
