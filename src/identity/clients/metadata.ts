// What the provider must know of a client, in the words of RFC 7591. Pure.

import type { ProviderClient } from '#platform';
import type { OauthClient } from './client.ts';
import { writeHashes } from './secret.ts';

export function providerClientOf(
  client: OauthClient,
  secretHashes: readonly Buffer[],
): ProviderClient {
  const { id, name, authentication, binding, grants, redirectUris, logoutUris } = client;
  const { keys, certificate, isNative, profile, scopes, isFirstParty } = client;
  const isFapi = profile === 'fapi2';
  const hasSecret = authentication === 'client_secret_basic';
  return {
    metadata: {
      client_id: id,
      client_name: name,
      application_type: isNative ? 'native' : 'web',
      token_endpoint_auth_method: authentication,
      // A client whose secrets are all over has none that anything could equal.
      ...(hasSecret ? { client_secret: writeHashes(secretHashes) || '-' } : {}),
      grant_types: grants,
      response_types: redirectUris.length > 0 ? ['code'] : [],
      response_modes: ['query'],
      redirect_uris: redirectUris,
      post_logout_redirect_uris: logoutUris,
      dpop_bound_access_tokens: binding === 'dpop',
      tls_client_certificate_bound_access_tokens: binding === 'mtls',
      require_pushed_authorization_requests: isFapi,
      ...(keys === undefined ? {} : { jwks: keys }),
      ...(certificate === undefined ? {} : { [certificate.kind]: certificate.value }),
    },
    isFapi,
    isFirstParty,
    scopes,
  };
}
